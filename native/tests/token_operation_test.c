/* Operations of a session: their life, what keys permit, what is inherited, and hostile calls. */
#include "token.h"

static void test_operations(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_MECHANISM sha256 = mechanism_of(CKM_SHA256);
    CK_MECHANISM hmac = mechanism_of(CKM_SHA256_HMAC);
    CK_MECHANISM ecdsa = mechanism_of(CKM_ECDSA_SHA256);
    uint8_t out[64];
    uint8_t parts[64];
    CK_ULONG length = 0;
    CK_ULONG parts_length = sizeof parts;
    CK_BYTE data[] = "abcdef";

    /* digests: a length, too small a buffer, single and in parts */
    IS(f->C_Digest(session, data, 6, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_DigestInit(session, &sha256));
    IS(f->C_DigestInit(session, &sha256), CKR_OPERATION_ACTIVE);
    OK(f->C_Digest(session, data, 6, NULL, &length));
    CHECK(length == 32, "%lu", length);
    length = 31;
    IS(f->C_Digest(session, data, 6, out, &length), CKR_BUFFER_TOO_SMALL);
    CHECK(length == 32, "%lu", length);
    OK(f->C_Digest(session, data, 6, out, &length));
    IS(f->C_Digest(session, data, 6, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_DigestUpdate(session, data, 3));
    OK(f->C_DigestUpdate(session, data + 3, 3));
    OK(f->C_DigestFinal(session, parts, &parts_length));
    CHECK(parts_length == 32 && memcmp(out, parts, 32) == 0, "the same digest");
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_DigestUpdate(session, data, 3));
    IS(f->C_Digest(session, data, 6, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_DigestFinal(session, out, &length), CKR_OPERATION_NOT_INITIALIZED); /* that ended it */
    OK(f->C_DigestInit(session, &sha256));
    IS(f->C_DigestUpdate(session, NULL, 6), CKR_ARGUMENTS_BAD);
    IS(f->C_DigestUpdate(session, data, 6), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_DigestInit(session, NULL)); /* PKCS#11 3.0: given up */
    IS(f->C_DigestInit(session, NULL), CKR_ARGUMENTS_BAD);
    CK_MECHANISM torn = {CKM_SHA256, NULL, 5};
    IS(f->C_DigestInit(session, &torn), CKR_MECHANISM_PARAM_INVALID);

    /* one operation of each kind at a time, and C_SessionCancel picks */
    CK_OBJECT_HANDLE key = make_secret(session, CK_FALSE, "mac");
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_SignInit(session, &hmac, key));
    OK(f->C_VerifyInit(session, &hmac, key));
    IS(f->C_SignInit(session, &hmac, key), CKR_OPERATION_ACTIVE);
    OK(f3->C_SessionCancel(session, CKF_SIGN | CKF_DIGEST));
    IS(f->C_SignUpdate(session, data, 6), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_DigestUpdate(session, data, 6), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_VerifyUpdate(session, data, 6));
    OK(f->C_SignInit(session, &hmac, key));
    length = sizeof out;
    OK(f->C_Sign(session, data, 6, out, &length));
    OK(f->C_VerifyFinal(session, out, length));
    OK(f->C_VerifyInit(session, &hmac, key));
    out[0] ^= 1;
    IS(f->C_Verify(session, data, 6, out, length), CKR_SIGNATURE_INVALID);
    IS(f->C_Verify(session, data, 6, out, length), CKR_OPERATION_NOT_INITIALIZED);

    /* C_DigestKey takes sensitive secrets, and nothing but secrets */
    OK(set_flag(session, key, CKA_SENSITIVE, CK_TRUE));
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_DigestKey(session, key));
    OK(f->C_DigestFinal(session, out, &length));
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_FALSE, "signer", &public_key, &private_key);
    OK(f->C_DigestInit(session, &sha256));
    IS(f->C_DigestKey(session, private_key), CKR_KEY_INDIGESTIBLE);
    OK(f->C_DigestInit(session, &sha256));
    IS(f->C_DigestKey(session, 0), CKR_KEY_HANDLE_INVALID);

    /* keys do what their flags say */
    IS(f->C_SignInit(session, &ecdsa, ~0UL), CKR_KEY_HANDLE_INVALID);
    IS(f->C_SignInit(session, &ecdsa, public_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    IS(f->C_SignInit(session, NULL, private_key), CKR_ARGUMENTS_BAD);
    IS(f->C_DecryptInit(session, &ecdsa, private_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    OK(set_flag(session, private_key, CKA_SIGN, CK_FALSE));
    IS(f->C_SignInit(session, &ecdsa, private_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    OK(set_flag(session, private_key, CKA_SIGN, CK_TRUE));
    CK_MECHANISM_TYPE allowed[] = {CKM_SHA512_HMAC};
    CK_ATTRIBUTE limited[] = {NUMBER(CKA_VALUE_LEN, 32), VALUE(CKA_ALLOWED_MECHANISMS, allowed)};
    CK_MECHANISM generic = mechanism_of(CKM_GENERIC_SECRET_KEY_GEN);
    OK(f->C_GenerateKey(session, &generic, limited, 2, &key));
    IS(f->C_SignInit(session, &hmac, key), CKR_MECHANISM_INVALID);

    /* an operation with a private key ends with the login */
    OK(f->C_SignInit(session, &ecdsa, private_key));
    length = sizeof out;
    OK(f->C_Sign(session, data, 6, out, &length));
    OK(f->C_VerifyInit(session, &ecdsa, public_key));
    OK(f->C_Verify(session, data, 6, out, length));
    OK(f->C_SignInit(session, &ecdsa, private_key));
    OK(f->C_Logout(session));
    IS(f->C_Sign(session, data, 6, out, &length), CKR_USER_NOT_LOGGED_IN);
    IS(f->C_Sign(session, data, 6, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_SignInit(session, &ecdsa, private_key), CKR_KEY_HANDLE_INVALID);
    OK(login(session, CKU_USER, USER_PIN));

    /* a key that asks for the PIN at each use */
    CK_MECHANISM pair = mechanism_of(CKM_EC_KEY_PAIR_GEN);
    CK_ATTRIBUTE curve[] = {OCTETS(CKA_EC_PARAMS, P256)};
    CK_ATTRIBUTE always[] = {YES(CKA_ALWAYS_AUTHENTICATE), NO(CKA_PRIVATE)};
    IS(f->C_GenerateKeyPair(session, &pair, curve, 1, always, 2, &public_key, &private_key), CKR_TEMPLATE_INCONSISTENT);
    OK(f->C_GenerateKeyPair(session, &pair, curve, 1, always, 1, &public_key, &private_key));
    OK(f->C_SignInit(session, &ecdsa, private_key));
    length = sizeof out;
    IS(f->C_Sign(session, data, 6, out, &length), CKR_USER_NOT_LOGGED_IN);
    IS(login(session, CKU_CONTEXT_SPECIFIC, "4321"), CKR_PIN_INCORRECT);
    IS(f->C_Sign(session, data, 6, out, &length), CKR_USER_NOT_LOGGED_IN);
    OK(login(session, CKU_CONTEXT_SPECIFIC, USER_PIN));
    OK(f->C_Sign(session, data, 6, out, &length));
    OK(f->C_SignInit(session, &ecdsa, private_key));
    IS(f->C_Sign(session, data, 6, out, &length), CKR_USER_NOT_LOGGED_IN);

    OK(f->C_SeedRandom(session, data, 6));
    OK(f->C_GenerateRandom(session, out, sizeof out));
    IS(f->C_GenerateRandom(session, NULL, 1), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateRandom(session, out, ~0UL), CKR_ARGUMENTS_BAD);
    IS(f->C_SeedRandom(session, NULL, 1), CKR_ARGUMENTS_BAD);
    IS(f->C_WrapKey(session, &hmac, 0, 0, NULL, &length), CKR_FUNCTION_NOT_SUPPORTED);
    IS(f3->C_MessageSignInit(session, &hmac, key), CKR_FUNCTION_NOT_SUPPORTED);
    IS(f->C_GetFunctionStatus(session), CKR_FUNCTION_NOT_PARALLEL);
    OK(f->C_Finalize(NULL));
}

/* What a derived key inherits: the template decides, the history is told truly. */
static void test_derivation(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    CK_OBJECT_HANDLE derived = 0;
    make_pair(session, CK_FALSE, "agree", &public_key, &private_key);
    uint8_t point[100];
    CK_ATTRIBUTE query = VALUE(CKA_EC_POINT, point);
    OK(f->C_GetAttributeValue(session, public_key, &query, 1));
    CK_ECDH1_DERIVE_PARAMS parameters = {CKD_NULL, 0, NULL, query.ulValueLen - 2, point + 2};
    CK_MECHANISM ecdh = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    CK_ATTRIBUTE open_template[] = {NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET)};
    OK(f->C_DeriveKey(session, &ecdh, private_key, open_template, 2, &derived));
    CHECK(!flag_of(session, derived, CKA_SENSITIVE) && flag_of(session, derived, CKA_EXTRACTABLE), "defaults");
    CHECK(
        !flag_of(session, derived, CKA_ALWAYS_SENSITIVE) && !flag_of(session, derived, CKA_NEVER_EXTRACTABLE),
        "history");
    CHECK(!flag_of(session, derived, CKA_LOCAL), "derived keys are not local");
    CK_ATTRIBUTE closed[] = {YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE), YES(CKA_DERIVE)};
    OK(f->C_DeriveKey(session, &ecdh, private_key, closed, 3, &derived));
    CHECK(
        flag_of(session, derived, CKA_ALWAYS_SENSITIVE) && flag_of(session, derived, CKA_NEVER_EXTRACTABLE), "history");
    IS(f->C_DeriveKey(session, &ecdh, public_key, closed, 3, &derived), CKR_KEY_FUNCTION_NOT_PERMITTED);
    IS(f->C_DeriveKey(session, &ecdh, 0, closed, 3, &derived), CKR_KEY_HANDLE_INVALID);
    IS(f->C_DeriveKey(session, &ecdh, private_key, closed, 3, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_DeriveKey(session, NULL, private_key, closed, 3, &derived), CKR_ARGUMENTS_BAD);
    CK_MECHANISM wrong = mechanism_of(CKM_SHA256);
    IS(f->C_DeriveKey(session, &wrong, private_key, closed, 3, &derived), CKR_MECHANISM_INVALID);
    /* from a key whose history is not clean nothing clean comes */
    CK_OBJECT_HANDLE base = 0;
    CK_ATTRIBUTE imported[] = {
        NUMBER(CKA_CLASS, CKO_SECRET_KEY),
        NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
        OCTETS(CKA_VALUE, "0123456789abcdef0123456789abcdef"),
        YES(CKA_DERIVE),
        YES(CKA_SENSITIVE),
        NO(CKA_EXTRACTABLE)};
    OK(f->C_CreateObject(session, imported, COUNT(imported), &base));
    CK_HKDF_PARAMS hkdf = {
        .bExtract = CK_TRUE, .bExpand = CK_TRUE, .prfHashMechanism = CKM_SHA256, .ulSaltType = CKF_HKDF_SALT_NULL};
    CK_MECHANISM hkdf_derive = {CKM_HKDF_DERIVE, &hkdf, sizeof hkdf};
    CK_ATTRIBUTE from_imported[] = {YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE), NUMBER(CKA_VALUE_LEN, 32)};
    OK(f->C_DeriveKey(session, &hkdf_derive, base, from_imported, 3, &derived));
    CHECK(
        !flag_of(session, derived, CKA_ALWAYS_SENSITIVE) && !flag_of(session, derived, CKA_NEVER_EXTRACTABLE),
        "history");
    CK_MECHANISM hkdf_data = {CKM_HKDF_DATA, &hkdf, sizeof hkdf};
    CK_ATTRIBUTE as_data[] = {NUMBER(CKA_CLASS, CKO_DATA), NUMBER(CKA_VALUE_LEN, 32)};
    OK(f->C_DeriveKey(session, &hkdf_data, base, as_data, 2, &derived));
    CK_ATTRIBUTE value = {CKA_VALUE, NULL, 0};
    OK(f->C_GetAttributeValue(session, derived, &value, 1));
    CHECK(value.ulValueLen == 32, "%lu octets", value.ulValueLen);
    OK(f->C_Finalize(NULL));
}

/* NULL_PTR, handles that are none and lengths that cannot be, at every function that takes a session. */
static void test_hostile(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_FALSE, "hostile", &public_key, &private_key);
    CK_MECHANISM ecdsa = mechanism_of(CKM_ECDSA_SHA256);
    CK_MECHANISM unknown = mechanism_of(~0UL);
    CK_OBJECT_HANDLE out;
    CK_ULONG length = 64;
    uint8_t data[64] = {0};
    CK_SESSION_HANDLE bad[] = {0, ~0UL, session + 1};
    for (size_t i = 0; i < COUNT(bad); i++) {
        IS(f->C_CreateObject(bad[i], NULL, 0, &out), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_FindObjectsInit(bad[i], NULL, 0), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_SignInit(bad[i], &ecdsa, private_key), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_Sign(bad[i], data, 1, data, &length), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_VerifyFinal(bad[i], data, 64), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_GenerateRandom(bad[i], data, 1), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_Logout(bad[i]), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_InitPIN(bad[i], data, 4), CKR_SESSION_HANDLE_INVALID);
        IS(f3->C_SessionCancel(bad[i], ~0UL), CKR_SESSION_HANDLE_INVALID);
    }
    IS(f->C_SignInit(session, &unknown, private_key), CKR_MECHANISM_INVALID);
    IS(f->C_GenerateKey(session, NULL, NULL, 0, &out), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateKey(session, &unknown, NULL, 0, &out), CKR_MECHANISM_INVALID);
    IS(f->C_GenerateKeyPair(session, NULL, NULL, 0, NULL, 0, &out, &out), CKR_ARGUMENTS_BAD);
    CK_MECHANISM pair = mechanism_of(CKM_EC_KEY_PAIR_GEN);
    IS(f->C_GenerateKeyPair(session, &pair, NULL, 0, NULL, 0, NULL, &out), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateKeyPair(session, &pair, NULL, 0, NULL, 0, &out, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateKeyPair(session, &pair, NULL, 1, NULL, 0, &out, &out), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateKeyPair(session, &pair, NULL, ~0UL, NULL, ~0UL, &out, &out), CKR_ARGUMENTS_BAD);
    OK(f->C_SignInit(session, &ecdsa, private_key));
    IS(f->C_Sign(session, NULL, 64, data, &length), CKR_ARGUMENTS_BAD);
    OK(f->C_SignInit(session, &ecdsa, private_key));
    IS(f->C_Sign(session, data, 64, data, NULL), CKR_ARGUMENTS_BAD);
    OK(f->C_SignInit(session, &ecdsa, private_key));
    length = 0;
    IS(f->C_Sign(session, data, 64, data, &length), CKR_BUFFER_TOO_SMALL);
    OK(f->C_SignInit(session, NULL, 0));
    OK(f->C_VerifyInit(session, &ecdsa, public_key));
    IS(f->C_Verify(session, data, 64, NULL, 64), CKR_ARGUMENTS_BAD);
    OK(f->C_VerifyInit(session, &ecdsa, public_key));
    IS(f->C_Verify(session, data, 64, data, ~0UL), CKR_SIGNATURE_LEN_RANGE);
    IS(f->C_SetPIN(session, NULL, 4, NULL, 4), CKR_ARGUMENTS_BAD);
    IS(f->C_SetAttributeValue(session, private_key, NULL, 0), CKR_ARGUMENTS_BAD);
    IS(f->C_SetAttributeValue(session, private_key, NULL, 7), CKR_ARGUMENTS_BAD);
    OK(f->C_Finalize(NULL));
}

/* The batch interface comes under the same rules; what its operations compute is tested elsewhere. */
static void test_batch(void)
{
    initialize();
    CK_INTERFACE *interface = NULL;
    CK_UTF8CHAR name[] = CK_CARDINAL_BATCH_INTERFACE;
    OK(f3->C_GetInterface(name, NULL, &interface, 0));
    const CK_CARDINAL_BATCH_FUNCTIONS *batch = interface->pFunctionList;
    CK_SESSION_HANDLE session = open_session(0, RW);
    CK_SESSION_HANDLE other = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    CK_OBJECT_HANDLE always_key;
    CK_OBJECT_HANDLE always_public;
    make_pair(session, CK_FALSE, "batch", &public_key, &private_key);
    CK_MECHANISM pair = mechanism_of(CKM_EC_KEY_PAIR_GEN);
    CK_ATTRIBUTE curve[] = {OCTETS(CKA_EC_PARAMS, P256)};
    CK_ATTRIBUTE always[] = {YES(CKA_ALWAYS_AUTHENTICATE)};
    OK(f->C_GenerateKeyPair(session, &pair, curve, 1, always, 1, &always_public, &always_key));
    CK_MECHANISM ecdsa = mechanism_of(CKM_ECDSA);
    uint8_t digest[32] = {1};
    uint8_t signatures[5][64];
    CK_OBJECT_HANDLE keys[5] = {private_key, public_key, always_key, 0, private_key};
    CK_CARDINAL_BATCH_LANE lanes[6];
    memset(lanes, 0, sizeof lanes);
    for (size_t i = 0; i < 5; i++) {
        lanes[i] = (CK_CARDINAL_BATCH_LANE){
            .ulOperation = CKB_SIGN,
            .pMechanism = &ecdsa,
            .hKey = keys[i],
            .pIn = digest,
            .ulInLen = sizeof digest,
            .pOut = signatures[i],
            .ulOutLen = i == 4 ? 63 : 64,
            .rv = 77};
    }
    CK_ATTRIBUTE ephemeral[] = {YES(CKA_DERIVE)};
    uint8_t point[65];
    lanes[5] = (CK_CARDINAL_BATCH_LANE){
        .ulOperation = CKB_GENERATE,
        .pMechanism = &pair,
        .pTemplate = curve,
        .ulCount = 1,
        .pTemplate2 = ephemeral,
        .ulCount2 = 1,
        .pOut = point,
        .ulOutLen = sizeof point};
    IS(batch->ExecuteBatch(session, NULL, 6), CKR_ARGUMENTS_BAD);
    IS(batch->ExecuteBatch(session, lanes, 0), CKR_ARGUMENTS_BAD);
    IS(batch->ExecuteBatch(session, lanes, CK_CARDINAL_BATCH_LIMIT + 1), CKR_ARGUMENTS_BAD);
    IS(batch->ExecuteBatch(~0UL, lanes, 6), CKR_SESSION_HANDLE_INVALID);
    OK(f->C_SignInit(session, &ecdsa, private_key));
    IS(batch->ExecuteBatch(session, lanes, 6), CKR_OPERATION_ACTIVE);
    CHECK(lanes[0].rv == 77, "no lane was touched");
    OK(f3->C_SessionCancel(session, CKF_SIGN));
    OK(batch->ExecuteBatch(session, lanes, 6));
    CHECK(lanes[0].rv == CKR_OK && lanes[0].ulOutLen == 64, "0x%lx", lanes[0].rv);
    CHECK(lanes[1].rv == CKR_KEY_TYPE_INCONSISTENT, "0x%lx", lanes[1].rv);
    CHECK(lanes[2].rv == CKR_USER_NOT_LOGGED_IN, "0x%lx", lanes[2].rv);
    CHECK(lanes[3].rv == CKR_KEY_HANDLE_INVALID, "0x%lx", lanes[3].rv);
    CHECK(lanes[4].rv == CKR_BUFFER_TOO_SMALL && lanes[4].ulOutLen == 64, "0x%lx", lanes[4].rv);
    CHECK(lanes[5].rv == CKR_OK && lanes[5].ulOutLen == 65 && point[0] == 4, "0x%lx", lanes[5].rv);
    OK(f->C_VerifyInit(session, &ecdsa, public_key));
    OK(f->C_Verify(session, digest, sizeof digest, signatures[0], 64));
    /* what a batch makes is its session's, by the rules of generation */
    CHECK(flag_of(other, lanes[5].hNew, CKA_SENSITIVE) && flag_of(other, lanes[5].hNew, CKA_LOCAL), "the new key");
    CK_OBJECT_HANDLE made = lanes[5].hNew;
    OK(f->C_CloseSession(session));
    CK_ATTRIBUTE label = {CKA_LABEL, NULL, 0};
    IS(f->C_GetAttributeValue(other, made, &label, 1), CKR_OBJECT_HANDLE_INVALID);
    CK_ATTRIBUTE on_token[] = {YES(CKA_DERIVE), YES(CKA_TOKEN)};
    lanes[5].pTemplate2 = on_token;
    lanes[5].ulCount2 = 2;
    lanes[5].ulOutLen = sizeof point;
    OK(batch->ExecuteBatch(other, &lanes[5], 1));
    CHECK(lanes[5].rv == CKR_TEMPLATE_INCONSISTENT && lanes[5].hNew == 0, "0x%lx", lanes[5].rv);
    OK(f->C_Logout(other));
    lanes[5].pTemplate2 = ephemeral;
    lanes[5].ulCount2 = 1;
    lanes[5].ulOutLen = sizeof point;
    OK(batch->ExecuteBatch(other, &lanes[5], 1));
    CHECK(lanes[5].rv == CKR_USER_NOT_LOGGED_IN && lanes[5].hNew == 0, "0x%lx", lanes[5].rv);
    OK(f->C_Finalize(NULL));
}

int main(int argc, char **argv)
{
    load_module(argc, argv);
    make_token();
    test_operations();
    test_derivation();
    test_hostile();
    test_batch();
    return end_test();
}
