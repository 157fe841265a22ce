/*
 * The batch interface on the module itself: batches of every size and any mix, each lane held against what the plain
 * functions say of the same; lanes that fail among lanes that do not.
 */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

#include "check.h"
#include "modexp/modp_group.h"
#include "pkcs11/cryptoki.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        CK_RV ok_rv = (call);                                                                                          \
        CHECK(ok_rv == CKR_OK, #call " gave 0x%lx", ok_rv);                                                            \
    } while (0)
#define VALUE(type, variable)                                                                                          \
    {                                                                                                                  \
        type, &(variable), sizeof(variable)                                                                            \
    }

CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR interface, CK_FLAGS flags);

static CK_FUNCTION_LIST *f;
static const CK_CARDINAL_BATCH_FUNCTIONS *batch;
static CK_SESSION_HANDLE session;

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY;
static CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
static uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static uint8_t p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static uint8_t x25519[] = {0x06, 0x03, 0x2b, 0x65, 0x6e};
static uint8_t ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static uint8_t two[] = {2};

/* A readable secret, and a private key for agreement. */
static CK_ATTRIBUTE readable[] = {VALUE(CKA_CLASS, secret_class), VALUE(CKA_KEY_TYPE, generic), VALUE(CKA_TOKEN, no),
                                  VALUE(CKA_SENSITIVE, no),       VALUE(CKA_EXTRACTABLE, yes),  VALUE(CKA_DERIVE, yes)};
static CK_ATTRIBUTE agreeing[] = {
    VALUE(CKA_TOKEN, no), VALUE(CKA_SENSITIVE, no), VALUE(CKA_EXTRACTABLE, yes), VALUE(CKA_DERIVE, yes),
    VALUE(CKA_SIGN, no)};

struct handles {
    CK_OBJECT_HANDLE public, private;
};

/* Keys that sign and decrypt. */
static struct handles rsa, ec256, ec384, edwards;

/* Where agreements happen, with a static pair in each. */
enum { MODP2048, MODP3072, P256, P384, X25519, DOMAINS };
static struct domain_row {
    CK_MECHANISM_TYPE generation, derivation;
    CK_ATTRIBUTE template[2];
    CK_ULONG count, public_length, secret_length;
    struct handles pair;
    uint8_t public[1024];
} domains[DOMAINS];

static struct handles
generate(CK_MECHANISM_TYPE type, CK_ATTRIBUTE *public, CK_ULONG count, CK_ATTRIBUTE *private, CK_ULONG private_count)
{
    struct handles made;
    CK_MECHANISM mechanism = {type, NULL, 0};
    OK(f->C_GenerateKeyPair(session, &mechanism, public, count, private, private_count, &made.public, &made.private));
    return made;
}

static CK_ULONG value_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, uint8_t *out, CK_ULONG room)
{
    CK_ATTRIBUTE attribute = {type, out, room};
    OK(f->C_GetAttributeValue(session, object, &attribute, 1));
    return attribute.ulValueLen;
}

static void set_up_domain(
    struct domain_row *row, CK_MECHANISM_TYPE generation, CK_ATTRIBUTE first, CK_ATTRIBUTE second,
    CK_ULONG public_length, CK_ULONG secret_length)
{
    row->generation = generation;
    row->template[0] = first;
    row->template[1] = second;
    row->count = generation == CKM_DH_PKCS_KEY_PAIR_GEN ? 2 : 1;
    row->derivation = row->count == 2 ? CKM_DH_PKCS_DERIVE : CKM_ECDH1_DERIVE;
    row->public_length = public_length;
    row->secret_length = secret_length;
    row->pair = generate(generation, row->template, row->count, agreeing, COUNT(agreeing));
    uint8_t wrapped[1100];
    CK_ULONG length = value_of(row->pair.public, row->count == 2 ? CKA_VALUE : CKA_EC_POINT, wrapped, sizeof wrapped);
    memcpy(row->public, wrapped + length - public_length, public_length);
}

