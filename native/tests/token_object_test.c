/* Objects: what templates may say, what attributes tell, how they last, and their files. */
#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "token.h"

static CK_RV create(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_OBJECT_HANDLE object = 0;
    CK_RV rv = f->C_CreateObject(session, template, count, &object);
    CHECK((rv == CKR_OK) == (object != 0), "a handle comes with success only");
    return rv;
}

static void test_templates(CK_SESSION_HANDLE session)
{
    CK_ULONG bad_class = 99;
    CK_BBOOL two = 2;
    static uint8_t large[65537];
    CK_ATTRIBUTE nothing[] = {OCTETS(CKA_LABEL, "x")};
    IS(create(session, nothing, 1), CKR_TEMPLATE_INCOMPLETE);
    CK_ATTRIBUTE unknown_class[] = {VALUE(CKA_CLASS, bad_class)};
    IS(create(session, unknown_class, 1), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE twice[] = {NUMBER(CKA_CLASS, CKO_DATA), OCTETS(CKA_LABEL, "x"), OCTETS(CKA_LABEL, "x")};
    IS(create(session, twice, 3), CKR_TEMPLATE_INCONSISTENT);
    CK_ATTRIBUTE odd_flag[] = {NUMBER(CKA_CLASS, CKO_DATA), VALUE(CKA_TOKEN, two)};
    IS(create(session, odd_flag, 2), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE no_value[] = {NUMBER(CKA_CLASS, CKO_DATA), {CKA_LABEL, NULL, 5}};
    IS(create(session, no_value, 2), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE absurd[] = {NUMBER(CKA_CLASS, CKO_DATA), {CKA_LABEL, large, ~0UL}};
    IS(create(session, absurd, 2), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE too_large[] = {NUMBER(CKA_CLASS, CKO_DATA), VALUE(CKA_VALUE, large)};
    IS(create(session, too_large, 2), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE foreign[] = {NUMBER(CKA_CLASS, CKO_DATA), OCTETS(CKA_MODULUS, "x")};
    IS(create(session, foreign, 2), CKR_ATTRIBUTE_TYPE_INVALID);
    CK_ATTRIBUTE read_only[] = {NUMBER(CKA_CLASS, CKO_DATA), OCTETS(CKA_UNIQUE_ID, "x")};
    IS(create(session, read_only, 2), CKR_ATTRIBUTE_READ_ONLY);
    CK_ATTRIBUTE bad_date[] = {
        NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
        OCTETS(CKA_VALUE, "0123456789abcdef"), OCTETS(CKA_START_DATE, "2026-1-1")};
    IS(create(session, bad_date, 4), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE no_type[] = {NUMBER(CKA_CLASS, CKO_SECRET_KEY), OCTETS(CKA_VALUE, "0123456789abcdef")};
    IS(create(session, no_type, 2), CKR_TEMPLATE_INCOMPLETE);
    CK_ATTRIBUTE trusted[] = {
        NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
        OCTETS(CKA_VALUE, "0123456789abcdef"), YES(CKA_TRUSTED)};
    IS(create(session, trusted, 4), CKR_ATTRIBUTE_READ_ONLY);
    CK_ATTRIBUTE many[65];
    for (CK_ULONG i = 0; i < COUNT(many); i++) {
        many[i] = (CK_ATTRIBUTE){0x80000000UL + i, NULL, 0};
    }
    IS(create(session, many, COUNT(many)), CKR_ARGUMENTS_BAD);
    IS(create(session, NULL, 1), CKR_ARGUMENTS_BAD);
    IS(create(session, NULL, ~0UL), CKR_ARGUMENTS_BAD);
    IS(f->C_CreateObject(session, twice, 2, NULL), CKR_ARGUMENTS_BAD);
    CK_ATTRIBUTE no_subject[] = {NUMBER(CKA_CLASS, CKO_CERTIFICATE), OCTETS(CKA_VALUE, "x")};
    IS(create(session, no_subject, 2), CKR_TEMPLATE_INCOMPLETE);
    CK_ULONG x509 = CKC_X_509;
    CK_ATTRIBUTE no_certificate[] = {
        NUMBER(CKA_CLASS, CKO_CERTIFICATE), VALUE(CKA_CERTIFICATE_TYPE, x509), OCTETS(CKA_VALUE, "\x30\x00"),
        OCTETS(CKA_SUBJECT, "\x30\x00")};
    IS(create(session, no_certificate, 4), CKR_ATTRIBUTE_VALUE_INVALID);
}

/* A certificate made here, so that nothing is copied from elsewhere. */
static uint8_t *make_certificate(int *length)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    uint8_t *der = NULL;
    CHECK(key != NULL && certificate != NULL, "libcrypto");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    CHECK(X509_sign(certificate, key, EVP_sha256()) > 0, "libcrypto");
    *length = i2d_X509(certificate, &der);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return der;
}

static void test_attributes(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE object = 0;
    CK_ATTRIBUTE secret[] = {NUMBER(CKA_CLASS, CKO_SECRET_KEY),     NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                             OCTETS(CKA_VALUE, "0123456789abcdef"), OCTETS(CKA_ID, "\x01\x02"),
                             OCTETS(CKA_LABEL, "attributes"),       OCTETS(CKA_START_DATE, "20260101")};
    OK(f->C_CreateObject(session, secret, COUNT(secret), &object));
    CHECK(flag_of(session, object, CKA_PRIVATE), "secret keys are private");
    CHECK(!flag_of(session, object, CKA_SENSITIVE) && flag_of(session, object, CKA_EXTRACTABLE), "defaults");
    CHECK(
        !flag_of(session, object, CKA_ALWAYS_SENSITIVE) && !flag_of(session, object, CKA_NEVER_EXTRACTABLE),
        "made outside");
    CHECK(!flag_of(session, object, CKA_LOCAL) && !flag_of(session, object, CKA_DERIVE), "defaults");

    /* several attributes at once: each gets its own answer */
    uint8_t value[16];
    uint8_t label[4];
    uint8_t unique[64];
    CK_ATTRIBUTE query[] = {
        VALUE(CKA_VALUE, value),
        VALUE(CKA_LABEL, label),
        {CKA_MODULUS, NULL, 0},
        {CKA_ID, NULL, 0},
        VALUE(CKA_UNIQUE_ID, unique)};
    CK_RV rv = f->C_GetAttributeValue(session, object, query, COUNT(query));
    CHECK(rv == CKR_BUFFER_TOO_SMALL || rv == CKR_ATTRIBUTE_TYPE_INVALID, "0x%lx", rv);
    CHECK(query[0].ulValueLen == 16 && memcmp(value, "0123456789abcdef", 16) == 0, "the value");
    CHECK(query[1].ulValueLen == CK_UNAVAILABLE_INFORMATION, "too small");
    CHECK(query[2].ulValueLen == CK_UNAVAILABLE_INFORMATION, "no such attribute");
    CHECK(query[3].ulValueLen == 2, "a length");
    CHECK(query[4].ulValueLen == 16, "a unique identifier");
    IS(f->C_GetAttributeValue(session, object, NULL, 1), CKR_ARGUMENTS_BAD);
    IS(f->C_GetAttributeValue(session, object, query, ~0UL), CKR_ARGUMENTS_BAD);
    IS(f->C_GetAttributeValue(session, 0, query, 1), CKR_OBJECT_HANDLE_INVALID);
    CK_ULONG size = 0;
    OK(f->C_GetObjectSize(session, object, &size));
    CHECK(size > 16, "%lu octets", size);
    IS(f->C_GetObjectSize(session, object, NULL), CKR_ARGUMENTS_BAD);

    /* matching over components, as long as they may be read */
    CK_ATTRIBUTE by_value[] = {OCTETS(CKA_VALUE, "0123456789abcdef"), OCTETS(CKA_LABEL, "attributes")};
    CHECK(find_all(session, by_value, 2, NULL) == 1, "found by its value");
    OK(set_flag(session, object, CKA_SENSITIVE, CK_TRUE));
    CHECK(find_all(session, by_value, 2, NULL) == 0, "a sensitive value cannot be guessed by searching");
    query[0].ulValueLen = sizeof value;
    IS(f->C_GetAttributeValue(session, object, query, 1), CKR_ATTRIBUTE_SENSITIVE);
    CHECK(query[0].ulValueLen == CK_UNAVAILABLE_INFORMATION, "no length either");
    IS(set_flag(session, object, CKA_SENSITIVE, CK_FALSE), CKR_ATTRIBUTE_READ_ONLY);
    OK(set_flag(session, object, CKA_EXTRACTABLE, CK_FALSE));
    IS(set_flag(session, object, CKA_EXTRACTABLE, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY);
    IS(set_flag(session, object, CKA_LOCAL, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY);
    IS(set_flag(session, object, CKA_TOKEN, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY);
    IS(set_flag(session, object, CKA_TRUSTED, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY);
    IS(set_flag(session, object, CKA_MODULUS, CK_TRUE), CKR_ATTRIBUTE_TYPE_INVALID);
    /* all or nothing */
    CK_ATTRIBUTE half[] = {OCTETS(CKA_LABEL, "other"), YES(CKA_LOCAL)};
    IS(f->C_SetAttributeValue(session, object, half, 2), CKR_ATTRIBUTE_READ_ONLY);
    CHECK(find_label(session, "other", NULL) == 0, "nothing was changed");
    OK(f->C_SetAttributeValue(session, object, half, 1));
    CHECK(find_label(session, "other", NULL) == 1, "changed");

    /* copies keep what the original is, and may only become stricter */
    CK_OBJECT_HANDLE copy = 0;
    CK_ATTRIBUTE looser[] = {NO(CKA_SENSITIVE)};
    CK_ATTRIBUTE exposed[] = {NO(CKA_PRIVATE)};
    CK_ATTRIBUTE fixed[] = {NO(CKA_MODIFIABLE), NO(CKA_COPYABLE), NO(CKA_DESTROYABLE), OCTETS(CKA_LABEL, "copy")};
    IS(f->C_CopyObject(session, object, looser, 1, &copy), CKR_ATTRIBUTE_READ_ONLY);
    IS(f->C_CopyObject(session, object, exposed, 1, &copy), CKR_ATTRIBUTE_READ_ONLY);
    IS(f->C_CopyObject(session, object, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_CopyObject(session, ~0UL, NULL, 0, &copy), CKR_OBJECT_HANDLE_INVALID);
    OK(f->C_CopyObject(session, object, fixed, COUNT(fixed), &copy));
    CHECK(copy != object && flag_of(session, copy, CKA_SENSITIVE), "a copy");
    IS(set_flag(session, copy, CKA_DERIVE, CK_TRUE), CKR_ACTION_PROHIBITED);
    IS(f->C_CopyObject(session, copy, NULL, 0, &object), CKR_ACTION_PROHIBITED);
    IS(f->C_DestroyObject(session, copy), CKR_ACTION_PROHIBITED);
    OK(f->C_DestroyObject(session, object));
    IS(f->C_DestroyObject(session, object), CKR_OBJECT_HANDLE_INVALID);

    /* private keys are sensitive unless created otherwise */
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_FALSE, "pair", &public_key, &private_key);
    CHECK(flag_of(session, private_key, CKA_SENSITIVE) && !flag_of(session, private_key, CKA_EXTRACTABLE), "defaults");
    CHECK(flag_of(session, private_key, CKA_ALWAYS_SENSITIVE), "always sensitive");
    CHECK(flag_of(session, private_key, CKA_NEVER_EXTRACTABLE), "never extractable");
    CHECK(flag_of(session, private_key, CKA_LOCAL) && flag_of(session, public_key, CKA_LOCAL), "made here");
    CHECK(flag_of(session, private_key, CKA_PRIVATE) && !flag_of(session, public_key, CKA_PRIVATE), "private");
    CK_ULONG number = 0;
    CK_ATTRIBUTE mechanism = VALUE(CKA_KEY_GEN_MECHANISM, number);
    OK(f->C_GetAttributeValue(session, private_key, &mechanism, 1));
    CHECK(number == CKM_EC_KEY_PAIR_GEN, "0x%lx", number);
    CK_ATTRIBUTE sensitive = {CKA_VALUE, NULL, 0};
    IS(f->C_GetAttributeValue(session, private_key, &sensitive, 1), CKR_ATTRIBUTE_SENSITIVE);
    CK_ATTRIBUTE curve[] = {OCTETS(CKA_EC_PARAMS, P256), NUMBER(CKA_CLASS, CKO_PUBLIC_KEY)};
    CHECK(find_all(session, curve, 2, NULL) == 1, "found by the curve");
    CK_ATTRIBUTE pair_template[] = {OCTETS(CKA_LABEL, "pair"), NUMBER(CKA_CLASS, CKO_PRIVATE_KEY)};
    CHECK(find_all(session, pair_template, 2, NULL) == 1, "found by its class");
    OK(f->C_DestroyObject(session, public_key));
    OK(f->C_DestroyObject(session, private_key));
    IS(f->C_FindObjects(session, &object, 1, &size), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_FindObjectsInit(session, NULL, 0));
    IS(f->C_FindObjectsInit(session, NULL, 0), CKR_OPERATION_ACTIVE);
    IS(f->C_FindObjects(session, NULL, 1, &size), CKR_ARGUMENTS_BAD);
    IS(f->C_FindObjects(session, &object, 1, NULL), CKR_ARGUMENTS_BAD);
    OK(f3->C_SessionCancel(session, CKF_FIND_OBJECTS));
    IS(f->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_FindObjectsInit(session, NULL, 3), CKR_ARGUMENTS_BAD);
}

static void test_objects(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    CK_SESSION_HANDLE ro = open_session(0, CKF_SERIAL_SESSION);
    CK_OBJECT_HANDLE object = 0;
    CK_OBJECT_HANDLE other = 0;
    CK_MECHANISM generic = mechanism_of(CKM_GENERIC_SECRET_KEY_GEN);
    CK_ATTRIBUTE secret[] = {NUMBER(CKA_VALUE_LEN, 32)};
    CK_ATTRIBUTE public_secret[] = {NUMBER(CKA_VALUE_LEN, 32), NO(CKA_PRIVATE), YES(CKA_TOKEN)};
    IS(f->C_GenerateKey(session, &generic, secret, 1, &object), CKR_USER_NOT_LOGGED_IN);
    IS(f->C_GenerateKey(session, &generic, public_secret, 3, &object), CKR_USER_NOT_LOGGED_IN);
    OK(f->C_GenerateKey(session, &generic, public_secret, 2, &object));
    OK(f->C_DestroyObject(session, object));
    OK(login(session, CKU_USER, USER_PIN));
    CK_ATTRIBUTE foretold[] = {NUMBER(CKA_VALUE_LEN, 32), OCTETS(CKA_VALUE, "0123456789abcdef0123456789abcdef")};
    IS(f->C_GenerateKey(session, &generic, foretold, 2, &object), CKR_TEMPLATE_INCONSISTENT);
    test_templates(session);
    test_attributes(session);

    /* a read-only session makes and destroys no objects of the token */
    CK_ATTRIBUTE data[] = {
        NUMBER(CKA_CLASS, CKO_DATA), OCTETS(CKA_LABEL, "data"), OCTETS(CKA_VALUE, "content"),
        OCTETS(CKA_APPLICATION, "test \\ \"of\"\n quoting"), YES(CKA_TOKEN)};
    IS(create(ro, data, COUNT(data)), CKR_SESSION_READ_ONLY);
    OK(f->C_CreateObject(session, data, COUNT(data), &object));
    IS(f->C_DestroyObject(ro, object), CKR_SESSION_READ_ONLY);
    IS(set_flag(ro, object, CKA_COPYABLE, CK_FALSE), CKR_SESSION_READ_ONLY);
    OK(create(ro, data, COUNT(data) - 1));
    CHECK(find_label(session, "data", NULL) == 2, "seen from the other session");

    /* session objects die with their session, private ones with the login */
    OK(f->C_CloseSession(ro));
    CHECK(find_label(session, "data", NULL) == 1, "gone with its session");
    CK_ATTRIBUTE private_data[] = {
        NUMBER(CKA_CLASS, CKO_DATA), OCTETS(CKA_LABEL, "private data"), OCTETS(CKA_VALUE, "hidden"), YES(CKA_PRIVATE),
        YES(CKA_TOKEN)};
    OK(f->C_CreateObject(session, private_data, COUNT(private_data), &object));
    OK(f->C_CreateObject(session, private_data, COUNT(private_data) - 1, &other));
    CHECK(find_label(session, "private data", NULL) == 2, "both");
    OK(f->C_Logout(session));
    CHECK(find_label(session, "private data", NULL) == 0, "hidden");
    CK_ATTRIBUTE label = {CKA_LABEL, NULL, 0};
    IS(f->C_GetAttributeValue(session, object, &label, 1), CKR_OBJECT_HANDLE_INVALID);
    IS(f->C_DestroyObject(session, other), CKR_OBJECT_HANDLE_INVALID);
    IS(create(session, private_data, COUNT(private_data) - 1), CKR_USER_NOT_LOGGED_IN);
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(find_label(session, "private data", &other) == 1 && other != object, "back, under another handle");
    uint8_t content[16];
    CK_ATTRIBUTE value = VALUE(CKA_VALUE, content);
    OK(f->C_GetAttributeValue(session, other, &value, 1));
    CHECK(value.ulValueLen == 6 && memcmp(content, "hidden", 6) == 0, "the content");

    /* certificates, and an object of another token is none of this one's */
    int length = 0;
    uint8_t *der = make_certificate(&length);
    CK_ULONG x509 = CKC_X_509;
    CK_ATTRIBUTE certificate[] = {
        NUMBER(CKA_CLASS, CKO_CERTIFICATE), VALUE(CKA_CERTIFICATE_TYPE, x509),  YES(CKA_TOKEN),
        OCTETS(CKA_SUBJECT, "\x30\x00"),    {CKA_VALUE, der, (CK_ULONG)length}, OCTETS(CKA_LABEL, "certificate")};
    OK(f->C_CreateObject(session, certificate, COUNT(certificate), &object));
    CK_SESSION_HANDLE elsewhere = open_session(2, RW);
    IS(f->C_GetAttributeValue(elsewhere, object, &label, 1), CKR_OBJECT_HANDLE_INVALID);
    CK_ATTRIBUTE by_value[] = {{CKA_VALUE, der, (CK_ULONG)length}};
    CHECK(find_all(session, by_value, 1, NULL) == 1, "found by its octets");

    /* what the token has outlives the process */
    make_secret(session, CK_TRUE, "stored secret");
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_TRUE, "stored pair", &public_key, &private_key);
    uint8_t point[200];
    uint8_t again[200];
    CK_ATTRIBUTE point_query = VALUE(CKA_EC_POINT, point);
    CK_ATTRIBUTE again_query = VALUE(CKA_EC_POINT, again);
    OK(f->C_GetAttributeValue(session, public_key, &point_query, 1));
    restart();
    session = open_session(0, RW);
    CHECK(find_label(session, "stored pair", &public_key) == 1, "the public half");
    OK(f->C_GetAttributeValue(session, public_key, &again_query, 1));
    CHECK(
        again_query.ulValueLen == point_query.ulValueLen && memcmp(point, again, point_query.ulValueLen) == 0,
        "the same");
    CHECK(find_label(session, "certificate", NULL) == 1 && find_label(session, "data", &object) == 1, "the others");
    uint8_t text[64];
    CK_ATTRIBUTE application = VALUE(CKA_APPLICATION, text);
    OK(f->C_GetAttributeValue(session, object, &application, 1));
    CHECK(application.ulValueLen == 20 && memcmp(text, "test \\ \"of\"\n quoting", 20) == 0, "quoting");
    CHECK(find_label(session, "stored secret", NULL) == 0, "private");
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(find_label(session, "stored secret", &object) == 1 && find_label(session, "stored pair", NULL) == 2, "all");
    OK(set_flag(session, object, CKA_SENSITIVE, CK_TRUE));
    restart();
    session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(find_label(session, "stored secret", &object) == 1, "the secret");
    CHECK(flag_of(session, object, CKA_SENSITIVE) && flag_of(session, object, CKA_LOCAL), "what was set was stored");
    OPENSSL_free(der);

    /* a token has room for so many session objects */
    CK_ATTRIBUTE small[] = {NUMBER(CKA_CLASS, CKO_DATA)};
    for (unsigned i = 0; i < 10000; i++) {
        OK(f->C_CreateObject(session, small, 1, &object));
    }
    IS(create(session, small, 1), CKR_DEVICE_MEMORY);
    OK(f->C_DestroyObject(session, object));
    OK(create(session, small, 1));
    OK(f->C_Finalize(NULL));
}

/* The files: modes, what stock openssl makes of them, and what the card makes of torn and foreign ones. */
static void test_files(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/token-0", directory);
    DIR *entries = opendir(path);
    CHECK(entries != NULL, "the folder");
    const struct dirent *entry;
    unsigned objects = 0;
    char any[300] = "";
    while ((entry = readdir(entries)) != NULL) {
        struct stat status;
        if (entry->d_name[0] == '.') {
            CHECK(strlen(entry->d_name) <= 2, "nothing is left over: %s", entry->d_name);
            continue;
        }
        CHECK(fstatat(dirfd(entries), entry->d_name, &status, 0) == 0, "a file");
        CHECK((status.st_mode & 0777) == 0600, "%s has mode %o", entry->d_name, status.st_mode & 0777);
        if (strlen(entry->d_name) == 16 + 11 && strcmp(entry->d_name + 16, ".attributes") == 0) {
            snprintf(path, sizeof path, "%s/token-0/%.16s.p8", directory, entry->d_name);
            if (access(path, R_OK) == 0) {
                snprintf(any, sizeof any, "%.16s", entry->d_name);
            }
            objects++;
        }
    }
    closedir(entries);
    CHECK(objects == 6 && *any != '\0', "%u objects", objects);

    CHECK(system("command -v openssl >/dev/null") == 0, "openssl");
    CHECK(run("openssl pkcs8 -in '%s/token-0/user.p8' -passin pass:%s -out /dev/null", USER_PIN) == 0, "user.p8");
    CHECK(run("openssl pkcs8 -in '%s/token-0/so.p8' -passin pass:%s -out /dev/null", SO_PIN) == 0, "so.p8");
    CHECK(
        run("openssl pkcs8 -in '%s/token-0/user.p8' -passin pass:%s -out /dev/null 2>/dev/null", "4321") != 0,
        "user.p8");
    CHECK(
        run("cd '%s/token-0' && PW=$(openssl pkcs8 -in user.p8 -passin pass:%s | openssl pkey -outform DER | tail -c "
            "32 | "
            "base64) && n=0 && for f in $(grep -l 'class = private-key' *.attributes); do "
            "openssl pkcs8 -in ${f%%.attributes}.p8 -passin pass:$PW | openssl ec -noout 2>/dev/null || exit 1; n=1; "
            "done; "
            "[ $n = 1 ]",
            USER_PIN) == 0,
        "openssl reads the private keys");
    CHECK(
        run("cd '%s/token-0' && for f in *.pem; do openssl pkey -pubin -in $f -noout || exit 1; done%s", "") == 0,
        "openssl reads the public keys");
    CHECK(
        run("cd '%s/token-0' && for f in *.der; do openssl x509 -inform DER -in $f -noout || exit 1; done%s", "") == 0,
        "openssl reads the certificates");

    /* torn and foreign files: told once, left alone, and the rest goes on */
    CHECK(run("cd '%s/token-0' && head -c 50 %s.attributes > 00112233445566ff.attributes", any) == 0, "a torn file");
    CHECK(
        run("cd '%s/token-0' && cp %s.attributes 0011223344556677.attributes && : > 0011223344556677.p8", any) == 0,
        "torn");
    CHECK(run("cd '%s/token-0' && cp %s.attributes 0011223344556688.attributes", any) == 0, "without material");
    CHECK(run("cd '%s/token-0' && : > 0011223344556699.attributes%s", "") == 0, "an empty one");
    CHECK(run("cd '%s/token-0' && echo hello > notes.txt && mkfifo 00112233445566aa.attributes%s", "") == 0, "foreign");
    CHECK(run("cd '%s/token-0' && ln -s /etc/passwd 00112233445566bb.attributes%s", "") == 0, "a link");
    begin_notices();
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(find_label(session, "stored pair", NULL) == 2 && find_label(session, "certificate", NULL) == 1, "the rest");
    CHECK(find_all(session, NULL, 0, NULL) == objects, "and nothing else");
    find_all(session, NULL, 0, NULL);
    unsigned lines = end_notices("left alone"); /* once, however often the folder is read */
    CHECK(lines == 7, "%u lines", lines);
    static const char *const left[] = {
        "00112233445566ff.attributes", "0011223344556677.p8", "0011223344556688.attributes",
        "0011223344556699.attributes", "notes.txt",           "00112233445566aa.attributes"};
    for (size_t i = 0; i < COUNT(left); i++) {
        snprintf(path, sizeof path, "%s/token-0/%s", directory, left[i]);
        CHECK(access(path, F_OK) == 0, "%s is still there", left[i]);
        unlink(path);
    }
    CHECK(run("cd '%s/token-0' && rm -f 00112233445566* %s", "0011223344556677.attributes") == 0, "rm");
    OK(f->C_Finalize(NULL));

    /* a torn PIN file is no wrong PIN */
    CHECK(run("cd '%s/token-2' && head -c 100 so.p8 > t && cat t > so.p8 && rm t%s", "") == 0, "torn");
    begin_notices();
    initialize();
    session = open_session(2, RW);
    IS(login(session, CKU_SO, SO_PIN), CKR_DEVICE_ERROR);
    CHECK(end_notices("so.p8") == 1, "one line");
    CHECK((token_flags(2) & CKF_SO_PIN_COUNT_LOW) == 0, "not counted as a wrong PIN");
    OK(f->C_Finalize(NULL));
}

int main(int argc, char **argv)
{
    load_module(argc, argv);
    make_token();
    initialize();
    init_token(1);
    init_token(2);
    OK(f->C_Finalize(NULL));
    test_objects();
    test_files();
    return end_test();
}
