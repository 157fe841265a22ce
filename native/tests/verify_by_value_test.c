/*
 * Verification with keys by value, through the module: libcrypto makes keys and signatures, and says of each changed
 * one what is to come. With each back-end.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "module.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define OCTETS(type, value, length)                                                                                    \
    {                                                                                                                  \
        type, (void *)(uintptr_t)(value), length                                                                       \
    }

#define DATA 100u
#define MOST 40u

/* A peer: a key, as libcrypto has it and as a template. */
struct peer {
    EVP_PKEY *key;
    CK_KEY_TYPE type;
    CK_ATTRIBUTE template[3];
    uint8_t modulus[512], exponent[8], point[140];
    size_t field; /* of a NIST curve: octets of r and of s */
};

/* What peers sign with. */
static const struct scheme {
    CK_KEY_TYPE type;
    CK_MECHANISM_TYPE mechanism;
    const char *hash; /* NULL: Ed25519 */
    CK_RSA_PKCS_PSS_PARAMS pss;
} schemes[] = {
    {CKK_RSA, CKM_SHA1_RSA_PKCS, "SHA1", {0}},
    {CKK_RSA, CKM_SHA256_RSA_PKCS, "SHA256", {0}},
    {CKK_RSA, CKM_SHA384_RSA_PKCS, "SHA384", {0}},
    {CKK_RSA, CKM_SHA512_RSA_PKCS, "SHA512", {0}},
    {CKK_RSA, CKM_SHA256_RSA_PKCS_PSS, "SHA256", {CKM_SHA256, CKG_MGF1_SHA256, 32}},
    {CKK_RSA, CKM_SHA512_RSA_PKCS_PSS, "SHA512", {CKM_SHA512, CKG_MGF1_SHA512, 64}},
    {CKK_EC, CKM_ECDSA_SHA256, "SHA256", {0}},
    {CKK_EC, CKM_ECDSA_SHA384, "SHA384", {0}},
    {CKK_EC, CKM_ECDSA_SHA512, "SHA512", {0}},
    {CKK_EC_EDWARDS, CKM_EDDSA, NULL, {0}},
};

static struct peer peers[24];
static size_t peer_count;

static const uint8_t oids[][10] = {
    {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07},
    {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22},
    {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23},
    {0x06, 0x03, 0x2b, 0x65, 0x70}};
static const CK_ULONG oid_lengths[] = {10, 7, 7, 5};
static const char *const curve_names[] = {"P-256", "P-384", "P-521"};
static const size_t fields[] = {32, 48, 66};

static void add_rsa(int bits, unsigned long exponent)
{
    struct peer *peer = &peers[peer_count++];
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    BIGNUM *e = BN_new();
    CHECK(
        BN_set_word(e, exponent) == 1 && EVP_PKEY_keygen_init(context) == 1 &&
            EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1 &&
            EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) == 1 && EVP_PKEY_generate(context, &peer->key) == 1,
        "RSA of %d bits", bits);
    BIGNUM *n = NULL;
    CHECK(EVP_PKEY_get_bn_param(peer->key, OSSL_PKEY_PARAM_RSA_N, &n) == 1, "n");
    peer->type = CKK_RSA;
    int modulus_length = BN_bn2bin(n, peer->modulus);
    int exponent_length = BN_bn2bin(e, peer->exponent);
    peer->template[1] = (CK_ATTRIBUTE)OCTETS(CKA_MODULUS, peer->modulus, (CK_ULONG)modulus_length);
    peer->template[2] = (CK_ATTRIBUTE)OCTETS(CKA_PUBLIC_EXPONENT, peer->exponent, (CK_ULONG)exponent_length);
    BN_free(n);
    BN_free(e);
    EVP_PKEY_CTX_free(context);
}

static void add_curve(size_t curve)
{
    struct peer *peer = &peers[peer_count++];
    size_t length = sizeof peer->point;
    bool edwards = curve == COUNT(fields);
    peer->type = edwards ? CKK_EC_EDWARDS : CKK_EC;
    if (edwards) {
        peer->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        CHECK(EVP_PKEY_get_raw_public_key(peer->key, peer->point, &length) == 1, "a point");
    } else {
        peer->field = fields[curve];
        peer->key = EVP_EC_gen(curve_names[curve]);
        CHECK(
            EVP_PKEY_get_octet_string_param(
                peer->key, OSSL_PKEY_PARAM_PUB_KEY, peer->point, sizeof peer->point, &length) == 1,
            "a point");
    }
    peer->template[1] = (CK_ATTRIBUTE)OCTETS(CKA_EC_PARAMS, oids[curve], oid_lengths[curve]);
    peer->template[2] = (CK_ATTRIBUTE)OCTETS(CKA_EC_POINT, peer->point, length);
}