static void set_up(const char *directory)
{
    char text[512];
    snprintf(text, sizeof text, "directory='%s' backend=auto", directory);
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = text};
    CK_INTERFACE *interface;
    OK(C_GetFunctionList(&f));
    OK(f->C_Initialize(&arguments));
    OK(C_GetInterface((CK_UTF8CHAR_PTR)CK_CARDINAL_BATCH_INTERFACE, NULL, &interface, 0));
    batch = interface->pFunctionList;
    CHECK(batch->version.major == 1 && batch->version.minor == 1 && interface->flags == 0, "version");
    CK_SLOT_ID slot;
    CK_ULONG slots = 1;
    CHECK(f->C_GetSlotList(CK_FALSE, &slot, &slots) == CKR_OK || slots > 1, "a slot");
    CK_SLOT_ID all[64];
    slots = COUNT(all);
    OK(f->C_GetSlotList(CK_FALSE, all, &slots));
    slot = all[0];
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof label);
    OK(f->C_InitToken(slot, (CK_UTF8CHAR_PTR) "87654321", 8, label));
    OK(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    OK(f->C_Login(session, CKU_SO, (CK_UTF8CHAR_PTR) "87654321", 8));
    OK(f->C_InitPIN(session, (CK_UTF8CHAR_PTR) "1234", 4));
    OK(f->C_Logout(session));
    OK(f->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR) "1234", 4));

    CK_ULONG bits = 2048;
    CK_ATTRIBUTE rsa_public[] = {
        VALUE(CKA_MODULUS_BITS, bits), VALUE(CKA_VERIFY, yes), VALUE(CKA_ENCRYPT, yes), VALUE(CKA_TOKEN, no)};
    CK_ATTRIBUTE signing[] = {VALUE(CKA_TOKEN, no), VALUE(CKA_SIGN, yes), VALUE(CKA_DECRYPT, yes)};
    rsa = generate(CKM_RSA_PKCS_KEY_PAIR_GEN, rsa_public, COUNT(rsa_public), signing, 3);
    CK_ATTRIBUTE ec_public[] = {{CKA_EC_PARAMS, p256, sizeof p256}, VALUE(CKA_VERIFY, yes), VALUE(CKA_TOKEN, no)};
    ec256 = generate(CKM_EC_KEY_PAIR_GEN, ec_public, 3, signing, 2);
    ec_public[0] = (CK_ATTRIBUTE){CKA_EC_PARAMS, p384, sizeof p384};
    ec384 = generate(CKM_EC_KEY_PAIR_GEN, ec_public, 3, signing, 2);
    ec_public[0] = (CK_ATTRIBUTE){CKA_EC_PARAMS, ed25519, sizeof ed25519};
    edwards = generate(CKM_EC_EDWARDS_KEY_PAIR_GEN, ec_public, 3, signing, 2);

    CK_ATTRIBUTE base = {CKA_BASE, two, 1};
    for (unsigned i = 0; i < 2; i++) {
        const struct modp_group *group = modp_group_of_bits(i == 0 ? 2048 : 3072);
        CK_ULONG octets = modp_group_octets(group);
        CK_ATTRIBUTE prime = {CKA_PRIME, (void *)(uintptr_t)modp_group_prime(group), octets};
        set_up_domain(&domains[i], CKM_DH_PKCS_KEY_PAIR_GEN, prime, base, octets, octets);
    }
    CK_ATTRIBUTE curve = {CKA_EC_PARAMS, p256, sizeof p256};
    set_up_domain(&domains[P256], CKM_EC_KEY_PAIR_GEN, curve, base, 65, 32);
    curve = (CK_ATTRIBUTE){CKA_EC_PARAMS, p384, sizeof p384};
    set_up_domain(&domains[P384], CKM_EC_KEY_PAIR_GEN, curve, base, 97, 48);
    curve = (CK_ATTRIBUTE){CKA_EC_PARAMS, x25519, sizeof x25519};
    set_up_domain(&domains[X25519], CKM_EC_MONTGOMERY_KEY_PAIR_GEN, curve, base, 32, 32);
}

/* A lane with all that it points to, and what is expected of it. */
struct plan {
    int kind;
    size_t domain;
    CK_MECHANISM mechanism;
    CK_ECDH1_DERIVE_PARAMS ecdh;
    CK_RSA_PKCS_PSS_PARAMS pss;
    CK_RSA_PKCS_OAEP_PARAMS oaep;
    CK_CARDINAL_DERIVATION derivation;
    CK_KEY_TYPE result_type;
    CK_ATTRIBUTE template[COUNT(readable)];
    uint8_t in[600], in2[600], out[1100], public[1100], key[40], suffix[40], seed[60];
    CK_ULONG wanted; /* octets of the result */
    CK_RV expected;
};

enum {
    SIGN_PKCS,
    SIGN_PSS,
    SIGN_P256,
    SIGN_P384,
    SIGN_EDWARDS,
    VERIFY_RSA,
    VERIFY_P256,
    VERIFY_CHANGED,
    DECRYPT_PKCS,
    DECRYPT_GARBAGE,
    DECRYPT_OAEP,
    GENERATE,
    AGREE,
    AGREE_OBJECT,
    AGREE_DERIVE,
    ONE_SHOT,
    ONE_SHOT_OBJECT,
    FAIL_HANDLE,
    FAIL_USAGE,
    FAIL_PEER,
    FAIL_ROOM,
    FAIL_NULL,
    FAIL_OPERATION,
    KINDS
};

static CK_ULONG sign(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, uint8_t *data, CK_ULONG length, uint8_t *out)
{
    CK_ULONG made = 600;
    OK(f->C_SignInit(session, mechanism, key));
    OK(f->C_Sign(session, data, length, out, &made));
    return made;
}

