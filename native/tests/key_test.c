/* Keys: from templates, to and from DER, their attributes; what is refused. */
#include "keys.h"

#include <openssl/err.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>

static const uint8_t two[] = {2};

static size_t number_of(const EVP_PKEY *pkey, const char *name, uint8_t *out)
{
    BIGNUM *value = NULL;
    CHECK(EVP_PKEY_get_bn_param(pkey, name, &value) == 1, "%s", name);
    int length = BN_bn2bin(value, out);
    BN_clear_free(value);
    return (size_t)length;
}

/* RSA numbers of a key made by libcrypto, as a template. */
struct rsa_template {
    uint8_t octets[8][512];
    CK_ATTRIBUTE attributes[8];
};

static void rsa_numbers_of(const EVP_PKEY *pkey, struct rsa_template *template)
{
    static const char *const names[] = {OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
                                        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
                                              CKA_PRIME_2, CKA_EXPONENT_1,      CKA_EXPONENT_2,       CKA_COEFFICIENT};
    for (size_t i = 0; i < 8; i++) {
        template->attributes[i] =
            attribute(types[i], template->octets[i], number_of(pkey, names[i], template->octets[i]));
    }
}

static void check_same(const struct key *ours, const EVP_PKEY *theirs)
{
    EVP_PKEY *read = to_evp(ours);
    CHECK(EVP_PKEY_eq(read, theirs) == 1, "another key");
    EVP_PKEY_free(read);
}

static void test_rsa_templates(void)
{
    EVP_PKEY *theirs = EVP_RSA_gen(2048);
    struct rsa_template all;
    rsa_numbers_of(theirs, &all);
    struct key *key;
    uint8_t octets[512];

    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_RSA, all.attributes, 8, &key) == CKR_OK, "public");
    check_same(key, theirs);
    CK_ULONG bits = 0;
    CK_ULONG length = sizeof bits;
    CHECK(key_attribute(key, CKA_MODULUS_BITS, &bits, &length) == CKR_OK && bits == 2048, "%lu bits", bits);
    CHECK(key_component(key, CKA_PRIVATE_EXPONENT) == KEY_NO_COMPONENT, "a public key has no secret");
    key_unref(key);

    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_RSA, all.attributes, 8, &key) == CKR_OK, "all numbers");
    check_same(key, theirs);
    CHECK(key_component(key, CKA_MODULUS) == KEY_PUBLIC_COMPONENT, "n");
    for (size_t i = 2; i < 8; i++) {
        CHECK(key_component(key, all.attributes[i].type) == KEY_SECRET_COMPONENT, "number %zu", i);
        CHECK(
            component(key, all.attributes[i].type, octets, sizeof octets) == all.attributes[i].ulValueLen &&
                memcmp(octets, all.octets[i], all.attributes[i].ulValueLen) == 0,
            "number %zu", i);
    }
    length = component(key, CKA_PUBLIC_KEY_INFO, octets, sizeof octets);
    const uint8_t *at = octets;
    EVP_PKEY *info = d2i_PUBKEY(NULL, &at, (long)length);
    CHECK(info != NULL && EVP_PKEY_eq(info, theirs) == 1, "CKA_PUBLIC_KEY_INFO");
    EVP_PKEY_free(info);
    key_unref(key);

    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_RSA, all.attributes, 3, &key) == CKR_OK, "n, e, d");
    key_unref(key);
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_RSA, all.attributes, 5, &key) == CKR_OK, "n, e, d, p, q");
    check_same(key, theirs);
    key_unref(key);
    CK_ATTRIBUTE without_d[] = {all.attributes[0], all.attributes[1], all.attributes[3], all.attributes[4]};
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_RSA, without_d, 4, &key) == CKR_OK, "n, e, p, q");
    key_unref(key);
    CK_ATTRIBUTE without_e[] = {all.attributes[0], all.attributes[2], all.attributes[3], all.attributes[4]};
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_RSA, without_e, 4, &key) == CKR_OK, "n, d, p, q");
    check_same(key, theirs);
    key_unref(key);

    /* what is missing, and what is wrong */
    CHECK(
        key_from_template(CKO_PRIVATE_KEY, CKK_RSA, all.attributes, 2, &key) == CKR_TEMPLATE_INCOMPLETE && key == NULL,
        "n, e");
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_RSA, all.attributes, 1, &key) == CKR_TEMPLATE_INCOMPLETE, "n");
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_RSA, all.attributes, 1, &key) == CKR_TEMPLATE_INCOMPLETE, "n");
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_RSA, NULL, 0, &key) == CKR_TEMPLATE_INCOMPLETE, "nothing");
    for (size_t i = 0; i < 8; i++) {
        all.octets[i][all.attributes[i].ulValueLen - 1] ^= 2;
        CHECK(
            key_from_template(CKO_PRIVATE_KEY, CKK_RSA, all.attributes, 8, &key) == CKR_ATTRIBUTE_VALUE_INVALID,
            "number %zu changed", i);
        all.octets[i][all.attributes[i].ulValueLen - 1] ^= 2;
    }
    CK_ATTRIBUTE hostile = all.attributes[0];
    hostile.pValue = NULL;
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_RSA, &hostile, 1, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "NULL");
    hostile = all.attributes[0];
    hostile.ulValueLen = (CK_ULONG)-1;
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_RSA, &hostile, 1, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "endless");
    CK_ATTRIBUTE small[] = {all.attributes[0], all.attributes[1]};
    small[0].ulValueLen = 128;
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_RSA, small, 2, &key) == CKR_KEY_SIZE_RANGE, "1024 bits");
    CK_ATTRIBUTE wide[] = {all.attributes[0], all.attributes[0], all.attributes[2]};
    wide[1].type = CKA_PUBLIC_EXPONENT;
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_RSA, wide, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "e = n");
    EVP_PKEY_free(theirs);
}