static void make_peers(void)
{
    for (int i = 0; i < 9; i++) {
        add_rsa(2048, 65537);
    }
    add_rsa(2048, 3);
    add_rsa(2048, 0x8000000000000001ul);
    add_rsa(2056, 65537); /* no kernel has this size */
    add_rsa(3072, 65537);
    add_rsa(3072, 17);
    add_rsa(4096, 65537);
    for (size_t i = 0; i < 9; i++) {
        add_curve(i < 6 ? 0 : i - 5);
    }
    for (size_t i = 0; i < peer_count; i++) {
        peers[i].template[0] = (CK_ATTRIBUTE)OCTETS(CKA_KEY_TYPE, &peers[i].type, sizeof peers[i].type);
    }
}

static EVP_MD_CTX *context_of(const struct scheme *scheme, EVP_PKEY *key, bool signs)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    int begun = signs ? EVP_DigestSignInit_ex(context, &parameters, scheme->hash, NULL, NULL, key, NULL)
                      : EVP_DigestVerifyInit_ex(context, &parameters, scheme->hash, NULL, NULL, key, NULL);
    CHECK(begun == 1, "libcrypto cannot");
    if (scheme->pss.s_len != 0) {
        CHECK(
            EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, (int)scheme->pss.s_len) == 1,
            "PSS");
    }
    return context;
}

/* A signature as PKCS#11 has it: ECDSA r | s. */
static size_t sign(const struct peer *peer, const struct scheme *scheme, const uint8_t *data, uint8_t out[600])
{
    EVP_MD_CTX *context = context_of(scheme, peer->key, true);
    uint8_t made[600];
    size_t length = sizeof made;
    CHECK(EVP_DigestSign(context, made, &length, data, DATA) == 1, "no signature");
    EVP_MD_CTX_free(context);
    if (peer->type != CKK_EC) {
        memcpy(out, made, length);
        return length;
    }
    const uint8_t *at = made;
    ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)length);
    int field = (int)peer->field;
    CHECK(
        BN_bn2binpad(ECDSA_SIG_get0_r(numbers), out, field) == field &&
            BN_bn2binpad(ECDSA_SIG_get0_s(numbers), out + field, field) == field,
        "r and s");
    ECDSA_SIG_free(numbers);
    return 2 * peer->field;
}

static bool libcrypto_verifies(
    const struct peer *peer, const struct scheme *scheme, const uint8_t *data, const uint8_t *signature, size_t length)
{
    uint8_t *der = NULL;
    int der_length = 0;
    if (peer->type == CKK_EC) {
        ECDSA_SIG *numbers = ECDSA_SIG_new();
        int field = (int)peer->field;
        ECDSA_SIG_set0(numbers, BN_bin2bn(signature, field, NULL), BN_bin2bn(signature + field, field, NULL));
        der_length = i2d_ECDSA_SIG(numbers, &der);
        ECDSA_SIG_free(numbers);
    }
    EVP_MD_CTX *context = context_of(scheme, peer->key, false);
    bool verified =
        EVP_DigestVerify(
            context, der == NULL ? signature : der, der == NULL ? length : (size_t)der_length, data, DATA) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    return verified;
}

/* A lane with all that it points to. */
static struct plan {
    uint8_t data[DATA], signature[600];
    CK_MECHANISM mechanism;
    CK_RSA_PKCS_PSS_PARAMS pss;
    bool right;
} plans[MOST];
static CK_CARDINAL_BATCH_LANE lanes[MOST];