static CK_RV
verify(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, uint8_t *data, CK_ULONG length, uint8_t *signature, CK_ULONG made)
{
    OK(f->C_VerifyInit(session, mechanism, key));
    return f->C_Verify(session, data, length, signature, made);
}

static CK_ULONG encrypt(CK_MECHANISM *mechanism, uint8_t *data, CK_ULONG length, uint8_t *out)
{
    CK_ULONG made = 600;
    OK(f->C_EncryptInit(session, mechanism, rsa.public));
    OK(f->C_Encrypt(session, data, length, out, &made));
    return made;
}

static void use_peer(struct plan *plan, CK_MECHANISM *mechanism, uint8_t *public)
{
    struct domain_row *row = &domains[plan->domain];
    plan->ecdh = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, row->public_length, public};
    if (row->count == 2) {
        *mechanism = (CK_MECHANISM){row->derivation, public, row->public_length};
    } else {
        *mechanism = (CK_MECHANISM){row->derivation, &plan->ecdh, sizeof plan->ecdh};
    }
}

/* What the plain functions make of a shared secret and the lane's derivation. */
static CK_ULONG
plain_agreement(struct plan *plan, CK_OBJECT_HANDLE private, uint8_t *peer, int derives, uint8_t out[16384])
{
    CK_MECHANISM mechanism;
    CK_OBJECT_HANDLE shared;
    CK_OBJECT_HANDLE next;
    use_peer(plan, &mechanism, peer);
    OK(f->C_DeriveKey(session, &mechanism, private, readable, COUNT(readable), &shared));
    if (derives) {
        const CK_CARDINAL_DERIVATION *d = &plan->derivation;
        CK_OBJECT_HANDLE keyed;
        CK_ATTRIBUTE own[COUNT(readable) + 1];
        memcpy(own, readable, sizeof readable);
        own[COUNT(readable)] = (CK_ATTRIBUTE){CKA_VALUE, d->pKey, d->ulKeyLen};
        OK(f->C_CreateObject(session, own, COUNT(own), &keyed));
        CK_ULONG length = d->ulLength;
        own[COUNT(readable)] = (CK_ATTRIBUTE)VALUE(CKA_VALUE_LEN, length);
        if (d->ulKind == CKB_DERIVE_PRF_PLUS) {
            CK_IKE2_PRF_PLUS_DERIVE_PARAMS plus = {d->prfMechanism, CK_TRUE, shared, d->pSuffix, d->ulSuffixLen};
            mechanism = (CK_MECHANISM){CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus};
            OK(f->C_DeriveKey(session, &mechanism, keyed, own, COUNT(own), &next));
        } else {
            CK_IKE_PRF_DERIVE_PARAMS prf = {d->prfMechanism, CK_FALSE, CK_TRUE, d->pSuffix,
                                            d->ulSuffixLen,  NULL,     0,       shared};
            mechanism = (CK_MECHANISM){CKM_IKE_PRF_DERIVE, &prf, sizeof prf};
            OK(f->C_DeriveKey(session, &mechanism, keyed, readable, COUNT(readable), &next));
        }
        OK(f->C_DestroyObject(session, keyed));
        OK(f->C_DestroyObject(session, shared));
        shared = next;
        if (d->ulKind == CKB_DERIVE_PRF_THEN_PRF_PLUS) {
            CK_IKE2_PRF_PLUS_DERIVE_PARAMS plus = {d->prfMechanism, CK_FALSE, 0, d->pSeed, d->ulSeedLen};
            mechanism = (CK_MECHANISM){CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus};
            OK(f->C_DeriveKey(session, &mechanism, shared, own, COUNT(own), &next));
            OK(f->C_DestroyObject(session, shared));
            shared = next;
        }
    }
    CK_ULONG made = value_of(shared, CKA_VALUE, out, 16384);
    OK(f->C_DestroyObject(session, shared));
    return made;
}

static void plan_derivation(struct plan *plan, unsigned choice)
{
    static const CK_MECHANISM_TYPE prfs[] = {CKM_SHA_1_HMAC, CKM_SHA256_HMAC, CKM_SHA384_HMAC, CKM_SHA512_HMAC};
    static const CK_ULONG lengths[] = {20, 32, 48, 64};
    CK_CARDINAL_DERIVATION *d = &plan->derivation;
    d->ulKind = CKB_DERIVE_PRF + choice % 3;
    d->prfMechanism = prfs[choice / 3 % 4];
    d->pKey = plan->key;
    d->ulKeyLen = sizeof plan->key;
    d->pSuffix = plan->suffix;
    d->ulSuffixLen = choice % 2 == 0 ? 0 : sizeof plan->suffix;
    d->pSeed = plan->seed;
    d->ulSeedLen = sizeof plan->seed;
    d->ulLength = 1 + choice * 7 % 500;
    plan->wanted = d->ulKind == CKB_DERIVE_PRF ? lengths[choice / 3 % 4] : d->ulLength;
}