static void check_der_round_trip(struct key *key)
{
    uint8_t *der;
    uint8_t *again;
    size_t length;
    size_t again_length;
    struct key *read;
    CHECK(key_to_der(key, &der, &length) == CKR_OK, "to DER");
    CHECK(key_from_der(key_class(key), key_type(key), der, length, &read) == CKR_OK, "from DER");
    CHECK(key_to_der(read, &again, &again_length) == CKR_OK, "to DER again");
    CHECK(length == again_length && memcmp(der, again, length) == 0, "another DER");
    key_unref(read);
    /* cut, prolonged, of another type */
    for (size_t cut = 0; cut < length; cut += 1 + cut / 16) {
        CHECK(key_from_der(key_class(key), key_type(key), der, cut, &read) != CKR_OK, "cut to %zu", cut);
    }
    uint8_t longer[4096] = {0};
    memcpy(longer, der, length);
    CHECK(key_from_der(key_class(key), key_type(key), longer, length + 1, &read) != CKR_OK, "one octet too many");
    CK_KEY_TYPE other = key_type(key) == CKK_RSA ? CKK_EC : CKK_RSA;
    CHECK(key_from_der(key_class(key), other, der, length, &read) != CKR_OK, "as a key of another type");
    secret_free(der, length);
    secret_free(again, again_length);
}

