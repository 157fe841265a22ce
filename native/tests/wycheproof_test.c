/*
 * Project Wycheproof's vectors through the module, by the plain functions and by batches. They are read from
 * shared/vectors/crypto beside the project where that folder is there (CARDINAL_VECTORS names another one); without
 * them the test opens the module and no more.
 */
#include "json.h"
#include "module.h"

#define MOST 4608 /* the longest is a signature of 4172 octets */
#define LANES 8

static const uint8_t p256_params[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t p521_params[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
static const uint8_t x25519_params[] = {0x06, 0x03, 0x2b, 0x65, 0x6e};
static const uint8_t ed25519_params[] = {0x06, 0x03, 0x2b, 0x65, 0x70};

struct octets {
    uint8_t at[MOST];
    size_t length;
};

/* A test of the file as a lane of a batch and as a plain call. */
struct test {
    const char *place;
    const struct json *json;
    enum { VALID, INVALID, ACCEPTABLE } result;
    CK_ULONG operation;
    CK_MECHANISM mechanism;
    CK_OBJECT_HANDLE key;
    struct octets in, in2, expected, out;
    CK_ECDH1_DERIVE_PARAMS ecdh;
    bool checks_output;
    bool may_answer; /* an invalid ciphertext may be answered by octets that mean nothing */
};

static unsigned long tests_run;

static struct octets hex(const struct json *object, const char *name)
{
    struct octets octets;
    octets.length = json_hex(object, name, octets.at, sizeof octets.at);
    CHECK(octets.length != SIZE_MAX, "%s is no hex of up to %d octets", name, MOST);
    return octets;
}

static CK_OBJECT_HANDLE create(const char *what, CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_OBJECT_HANDLE object = 0;
    CK_RV rv = module->C_CreateObject(module_session, template, count, &object);
    CHECK(rv == CKR_OK, "C_CreateObject of %s: 0x%lx", what, rv);
    return object;
}

#define NUMBER(type, variable)                                                                                         \
    {                                                                                                                  \
        type, &(variable), sizeof(variable)                                                                            \
    }
#define OCTETS(type, value)                                                                                            \
    {                                                                                                                  \
        type, (void *)(uintptr_t)(value).at, (value).length                                                            \
    }

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY;
static CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY;

static CK_OBJECT_HANDLE rsa_public(const struct json *group)
{
    CK_KEY_TYPE type = CKK_RSA;
    const struct json *key = json_member(group, "publicKey");
    struct octets modulus = hex(key, "modulus");
    struct octets exponent = hex(key, "publicExponent");
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, public_class), NUMBER(CKA_KEY_TYPE, type), NUMBER(CKA_VERIFY, yes),
        OCTETS(CKA_MODULUS, modulus), OCTETS(CKA_PUBLIC_EXPONENT, exponent)};
    return create("an RSA public key", template, sizeof template / sizeof template[0]);
}

static CK_OBJECT_HANDLE rsa_private(const struct json *group)
{
    CK_KEY_TYPE type = CKK_RSA;
    const struct json *key = json_member(group, "privateKey");
    struct octets n = hex(key, "modulus"), e = hex(key, "publicExponent"), d = hex(key, "privateExponent");
    struct octets p = hex(key, "prime1"), q = hex(key, "prime2"), dp = hex(key, "exponent1");
    struct octets dq = hex(key, "exponent2"), qinv = hex(key, "coefficient");
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, private_class), NUMBER(CKA_KEY_TYPE, type),     NUMBER(CKA_DECRYPT, yes),
        OCTETS(CKA_MODULUS, n),           OCTETS(CKA_PUBLIC_EXPONENT, e), OCTETS(CKA_PRIVATE_EXPONENT, d),
        OCTETS(CKA_PRIME_1, p),           OCTETS(CKA_PRIME_2, q),         OCTETS(CKA_EXPONENT_1, dp),
        OCTETS(CKA_EXPONENT_2, dq),       OCTETS(CKA_COEFFICIENT, qinv)};
    return create("an RSA private key", template, sizeof template / sizeof template[0]);
}

static CK_OBJECT_HANDLE
ec_public(CK_KEY_TYPE type, const uint8_t *params, size_t params_length, const struct octets *point)
{
    struct octets wrapped = {.length = point->length + 2};
    wrapped.at[0] = 0x04;
    wrapped.at[1] = (uint8_t)point->length;
    CHECK(point->length < 128, "a long point");
    memcpy(wrapped.at + 2, point->at, point->length);
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, public_class),
        NUMBER(CKA_KEY_TYPE, type),
        NUMBER(CKA_VERIFY, yes),
        {CKA_EC_PARAMS, (void *)(uintptr_t)params, params_length},
        OCTETS(CKA_EC_POINT, wrapped)};
    return create("an EC public key", template, sizeof template / sizeof template[0]);
}