static void prepare(struct plan *plan, CK_CARDINAL_BATCH_LANE *lane, int kind, unsigned choice)
{
    memset(plan, 0, sizeof *plan);
    memset(lane, 0, sizeof *lane);
    RAND_bytes(plan->in, sizeof plan->in);
    RAND_bytes(plan->key, sizeof plan->key);
    RAND_bytes(plan->suffix, sizeof plan->suffix);
    RAND_bytes(plan->seed, sizeof plan->seed);
    memcpy(plan->template, readable, sizeof readable);
    plan->kind = kind;
    plan->domain = choice % DOMAINS;
    plan->pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, 32};
    plan->oaep = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    struct domain_row *row = &domains[plan->domain];
    lane->pMechanism = &plan->mechanism;
    lane->pIn = plan->in;
    lane->ulInLen = 100;
    lane->pIn2 = plan->in2;
    lane->pOut = plan->out;
    lane->ulOutLen = sizeof plan->out;
    lane->pPublic = plan->public;
    lane->ulPublicLen = sizeof plan->public;
    lane->hNew = 12345;
    lane->rv = 54321;
    lane->ulOperation = CKB_SIGN;
    switch (kind) {
    case SIGN_PKCS:
    case FAIL_ROOM:
    case FAIL_NULL:
    case FAIL_OPERATION:
    case FAIL_HANDLE:
    case FAIL_USAGE:
        plan->mechanism = (CK_MECHANISM){CKM_SHA256_RSA_PKCS, NULL, 0};
        lane->hKey = rsa.private;
        break;
    case SIGN_PSS:
        plan->mechanism = (CK_MECHANISM){CKM_SHA256_RSA_PKCS_PSS, &plan->pss, sizeof plan->pss};
        lane->hKey = rsa.private;
        break;
    case SIGN_P256:
        plan->mechanism = (CK_MECHANISM){CKM_ECDSA_SHA256, NULL, 0};
        lane->hKey = ec256.private;
        break;
    case SIGN_P384:
        plan->mechanism = (CK_MECHANISM){CKM_ECDSA_SHA384, NULL, 0};
        lane->hKey = ec384.private;
        break;
    case SIGN_EDWARDS:
        plan->mechanism = (CK_MECHANISM){CKM_EDDSA, NULL, 0};
        lane->hKey = edwards.private;
        break;
    case VERIFY_RSA:
    case VERIFY_CHANGED:
        lane->ulOperation = CKB_VERIFY;
        plan->mechanism = (CK_MECHANISM){CKM_SHA256_RSA_PKCS, NULL, 0};
        lane->hKey = rsa.public;
        lane->ulIn2Len = sign(&plan->mechanism, rsa.private, plan->in, 100, plan->in2);
        break;
    case VERIFY_P256:
        lane->ulOperation = CKB_VERIFY;
        plan->mechanism = (CK_MECHANISM){CKM_ECDSA_SHA256, NULL, 0};
        lane->hKey = ec256.public;
        lane->ulIn2Len = sign(&plan->mechanism, ec256.private, plan->in, 100, plan->in2);
        break;
    case DECRYPT_PKCS:
    case DECRYPT_GARBAGE:
    case DECRYPT_OAEP:
        lane->ulOperation = CKB_DECRYPT;
        lane->hKey = rsa.private;
        plan->mechanism = (CK_MECHANISM){CKM_RSA_PKCS, NULL, 0};
        if (kind == DECRYPT_OAEP) {
            plan->mechanism = (CK_MECHANISM){CKM_RSA_PKCS_OAEP, &plan->oaep, sizeof plan->oaep};
        }
        memcpy(plan->in2, plan->in, 50);
        lane->ulInLen = encrypt(&plan->mechanism, plan->in2, 50, plan->in);
        break;
    case GENERATE:
        lane->ulOperation = CKB_GENERATE;
        plan->mechanism = (CK_MECHANISM){row->generation, NULL, 0};
        lane->pTemplate = row->template;
        lane->ulCount = row->count;
        lane->pTemplate2 = agreeing;
        lane->ulCount2 = COUNT(agreeing);
        break;
    case AGREE:
    case AGREE_OBJECT:
    case AGREE_DERIVE:
    case FAIL_PEER:
        lane->ulOperation = CKB_AGREE;
        lane->hKey = row->pair.private;
        use_peer(plan, &plan->mechanism, row->public); /* with itself: as good a peer as any */
        plan->wanted = row->secret_length;
        break;
    default:
        lane->ulOperation = CKB_GENERATE_AND_AGREE;
        lane->pTemplate = row->template;
        lane->ulCount = row->count;
        use_peer(plan, &plan->mechanism, row->public);
        plan->wanted = row->secret_length;
        break;
    }
    if (kind == AGREE_DERIVE || kind == ONE_SHOT_OBJECT || (kind == ONE_SHOT && choice % 4 != 0)) {
        plan_derivation(plan, choice);
        lane->pDerivation = &plan->derivation;
    }
    if (kind == AGREE_OBJECT || kind == ONE_SHOT_OBJECT || (kind == AGREE_DERIVE && choice % 2 == 0)) {
        lane->pTemplate2 = plan->template;
        lane->ulCount2 = COUNT(readable);
    }
    switch (kind) {
    case VERIFY_CHANGED:
        plan->in2[5] ^= 1;
        plan->expected = CKR_SIGNATURE_INVALID;
        break;
    case DECRYPT_GARBAGE:
        plan->in[60] ^= 1;
        break;
    case FAIL_HANDLE:
        lane->hKey = 0x7fffffff;
        plan->expected = CKR_KEY_HANDLE_INVALID;
        break;
    case FAIL_USAGE:
        lane->hKey = domains[P256].pair.private; /* derives, and does not sign */
        plan->mechanism.mechanism = CKM_ECDSA_SHA256;
        plan->expected = CKR_KEY_FUNCTION_NOT_PERMITTED;
        break;
    case FAIL_PEER:
        memset(plan->public, 0, sizeof plan->public);
        use_peer(plan, &plan->mechanism, plan->public);
        plan->expected = CKR_PUBLIC_KEY_INVALID;
        break;
    case FAIL_ROOM:
        lane->ulOutLen = 255;
        plan->expected = CKR_BUFFER_TOO_SMALL;
        break;
    case FAIL_NULL:
        lane->pMechanism = NULL;
        plan->expected = CKR_ARGUMENTS_BAD;
        break;
    case FAIL_OPERATION:
        lane->ulOperation = 99;
        plan->expected = CKR_FUNCTION_NOT_SUPPORTED;
        break;
    default:
        break;
    }
}