static void test_der(void)
{
    struct pair pairs[] = {
        pair_of_rsa(2048),
        pair_of_curve(CKM_EC_KEY_PAIR_GEN, ec_p256, sizeof ec_p256),
        pair_of_curve(CKM_EC_KEY_PAIR_GEN, ec_p384, sizeof ec_p384),
        pair_of_curve(CKM_EC_KEY_PAIR_GEN, ec_p521, sizeof ec_p521),
        pair_of_curve(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, ec_x25519, sizeof ec_x25519),
        pair_of_curve(CKM_EC_EDWARDS_KEY_PAIR_GEN, ec_ed25519, sizeof ec_ed25519),
        pair_of_group(2048),
        pair_of_group(4096)};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        check_der_round_trip(pairs[i].public);
        check_der_round_trip(pairs[i].private);
        EVP_PKEY *private = to_evp(pairs[i].private);
        EVP_PKEY *public = to_evp(pairs[i].public);
        CHECK(EVP_PKEY_eq(private, public) == 1, "pair %zu is no pair", i);
        EVP_PKEY_free(private);
        EVP_PKEY_free(public);
        pair_free(&pairs[i]);
    }
    uint8_t octets[300];
    RAND_bytes(octets, sizeof octets);
    struct key *secret = secret_of(CKK_SHA384_HMAC, octets, sizeof octets);
    check_der_round_trip(secret);
    key_unref(secret);
}

static void test_dh(void)
{
    const struct modp_group *group = modp_group_of_bits(2048);
    const uint8_t *prime = modp_group_prime(group);
    size_t octets = modp_group_octets(group);
    uint8_t value[257] = {0};
    value[256] = 5;
    CK_ATTRIBUTE template[] = {
        attribute(CKA_PRIME, prime, octets), attribute(CKA_BASE, two, 1), attribute(CKA_VALUE, value, sizeof value)};
    struct key *key;
    uint8_t out[512];
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_DH, template, 3, &key) == CKR_OK, "a public value with leading zeros");
    CHECK(component(key, CKA_VALUE, out, sizeof out) == octets && out[255] == 5 && out[0] == 0, "padded to the prime");
    CHECK(component(key, CKA_PUBLIC_KEY_INFO, out, sizeof out) == 0, "no info of DH");
    key_unref(key);
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_DH, template, 3, &key) == CKR_OK, "a small exponent");
    CK_ULONG bits = 0;
    CK_ULONG length = sizeof bits;
    CHECK(key_attribute(key, CKA_VALUE_BITS, &bits, &length) == CKR_OK && bits == 256, "%lu bits", bits);
    key_unref(key);
    value[256] = 1;
    CHECK(
        key_from_template(CKO_PUBLIC_KEY, CKK_DH, template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID && key == NULL,
        "y = 1");
    value[256] = 0;
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_DH, template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "y = 0");
    memcpy(value + 1, prime, octets);
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_DH, template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "y = p");
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_DH, template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "x = p");
    value[256]--;
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_DH, template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "y = p-1");
    template[0].ulValueLen--;
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_DH, template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "no group");

    /* CKA_VALUE_BITS: the group's least, more, odd counts, too few, too many */
    CK_MECHANISM generation = mechanism(CKM_DH_PKCS_KEY_PAIR_GEN, NULL, 0);
    template[0].ulValueLen = octets;
    static const struct {
        CK_ULONG bits;
        CK_RV rv;
    } asked[] = {
        {256, CKR_OK},
        {257, CKR_OK},
        {1000, CKR_OK},
        {2047, CKR_OK},
        {255, CKR_ATTRIBUTE_VALUE_INVALID},
        {2048, CKR_ATTRIBUTE_VALUE_INVALID},
        {0, CKR_ATTRIBUTE_VALUE_INVALID},
        {(CK_ULONG)-1, CKR_ATTRIBUTE_VALUE_INVALID}};
    for (size_t i = 0; i < COUNT(asked); i++) {
        CK_ATTRIBUTE private = attribute(CKA_VALUE_BITS, &asked[i].bits, sizeof asked[i].bits);
        struct pair pair;
        CK_RV rv = mechanism_generate_pair(&generation, template, 2, &private, 1, &pair.public, &pair.private);
        CHECK(rv == asked[i].rv, "%lu bits: %lx", asked[i].bits, rv);
        if (rv == CKR_OK) {
            length = sizeof bits;
            CHECK(
                key_attribute(pair.private, CKA_VALUE_BITS, &bits, &length) == CKR_OK && bits == asked[i].bits,
                "%lu bits", bits);
            EVP_PKEY *private_evp = to_evp(pair.private);
            EVP_PKEY *public_evp = to_evp(pair.public);
            CHECK(EVP_PKEY_eq(private_evp, public_evp) == 1, "no pair");
            EVP_PKEY_free(private_evp);
            EVP_PKEY_free(public_evp);
        }
        pair_free(&pair);
    }
}

