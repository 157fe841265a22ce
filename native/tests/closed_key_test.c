/* Keys that may not be read: no derivation, join or copy of one opens it. */
#include "token.h"

static CK_SESSION_HANDLE session;

#define TEXT "0123456789abcdef0123456789abcdef"

static CK_OBJECT_HANDLE make_key(CK_BBOOL sensitive, CK_BBOOL extractable)
{
    CK_OBJECT_HANDLE key = 0;
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET), OCTETS(CKA_VALUE, TEXT),
        VALUE(CKA_SENSITIVE, sensitive),   VALUE(CKA_EXTRACTABLE, extractable),      YES(CKA_DERIVE)};
    OK(f->C_CreateObject(session, template, COUNT(template), &key));
    return key;
}

static CK_RV read_value(CK_OBJECT_HANDLE key, uint8_t *value, CK_ULONG *length)
{
    CK_ATTRIBUTE query = {CKA_VALUE, value, *length};
    CK_RV rv = f->C_GetAttributeValue(session, key, &query, 1);
    *length = query.ulValueLen;
    return rv;
}

/* The four ways of a template with a derivation that lets octets of its base through. */
static void check_through(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base, bool sensitive, bool extractable)
{
    CK_OBJECT_HANDLE made = 0;
    CK_ATTRIBUTE silent[] = {NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_VALUE_LEN, 16)};
    OK(f->C_DeriveKey(session, mechanism, base, silent, 2, &made));
    CHECK(
        flag_of(session, made, CKA_SENSITIVE) == sensitive && flag_of(session, made, CKA_EXTRACTABLE) == extractable,
        "mechanism 0x%lx: as closed as its base", mechanism->mechanism);
    uint8_t value[64];
    CK_ULONG length = sizeof value;
    IS(read_value(made, value, &length), sensitive || !extractable ? CKR_ATTRIBUTE_SENSITIVE : CKR_OK);
    CK_ATTRIBUTE open[] = {NUMBER(CKA_VALUE_LEN, 16), NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE)};
    IS(f->C_DeriveKey(session, mechanism, base, open, 3, &made),
       sensitive || !extractable ? CKR_TEMPLATE_INCONSISTENT : CKR_OK);
    CK_ATTRIBUTE closed[] = {NUMBER(CKA_VALUE_LEN, 16), YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)};
    OK(f->C_DeriveKey(session, mechanism, base, closed, 3, &made));
    length = sizeof value;
    IS(read_value(made, value, &length), CKR_ATTRIBUTE_SENSITIVE);
}

static void test_joins_and_cuts(void)
{
    CK_OBJECT_HANDLE open = make_key(CK_FALSE, CK_TRUE);
    CK_KEY_DERIVATION_STRING_DATA one = {(CK_BYTE_PTR) "x", 1};
    CK_ULONG position = 0;
    CK_IKE1_EXTENDED_DERIVE_PARAMS cut = {.prfMechanism = CKM_SHA256_HMAC};
    for (int i = 0; i < 4; i++) {
        bool sensitive = (i & 1) != 0;
        bool extractable = (i & 2) != 0;
        CK_OBJECT_HANDLE base = make_key(sensitive, extractable);
        CK_MECHANISM mechanisms[] = {
            {CKM_CONCATENATE_BASE_AND_DATA, &one, sizeof one},
            {CKM_CONCATENATE_DATA_AND_BASE, &one, sizeof one},
            {CKM_EXTRACT_KEY_FROM_KEY, &position, sizeof position},
            {CKM_IKE1_EXTENDED_DERIVE, &cut, sizeof cut},
            {CKM_CONCATENATE_BASE_AND_KEY, &open, sizeof open}};
        for (size_t m = 0; m < COUNT(mechanisms); m++) {
            check_through(&mechanisms[m], base, sensitive, extractable);
        }
        /* the second key counts as much as the first */
        CK_MECHANISM second = {CKM_CONCATENATE_BASE_AND_KEY, &base, sizeof base};
        check_through(&second, open, sensitive, extractable);
    }
    /* a one-way function between: the template decides, as the standard has it of HKDF and the IKE mechanisms */
    CK_OBJECT_HANDLE base = make_key(CK_TRUE, CK_FALSE);
    CK_OBJECT_HANDLE made;
    CK_IKE1_EXTENDED_DERIVE_PARAMS text = {
        .prfMechanism = CKM_SHA256_HMAC, .pExtraData = (CK_BYTE_PTR) "text", .ulExtraDataLen = 4};
    CK_MECHANISM through_prf = {CKM_IKE1_EXTENDED_DERIVE, &text, sizeof text};
    CK_ATTRIBUTE opened[] = {NUMBER(CKA_VALUE_LEN, 16), NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE)};
    OK(f->C_DeriveKey(session, &through_prf, base, opened, 3, &made));
    CK_OBJECT_HANDLE none = 0;
    CK_MECHANISM nobody = {CKM_CONCATENATE_BASE_AND_KEY, &none, sizeof none};
    IS(f->C_DeriveKey(session, &nobody, base, opened, 1, &made), CKR_KEY_HANDLE_INVALID);
    nobody.ulParameterLen = 1;
    IS(f->C_DeriveKey(session, &nobody, base, opened, 1, &made), CKR_MECHANISM_PARAM_INVALID);
}