static void check_lane(struct plan *plan, CK_CARDINAL_BATCH_LANE *lane)
{
    uint8_t expected[16384];
    uint8_t value[16384];
    CK_ULONG length = sizeof expected;
    struct domain_row *row = &domains[plan->domain];
    CHECK(lane->rv == plan->expected, "kind %d: 0x%lx", plan->kind, lane->rv);
    if (plan->expected != CKR_OK) {
        CHECK(lane->hNew == 0, "an object of a lane that failed");
        CHECK(lane->ulOutLen == (plan->kind == FAIL_ROOM ? 256 : 0), "%lu octets", lane->ulOutLen);
        for (size_t i = 0; i < sizeof plan->out; i++) {
            CHECK(plan->out[i] == 0, "output of a lane that failed");
        }
        return;
    }
    switch (plan->kind) {
    case SIGN_PKCS:
    case SIGN_EDWARDS:
        length = sign(&plan->mechanism, lane->hKey, plan->in, 100, expected);
        CHECK(lane->ulOutLen == length && memcmp(plan->out, expected, length) == 0, "another signature");
        break;
    case SIGN_PSS:
        OK(verify(&plan->mechanism, rsa.public, plan->in, 100, plan->out, lane->ulOutLen));
        break;
    case SIGN_P256:
        OK(verify(&plan->mechanism, ec256.public, plan->in, 100, plan->out, lane->ulOutLen));
        break;
    case SIGN_P384:
        OK(verify(&plan->mechanism, ec384.public, plan->in, 100, plan->out, lane->ulOutLen));
        break;
    case DECRYPT_GARBAGE:
        OK(f->C_DecryptInit(session, &plan->mechanism, rsa.private));
        OK(f->C_Decrypt(session, plan->in, 256, expected, &length));
        CHECK(lane->ulOutLen == length && memcmp(plan->out, expected, length) == 0, "another rejection");
        break;
    case DECRYPT_PKCS:
    case DECRYPT_OAEP:
        CHECK(lane->ulOutLen == 50 && memcmp(plan->out, plan->in2, 50) == 0, "another plaintext");
        break;
    case GENERATE:
        CHECK(lane->ulOutLen == row->public_length && lane->hNew != 0, "a pair");
        CHECK(
            plain_agreement(plan, lane->hNew, row->public, 0, expected) == row->secret_length &&
                plain_agreement(plan, row->pair.private, plan->out, 0, value) == row->secret_length &&
                memcmp(expected, value, row->secret_length) == 0,
            "no pair in domain %zu", plan->domain);
        break;
    case AGREE:
    case AGREE_OBJECT:
    case AGREE_DERIVE:
    case ONE_SHOT:
    case ONE_SHOT_OBJECT: {
        int one_shot = lane->ulOperation == CKB_GENERATE_AND_AGREE;
        CHECK(!one_shot || lane->ulPublicLen == row->public_length, "%lu octets", lane->ulPublicLen);
        length = plain_agreement(
            plan, row->pair.private, one_shot ? plan->public : row->public, lane->pDerivation != NULL, expected);
        CHECK(length == plan->wanted, "%lu octets", length);
        if (lane->pTemplate2 != NULL) {
            CHECK(lane->hNew != 0 && lane->ulOutLen == 0, "an object");
            CHECK(
                value_of(lane->hNew, CKA_VALUE, value, sizeof value) == length && memcmp(value, expected, length) == 0,
                "kind %d: another secret", plan->kind);
        } else {
            CHECK(lane->hNew == 0, "no object");
            CHECK(
                lane->ulOutLen == length && memcmp(plan->out, expected, length) == 0,
                "kind %d, domain %zu: another secret", plan->kind, plan->domain);
        }
        break;
    }
    default:
        break;
    }
    if (lane->hNew != 0) {
        OK(f->C_DestroyObject(session, lane->hNew));
    }
}