/* RFC 6979 appendix A.2.5, RFC 8032 section 7.1 test 1, RFC 7748 section 6.1: the public value of a private one. */
static void test_ec(void)
{
    static const uint8_t curve25519[] = "\x13\x0a"
                                        "curve25519";
    static const uint8_t edwards25519[] = "\x13\x0c"
                                          "edwards25519";
    static const struct {
        CK_KEY_TYPE type;
        const uint8_t *params;
        size_t params_length;
        const char *private, *point;
    } known[] = {
        {CKK_EC, ec_p256, sizeof ec_p256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
         "044104"
         "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
         "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"},
        {CKK_EC_EDWARDS, edwards25519, sizeof edwards25519 - 1,
         "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "0420d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
        {CKK_EC_MONTGOMERY, curve25519, sizeof curve25519 - 1,
         "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "04208520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"},
    };
    uint8_t value[66];
    uint8_t out[200];
    struct key *key;
    for (size_t i = 0; i < COUNT(known); i++) {
        CK_ATTRIBUTE template[] = {
            attribute(CKA_EC_PARAMS, known[i].params, known[i].params_length),
            attribute(CKA_VALUE, value, hex(known[i].private, value))};
        CHECK(key_from_template(CKO_PRIVATE_KEY, known[i].type, template, 2, &key) == CKR_OK, "case %zu", i);
        size_t length = component(key, CKA_EC_POINT, out, sizeof out);
        CHECK(is_hex(out, length, known[i].point), "case %zu", i);
        CHECK(component(key, CKA_EC_PARAMS, out, sizeof out) < 11 && out[0] == 0x06, "CKA_EC_PARAMS is the OID");
        CHECK(key_component(key, CKA_VALUE) == KEY_SECRET_COMPONENT, "secret");
        key_unref(key);
        /* the public one, with and without its OCTET STRING */
        length = hex(known[i].point, out);
        for (size_t skip = 0; skip <= 2; skip += 2) {
            CK_ATTRIBUTE public[] = {template[0], attribute(CKA_EC_POINT, out + skip, length - skip)};
            CHECK(key_from_template(CKO_PUBLIC_KEY, known[i].type, public, 2, &key) == CKR_OK, "case %zu", i);
            key_unref(key);
            public[1].ulValueLen--;
            CHECK(
                key_from_template(CKO_PUBLIC_KEY, known[i].type, public, 2, &key) == CKR_ATTRIBUTE_VALUE_INVALID,
                "cut point");
        }
        template[1].ulValueLen--;
        CK_RV expected = known[i].type == CKK_EC ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
        CHECK(key_from_template(CKO_PRIVATE_KEY, known[i].type, template, 2, &key) == expected, "case %zu", i);
        key_unref(key);
    }
    static const uint8_t brainpool[] = {0x06, 0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07};
    CK_ATTRIBUTE template[] = {attribute(CKA_EC_PARAMS, brainpool, sizeof brainpool), attribute(CKA_VALUE, value, 32)};
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_EC, template, 2, &key) == CKR_CURVE_NOT_SUPPORTED, "brainpool");
    template[0] = attribute(CKA_EC_PARAMS, ec_x25519, sizeof ec_x25519);
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_EC, template, 2, &key) == CKR_CURVE_NOT_SUPPORTED, "X25519 as EC");

    /* scalars out of range, points off the curve */
    static const char *const order_p256 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    template[0] = attribute(CKA_EC_PARAMS, ec_p256, sizeof ec_p256);
    hex(order_p256, value);
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_EC, template, 2, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "n");
    value[31]--;
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_EC, template, 2, &key) == CKR_OK, "n-1");
    key_unref(key);
    memset(value, 0, sizeof value);
    CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_EC, template, 2, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "0");
    uint8_t point[65];
    hex(known[0].point + 4, point);
    CK_ATTRIBUTE public[] = {template[0], attribute(CKA_EC_POINT, point, sizeof point)};
    point[64] ^= 1;
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_EC, public, 2, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "off the curve");
    point[64] ^= 1;
    point[0] = 0x06;
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_EC, public, 2, &key) == CKR_ATTRIBUTE_VALUE_INVALID, "hybrid form");
}