static CK_OBJECT_HANDLE
ec_private(CK_KEY_TYPE type, const uint8_t *params, size_t params_length, const struct octets *value)
{
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, private_class),
        NUMBER(CKA_KEY_TYPE, type),
        NUMBER(CKA_DERIVE, yes),
        {CKA_EC_PARAMS, (void *)(uintptr_t)params, params_length},
        OCTETS(CKA_VALUE, *value)};
    return create("an EC private key", template, sizeof template / sizeof template[0]);
}

static CK_OBJECT_HANDLE hmac_key(const struct octets *value)
{
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, secret_class), NUMBER(CKA_KEY_TYPE, type), NUMBER(CKA_VERIFY, yes),
        OCTETS(CKA_VALUE, *value)};
    return create("a secret key", template, sizeof template / sizeof template[0]);
}

/* What came of a test must be what the file says. */
static void judge(const struct test *test, const char *way, CK_RV rv)
{
    const char *id = json_text(test->json, "tcId");
    bool right = !test->checks_output || (test->out.length == test->expected.length &&
                                          memcmp(test->out.at, test->expected.at, test->expected.length) == 0);
    switch (test->result) {
    case VALID:
        CHECK(rv == CKR_OK, "%s %s (%s): 0x%lx for a valid case", test->place, id, way, rv);
        CHECK(right, "%s %s (%s): another result", test->place, id, way);
        break;
    case INVALID:
        CHECK(
            rv != CKR_OK || (test->may_answer && !right), "%s %s (%s): an invalid case was accepted", test->place, id,
            way);
        break;
    case ACCEPTABLE:
        CHECK(rv != CKR_OK || right, "%s %s (%s): another result", test->place, id, way);
        break;
    }
    tests_run++;
}

static CK_RV plain_agree(struct test *test)
{
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, secret_class), NUMBER(CKA_KEY_TYPE, type), NUMBER(CKA_SENSITIVE, no),
        NUMBER(CKA_EXTRACTABLE, yes)};
    CK_OBJECT_HANDLE secret = 0;
    CK_RV rv = module->C_DeriveKey(
        module_session, &test->mechanism, test->key, template, sizeof template / sizeof template[0], &secret);
    if (rv != CKR_OK) {
        return rv;
    }
    CK_ATTRIBUTE value = {CKA_VALUE, test->out.at, sizeof test->out.at};
    rv = module->C_GetAttributeValue(module_session, secret, &value, 1);
    test->out.length = value.ulValueLen;
    CHECK(module->C_DestroyObject(module_session, secret) == CKR_OK, "C_DestroyObject");
    return rv;
}

static CK_RV plainly(struct test *test)
{
    CK_ULONG length = sizeof test->out.at;
    CK_RV rv;
    switch (test->operation) {
    case CKB_VERIFY:
        rv = module->C_VerifyInit(module_session, &test->mechanism, test->key);
        if (rv == CKR_OK) {
            rv = module->C_Verify(module_session, test->in.at, test->in.length, test->in2.at, test->in2.length);
        }
        return rv;
    case CKB_DECRYPT:
        rv = module->C_DecryptInit(module_session, &test->mechanism, test->key);
        if (rv == CKR_OK) {
            rv = module->C_Decrypt(module_session, test->in.at, test->in.length, test->out.at, &length);
            test->out.length = rv == CKR_OK ? length : 0;
        }
        return rv;
    default:
        return plain_agree(test);
    }
}

static void batched(struct test *tests, size_t count)
{
    CK_CARDINAL_BATCH_LANE lanes[LANES];
    memset(lanes, 0, sizeof lanes);
    for (size_t i = 0; i < count; i++) {
        lanes[i].ulOperation = tests[i].operation;
        lanes[i].pMechanism = &tests[i].mechanism;
        lanes[i].hKey = tests[i].key;
        lanes[i].pIn = tests[i].in.at;
        lanes[i].ulInLen = tests[i].in.length;
        lanes[i].pIn2 = tests[i].in2.at;
        lanes[i].ulIn2Len = tests[i].in2.length;
        lanes[i].pOut = tests[i].out.at;
        lanes[i].ulOutLen = sizeof tests[i].out.at;
        lanes[i].rv = CKR_GENERAL_ERROR;
    }
    CK_RV rv = module_batch->ExecuteBatch(module_session, lanes, count);
    CHECK(rv == CKR_OK, "ExecuteBatch: 0x%lx", rv);
    for (size_t i = 0; i < count; i++) {
        tests[i].out.length = lanes[i].rv == CKR_OK ? lanes[i].ulOutLen : 0;
        judge(&tests[i], "batch", lanes[i].rv);
    }
}