#define MOST 64

static struct plan plans[MOST];
static CK_CARDINAL_BATCH_LANE lanes[MOST];

static void test_mixes(void)
{
    unsigned long rounds = test_count(20);
    for (unsigned long round = 0; round < rounds; round++) {
        uint8_t draw[1 + 2 * MOST];
        RAND_bytes(draw, sizeof draw);
        /* 1 to 64 lanes; every third batch of one kind, so that vectors fill */
        CK_ULONG count = round < 3 ? (round == 0 ? 1 : round == 1 ? MOST : KINDS) : 1 + draw[0] % MOST;
        for (CK_ULONG i = 0; i < count; i++) {
            int kind = round == 2 ? (int)i : round % 3 == 2 ? draw[1] % KINDS : draw[1 + i] % KINDS;
            prepare(&plans[i], &lanes[i], kind, draw[1 + MOST + i] + (unsigned)round);
        }
        OK(batch->ExecuteBatch(session, lanes, count));
        for (CK_ULONG i = 0; i < count; i++) {
            check_lane(&plans[i], &lanes[i]);
        }
    }
}

/* Rooms that are asked for: the lengths come back, nothing is made; then the same lane works. */
static void test_rooms(void)
{
    for (int kind = 0; kind < FAIL_HANDLE; kind++) {
        for (unsigned choice = 0; choice < 10; choice++) {
            prepare(&plans[0], &lanes[0], kind, choice);
            int wants_out = kind != VERIFY_RSA && kind != VERIFY_P256 && kind != VERIFY_CHANGED &&
                            !(kind != GENERATE && lanes[0].pTemplate2 != NULL);
            int wants_public = lanes[0].ulOperation == CKB_GENERATE_AND_AGREE;
            lanes[0].pOut = lanes[0].pPublic = NULL;
            lanes[0].ulOutLen = lanes[0].ulPublicLen = 0;
            OK(batch->ExecuteBatch(session, lanes, 1));
            if (!wants_out && !wants_public) {
                CHECK(lanes[0].rv == plans[0].expected, "kind %d: 0x%lx", kind, lanes[0].rv);
                if (lanes[0].hNew != 0) {
                    OK(f->C_DestroyObject(session, lanes[0].hNew));
                }
                continue;
            }
            CHECK(lanes[0].rv == CKR_BUFFER_TOO_SMALL && lanes[0].hNew == 0, "kind %d: 0x%lx", kind, lanes[0].rv);
            CHECK((lanes[0].ulOutLen > 0) == wants_out, "kind %d: %lu octets", kind, lanes[0].ulOutLen);
            CHECK((lanes[0].ulPublicLen > 0) == wants_public, "kind %d: %lu", kind, lanes[0].ulPublicLen);
            lanes[0].pOut = plans[0].out;
            lanes[0].pPublic = plans[0].public;
            OK(batch->ExecuteBatch(session, lanes, 1));
            check_lane(&plans[0], &lanes[0]);
        }
    }
    /* a plaintext that is longer than its room */
    prepare(&plans[0], &lanes[0], DECRYPT_PKCS, 0);
    lanes[0].ulOutLen = 49;
    OK(batch->ExecuteBatch(session, lanes, 1));
    CHECK(lanes[0].rv == CKR_BUFFER_TOO_SMALL && lanes[0].ulOutLen == 50 && plans[0].out[0] == 0, "49 of 50");
    OK(batch->ExecuteBatch(session, lanes, 1));
    check_lane(&plans[0], &lanes[0]);
}