/* CKA_ALLOWED_MECHANISMS of a key that a parameter names: what it allows works, and nothing else. */
static void test_allowed_second(void)
{
    CK_OBJECT_HANDLE base = make_key(CK_FALSE, CK_TRUE);
    CK_OBJECT_HANDLE second = 0;
    CK_OBJECT_HANDLE made;
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET), OCTETS(CKA_VALUE, TEXT),
        NUMBER(CKA_ALLOWED_MECHANISMS, CKM_IKE_PRF_DERIVE), YES(CKA_DERIVE)};
    OK(f->C_CreateObject(session, template, COUNT(template), &second));
    CK_IKE_PRF_DERIVE_PARAMS rekeying = {
        .prfMechanism = CKM_SHA256_HMAC, .bRekey = CK_TRUE, .hNewKey = second, .pNi = (CK_BYTE_PTR) "i", .ulNiLen = 1};
    CK_MECHANISM allowed = {CKM_IKE_PRF_DERIVE, &rekeying, sizeof rekeying};
    CK_MECHANISM other = {CKM_CONCATENATE_BASE_AND_KEY, &second, sizeof second};
    OK(f->C_DeriveKey(session, &allowed, base, NULL, 0, &made));
    IS(f->C_DeriveKey(session, &other, base, NULL, 0, &made), CKR_MECHANISM_INVALID);
    IS(f->C_DeriveKey(session, &other, second, NULL, 0, &made), CKR_MECHANISM_INVALID);
}

/* A copy closes, never opens. */
static void test_copies(void)
{
    CK_OBJECT_HANDLE base = make_key(CK_TRUE, CK_FALSE);
    CK_OBJECT_HANDLE copy = 0;
    CK_ATTRIBUTE wrong[][1] = {{NO(CKA_SENSITIVE)}, {YES(CKA_EXTRACTABLE)}, {NO(CKA_PRIVATE)}, {YES(CKA_LOCAL)}};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        IS(f->C_CopyObject(session, base, wrong[i], 1, &copy), CKR_ATTRIBUTE_READ_ONLY);
        IS(f->C_SetAttributeValue(session, base, wrong[i], 1), CKR_ATTRIBUTE_READ_ONLY);
    }
    OK(f->C_CopyObject(session, base, NULL, 0, &copy));
    uint8_t value[64];
    CK_ULONG length = sizeof value;
    IS(read_value(copy, value, &length), CKR_ATTRIBUTE_SENSITIVE);
    CK_ATTRIBUTE match[] = {OCTETS(CKA_VALUE, TEXT), YES(CKA_SENSITIVE)};
    CHECK(find_all(session, match, 2, NULL) == 0, "a search does not tell a value either");
}

/* What a batch derives from a pair that it made itself is a derived key. */
static void test_batch_origin(const CK_CARDINAL_BATCH_FUNCTIONS *batch)
{
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_FALSE, "peer", &public_key, &private_key);
    uint8_t point[100];
    uint8_t mine[65];
    CK_ATTRIBUTE query = VALUE(CKA_EC_POINT, point);
    OK(f->C_GetAttributeValue(session, public_key, &query, 1));
    CK_ECDH1_DERIVE_PARAMS parameters = {CKD_NULL, 0, NULL, query.ulValueLen - 2, point + 2};
    CK_MECHANISM ecdh = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    CK_ATTRIBUTE curve[] = {OCTETS(CKA_EC_PARAMS, P256)};
    CK_ATTRIBUTE closed[] = {YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)};
    CK_CARDINAL_BATCH_LANE lane = {
        .ulOperation = CKB_GENERATE_AND_AGREE,
        .pMechanism = &ecdh,
        .pTemplate = curve,
        .ulCount = 1,
        .pTemplate2 = closed,
        .ulCount2 = 2,
        .pPublic = mine,
        .ulPublicLen = sizeof mine};
    OK(batch->ExecuteBatch(session, &lane, 1));
    CHECK(lane.rv == CKR_OK && lane.hNew != 0, "0x%lx", lane.rv);
    CHECK(!flag_of(session, lane.hNew, CKA_LOCAL), "a derived key is not local");
    CK_ULONG number = 0;
    CK_ATTRIBUTE mechanism = VALUE(CKA_KEY_GEN_MECHANISM, number);
    OK(f->C_GetAttributeValue(session, lane.hNew, &mechanism, 1));
    CHECK(number == CK_UNAVAILABLE_INFORMATION, "made by no mechanism of generation, but 0x%lx", number);
    CHECK(
        flag_of(session, lane.hNew, CKA_ALWAYS_SENSITIVE) && flag_of(session, lane.hNew, CKA_NEVER_EXTRACTABLE),
        "nobody saw the ephemeral key");
}

int main(int argc, char **argv)
{
    void *library = load_module(argc, argv);
    make_token();
    initialize();
    session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    test_joins_and_cuts();
    test_allowed_second();
    test_copies();
    CK_RV (*get)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS);
    *(void **)&get = dlsym(library, "C_GetInterface");
    CK_INTERFACE *interface = NULL;
    OK(get((CK_UTF8CHAR *)(uintptr_t)CK_CARDINAL_BATCH_INTERFACE, NULL, &interface, 0));
    test_batch_origin(interface->pFunctionList);
    OK(f->C_Finalize(NULL));
    return end_test();
}
