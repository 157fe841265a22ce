/* Agreement and derivation: known answers, libcrypto, and IKE's key schedules written out a second time. */
#include "keys.h"

#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

/* The keys that handles in parameters mean; handle 1 is the first. */
static struct key *handles[4];

static CK_RV resolve(void *context, CK_OBJECT_HANDLE handle, struct key **key)
{
    (void)context;
    if (handle == 0 || handle > COUNT(handles) || handles[handle - 1] == NULL) {
        return CKR_KEY_HANDLE_INVALID;
    }
    *key = key_ref(handles[handle - 1]);
    return CKR_OK;
}

static CK_RV derive_with(
    CK_MECHANISM_TYPE type, const void *parameter, size_t parameter_length, struct key *base,
    const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    CK_MECHANISM with = mechanism(type, parameter, parameter_length);
    return mechanism_derive(&with, base, resolve, NULL, template, count, out);
}

static CK_ECDH1_DERIVE_PARAMS ecdh(const uint8_t *point, size_t length)
{
    CK_ECDH1_DERIVE_PARAMS params = {CKD_NULL, 0, NULL, length, (CK_BYTE_PTR)(uintptr_t)point};
    return params;
}

/* RFC 5903 section 8 (groups 19, 20, 21) and RFC 7748 section 6.1 */
static void test_known_agreements(void)
{
    static const struct {
        CK_KEY_TYPE type;
        const uint8_t *params;
        size_t params_length;
        const char *private, *peer, *secret;
    } known[] = {
        {CKK_EC, ec_p256, sizeof ec_p256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
         "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
         "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
         "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
        {CKK_EC, ec_p384, sizeof ec_p384,
         "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
         "04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
         "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
         "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746"},
        {CKK_EC, ec_p521, sizeof ec_p521,
         "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937ba9777f595"
         "7b2639bab072462f68c27a57382d4a52",
         "0400d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e95bb0352f6be64a6c291"
         "2d4ef2d0433ced2b6171640012d9460f"
         "015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87220b6536c5c408a1d2aebb8e86d678ae49cb"
         "57091f4732296579ab44fcd17f0fc56a",
         "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859810c06b3c7"
         "15a3a8cc3151f2bee417996d19f3ddea"},
        {CKK_EC_MONTGOMERY, ec_x25519, sizeof ec_x25519,
         "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
         "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        uint8_t value[66];
        uint8_t peer[140];
        struct key *private;
        struct key *shared;
        CK_ATTRIBUTE template[] = {
            attribute(CKA_EC_PARAMS, known[i].params, known[i].params_length),
            attribute(CKA_VALUE, value, hex(known[i].private, value))};
        CHECK(key_from_template(CKO_PRIVATE_KEY, known[i].type, template, 2, &private) == CKR_OK, "case %zu", i);
        CK_ECDH1_DERIVE_PARAMS params = ecdh(peer, hex(known[i].peer, peer));
        CHECK(
            derive_with(CKM_ECDH1_DERIVE, &params, sizeof params, private, NULL, 0, &shared) == CKR_OK &&
                secret_is_hex(shared, known[i].secret),
            "case %zu", i);
        key_unref(shared);
        key_unref(private);
    }
}

/* Both sides of an agreement, and libcrypto's view of it. */
static void check_agreement(CK_MECHANISM_TYPE type, const struct pair *a, const struct pair *b, size_t length)
{
    uint8_t points[2][1100];
    size_t lengths[2];
    const struct pair *pairs[2] = {a, b};
    struct key *shared[2];
    int dh = type == CKM_DH_PKCS_DERIVE;
    for (size_t i = 0; i < 2; i++) {
        lengths[i] = component(pairs[i]->public, dh ? CKA_VALUE : CKA_EC_POINT, points[i], sizeof points[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        CK_ECDH1_DERIVE_PARAMS params = ecdh(points[1 - i], lengths[1 - i]);
        CHECK(
            derive_with(
                type, dh ? (const void *)points[1 - i] : &params, dh ? lengths[1 - i] : sizeof params,
                pairs[i]->private, NULL, 0, &shared[i]) == CKR_OK,
            "side %zu", i);
    }
    EVP_PKEY *private = to_evp(a->private);
    EVP_PKEY *peer = to_evp(b->public);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(private, NULL);
    uint8_t expected[1024];
    size_t made = sizeof expected;
    CHECK(EVP_PKEY_derive_init(context) == 1, "libcrypto");
    if (dh) {
        CHECK(EVP_PKEY_CTX_set_dh_pad(context, 1) == 1, "pad");
    }
    CHECK(EVP_PKEY_derive_set_peer(context, peer) == 1 && EVP_PKEY_derive(context, expected, &made) == 1, "libcrypto");
    CHECK(made == length, "%zu octets", made);
    CHECK(secret_is(shared[0], expected, made) && secret_is(shared[1], expected, made), "another secret");
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(private);
    EVP_PKEY_free(peer);
    key_unref(shared[0]);
    key_unref(shared[1]);
    /* fewer octets are the last ones; more there are not */
    CK_ULONG wanted = length - 5;
    CK_ATTRIBUTE template = attribute(CKA_VALUE_LEN, &wanted, sizeof wanted);
    CK_ECDH1_DERIVE_PARAMS params = ecdh(points[1], lengths[1]);
    const void *parameter = dh ? (const void *)points[1] : &params;
    size_t parameter_length = dh ? lengths[1] : sizeof params;
    CHECK(
        derive_with(type, parameter, parameter_length, a->private, &template, 1, &shared[0]) == CKR_OK &&
            secret_is(shared[0], expected + 5, wanted),
        "the last octets");
    key_unref(shared[0]);
    wanted = length + 1;
    CHECK(
        derive_with(type, parameter, parameter_length, a->private, &template, 1, &shared[0]) == CKR_KEY_SIZE_RANGE &&
            shared[0] == NULL,
        "too many octets");
    wanted = 0;
    CHECK(
        derive_with(type, parameter, parameter_length, a->private, &template, 1, &shared[0]) == CKR_KEY_SIZE_RANGE,
        "no octets");
    CHECK(
        derive_with(type, parameter, parameter_length, a->public, NULL, 0, &shared[0]) == CKR_KEY_TYPE_INCONSISTENT,
        "with a public key");
}

static void test_agreements(void)
{
    static const struct {
        CK_MECHANISM_TYPE type;
        const uint8_t *params;
        size_t params_length, length;
    } ec[] = {
        {CKM_EC_KEY_PAIR_GEN, ec_p256, sizeof ec_p256, 32},
        {CKM_EC_KEY_PAIR_GEN, ec_p384, sizeof ec_p384, 48},
        {CKM_EC_KEY_PAIR_GEN, ec_p521, sizeof ec_p521, 66},
        {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, ec_x25519, sizeof ec_x25519, 32}};
    for (size_t i = 0; i < COUNT(ec); i++) {
        struct pair a = pair_of_curve(ec[i].type, ec[i].params, ec[i].params_length);
        struct pair b = pair_of_curve(ec[i].type, ec[i].params, ec[i].params_length);
        check_agreement(CKM_ECDH1_DERIVE, &a, &b, ec[i].length);
        /* what must be refused of a peer */
        uint8_t point[140];
        size_t length = component(b.public, CKA_EC_POINT, point, sizeof point);
        struct key *shared;
        CK_ECDH1_DERIVE_PARAMS params = ecdh(point, length - 1);
        CHECK(
            derive_with(CKM_ECDH1_DERIVE, &params, sizeof params, a.private, NULL, 0, &shared) ==
                CKR_PUBLIC_KEY_INVALID,
            "cut");
        params = ecdh(point, length);
        if (ec[i].length == 32 && ec[i].params == ec_x25519) {
            memset(point, 0, sizeof point);
            params = ecdh(point, 32);
        } else {
            point[length - 1] ^= 1;
        }
        CHECK(
            derive_with(CKM_ECDH1_DERIVE, &params, sizeof params, a.private, NULL, 0, &shared) ==
                CKR_PUBLIC_KEY_INVALID,
            "off the curve, or all zeros");
        params.kdf = CKD_SHA1_KDF;
        CHECK(
            derive_with(CKM_ECDH1_DERIVE, &params, sizeof params, a.private, NULL, 0, &shared) ==
                CKR_MECHANISM_PARAM_INVALID,
            "KDF");
        params = ecdh(NULL, 65);
        CHECK(
            derive_with(CKM_ECDH1_DERIVE, &params, sizeof params, a.private, NULL, 0, &shared) ==
                CKR_MECHANISM_PARAM_INVALID,
            "NULL");
        CHECK(
            derive_with(CKM_ECDH1_DERIVE, &params, sizeof params - 1, a.private, NULL, 0, &shared) ==
                CKR_MECHANISM_PARAM_INVALID,
            "cut parameters");
        CHECK(
            derive_with(CKM_ECDH1_DERIVE, NULL, sizeof params, a.private, NULL, 0, &shared) ==
                CKR_MECHANISM_PARAM_INVALID,
            "no parameters");
        CHECK(
            derive_with(CKM_DH_PKCS_DERIVE, point, 32, a.private, NULL, 0, &shared) == CKR_KEY_TYPE_INCONSISTENT,
            "DH with an EC key");
        pair_free(&a);
        pair_free(&b);
    }
    struct pair edwards = pair_of_curve(CKM_EC_EDWARDS_KEY_PAIR_GEN, ec_ed25519, sizeof ec_ed25519);
    uint8_t point[34];
    CK_ECDH1_DERIVE_PARAMS params = ecdh(point, component(edwards.public, CKA_EC_POINT, point, sizeof point));
    struct key *shared;
    CHECK(
        derive_with(CKM_ECDH1_DERIVE, &params, sizeof params, edwards.private, NULL, 0, &shared) ==
            CKR_KEY_TYPE_INCONSISTENT,
        "Ed25519 agrees on nothing");
    pair_free(&edwards);

    static const unsigned sizes[] = {2048, 3072, 4096, 6144, 8192};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct pair a = pair_of_group(sizes[i]);
        struct pair b = pair_of_group(sizes[i]);
        check_agreement(CKM_DH_PKCS_DERIVE, &a, &b, sizes[i] / 8);
        const struct modp_group *group = modp_group_of_bits(sizes[i]);
        uint8_t peer[1100] = {0};
        size_t octets = modp_group_octets(group);
        static const struct {
            unsigned value;
            int from_prime; /* p + value - 1 rather than value */
        } refused[] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};
        for (size_t j = 0; j < COUNT(refused); j++) {
            memset(peer, 0, sizeof peer);
            if (refused[j].from_prime) {
                memcpy(peer, modp_group_prime(group), octets);
                peer[octets - 1] = (uint8_t)(peer[octets - 1] + refused[j].value - 1);
            } else {
                peer[octets - 1] = (uint8_t)refused[j].value;
            }
            CHECK(
                derive_with(CKM_DH_PKCS_DERIVE, peer, octets, a.private, NULL, 0, &shared) == CKR_PUBLIC_KEY_INVALID,
                "peer %zu of %u bits", j, sizes[i]);
        }
        memset(peer, 0xff, sizeof peer);
        CHECK(
            derive_with(CKM_DH_PKCS_DERIVE, peer, octets + 1, a.private, NULL, 0, &shared) == CKR_PUBLIC_KEY_INVALID,
            "longer than p");
        CHECK(
            derive_with(CKM_DH_PKCS_DERIVE, NULL, octets, a.private, NULL, 0, &shared) == CKR_MECHANISM_PARAM_INVALID,
            "NULL");
        CHECK(
            derive_with(CKM_DH_PKCS_DERIVE, peer, (size_t)-1, a.private, NULL, 0, &shared) ==
                CKR_MECHANISM_PARAM_INVALID,
            "endless");
        pair_free(&a);
        pair_free(&b);
    }

    /* an exponent that is longer than the usual one: the same agreement by another way */
    static const uint8_t two[] = {2};
    const struct modp_group *group = modp_group_of_bits(2048);
    CK_ULONG bits = 700;
    CK_MECHANISM generation = mechanism(CKM_DH_PKCS_KEY_PAIR_GEN, NULL, 0);
    CK_ATTRIBUTE template[] = {
        attribute(CKA_PRIME, modp_group_prime(group), 256), attribute(CKA_BASE, two, 1),
        attribute(CKA_VALUE_BITS, &bits, sizeof bits)};
    struct pair a;
    CHECK(
        mechanism_generate_pair(&generation, template, 2, template + 2, 1, &a.public, &a.private) == CKR_OK,
        "700 bits");
    struct pair b = pair_of_group(2048);
    check_agreement(CKM_DH_PKCS_DERIVE, &a, &b, 256);
    uint8_t peer[256] = {0};
    peer[255] = 1;
    CHECK(derive_with(CKM_DH_PKCS_DERIVE, peer, 256, a.private, NULL, 0, &shared) == CKR_PUBLIC_KEY_INVALID, "y = 1");
    pair_free(&a);
    pair_free(&b);
}

static const struct {
    const char *name;
    CK_MECHANISM_TYPE digest, hmac;
    CK_KEY_TYPE key;
    size_t length;
} prfs[] = {
    {"SHA1", CKM_SHA_1, CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, 20},
    {"SHA224", CKM_SHA224, CKM_SHA224_HMAC, CKK_SHA224_HMAC, 28},
    {"SHA256", CKM_SHA256, CKM_SHA256_HMAC, CKK_SHA256_HMAC, 32},
    {"SHA384", CKM_SHA384, CKM_SHA384_HMAC, CKK_SHA384_HMAC, 48},
    {"SHA512", CKM_SHA512, CKM_SHA512_HMAC, CKK_SHA512_HMAC, 64}};

/* Text under construction for the second writing of the key schedules. */
struct text {
    uint8_t octets[4096];
    size_t length;
};

static void put(struct text *text, const uint8_t *octets, size_t length)
{
    memcpy(text->octets + text->length, octets, length);
    text->length += length;
}

static void prf(size_t row, const uint8_t *key, size_t key_length, const struct text *text, uint8_t *out)
{
    unsigned made;
    HMAC(EVP_get_digestbyname(prfs[row].name), key, (int)key_length, text->octets, text->length, out, &made);
}

static struct key *derived(
    CK_MECHANISM_TYPE type, const void *parameter, size_t parameter_length, struct key *base, CK_KEY_TYPE key,
    CK_ULONG length)
{
    struct key *made;
    CK_ATTRIBUTE template[] = {
        attribute(CKA_KEY_TYPE, &key, sizeof key), attribute(CKA_VALUE_LEN, &length, sizeof length)};
    CK_RV rv = derive_with(type, parameter, parameter_length, base, template, length == 0 ? 1 : 2, &made);
    CHECK(rv == CKR_OK, "mechanism %lx: %lx", type, rv);
    CHECK(key_type(made) == key, "type %lx", key);
    return made;
}

/* NIST CAVP, SP 800-135 IKEv2 vectors of 2012 (ikev2.zip), SHA-256, g^ir of 185 bits, count 0 */
static void test_known_ikev2(void)
{
    static const char *const dkm =
        "d67f925f011537bcf22eb14772f8136b2aec47d2515b5ce6b197d472b0a73ea6cf586ce6d1de65083ce8e0be26edeb0191c06affa6fe8d"
        "4d4f37ab08d756248f5fb95c948fd0380efa499b84e0d6fee51c8a37e54ae54c31339a941e2d9470b7224d95499658899b2e3555de1f93"
        "4636224c5861a92ba63f262ff90bcbae43022d579945";
    static const char *const dkm_child_dh =
        "0d22aa501b4939b6492c38039578e6258d3c84c57b73e37c3108bad9f424f584b717c18b3cd77312e8d6e1effb8fafe0294ae12a43e78d"
        "ce33e7a6a1ac5a636c8978dc3164ab10fbb0570d9b16911b159fd15deaa89e50afa90d401ff36e7cd11b169566ff0fb69458db063de613"
        "25a69ad4b884c100fd2eb1b212b6f43b660f52def3ef";
    uint8_t nonces[16];
    uint8_t seed[32];
    hex("3436def54b63cf597d780f1cb163f786", nonces);
    hex("3436def54b63cf597d780f1cb163f786eadfb5f67ef1c53e65a7ffb95df81c50", seed);
    struct key *gir = secret_of_hex(CKK_GENERIC_SECRET, "0097c211229dd1724f153abc85a6156dc9cda148e005bbda");
    struct key *gir_new = secret_of_hex(CKK_GENERIC_SECRET, "016deb1a4f107074a227c221858caff5201c2d9c4832f583");
    handles[0] = gir_new;
    CK_IKE_PRF_DERIVE_PARAMS initial = {CKM_SHA256_HMAC, CK_TRUE, CK_FALSE, nonces, 8, nonces + 8, 8, 0};
    struct key *skeyseed = derived(CKM_IKE_PRF_DERIVE, &initial, sizeof initial, gir, CKK_SHA256_HMAC, 0);
    CHECK(secret_is_hex(skeyseed, "701d307aa28374c129e113a4984657337f0fed89f7643f3d92468ea34bac7f16"), "SKEYSEED");
    CK_IKE2_PRF_PLUS_DERIVE_PARAMS plus = {CKM_SHA256_HMAC, CK_FALSE, 0, seed, sizeof seed};
    struct key *all = derived(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, skeyseed, CKK_GENERIC_SECRET, 132);
    CHECK(secret_is_hex(all, dkm), "prf+");
    CK_ULONG position = 0;
    struct key *sk_d = derived(CKM_EXTRACT_KEY_FROM_KEY, &position, sizeof position, all, CKK_SHA256_HMAC, 32);
    CK_IKE2_PRF_PLUS_DERIVE_PARAMS child = {CKM_SHA256_HMAC, CK_TRUE, 1, nonces, sizeof nonces};
    struct key *keymat = derived(CKM_IKE2_PRF_PLUS_DERIVE, &child, sizeof child, sk_d, CKK_GENERIC_SECRET, 132);
    CHECK(secret_is_hex(keymat, dkm_child_dh), "KEYMAT with a key exchange");
    CK_IKE_PRF_DERIVE_PARAMS rekey = {CKM_SHA256_HMAC, CK_FALSE, CK_TRUE, nonces, 8, nonces + 8, 8, 1};
    struct key *renewed = derived(CKM_IKE_PRF_DERIVE, &rekey, sizeof rekey, sk_d, CKK_SHA256_HMAC, 32);
    CHECK(
        secret_is_hex(renewed, "3021defeb07e47ec026be0e757f7067a5675562396474468d7efcd6b1f66977b"),
        "SKEYSEED of a rekeying");
    handles[0] = NULL;
    struct key *made[] = {gir, gir_new, skeyseed, all, sk_d, keymat, renewed};
    for (size_t i = 0; i < COUNT(made); i++) {
        key_unref(made[i]);
    }
}

/* NIST CAVP, SP 800-135 IKEv1 vectors of 2012 (ikev1.zip): pre-shared key, SHA-256; signatures, SHA-1; count 0 each */
static void test_known_ikev1(void)
{
    static const struct {
        size_t row;
        const char *cky, *nonces, *gxy, *psk, *skeyid, *keys[3];
    } known[] = {
        {2,
         "f9b6109a2f331f8e31f6b8a2bfcf11c4",
         "cada98be4a22e165261024b5d7a25f3d",
         "0030b74728cbfab6786559ee50c5f64a8c5d2a7d739529a6",
         "a2",
         "fa260b0314a52b1dbeabb075adf29d992493dbf3b16ad77d2ba1b31c7d7f197f",
         {"f7073ff0c6bd58a3833e5d7b4beab7fe73b2c9b771f81513e6669f3d0eaf3ff9",
          "2aca04b36817d7c115aadd24ecbb6c930722f21f6cdaf8246807d37273330f9d",
          "b4d44db85a501d669f356bbbdb0d0441bcc5e5b8a3fe0316ab5a2a0c5bf4bcfe"}},
        {0,
         "07c1a7f9d4027f611019170445d8ab18",
         "08c3bbbeee6608684f659355c24c3d0b",
         "00c133cbf2edb691a7902faaa8784da4cd2f1eadfaa5ea1d",
         NULL,
         "ef01895fedcd87f03d0609d938a9149ba8284bd7",
         {"71d62e9fd448cbd854cde09220797ada9bd52bbb", "ce4232ffca8c05108d13c9951ba9c17ae3591a9a",
          "3100a70db00b171f00b6e1ac4b7a7fbcaafb22ad"}},
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        uint8_t cky[16];
        uint8_t nonces[16];
        hex(known[i].cky, cky);
        hex(known[i].nonces, nonces);
        CK_MECHANISM_TYPE hmac = prfs[known[i].row].hmac;
        CK_KEY_TYPE type = prfs[known[i].row].key;
        struct key *gxy = secret_of_hex(CKK_GENERIC_SECRET, known[i].gxy);
        struct key *psk = known[i].psk == NULL ? key_ref(gxy) : secret_of_hex(CKK_GENERIC_SECRET, known[i].psk);
        CK_IKE_PRF_DERIVE_PARAMS first = {
            hmac, known[i].psk == NULL ? CK_TRUE : CK_FALSE, CK_FALSE, nonces, 8, nonces + 8, 8, 0};
        struct key *skeyid = derived(CKM_IKE_PRF_DERIVE, &first, sizeof first, psk, type, 0);
        CHECK(secret_is_hex(skeyid, known[i].skeyid), "SKEYID %zu", i);
        handles[0] = gxy;
        for (CK_BYTE number = 0; number < 3; number++) {
            CK_IKE1_PRF_DERIVE_PARAMS next = {hmac, number > 0 ? CK_TRUE : CK_FALSE, 1, 2, cky, 8, cky + 8, 8, number};
            struct key *made = derived(CKM_IKE1_PRF_DERIVE, &next, sizeof next, skeyid, type, 0);
            CHECK(secret_is_hex(made, known[i].keys[number]), "key %d of case %zu", number, i);
            key_unref(handles[1]);
            handles[1] = made;
        }
        key_unref(handles[1]);
        handles[0] = handles[1] = NULL;
        key_unref(skeyid);
        key_unref(psk);
        key_unref(gxy);
    }
}

static void test_ike(void)
{
    uint8_t octets[256];
    uint8_t gxy[256];
    uint8_t expected[255 * 64];
    RAND_bytes(octets, sizeof octets);
    RAND_bytes(gxy, sizeof gxy);
    handles[0] = secret_of(CKK_GENERIC_SECRET, gxy, sizeof gxy);
    for (size_t i = 0; i < COUNT(prfs); i++) {
        size_t h = prfs[i].length;
        struct key *base = secret_of(prfs[i].key, octets, h);
        /* prf+ with and without a seed key, at the lengths around its blocks and at its end */
        const size_t lengths[] = {1, h - 1, h, h + 1, 2 * h, 7 * h + 3, 255 * h};
        for (int with_key = 0; with_key < 2; with_key++) {
            size_t at = 0;
            uint8_t block[64];
            for (unsigned n = 1; n <= 255; n++) {
                struct text text = {.length = 0};
                if (n > 1) {
                    put(&text, block, h);
                }
                if (with_key) {
                    put(&text, gxy, sizeof gxy);
                }
                put(&text, octets + 100, 50);
                uint8_t number = (uint8_t)n;
                put(&text, &number, 1);
                prf(i, octets, h, &text, block);
                memcpy(expected + at, block, h);
                at += h;
            }
            CK_IKE2_PRF_PLUS_DERIVE_PARAMS plus = {prfs[i].hmac, with_key ? CK_TRUE : CK_FALSE, 1, octets + 100, 50};
            for (size_t j = 0; j < COUNT(lengths); j++) {
                struct key *made =
                    derived(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, CKK_GENERIC_SECRET, lengths[j]);
                CHECK(secret_is(made, expected, lengths[j]), "prf+ of %zu octets", lengths[j]);
                key_unref(made);
            }
        }
        /* RFC 2409 section 5.5 with and without g^xy, and appendix B */
        for (int form = 0; form < 3; form++) {
            size_t at = 0;
            uint8_t block[64];
            for (unsigned n = 1; n <= 255; n++) {
                struct text text = {.length = 0};
                static const uint8_t zero = 0;
                if (n > 1) {
                    put(&text, block, h);
                }
                if (form == 0) {
                    put(&text, gxy, sizeof gxy);
                }
                if (form < 2) {
                    put(&text, octets + 30, 40);
                } else if (n == 1) {
                    put(&text, &zero, 1);
                }
                prf(i, octets, h, &text, block);
                memcpy(expected + at, block, h);
                at += h;
            }
            CK_IKE1_EXTENDED_DERIVE_PARAMS extended = {
                prfs[i].hmac, form == 0 ? CK_TRUE : CK_FALSE, 1, form < 2 ? octets + 30 : NULL, form < 2 ? 40 : 0};
            for (size_t j = 0; j < COUNT(lengths); j++) {
                struct key *made =
                    derived(CKM_IKE1_EXTENDED_DERIVE, &extended, sizeof extended, base, CKK_GENERIC_SECRET, lengths[j]);
                /* appendix B cuts a key that is long enough */
                int cut = form == 2 && lengths[j] <= h;
                CHECK(secret_is(made, cut ? octets : expected, lengths[j]), "form %d, %zu octets", form, lengths[j]);
                key_unref(made);
            }
        }
        /* what is refused */
        struct key *made;
        CK_ULONG length = 255 * h + 1;
        CK_ATTRIBUTE template = attribute(CKA_VALUE_LEN, &length, sizeof length);
        CK_IKE2_PRF_PLUS_DERIVE_PARAMS plus = {prfs[i].hmac, CK_FALSE, 0, octets, 16};
        CK_IKE1_EXTENDED_DERIVE_PARAMS extended = {prfs[i].hmac, CK_FALSE, 0, octets, 16};
        CHECK(
            derive_with(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, &template, 1, &made) == CKR_KEY_SIZE_RANGE,
            "256 blocks");
        CHECK(
            derive_with(CKM_IKE1_EXTENDED_DERIVE, &extended, sizeof extended, base, &template, 1, &made) ==
                CKR_KEY_SIZE_RANGE,
            "256 blocks");
        length = 0;
        CHECK(
            derive_with(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, &template, 1, &made) == CKR_KEY_SIZE_RANGE,
            "nothing");
        CHECK(
            derive_with(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, NULL, 0, &made) == CKR_TEMPLATE_INCOMPLETE,
            "no length");
        length = h;
        plus.bHasSeedKey = CK_TRUE;
        plus.hSeedKey = 3;
        CHECK(
            derive_with(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, &template, 1, &made) ==
                CKR_KEY_HANDLE_INVALID,
            "no such seed key");
        plus.bHasSeedKey = CK_FALSE;
        plus.pSeedData = NULL;
        CHECK(
            derive_with(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, &template, 1, &made) ==
                CKR_MECHANISM_PARAM_INVALID,
            "NULL seed");
        plus.pSeedData = octets;
        plus.ulSeedDataLen = (CK_ULONG)-1;
        CHECK(
            derive_with(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, &template, 1, &made) ==
                CKR_MECHANISM_PARAM_INVALID,
            "endless seed");
        plus.ulSeedDataLen = 16;
        plus.prfMechanism = prfs[(i + 1) % COUNT(prfs)].hmac;
        CHECK(
            derive_with(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, &template, 1, &made) ==
                CKR_KEY_TYPE_INCONSISTENT,
            "another hash's key");
        plus.prfMechanism = prfs[i].digest;
        CHECK(
            derive_with(CKM_IKE2_PRF_PLUS_DERIVE, &plus, sizeof plus, base, &template, 1, &made) ==
                CKR_MECHANISM_PARAM_INVALID,
            "no prf");
        CK_IKE_PRF_DERIVE_PARAMS params = {prfs[i].hmac, CK_TRUE, CK_TRUE, octets, 8, octets, 8, 1};
        CHECK(
            derive_with(CKM_IKE_PRF_DERIVE, &params, sizeof params, base, NULL, 0, &made) == CKR_ARGUMENTS_BAD,
            "both forms at once");
        params.bRekey = CK_FALSE;
        length = h - 1;
        CHECK(
            derive_with(CKM_IKE_PRF_DERIVE, &params, sizeof params, base, &template, 1, &made) == CKR_KEY_SIZE_RANGE,
            "shorter than the prf");
        CHECK(
            derive_with(CKM_IKE_PRF_DERIVE, &params, sizeof params, base, NULL, 0, &made) == CKR_OK &&
                key_type(made) == prfs[i].key,
            "the prf's own key type");
        key_unref(made);
        CK_IKE1_PRF_DERIVE_PARAMS ike1 = {prfs[i].hmac, CK_FALSE, 1, 0, octets, 8, octets, 8, 0};
        CHECK(
            derive_with(CKM_IKE1_PRF_DERIVE, &ike1, sizeof ike1, base, NULL, 0, &made) == CKR_TEMPLATE_INCOMPLETE,
            "no key type");
        CK_ULONG type = CKK_GENERIC_SECRET;
        CK_ATTRIBUTE both[] = {attribute(CKA_KEY_TYPE, &type, sizeof type), template};
        length = h + 1;
        CHECK(
            derive_with(CKM_IKE1_PRF_DERIVE, &ike1, sizeof ike1, base, both, 2, &made) == CKR_KEY_SIZE_RANGE,
            "longer than the prf");
        CHECK(
            derive_with(CKM_IKE1_PRF_DERIVE, &ike1, sizeof ike1 - 1, base, both, 1, &made) ==
                CKR_MECHANISM_PARAM_INVALID,
            "cut parameters");
        type = CKK_RSA;
        CHECK(
            derive_with(CKM_IKE1_PRF_DERIVE, &ike1, sizeof ike1, base, both, 1, &made) == CKR_TEMPLATE_INCONSISTENT,
            "RSA");
        CK_MECHANISM alone = mechanism(CKM_IKE1_PRF_DERIVE, &ike1, sizeof ike1);
        type = CKK_GENERIC_SECRET;
        CHECK(mechanism_derive(&alone, base, NULL, NULL, both, 1, &made) == CKR_KEY_HANDLE_INVALID, "no resolver");
        key_unref(base);
    }
    key_unref(handles[0]);
    handles[0] = NULL;
}

/* RFC 5869 appendix A, test cases 1 and 3 */
static void test_hkdf(void)
{
    uint8_t ikm[22];
    uint8_t salt[13];
    uint8_t info[10];
    memset(ikm, 0x0b, sizeof ikm);
    hex("000102030405060708090a0b0c", salt);
    hex("f0f1f2f3f4f5f6f7f8f9", info);
    struct key *base = secret_of(CKK_HKDF, ikm, sizeof ikm);
    CK_HKDF_PARAMS params = {CK_TRUE, CK_FALSE, CKM_SHA256, CKF_HKDF_SALT_DATA, salt, sizeof salt, 0, NULL, 0};
    struct key *prk = derived(CKM_HKDF_DERIVE, &params, sizeof params, base, CKK_HKDF, 0);
    CHECK(secret_is_hex(prk, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"), "PRK");
    CK_HKDF_PARAMS expand = {CK_FALSE, CK_TRUE, CKM_SHA256, 0, NULL, 0, 0, info, sizeof info};
    struct key *okm = derived(CKM_HKDF_DERIVE, &expand, sizeof expand, prk, CKK_GENERIC_SECRET, 42);
    static const char *const expected =
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    CHECK(secret_is_hex(okm, expected), "OKM");
    key_unref(okm);
    key_unref(prk);
    CK_HKDF_PARAMS at_once = {CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_KEY, NULL, 0, 1, info, sizeof info};
    handles[0] = secret_of(CKK_GENERIC_SECRET, salt, sizeof salt);
    okm = derived(CKM_HKDF_DERIVE, &at_once, sizeof at_once, base, CKK_GENERIC_SECRET, 42);
    CHECK(secret_is_hex(okm, expected), "OKM at once, the salt a key");
    key_unref(okm);
    key_unref(handles[0]);
    handles[0] = NULL;
    CK_HKDF_PARAMS plain = {CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0};
    okm = derived(CKM_HKDF_DATA, &plain, sizeof plain, base, CKK_GENERIC_SECRET, 42);
    CHECK(
        secret_is_hex(okm, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
        "no salt, no info");
    key_unref(okm);

    struct key *made;
    CK_ULONG length = 255 * 32 + 1;
    CK_ATTRIBUTE template = attribute(CKA_VALUE_LEN, &length, sizeof length);
    CHECK(
        derive_with(CKM_HKDF_DERIVE, &plain, sizeof plain, base, &template, 1, &made) == CKR_KEY_SIZE_RANGE,
        "256 blocks");
    length--;
    CHECK(derive_with(CKM_HKDF_DERIVE, &plain, sizeof plain, base, &template, 1, &made) == CKR_OK, "255 blocks");
    key_unref(made);
    length = 33;
    CHECK(
        derive_with(CKM_HKDF_DERIVE, &params, sizeof params, base, &template, 1, &made) == CKR_KEY_SIZE_RANGE,
        "an extraction of 33 octets");
    CK_HKDF_PARAMS hostile[] = {plain, plain, plain, plain, plain, plain};
    hostile[0].bExtract = hostile[0].bExpand = CK_FALSE;
    hostile[1].prfHashMechanism = CKM_SHA256_HMAC;
    hostile[2].ulSaltType = 99;
    hostile[3].ulInfoLen = 10;
    hostile[4].pInfo = info;
    hostile[4].ulInfoLen = (CK_ULONG)-1;
    hostile[5].ulSaltType = CKF_HKDF_SALT_DATA;
    for (size_t i = 0; i < COUNT(hostile); i++) {
        CHECK(
            derive_with(CKM_HKDF_DERIVE, &hostile[i], sizeof hostile[i], base, NULL, 0, &made) ==
                CKR_MECHANISM_PARAM_INVALID,
            "hostile %zu", i);
    }
    plain.ulSaltType = CKF_HKDF_SALT_KEY;
    plain.hSaltKey = 4;
    CHECK(
        derive_with(CKM_HKDF_DERIVE, &plain, sizeof plain, base, NULL, 0, &made) == CKR_KEY_HANDLE_INVALID,
        "no such salt key");
    key_unref(base);
}

static void test_cut_and_join(void)
{
    /* the example of PKCS#11 3.0 for CKM_EXTRACT_KEY_FROM_KEY */
    struct key *base = secret_of_hex(CKK_GENERIC_SECRET, "329f84a9");
    CK_ULONG position = 21;
    struct key *made = derived(CKM_EXTRACT_KEY_FROM_KEY, &position, sizeof position, base, CKK_GENERIC_SECRET, 2);
    CHECK(secret_is_hex(made, "9526"), "16 bits from bit 21");
    key_unref(made);
    position = 8;
    made = derived(CKM_EXTRACT_KEY_FROM_KEY, &position, sizeof position, base, CKK_GENERIC_SECRET, 4);
    CHECK(secret_is_hex(made, "9f84a932"), "around the end");
    key_unref(made);
    CK_ULONG length = 4;
    CK_ATTRIBUTE template = attribute(CKA_VALUE_LEN, &length, sizeof length);
    position = 32;
    CHECK(
        derive_with(CKM_EXTRACT_KEY_FROM_KEY, &position, sizeof position, base, &template, 1, &made) ==
            CKR_MECHANISM_PARAM_INVALID,
        "past the end");
    position = 0;
    length = 5;
    CHECK(
        derive_with(CKM_EXTRACT_KEY_FROM_KEY, &position, sizeof position, base, &template, 1, &made) ==
            CKR_KEY_SIZE_RANGE,
        "more than there is");
    CHECK(
        derive_with(CKM_EXTRACT_KEY_FROM_KEY, &position, sizeof position, base, NULL, 0, &made) ==
            CKR_TEMPLATE_INCOMPLETE,
        "no length");

    static uint8_t data[] = {1, 2, 3};
    CK_KEY_DERIVATION_STRING_DATA string = {data, sizeof data};
    made = derived(CKM_CONCATENATE_BASE_AND_DATA, &string, sizeof string, base, CKK_GENERIC_SECRET, 0);
    CHECK(secret_is_hex(made, "329f84a9010203"), "base and data");
    key_unref(made);
    made = derived(CKM_CONCATENATE_DATA_AND_BASE, &string, sizeof string, base, CKK_GENERIC_SECRET, 5);
    CHECK(secret_is_hex(made, "010203329f"), "data and base");
    key_unref(made);
    handles[1] = secret_of_hex(CKK_GENERIC_SECRET, "aabb");
    CK_OBJECT_HANDLE handle = 2;
    made = derived(CKM_CONCATENATE_BASE_AND_KEY, &handle, sizeof handle, base, CKK_GENERIC_SECRET, 0);
    CHECK(secret_is_hex(made, "329f84a9aabb"), "base and key");
    key_unref(made);
    handle = 1;
    CHECK(
        derive_with(CKM_CONCATENATE_BASE_AND_KEY, &handle, sizeof handle, base, NULL, 0, &made) ==
            CKR_KEY_HANDLE_INVALID,
        "no such key");
    string.string_data = NULL;
    CHECK(
        derive_with(CKM_CONCATENATE_BASE_AND_DATA, &string, sizeof string, base, NULL, 0, &made) ==
            CKR_MECHANISM_PARAM_INVALID,
        "NULL");
    CHECK(
        derive_with(CKM_CONCATENATE_BASE_AND_DATA, NULL, 0, base, NULL, 0, &made) == CKR_MECHANISM_PARAM_INVALID,
        "no parameter");
    CHECK(derive_with(CKM_SHA256, NULL, 0, base, NULL, 0, &made) == CKR_MECHANISM_INVALID, "no derivation");
    struct pair pair = pair_of_curve(CKM_EC_KEY_PAIR_GEN, ec_p256, sizeof ec_p256);
    static const CK_MECHANISM_TYPE of_secrets[] = {
        CKM_IKE_PRF_DERIVE, CKM_HKDF_DERIVE, CKM_EXTRACT_KEY_FROM_KEY, CKM_CONCATENATE_BASE_AND_DATA};
    for (size_t i = 0; i < COUNT(of_secrets); i++) {
        CHECK(
            derive_with(of_secrets[i], NULL, 0, pair.private, NULL, 0, &made) == CKR_KEY_TYPE_INCONSISTENT,
            "mechanism %lx of a private key", of_secrets[i]);
    }
    pair_free(&pair);
    key_unref(handles[1]);
    handles[1] = NULL;
    key_unref(base);
}

int main(void)
{
    test_known_agreements();
    test_agreements();
    test_known_ikev2();
    test_known_ikev1();
    test_ike();
    test_hkdf();
    test_cut_and_join();
    CHECK(ERR_peek_error() == 0, "left in the application's queue: %s", ERR_error_string(ERR_peek_error(), NULL));
    return checks_done();
}