static void expect(CK_RV rv)
{
    OK(batch->ExecuteBatch(session, lanes, 1));
    CHECK(lanes[0].rv == rv && lanes[0].hNew == 0, "0x%lx, not 0x%lx", lanes[0].rv, rv);
}

static void test_hostile(void)
{
    prepare(&plans[0], &lanes[0], SIGN_PKCS, 0);
    CHECK(batch->ExecuteBatch(session, NULL, 1) == CKR_ARGUMENTS_BAD, "NULL");
    CHECK(batch->ExecuteBatch(session, lanes, 0) == CKR_ARGUMENTS_BAD, "none");
    CHECK(batch->ExecuteBatch(session, lanes, CK_CARDINAL_BATCH_LIMIT + 1) == CKR_ARGUMENTS_BAD, "too many");
    CHECK(batch->ExecuteBatch(session + 1000, lanes, 1) == CKR_SESSION_HANDLE_INVALID, "no session");
    CHECK(lanes[0].rv == 54321 && lanes[0].hNew == 12345, "a lane was touched");
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    OK(f->C_DigestInit(session, &mechanism));
    CHECK(batch->ExecuteBatch(session, lanes, 1) == CKR_OPERATION_ACTIVE, "an operation in progress");
    CK_ULONG length = sizeof plans[0].out;
    OK(f->C_DigestFinal(session, plans[0].out, &length));

    lanes[0].pIn = NULL;
    expect(CKR_ARGUMENTS_BAD);
    prepare(&plans[0], &lanes[0], SIGN_PKCS, 0);
    plans[0].mechanism.mechanism = CKM_AES_CBC;
    expect(CKR_MECHANISM_INVALID);
    prepare(&plans[0], &lanes[0], SIGN_PSS, 0);
    plans[0].mechanism.pParameter = NULL;
    expect(CKR_ARGUMENTS_BAD);
    prepare(&plans[0], &lanes[0], VERIFY_RSA, 0);
    lanes[0].pIn2 = NULL;
    expect(CKR_ARGUMENTS_BAD);
    prepare(&plans[0], &lanes[0], VERIFY_RSA, 0);
    lanes[0].ulIn2Len--;
    expect(CKR_SIGNATURE_LEN_RANGE);
    prepare(&plans[0], &lanes[0], DECRYPT_PKCS, 0);
    lanes[0].ulInLen--;
    expect(CKR_ENCRYPTED_DATA_LEN_RANGE);
    prepare(&plans[0], &lanes[0], GENERATE, P256);
    lanes[0].ulCount = (CK_ULONG)-1;
    expect(CKR_ARGUMENTS_BAD);
    prepare(&plans[0], &lanes[0], GENERATE, P256);
    lanes[0].pTemplate = NULL;
    expect(CKR_ARGUMENTS_BAD);
    lanes[0].ulCount = 0;
    expect(CKR_TEMPLATE_INCOMPLETE);
    prepare(&plans[0], &lanes[0], GENERATE, P256);
    plans[0].mechanism.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
    expect(CKR_MECHANISM_INVALID);
    prepare(&plans[0], &lanes[0], ONE_SHOT, MODP2048);
    plans[0].mechanism.mechanism = CKM_ECDH1_DERIVE;
    expect(CKR_TEMPLATE_INCOMPLETE);
    prepare(&plans[0], &lanes[0], AGREE, P256);
    plans[0].mechanism = (CK_MECHANISM){CKM_DH_PKCS_DERIVE, plans[0].in, 256};
    expect(CKR_KEY_TYPE_INCONSISTENT);

    /* derivations */
    prepare(&plans[0], &lanes[0], AGREE_DERIVE, 2 * DOMAINS + 1);
    CK_CARDINAL_DERIVATION good = plans[0].derivation;
    CK_CARDINAL_DERIVATION *d = &plans[0].derivation;
    good.ulKind = CKB_DERIVE_PRF_THEN_PRF_PLUS;
    struct {
        CK_CARDINAL_DERIVATION derivation;
        CK_RV rv;
    } bad[10];
    for (size_t i = 0; i < COUNT(bad); i++) {
        bad[i].derivation = good;
        bad[i].rv = CKR_MECHANISM_PARAM_INVALID;
    }
    bad[0].derivation.ulKind = 0;
    bad[1].derivation.ulKind = 4;
    bad[2].derivation.prfMechanism = CKM_SHA256;
    bad[3].derivation.pKey = NULL;
    bad[4].derivation.pSuffix = NULL;
    bad[4].derivation.ulSuffixLen = 5;
    bad[5].derivation.pSeed = NULL;
    bad[6].derivation.ulSeedLen = (CK_ULONG)-1;
    bad[7].derivation.ulKeyLen = (CK_ULONG)-1;
    bad[8].derivation.ulLength = 0;
    bad[8].rv = CKR_KEY_SIZE_RANGE;
    bad[9].derivation.ulLength = 255 * 64 + 1;
    bad[9].rv = CKR_KEY_SIZE_RANGE;
    for (size_t i = 0; i < COUNT(bad); i++) {
        prepare(&plans[0], &lanes[0], AGREE_DERIVE, 2 * DOMAINS + 1);
        *d = bad[i].derivation;
        expect(bad[i].rv);
    }
    /* a template that no secret key fits, and one that asks for more than there is */
    prepare(&plans[0], &lanes[0], AGREE_OBJECT, P256);
    plans[0].result_type = CKK_RSA;
    plans[0].template[1] = (CK_ATTRIBUTE)VALUE(CKA_KEY_TYPE, plans[0].result_type);
    OK(batch->ExecuteBatch(session, lanes, 1));
    CHECK(lanes[0].rv != CKR_OK && lanes[0].hNew == 0, "RSA");
    prepare(&plans[0], &lanes[0], AGREE_OBJECT, P256);
    CK_ULONG longer = 33;
    plans[0].template[5] = (CK_ATTRIBUTE)VALUE(CKA_VALUE_LEN, longer);
    expect(CKR_KEY_SIZE_RANGE);
}