static void run(struct test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tests[i].mechanism.pParameter =
            tests[i].operation == CKB_AGREE ? &tests[i].ecdh : tests[i].mechanism.pParameter;
        tests[i].ecdh.pPublicData = tests[i].in2.at;
        judge(&tests[i], "plain", plainly(&tests[i]));
        memset(&tests[i].out, 0, sizeof tests[i].out);
    }
    /* a batch verifies signatures, not MACs */
    if (count > 0 && strncmp(tests[0].place, "hmac", 4) != 0) {
        batched(tests, count);
    }
}

/*
 * An ECDSA signature's two numbers from strict DER: false where it is none, or a number has more than 32 octets or is
 * negative. PKCS#11 carries them bare, so that encodings are not the module's to judge.
 */
static bool ecdsa_numbers(const struct octets *der, uint8_t out[64])
{
    size_t at = 2;
    memset(out, 0, 64);
    if (der->length < 8 || der->at[0] != 0x30 || der->at[1] != der->length - 2) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        if (at + 2 > der->length || der->at[at] != 0x02) {
            return false;
        }
        size_t length = der->at[at + 1];
        const uint8_t *number = der->at + at + 2;
        at += 2 + length;
        if (length == 0 || length > 33 || (length == 33 && number[0] != 0) || at > der->length ||
            (number[0] & 0x80) != 0 || (length > 1 && number[0] == 0 && (number[1] & 0x80) == 0)) {
            return false;
        }
        if (length == 33) {
            number++;
            length--;
        }
        memcpy(out + 32 * i + 32 - length, number, length);
    }
    return at == der->length;
}

static CK_RSA_PKCS_PSS_PARAMS pss = {.hashAlg = CKM_SHA256, .mgf = CKG_MGF1_SHA256, .sLen = 32};
static CK_ULONG tag_octets;

/* Makes a test of the group's kind; false where it never reaches the module. */
static bool make(const char *kind, const struct json *group, CK_OBJECT_HANDLE group_key, struct test *test)
{
    if (strcmp(kind, "RsassaPkcs1Verify") == 0 || strcmp(kind, "RsassaPssVerify") == 0) {
        test->operation = CKB_VERIFY;
        bool is_pss = strcmp(kind, "RsassaPssVerify") == 0;
        test->mechanism.mechanism = is_pss ? CKM_SHA256_RSA_PKCS_PSS : CKM_SHA256_RSA_PKCS;
        test->mechanism.pParameter = is_pss ? &pss : NULL;
        test->mechanism.ulParameterLen = is_pss ? sizeof pss : 0;
        test->key = group_key;
        test->in = hex(test->json, "msg");
        test->in2 = hex(test->json, "sig");
        return true;
    }
    if (strcmp(kind, "RsaesPkcs1Decrypt") == 0) {
        test->operation = CKB_DECRYPT;
        test->mechanism.mechanism = CKM_RSA_PKCS;
        test->key = group_key;
        test->in = hex(test->json, "ct");
        test->expected = hex(test->json, "msg");
        test->checks_output = true;
        test->may_answer = true;
        return true;
    }
    if (strcmp(kind, "EcdsaVerify") == 0) {
        test->operation = CKB_VERIFY;
        test->mechanism.mechanism = CKM_ECDSA_SHA256;
        test->key = group_key;
        test->in = hex(test->json, "msg");
        struct octets der = hex(test->json, "sig");
        test->in2.length = 64;
        if (!ecdsa_numbers(&der, test->in2.at)) {
            CHECK(test->result != VALID, "a valid signature was not understood");
            return false;
        }
        return true;
    }
    if (strcmp(kind, "EddsaVerify") == 0) {
        test->operation = CKB_VERIFY;
        test->mechanism.mechanism = CKM_EDDSA;
        test->key = group_key;
        test->in = hex(test->json, "msg");
        test->in2 = hex(test->json, "sig");
        return true;
    }
    if (strcmp(kind, "MacTest") == 0) {
        struct octets value = hex(test->json, "key");
        if (value.length == 0) {
            return false;
        }
        test->operation = CKB_VERIFY;
        bool sha1 = strcmp(json_text(group, "hash"), "SHA-1") == 0;
        tag_octets = strtoul(json_text(group, "tagSize"), NULL, 10) / 8;
        test->mechanism.mechanism = sha1 ? CKM_SHA_1_HMAC_GENERAL : CKM_SHA256_HMAC_GENERAL;
        test->mechanism.pParameter = &tag_octets;
        test->mechanism.ulParameterLen = sizeof tag_octets;
        test->key = hmac_key(&value);
        test->in = hex(test->json, "msg");
        test->in2 = hex(test->json, "tag");
        return true;
    }
    /* key agreements: every test has a private key of its own */
    test->operation = CKB_AGREE;
    test->mechanism.mechanism = CKM_ECDH1_DERIVE;
    test->mechanism.ulParameterLen = sizeof test->ecdh;
    test->ecdh.kdf = CKD_NULL;
    test->in2 = hex(test->json, "public");
    test->ecdh.ulPublicDataLen = test->in2.length;
    test->expected = hex(test->json, "shared");
    test->checks_output = true;
    struct octets value = hex(test->json, "private");
    const char *curve = json_text(group, "curve");
    if (strcmp(curve, "curve25519") == 0) {
        test->key = ec_private(CKK_EC_MONTGOMERY, x25519_params, sizeof x25519_params, &value);
        static const uint8_t zeros[32];
        if (memcmp(test->expected.at, zeros, 32) == 0) {
            /* RFC 7748 section 6.1 lets us refuse, and we do */
            test->result = INVALID;
        }
    } else if (strcmp(curve, "secp256r1") == 0) {
        test->key = ec_private(CKK_EC, p256_params, sizeof p256_params, &value);
    } else {
        test->key = ec_private(CKK_EC, p521_params, sizeof p521_params, &value);
    }
    return true;
}