static void prepare(size_t i, struct peer *peer, const struct scheme *scheme, unsigned change)
{
    struct plan *plan = &plans[i];
    RAND_bytes(plan->data, sizeof plan->data);
    size_t length = sign(peer, scheme, plan->data, plan->signature);
    switch (change % 8) {
    case 0:
        plan->data[change / 8 % DATA] ^= 1;
        break;
    case 1:
        plan->signature[change / 8 % length] ^= 0x10;
        break;
    case 2: /* RSA: above the modulus; ECDSA: r out of range; Ed25519: no point */
        memset(plan->signature, 0xff, length / 2);
        break;
    case 3:
        memset(plan->signature, 0, length);
        break;
    default:
        break;
    }
    plan->right = libcrypto_verifies(peer, scheme, plan->data, plan->signature, length);
    CHECK(plan->right == (change % 8 > 3), "libcrypto says %d of change %u", plan->right, change % 8);
    plan->mechanism = (CK_MECHANISM){scheme->mechanism, NULL, 0};
    if (scheme->pss.s_len != 0) {
        plan->pss = scheme->pss;
        plan->mechanism = (CK_MECHANISM){scheme->mechanism, &plan->pss, sizeof plan->pss};
    }
    lanes[i] = (CK_CARDINAL_BATCH_LANE){
        .ulOperation = CKB_VERIFY,
        .pMechanism = &plan->mechanism,
        .pTemplate = peer->template,
        .ulCount = COUNT(peer->template),
        .pIn = plan->data,
        .ulInLen = DATA,
        .pIn2 = plan->signature,
        .ulIn2Len = length,
        .hNew = 9,
        .rv = CKR_VENDOR_DEFINED};
}

static const struct scheme *scheme_of(const struct peer *peer, unsigned choice)
{
    for (;; choice++) {
        const struct scheme *scheme = &schemes[choice % COUNT(schemes)];
        if (scheme->type == peer->type) {
            return scheme;
        }
    }
}

static void execute(size_t count)
{
    CK_RV rv = module_batch->ExecuteBatch(module_session, lanes, count);
    CHECK(rv == CKR_OK, "ExecuteBatch: 0x%lx", rv);
}

/* Batches of any mix; every third of the peers with one size of key, so that vectors fill whatever the keys. */
static void test_mixes(void)
{
    unsigned long rounds = test_count(60);
    for (unsigned long round = 0; round < rounds; round++) {
        uint8_t draw[1 + 3 * MOST];
        RAND_bytes(draw, sizeof draw);
        size_t count = 1 + draw[0] % MOST;
        for (size_t i = 0; i < count; i++) {
            struct peer *peer = &peers[draw[1 + 3 * i] % (round % 3 == 0 ? 11 : peer_count)];
            prepare(i, peer, scheme_of(peer, draw[2 + 3 * i]), draw[3 + 3 * i]);
        }
        execute(count);
        for (size_t i = 0; i < count; i++) {
            CK_RV expected = plans[i].right ? CKR_OK : CKR_SIGNATURE_INVALID;
            CHECK(lanes[i].rv == expected && lanes[i].hNew == 0, "lane %zu: 0x%lx", i, lanes[i].rv);
        }
    }
}

/* The right signature with somebody else's key of the same kind. */
static void test_other_key(void)
{
    for (size_t i = 0; i < 8; i++) {
        prepare(i, &peers[i], scheme_of(&peers[i], (unsigned)i), 7);
        lanes[i].pTemplate = peers[i % 2 == 0 ? i : i + 1].template;
    }
    execute(8);
    for (size_t i = 0; i < 8; i++) {
        CHECK(lanes[i].rv == (i % 2 == 0 ? CKR_OK : CKR_SIGNATURE_INVALID), "lane %zu: 0x%lx", i, lanes[i].rv);
    }
}

/* A lane with another template, between two that are right: those stay so. */
static void expect(struct peer *peer, const CK_ATTRIBUTE *template, CK_ULONG count, CK_RV rv)
{
    for (size_t i = 0; i < 3; i++) {
        prepare(i, peer, scheme_of(peer, 1), 7);
    }
    lanes[1].pTemplate = (CK_ATTRIBUTE *)(uintptr_t) template;
    lanes[1].ulCount = count;
    execute(3);
    CHECK(lanes[1].rv == rv, "0x%lx, not 0x%lx", lanes[1].rv, rv);
    CHECK(lanes[0].rv == CKR_OK && lanes[2].rv == CKR_OK, "0x%lx and 0x%lx", lanes[0].rv, lanes[2].rv);
}

static void expect_value(struct peer *peer, size_t attribute, const void *value, CK_ULONG length, CK_RV rv)
{
    CK_ATTRIBUTE template[3];
    memcpy(template, peer->template, sizeof template);
    template[attribute].pValue = (void *)(uintptr_t)value;
    template[attribute].ulValueLen = length;
    expect(peer, template, 3, rv);
}