/* Sessions of their own batch side by side. */
static void *run_batches(void *argument)
{
    CK_SESSION_HANDLE own = *(CK_SESSION_HANDLE *)argument;
    for (int round = 0; round < 10; round++) {
        CK_CARDINAL_BATCH_LANE mine[12];
        uint8_t out[12][256];
        uint8_t public[12][256];
        CK_MECHANISM dh = {CKM_DH_PKCS_DERIVE, domains[MODP2048].public, 256};
        CK_MECHANISM pkcs = {CKM_SHA256_RSA_PKCS, NULL, 0};
        memset(mine, 0, sizeof mine);
        for (size_t i = 0; i < COUNT(mine); i++) {
            mine[i].ulOperation = i % 2 == 0 ? CKB_SIGN : CKB_GENERATE_AND_AGREE;
            mine[i].pMechanism = i % 2 == 0 ? &pkcs : &dh;
            mine[i].hKey = i % 2 == 0 ? rsa.private : 0;
            mine[i].pTemplate = domains[MODP2048].template;
            mine[i].ulCount = 2;
            mine[i].pIn = domains[MODP2048].public;
            mine[i].ulInLen = 256;
            mine[i].pOut = out[i];
            mine[i].pPublic = public[i];
            mine[i].ulOutLen = mine[i].ulPublicLen = 256;
        }
        if (batch->ExecuteBatch(own, mine, COUNT(mine)) != CKR_OK) {
            return "the batch failed";
        }
        for (size_t i = 0; i < COUNT(mine); i++) {
            if (mine[i].rv != CKR_OK || mine[i].ulOutLen != 256) {
                return "a lane failed";
            }
            if (i % 2 == 0 && i > 0 && memcmp(out[i], out[0], 256) != 0) {
                return "two signatures of the same differ";
            }
        }
    }
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[4];
    CK_SESSION_HANDLE own[COUNT(threads)];
    CK_SESSION_INFO info;
    OK(f->C_GetSessionInfo(session, &info));
    for (size_t i = 0; i < COUNT(threads); i++) {
        OK(f->C_OpenSession(info.slotID, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &own[i]));
        CHECK(pthread_create(&threads[i], NULL, run_batches, &own[i]) == 0, "a thread");
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *complaint = NULL;
        CHECK(pthread_join(threads[i], &complaint) == 0 && complaint == NULL, "%s", (char *)complaint);
        OK(f->C_CloseSession(own[i]));
    }
    OK(f->C_Logout(session));
    prepare(&plans[0], &lanes[0], FAIL_NULL, 0);
    plans[0].mechanism = (CK_MECHANISM){CKM_SHA256_RSA_PKCS, NULL, 0};
    lanes[0].pMechanism = &plans[0].mechanism;
    OK(batch->ExecuteBatch(session, lanes, 1));
    CHECK(lanes[0].rv != CKR_OK && lanes[0].ulOutLen == 0, "signed without a login");
}

int main(void)
{
    char directory[] = "/tmp/cardinal-execute-test-XXXXXX";
    CHECK(mkdtemp(directory) != NULL, "a folder");
    set_up(directory);
    test_mixes();
    test_rooms();
    test_hostile();
    test_threads();
    OK(f->C_Finalize(NULL));
    CHECK(batch->ExecuteBatch(session, lanes, 1) == CKR_CRYPTOKI_NOT_INITIALIZED, "after the end");
    char command[100];
    snprintf(command, sizeof command, "rm -r '%s'", directory);
    CHECK(system(command) == 0, "rm");
    CHECK(ERR_peek_error() == 0, "left in the application's queue: %s", ERR_error_string(ERR_peek_error(), NULL));
    return checks_done();
}