static void test_secrets_and_rules(void)
{
    uint8_t octets[32];
    uint8_t out[32];
    RAND_bytes(octets, sizeof octets);
    struct key *key;
    CK_ULONG length = 31;
    CK_ATTRIBUTE template[] = {
        attribute(CKA_VALUE, octets, sizeof octets), attribute(CKA_VALUE_LEN, &length, sizeof length)};
    CHECK(key_from_template(CKO_SECRET_KEY, CKK_GENERIC_SECRET, template, 1, &key) == CKR_OK, "secret");
    CHECK(secret_is(key, octets, sizeof octets), "octets");
    key_unref(key);
    CHECK(
        key_from_template(CKO_SECRET_KEY, CKK_GENERIC_SECRET, template, 2, &key) == CKR_TEMPLATE_INCONSISTENT,
        "a length that is not the value's");
    CHECK(key_from_template(CKO_SECRET_KEY, CKK_AES, template, 1, &key) == CKR_TEMPLATE_INCONSISTENT, "AES");
    CHECK(key_from_template(CKO_DATA, CKK_RSA, template, 1, &key) == CKR_TEMPLATE_INCONSISTENT, "no key at all");
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_DSA, template, 1, &key) == CKR_TEMPLATE_INCONSISTENT, "DSA");
    CHECK(key_from_secret(CKK_GENERIC_SECRET, octets, 0, &key) == CKR_KEY_SIZE_RANGE, "empty");

    key = secret_of(CKK_SHA256_HMAC, octets, sizeof octets);
    CHECK(key_component(key, CKA_VALUE) == KEY_SECRET_COMPONENT, "secret");
    CHECK(key_component(key, CKA_VALUE_LEN) == KEY_PUBLIC_COMPONENT, "length");
    CHECK(key_component(key, CKA_PUBLIC_KEY_INFO) == KEY_NO_COMPONENT, "no public key");
    CHECK(key_component(key, CKA_LABEL) == KEY_NO_COMPONENT, "label");
    length = 0;
    CHECK(key_attribute(key, CKA_VALUE, NULL, &length) == CKR_OK && length == 32, "asked for the length");
    length = 31;
    CHECK(
        key_attribute(key, CKA_VALUE, out, &length) == CKR_BUFFER_TOO_SMALL && length == CK_UNAVAILABLE_INFORMATION,
        "too small");
    length = sizeof out;
    CHECK(
        key_attribute(key, CKA_LABEL, out, &length) == CKR_ATTRIBUTE_TYPE_INVALID &&
            length == CK_UNAVAILABLE_INFORMATION,
        "no such attribute");
    CHECK(key_ref(key) == key, "counted");
    key_unref(key);
    length = sizeof out;
    CHECK(key_attribute(key, CKA_VALUE, out, &length) == CKR_OK && memcmp(out, octets, 32) == 0, "still there");
    key_unref(key);
    key_unref(NULL);
}

int main(void)
{
    test_rsa_templates();
    test_der();
    test_dh();
    test_ec();
    test_secrets_and_rules();
    CHECK(ERR_peek_error() == 0, "left in the application's queue: %s", ERR_error_string(ERR_peek_error(), NULL));
    return checks_done();
}