static void test_hostile_rsa(void)
{
    struct peer *peer = &peers[0];
    uint8_t modulus[520];
    uint8_t exponent[12] = {[9] = 1, [11] = 1};
    expect_value(peer, 2, exponent, 12, CKR_OK); /* leading zeros are no part of a number */
    expect_value(peer, 2, "\1\0\0\1", 4, CKR_SIGNATURE_INVALID);
    exponent[3] = 1;
    expect_value(peer, 2, exponent, 12, CKR_ATTRIBUTE_VALUE_INVALID); /* 65 bits */
    expect_value(peer, 2, exponent + 4, 4, CKR_ATTRIBUTE_VALUE_INVALID);
    expect_value(peer, 2, "\1", 1, CKR_ATTRIBUTE_VALUE_INVALID);
    expect_value(peer, 2, "\4", 1, CKR_ATTRIBUTE_VALUE_INVALID);
    expect_value(peer, 2, "", 0, CKR_ATTRIBUTE_VALUE_INVALID);
    expect_value(peer, 2, NULL, 3, CKR_ATTRIBUTE_VALUE_INVALID);
    expect_value(peer, 2, exponent, (CK_ULONG)-1, CKR_ATTRIBUTE_VALUE_INVALID);

    memset(modulus, 0, sizeof modulus);
    memcpy(modulus + 8, peer->modulus, 256);
    expect_value(peer, 1, modulus, 264, CKR_OK);
    expect_value(peer, 1, modulus + 8, 255, CKR_KEY_SIZE_RANGE);
    modulus[8 + 255] ^= 1;
    expect_value(peer, 1, modulus + 8, 256, CKR_ATTRIBUTE_VALUE_INVALID);
    modulus[8 + 255] ^= 1;
    modulus[8] &= 0x7f;
    expect_value(peer, 1, modulus + 8, 256, CKR_KEY_SIZE_RANGE); /* 2047 bits */
    memset(modulus, 0xff, sizeof modulus);
    expect_value(peer, 1, modulus, 513, CKR_KEY_SIZE_RANGE);
    expect_value(peer, 1, modulus, 512, CKR_SIGNATURE_LEN_RANGE); /* somebody's larger key */
    expect_value(peer, 1, modulus, 256, CKR_SIGNATURE_INVALID);   /* the largest there is */
    memset(modulus, 0, sizeof modulus);
    expect_value(peer, 1, modulus, 256, CKR_KEY_SIZE_RANGE);
    modulus[0] = 0x80;
    modulus[255] = 1;
    expect_value(peer, 1, modulus, 256, CKR_SIGNATURE_INVALID); /* the smallest; no prime is near */
    prepare(0, peer, scheme_of(peer, 1), 7);
    lanes[0].ulIn2Len = 255;
    execute(1);
    CHECK(lanes[0].rv == CKR_SIGNATURE_LEN_RANGE, "0x%lx", lanes[0].rv);
}

static void test_hostile_curves(void)
{
    for (size_t i = 15; i < peer_count; i++) {
        struct peer *peer = &peers[i];
        CK_ULONG length = peer->template[2].ulValueLen;
        uint8_t point[160];
        memcpy(point, peer->point, length);
        bool edwards = peer->type == CKK_EC_EDWARDS;
        if (!edwards) {
            point[length - 1] ^= 1;
            expect_value(peer, 2, point, length, CKR_ATTRIBUTE_VALUE_INVALID); /* off the curve */
            point[length - 1] ^= 1;
            point[0] = 2;
            expect_value(peer, 2, point, 1 + peer->field, CKR_ATTRIBUTE_VALUE_INVALID); /* compressed */
            memset(point + 1, 0xff, length - 1);
            point[0] = 4;
            expect_value(peer, 2, point, length, CKR_ATTRIBUTE_VALUE_INVALID);
            memset(point, 0, length);
            expect_value(peer, 2, point, length, CKR_ATTRIBUTE_VALUE_INVALID);
            expect_value(peer, 2, point, 1, CKR_ATTRIBUTE_VALUE_INVALID); /* infinity */
        } else {
            memset(point, 0xff, length);
            expect_value(peer, 2, point, length, CKR_SIGNATURE_INVALID);
        }
        expect_value(peer, 2, point, length - 1, CKR_ATTRIBUTE_VALUE_INVALID);
        expect_value(peer, 2, NULL, length, CKR_ATTRIBUTE_VALUE_INVALID);
        expect_value(peer, 1, oids[0], 9, CKR_CURVE_NOT_SUPPORTED);
        prepare(0, peer, scheme_of(peer, 1), 7);
        lanes[0].ulIn2Len--;
        execute(1);
        CHECK(lanes[0].rv == CKR_SIGNATURE_LEN_RANGE, "0x%lx", lanes[0].rv);
    }
}