static CK_OBJECT_HANDLE group_key_of(const char *kind, const struct json *group)
{
    if (strncmp(kind, "Rsassa", 6) == 0) {
        return rsa_public(group);
    }
    if (strcmp(kind, "RsaesPkcs1Decrypt") == 0) {
        return rsa_private(group);
    }
    if (strcmp(kind, "EcdsaVerify") == 0) {
        struct octets point = hex(json_member(group, "publicKey"), "uncompressed");
        return ec_public(CKK_EC, p256_params, sizeof p256_params, &point);
    }
    if (strcmp(kind, "EddsaVerify") == 0) {
        struct octets point = hex(json_member(group, "publicKey"), "pk");
        return ec_public(CKK_EC_EDWARDS, ed25519_params, sizeof ed25519_params, &point);
    }
    return 0;
}

static void destroy(CK_OBJECT_HANDLE object)
{
    if (object != 0) {
        CHECK(module->C_DestroyObject(module_session, object) == CKR_OK, "C_DestroyObject");
    }
}

static void run_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/wycheproof-%s_test.json.gz", folder, name);
    struct json *file = json_read_gz(path);
    CHECK(file != NULL, "%s cannot be read", path);
    bool sha1 = strcmp(name, "hmac_sha1") == 0;
    unsigned long before = tests_run;
    for (struct json *group = json_member(file, "testGroups")->first; group != NULL; group = group->next) {
        const char *kind = json_text(group, "type");
        if (strcmp(kind, "MacTest") == 0) {
            static char name_of_hash[] = "hash";
            static struct json hash = {.kind = JSON_TEXT, .name = name_of_hash};
            static char names[2][8] = {"SHA-256", "SHA-1"};
            hash.text = names[sha1];
            hash.next = group->first;
            group->first = &hash;
        }
        CK_OBJECT_HANDLE group_key = group_key_of(kind, group);
        static struct test tests[LANES];
        size_t count = 0;
        for (const struct json *json = json_member(group, "tests")->first; json != NULL; json = json->next) {
            const char *result = json_text(json, "result");
            memset(&tests[count], 0, sizeof tests[count]);
            tests[count].place = name;
            tests[count].json = json;
            tests[count].result = strcmp(result, "valid") == 0     ? VALID
                                  : strcmp(result, "invalid") == 0 ? INVALID
                                                                   : ACCEPTABLE;
            count += make(kind, group, group_key, &tests[count]);
            if (count == LANES || json->next == NULL) {
                run(tests, count);
                for (size_t i = 0; i < count; i++) {
                    destroy(tests[i].key != group_key ? tests[i].key : 0);
                }
                count = 0;
            }
        }
        destroy(group_key);
        if (strcmp(kind, "MacTest") == 0) {
            group->first = group->first->next;
        }
    }
    json_free(file);
    printf("%s: %lu\n", name, tests_run - before);
}

int main(void)
{
    static const char *const files[] = {
        "rsa_signature_2048_sha256",
        "rsa_pss_2048_sha256_mgf1_32",
        "rsa_pkcs1_2048",
        "ecdh_secp256r1_ecpoint",
        "ecdh_secp521r1_ecpoint",
        "x25519",
        "ecdsa_secp256r1_sha256",
        "ed25519",
        "hmac_sha1",
        "hmac_sha256"};
    module_open();
    const char *given = getenv("CARDINAL_VECTORS");
    const char *folder = given != NULL ? given : CARDINAL_SOURCE "/../../shared/vectors/crypto";
    if (given == NULL && access(folder, R_OK) != 0) {
        puts("no shared vectors beside the project");
    } else {
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
            run_file(folder, files[i]);
        }
        printf("%lu cases, plain and batched\n", tests_run);
    }
    module_close();
    return checks_done();
}