static void test_hostile_templates(void)
{
    static CK_OBJECT_CLASS public = CKO_PUBLIC_KEY, private = CKO_PRIVATE_KEY;
    static CK_BBOOL yes = CK_TRUE;
    struct peer *peer = &peers[0];
    CK_ATTRIBUTE template[4];
    memcpy(template, peer->template, sizeof peer->template);
    template[3] = (CK_ATTRIBUTE)OCTETS(CKA_CLASS, &public, sizeof public);
    expect(peer, template, 4, CKR_OK);
    template[3].pValue = &private;
    expect(peer, template, 4, CKR_TEMPLATE_INCONSISTENT);
    template[3].ulValueLen = 3;
    expect(peer, template, 4, CKR_ATTRIBUTE_VALUE_INVALID);
    template[3] = peer->template[1];
    expect(peer, template, 4, CKR_TEMPLATE_INCONSISTENT); /* twice */
    template[3] = (CK_ATTRIBUTE)OCTETS(CKA_VERIFY, &yes, 1);
    expect(peer, template, 4, CKR_ATTRIBUTE_TYPE_INVALID);
    expect(peer, template, 2, CKR_TEMPLATE_INCOMPLETE);
    expect(peer, template + 1, 2, CKR_TEMPLATE_INCOMPLETE); /* no type */
    expect(peer, template, 0, CKR_TEMPLATE_INCOMPLETE);
    expect(peer, template, 65, CKR_ARGUMENTS_BAD);
    expect(peer, NULL, 3, CKR_ARGUMENTS_BAD);
    expect(peer, NULL, 0, CKR_KEY_HANDLE_INVALID);
    expect(peer, peers[16].template, 3, CKR_KEY_TYPE_INCONSISTENT);
    CK_KEY_TYPE other = CKK_EC;
    expect_value(peer, 0, &other, sizeof other, CKR_TEMPLATE_INCOMPLETE);
    other = CKK_EC_MONTGOMERY;
    expect_value(peer, 0, &other, sizeof other, CKR_TEMPLATE_INCONSISTENT);
    other = CKK_GENERIC_SECRET;
    expect_value(peer, 0, &other, sizeof other, CKR_TEMPLATE_INCONSISTENT);
    /* only verification takes keys by value */
    prepare(0, peer, scheme_of(peer, 1), 7);
    lanes[0].ulOperation = CKB_SIGN;
    execute(1);
    CHECK(lanes[0].rv == CKR_KEY_HANDLE_INVALID, "0x%lx", lanes[0].rv);
}

int main(void)
{
    module_open();
    CHECK(module_batch->version.major == 1 && module_batch->version.minor == 1, "version");
    make_peers();
    CK_SESSION_INFO info;
    CHECK(module->C_GetSessionInfo(module_session, &info) == CKR_OK, "session");
    static const char *const backends[] = {"auto", "portable", "ifma"};
    for (size_t i = 0; i < COUNT(backends); i++) {
        char settings[128];
        snprintf(settings, sizeof settings, "directory='%s' backend='%s'", module_folder, backends[i]);
        CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = settings};
        CHECK(module->C_Finalize(NULL) == CKR_OK, "C_Finalize");
        if (module->C_Initialize(&arguments) != CKR_OK) {
            CHECK(i == 2, "%s", backends[i]); /* a processor without */
            break;
        }
        /* without a login */
        CHECK(
            module->C_OpenSession(info.slotID, CKF_SERIAL_SESSION, NULL, NULL, &module_session) == CKR_OK,
            "C_OpenSession");
        test_mixes();
        test_other_key();
        test_hostile_rsa();
        test_hostile_curves();
        test_hostile_templates();
    }
    for (size_t i = 0; i < peer_count; i++) {
        EVP_PKEY_free(peers[i].key);
    }
    return checks_done();
}
