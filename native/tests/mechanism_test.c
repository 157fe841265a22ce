/* Operations: known answers, every mechanism against libcrypto both ways, hostile parameters, the rules of lengths. */
#include "keys.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

static const struct {
    const char *name;
    CK_MECHANISM_TYPE digest, hmac, hmac_general, pkcs, pss, ecdsa;
    CK_ULONG mgf;
    CK_KEY_TYPE hmac_key;
} hash_rows[] = {
    {"SHA1", CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS,
     CKM_ECDSA_SHA1, CKG_MGF1_SHA1, CKK_SHA_1_HMAC},
    {"SHA224", CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS,
     CKM_ECDSA_SHA224, CKG_MGF1_SHA224, CKK_SHA224_HMAC},
    {"SHA256", CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS,
     CKM_ECDSA_SHA256, CKG_MGF1_SHA256, CKK_SHA256_HMAC},
    {"SHA384", CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS,
     CKM_ECDSA_SHA384, CKG_MGF1_SHA384, CKK_SHA384_HMAC},
    {"SHA512", CKM_SHA512, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS,
     CKM_ECDSA_SHA512, CKG_MGF1_SHA512, CKK_SHA512_HMAC},
};
#define HASHES COUNT(hash_rows)

static const EVP_MD *md_of(size_t row)
{
    return EVP_get_digestbyname(hash_rows[row].name);
}

static size_t digest_of(size_t row, const uint8_t *data, size_t length, uint8_t *out)
{
    unsigned made = 0;
    CHECK(EVP_Digest(data, length, out, &made, md_of(row), NULL) == 1, "%s", hash_rows[row].name);
    return made;
}

/* RFC 2202 section 3 and RFC 4231 section 4: test cases 2 (a key shorter than the hash) and 6 (longer than a block) */
static void test_known_hmac(void)
{
    static const char *const jefe[HASHES] = {
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b"
        "4b636e070a38bce737"};
    static const char text[] = "what do ya want for nothing?";
    uint8_t mac[64];
    for (size_t i = 0; i < HASHES; i++) {
        struct key *key = secret_of(CKK_GENERIC_SECRET, (const uint8_t *)"Jefe", 4);
        CK_MECHANISM with = mechanism(hash_rows[i].hmac, NULL, 0);
        CK_ULONG length = sizeof mac;
        CHECK(
            run(OPERATION_SIGN, &with, key, (const uint8_t *)text, strlen(text), mac, &length) == CKR_OK &&
                is_hex(mac, length, jefe[i]),
            "%s", hash_rows[i].name);
        key_unref(key);
    }
    uint8_t long_key[131];
    memset(long_key, 0xaa, sizeof long_key);
    static const char long_text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    struct key *key = secret_of(CKK_SHA256_HMAC, long_key, sizeof long_key);
    CK_MECHANISM with = mechanism(CKM_SHA256_HMAC, NULL, 0);
    CK_ULONG length = sizeof mac;
    CHECK(
        run(OPERATION_SIGN, &with, key, (const uint8_t *)long_text, strlen(long_text), mac, &length) == CKR_OK &&
            is_hex(mac, length, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        "RFC 4231 test case 6");
    key_unref(key);
}

static void test_known_signatures(void)
{
    /* RFC 6979 appendix A.2.5: P-256, SHA-256, "sample" */
    uint8_t value[66];
    uint8_t signature[64];
    uint8_t point[65];
    struct key *key;
    hex("04"
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
        point);
    hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        signature);
    CK_ATTRIBUTE public[] = {
        attribute(CKA_EC_PARAMS, ec_p256, sizeof ec_p256), attribute(CKA_EC_POINT, point, sizeof point)};
    CHECK(key_from_template(CKO_PUBLIC_KEY, CKK_EC, public, 2, &key) == CKR_OK, "public key");
    CK_MECHANISM with = mechanism(CKM_ECDSA_SHA256, NULL, 0);
    CHECK(verify(&with, key, (const uint8_t *)"sample", 6, signature, 64) == CKR_OK, "RFC 6979");
    CHECK(verify(&with, key, (const uint8_t *)"simple", 6, signature, 64) == CKR_SIGNATURE_INVALID, "other data");
    key_unref(key);

    /* RFC 8032 section 7.1, tests 1 and 2 */
    static const struct {
        const char *secret, *message, *signature;
    } ed25519[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
         "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    };
    for (size_t i = 0; i < COUNT(ed25519); i++) {
        uint8_t message[4];
        size_t length = hex(ed25519[i].message, message);
        CK_ATTRIBUTE private[] = {
            attribute(CKA_EC_PARAMS, ec_ed25519, sizeof ec_ed25519),
            attribute(CKA_VALUE, value, hex(ed25519[i].secret, value))};
        CHECK(key_from_template(CKO_PRIVATE_KEY, CKK_EC_EDWARDS, private, 2, &key) == CKR_OK, "private key");
        with = mechanism(CKM_EDDSA, NULL, 0);
        CK_ULONG made = sizeof signature;
        CHECK(
            run(OPERATION_SIGN, &with, key, message, length, signature, &made) == CKR_OK &&
                is_hex(signature, made, ed25519[i].signature),
            "RFC 8032 test %zu", i + 1);
        key_unref(key);
    }
}

static void test_digests(void)
{
    uint8_t data[1000];
    uint8_t expected[64];
    uint8_t digest[64];
    RAND_bytes(data, sizeof data);
    for (size_t i = 0; i < HASHES; i++) {
        CK_MECHANISM with = mechanism(hash_rows[i].digest, NULL, 0);
        for (size_t length = 0; length <= sizeof data; length += 1 + length / 3) {
            size_t size = digest_of(i, data, length, expected);
            CK_ULONG made = sizeof digest;
            CHECK(
                run(OPERATION_DIGEST, &with, NULL, data, length, digest, &made) == CKR_OK && made == size &&
                    memcmp(digest, expected, size) == 0,
                "%s of %zu octets", hash_rows[i].name, length);
            /* in parts, the last of them with the end */
            struct operation *operation;
            CHECK(operation_begin(OPERATION_DIGEST, &with, NULL, &operation) == CKR_OK, "begin");
            size_t cut = length / 3;
            CHECK(operation_update(operation, data, cut) == CKR_OK, "update");
            CHECK(operation_update(operation, NULL, 0) == CKR_OK, "nothing");
            CHECK(operation_update(operation, NULL, 1) == CKR_ARGUMENTS_BAD, "NULL");
            CHECK(operation_update(operation, data + cut, cut) == CKR_OK, "update");
            made = 0;
            CHECK(
                operation_finish(operation, data + 2 * cut, length - 2 * cut, false, NULL, &made) == CKR_OK &&
                    made == size,
                "asked for the length");
            made = size - 1;
            CHECK(
                operation_finish(operation, data + 2 * cut, length - 2 * cut, false, digest, &made) ==
                        CKR_BUFFER_TOO_SMALL &&
                    made == size,
                "too small");
            CHECK(
                operation_finish(operation, data + 2 * cut, length - 2 * cut, false, digest, &made) == CKR_OK &&
                    made == size && memcmp(digest, expected, size) == 0,
                "%s of %zu octets in parts", hash_rows[i].name, length);
            operation_free(operation);
        }
        /* C_DigestKey: the octets, wherever they come */
        struct key *key = secret_of(CKK_GENERIC_SECRET, data + 100, 500);
        struct operation *operation;
        CHECK(operation_begin(OPERATION_DIGEST, &with, NULL, &operation) == CKR_OK, "begin");
        CHECK(operation_update(operation, data, 100) == CKR_OK, "update");
        CHECK(operation_digest_key(operation, key) == CKR_OK, "key");
        CK_ULONG made = sizeof digest;
        size_t size = digest_of(i, data, sizeof data, expected);
        CHECK(
            operation_finish(operation, data + 600, 400, false, digest, &made) == CKR_OK &&
                memcmp(digest, expected, size) == 0,
            "%s with a key", hash_rows[i].name);
        operation_free(operation);
        key_unref(key);
    }
    struct pair pair = pair_of_curve(CKM_EC_KEY_PAIR_GEN, ec_p256, sizeof ec_p256);
    struct operation *operation;
    CK_MECHANISM with = mechanism(CKM_SHA256, NULL, 0);
    CHECK(operation_begin(OPERATION_DIGEST, &with, NULL, &operation) == CKR_OK, "begin");
    CHECK(operation_digest_key(operation, pair.private) == CKR_KEY_INDIGESTIBLE, "a private key");
    operation_free(operation);
    pair_free(&pair);
    with = mechanism(CKM_MD5, NULL, 0);
    CHECK(operation_begin(OPERATION_DIGEST, &with, NULL, &operation) == CKR_MECHANISM_INVALID, "MD5");
    with = mechanism(CKM_SHA256, "", 1);
    CHECK(operation_begin(OPERATION_DIGEST, &with, NULL, &operation) == CKR_MECHANISM_PARAM_INVALID, "a parameter");
    operation_free(NULL);
}

static void test_hmac(void)
{
    uint8_t data[300];
    uint8_t octets[200];
    uint8_t expected[64];
    uint8_t mac[64];
    RAND_bytes(data, sizeof data);
    RAND_bytes(octets, sizeof octets);
    for (size_t i = 0; i < HASHES; i++) {
        CK_MECHANISM with = mechanism(hash_rows[i].hmac, NULL, 0);
        for (size_t key_length = 1; key_length <= sizeof octets; key_length += 13) {
            struct key *key = secret_of(hash_rows[i].hmac_key, octets, key_length);
            unsigned size = 0;
            HMAC(md_of(i), octets, (int)key_length, data, sizeof data, expected, &size);
            CK_ULONG made = sizeof mac;
            CHECK(
                run(OPERATION_SIGN, &with, key, data, sizeof data, mac, &made) == CKR_OK && made == size &&
                    memcmp(mac, expected, size) == 0,
                "%s", hash_rows[i].name);
            CHECK(verify(&with, key, data, sizeof data, mac, made) == CKR_OK, "verifies");
            CHECK(verify(&with, key, data, sizeof data, mac, made - 1) == CKR_SIGNATURE_LEN_RANGE, "cut");
            mac[made - 1] ^= 1;
            CHECK(verify(&with, key, data, sizeof data, mac, made) == CKR_SIGNATURE_INVALID, "changed");
            CK_ULONG part = size / 2;
            CK_MECHANISM general = mechanism(hash_rows[i].hmac_general, &part, sizeof part);
            made = sizeof mac;
            CHECK(
                run(OPERATION_SIGN, &general, key, data, sizeof data, mac, &made) == CKR_OK && made == part &&
                    memcmp(mac, expected, part) == 0,
                "half of it");
            CHECK(verify(&general, key, data, sizeof data, mac, part) == CKR_OK, "verifies");
            key_unref(key);
        }
        struct operation *operation;
        struct key *key = secret_of(hash_rows[(i + 1) % HASHES].hmac_key, octets, 32);
        CHECK(operation_begin(OPERATION_SIGN, &with, key, &operation) == CKR_KEY_TYPE_INCONSISTENT, "another hash");
        CHECK(operation_begin(OPERATION_ENCRYPT, &with, key, &operation) == CKR_MECHANISM_INVALID, "encrypt");
        static const CK_ULONG lengths[] = {0, 65, (CK_ULONG)-1};
        for (size_t j = 0; j < COUNT(lengths); j++) {
            CK_MECHANISM general = mechanism(hash_rows[i].hmac_general, &lengths[j], sizeof lengths[j]);
            CHECK(
                operation_begin(OPERATION_SIGN, &general, key, &operation) == CKR_MECHANISM_PARAM_INVALID, "%lu octets",
                lengths[j]);
        }
        CK_MECHANISM general = mechanism(hash_rows[i].hmac_general, NULL, sizeof(CK_ULONG));
        CHECK(operation_begin(OPERATION_SIGN, &general, key, &operation) == CKR_MECHANISM_PARAM_INVALID, "NULL");
        key_unref(key);
    }
}

/* A libcrypto context for RSA with a padding; PSS and OAEP with their hashes. */
static EVP_PKEY_CTX *
rsa_context(EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *), int padding, const EVP_MD *digest, const EVP_MD *mgf, int salt)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    CHECK(init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, padding) == 1, "padding %d", padding);
    if (padding == RSA_PKCS1_OAEP_PADDING) {
        CHECK(EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) == 1, "hash");
        CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md(context, mgf) == 1, "mgf");
    } else if (digest != NULL) {
        CHECK(EVP_PKEY_CTX_set_signature_md(context, digest) == 1, "hash");
    }
    if (padding == RSA_PKCS1_PSS_PADDING) {
        CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md(context, mgf) == 1, "mgf");
        CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1, "salt");
    }
    return context;
}

/*
 * One signature scheme both ways: ours verified by libcrypto, libcrypto's by us; then what must not verify. data is
 * what our mechanism takes, digest what libcrypto's does.
 */
static void check_rsa_signature(
    const struct pair *ours, EVP_PKEY *theirs, const CK_MECHANISM *with, const uint8_t *data, size_t length,
    const uint8_t *digest, size_t digest_length, int padding, const EVP_MD *md, const EVP_MD *mgf, int salt)
{
    size_t k = (size_t)EVP_PKEY_get_size(theirs);
    uint8_t signature[512];
    CK_ULONG made = 0;
    CHECK(run(OPERATION_SIGN, with, ours->private, data, length, NULL, &made) == CKR_OK && made == k, "length");
    made = k - 1;
    CHECK(
        run(OPERATION_SIGN, with, ours->private, data, length, signature, &made) == CKR_BUFFER_TOO_SMALL && made == k,
        "too small");
    CHECK(run(OPERATION_SIGN, with, ours->private, data, length, signature, &made) == CKR_OK && made == k, "sign");
    EVP_PKEY_CTX *context = rsa_context(theirs, EVP_PKEY_verify_init, padding, md, mgf, salt);
    CHECK(EVP_PKEY_verify(context, signature, made, digest, digest_length) == 1, "mechanism %lx", with->mechanism);
    EVP_PKEY_CTX_free(context);
    CHECK(verify(with, ours->public, data, length, signature, made) == CKR_OK, "our own");
    signature[made / 2] ^= 1;
    CHECK(verify(with, ours->public, data, length, signature, made) == CKR_SIGNATURE_INVALID, "changed");
    CHECK(verify(with, ours->public, data, length, signature, made - 1) == CKR_SIGNATURE_LEN_RANGE, "cut");
    memset(signature, 0xff, made);
    CHECK(verify(with, ours->public, data, length, signature, made) == CKR_SIGNATURE_INVALID, "above n");
    context = rsa_context(theirs, EVP_PKEY_sign_init, padding, md, mgf, salt);
    size_t theirs_made = sizeof signature;
    CHECK(EVP_PKEY_sign(context, signature, &theirs_made, digest, digest_length) == 1, "libcrypto signs");
    EVP_PKEY_CTX_free(context);
    CHECK(verify(with, ours->public, data, length, signature, theirs_made) == CKR_OK, "libcrypto's");
}

static void test_rsa_signatures(const struct pair *pair)
{
    EVP_PKEY *theirs = to_evp(pair->private);
    size_t k = (size_t)EVP_PKEY_get_size(theirs);
    uint8_t data[700];
    uint8_t digest[64];
    RAND_bytes(data, sizeof data);
    data[0] = 0; /* raw RSA: below n */
    CK_MECHANISM with = mechanism(CKM_RSA_PKCS, NULL, 0);
    for (size_t length = 1; length <= k - 11; length += length < 2 ? 1 : 61) {
        check_rsa_signature(pair, theirs, &with, data, length, data, length, RSA_PKCS1_PADDING, NULL, NULL, 0);
    }
    check_rsa_signature(pair, theirs, &with, data, k - 11, data, k - 11, RSA_PKCS1_PADDING, NULL, NULL, 0);
    uint8_t signature[512];
    CK_ULONG made = sizeof signature;
    CHECK(run(OPERATION_SIGN, &with, pair->private, data, k - 10, signature, &made) == CKR_DATA_LEN_RANGE, "too long");
    with = mechanism(CKM_RSA_X_509, NULL, 0);
    check_rsa_signature(pair, theirs, &with, data, k, data, k, RSA_NO_PADDING, NULL, NULL, 0);
    uint8_t padded[512] = {0};
    memcpy(padded + k - 20, data, 20);
    check_rsa_signature(pair, theirs, &with, data, 20, padded, k, RSA_NO_PADDING, NULL, NULL, 0);
    made = sizeof signature;
    CHECK(run(OPERATION_SIGN, &with, pair->private, data, k + 1, signature, &made) == CKR_DATA_LEN_RANGE, "too long");
    memset(padded, 0xff, sizeof padded);
    made = sizeof signature;
    CHECK(run(OPERATION_SIGN, &with, pair->private, padded, k, signature, &made) == CKR_DATA_INVALID, "above n");

    for (size_t i = 0; i < HASHES; i++) {
        size_t size = digest_of(i, data, sizeof data, digest);
        with = mechanism(hash_rows[i].pkcs, NULL, 0);
        check_rsa_signature(pair, theirs, &with, data, sizeof data, digest, size, RSA_PKCS1_PADDING, md_of(i), NULL, 0);
        for (size_t j = 0; j < HASHES; j++) {
            if (k > 256 && j != i) {
                continue; /* every pair of hashes at one size is enough */
            }
            const size_t salts[] = {0, 1, size, k - size - 2};
            CK_RSA_PKCS_PSS_PARAMS params = {hash_rows[i].digest, hash_rows[j].mgf, salts[(i + j) % 4]};
            with = mechanism(CKM_RSA_PKCS_PSS, &params, sizeof params);
            check_rsa_signature(
                pair, theirs, &with, digest, size, digest, size, RSA_PKCS1_PSS_PADDING, md_of(i), md_of(j),
                (int)params.s_len);
            made = sizeof signature;
            CHECK(
                run(OPERATION_SIGN, &with, pair->private, digest, size - 1, signature, &made) == CKR_DATA_LEN_RANGE,
                "no digest");
            with = mechanism(hash_rows[i].pss, &params, sizeof params);
            check_rsa_signature(
                pair, theirs, &with, data, sizeof data, digest, size, RSA_PKCS1_PSS_PADDING, md_of(i), md_of(j),
                (int)params.s_len);
            /* a signature with another salt length does not verify */
            made = sizeof signature;
            CHECK(run(OPERATION_SIGN, &with, pair->private, data, sizeof data, signature, &made) == CKR_OK, "signs");
            params.s_len = params.s_len == 5 ? 6 : 5;
            CHECK(
                verify(&with, pair->public, data, sizeof data, signature, made) == CKR_SIGNATURE_INVALID,
                "another salt length");
        }
        /* hostile parameters */
        struct operation *operation;
        CK_RSA_PKCS_PSS_PARAMS params = {hash_rows[i].digest, hash_rows[i].mgf, k - size - 1};
        with = mechanism(hash_rows[i].pss, &params, sizeof params);
        CHECK(
            operation_begin(OPERATION_SIGN, &with, pair->private, &operation) == CKR_MECHANISM_PARAM_INVALID,
            "too long a salt");
        params.s_len = (CK_ULONG)-1;
        CHECK(
            operation_begin(OPERATION_VERIFY, &with, pair->public, &operation) == CKR_MECHANISM_PARAM_INVALID,
            "endless salt");
        params.s_len = 20;
        params.hash_alg = hash_rows[(i + 1) % HASHES].digest;
        CHECK(
            operation_begin(OPERATION_SIGN, &with, pair->private, &operation) == CKR_MECHANISM_PARAM_INVALID,
            "another hash");
        params.hash_alg = CKM_MD5;
        CHECK(operation_begin(OPERATION_SIGN, &with, pair->private, &operation) == CKR_MECHANISM_PARAM_INVALID, "MD5");
        params.hash_alg = hash_rows[i].digest;
        params.mgf = 99;
        CHECK(operation_begin(OPERATION_SIGN, &with, pair->private, &operation) == CKR_MECHANISM_PARAM_INVALID, "mgf");
        with.ulParameterLen--;
        CHECK(operation_begin(OPERATION_SIGN, &with, pair->private, &operation) == CKR_MECHANISM_PARAM_INVALID, "cut");
        with = mechanism(hash_rows[i].pss, NULL, sizeof params);
        CHECK(operation_begin(OPERATION_SIGN, &with, pair->private, &operation) == CKR_MECHANISM_PARAM_INVALID, "NULL");
        with = mechanism(hash_rows[i].pkcs, NULL, 0);
        CHECK(
            operation_begin(OPERATION_SIGN, &with, pair->public, &operation) == CKR_KEY_TYPE_INCONSISTENT,
            "signing with a public key");
        CHECK(
            operation_begin(OPERATION_VERIFY, &with, pair->private, &operation) == CKR_KEY_TYPE_INCONSISTENT,
            "verifying with a private key");
        CHECK(
            operation_begin(OPERATION_DECRYPT, &with, pair->private, &operation) == CKR_MECHANISM_INVALID,
            "decrypting with a signature");
    }

    /* in parts */
    with = mechanism(CKM_SHA256_RSA_PKCS, NULL, 0);
    struct operation *operation;
    CHECK(operation_begin(OPERATION_SIGN, &with, pair->private, &operation) == CKR_OK, "begin");
    CHECK(operation_update(operation, data, 100) == CKR_OK, "update");
    made = sizeof signature;
    CHECK(operation_finish(operation, data + 100, 600, false, signature, &made) == CKR_OK && made == k, "end");
    operation_free(operation);
    CHECK(verify(&with, pair->public, data, sizeof data, signature, made) == CKR_OK, "in parts");
    CHECK(operation_begin(OPERATION_VERIFY, &with, pair->public, &operation) == CKR_OK, "begin");
    CHECK(operation_update(operation, data, sizeof data) == CKR_OK, "update");
    CHECK(operation_verify(operation, NULL, 0, signature, made) == CKR_OK, "in parts");
    operation_free(operation);
    with = mechanism(CKM_RSA_PKCS, NULL, 0);
    CHECK(operation_begin(OPERATION_SIGN, &with, pair->private, &operation) == CKR_OK, "begin");
    CHECK(operation_update(operation, data, 10) == CKR_FUNCTION_NOT_SUPPORTED, "single-part");
    CHECK(operation_finish(operation, NULL, 0, false, signature, &made) == CKR_FUNCTION_NOT_SUPPORTED, "single-part");
    operation_free(operation);
    EVP_PKEY_free(theirs);
}

static CK_RV
decrypt(const CK_MECHANISM *with, struct key *key, const uint8_t *in, size_t k, uint8_t *out, size_t *length)
{
    CK_ULONG made = 512;
    CK_RV rv = run(OPERATION_DECRYPT, with, key, in, k, out, &made);
    *length = made;
    return rv;
}

static void test_rsa_encryption(const struct pair *pair)
{
    EVP_PKEY *theirs = to_evp(pair->private);
    size_t k = (size_t)EVP_PKEY_get_size(theirs);
    uint8_t data[512];
    uint8_t sealed[512];
    uint8_t opened[512];
    size_t length;
    CK_ULONG made;
    RAND_bytes(data, sizeof data);
    data[0] = 0;

    CK_MECHANISM with = mechanism(CKM_RSA_PKCS, NULL, 0);
    for (size_t size = 0; size <= k - 11; size = size == k - 11 ? k : size + 49 > k - 11 ? k - 11 : size + 49) {
        made = sizeof sealed;
        CHECK(run(OPERATION_ENCRYPT, &with, pair->public, data, size, sealed, &made) == CKR_OK && made == k, "seal");
        EVP_PKEY_CTX *context = rsa_context(theirs, EVP_PKEY_decrypt_init, RSA_PKCS1_PADDING, NULL, NULL, 0);
        size_t theirs_made = sizeof opened;
        CHECK(
            EVP_PKEY_decrypt(context, opened, &theirs_made, sealed, made) == 1 && theirs_made == size &&
                memcmp(opened, data, size) == 0,
            "libcrypto opens %zu octets", size);
        EVP_PKEY_CTX_free(context);
        context = rsa_context(theirs, EVP_PKEY_encrypt_init, RSA_PKCS1_PADDING, NULL, NULL, 0);
        theirs_made = sizeof sealed;
        CHECK(EVP_PKEY_encrypt(context, sealed, &theirs_made, data, size) == 1, "libcrypto seals");
        EVP_PKEY_CTX_free(context);
        CHECK(
            decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_OK && length == size &&
                memcmp(opened, data, size) == 0,
            "we open %zu octets", size);
        /* room: asked for, too small, just enough; a failed call leaves the operation as it was */
        struct operation *operation;
        CHECK(operation_begin(OPERATION_DECRYPT, &with, pair->private, &operation) == CKR_OK, "begin");
        CHECK(operation_finish(operation, sealed, k, true, NULL, &made) == CKR_OK && made == k - 11, "at most");
        if (size > 0) {
            made = size - 1;
            CHECK(
                operation_finish(operation, sealed, k, true, opened, &made) == CKR_BUFFER_TOO_SMALL && made == size,
                "too small");
        }
        made = size;
        CHECK(
            operation_finish(operation, sealed, k, true, opened, &made) == CKR_OK && made == size &&
                memcmp(opened, data, size) == 0,
            "just enough");
        operation_free(operation);
    }
    made = sizeof sealed;
    CHECK(run(OPERATION_ENCRYPT, &with, pair->public, data, k - 10, sealed, &made) == CKR_DATA_LEN_RANGE, "too long");
    CHECK(decrypt(&with, pair->private, sealed, k - 1, opened, &length) == CKR_ENCRYPTED_DATA_LEN_RANGE, "cut");
    memset(sealed, 0xff, k);
    CHECK(decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_ENCRYPTED_DATA_INVALID, "above n");

    with = mechanism(CKM_RSA_X_509, NULL, 0);
    made = sizeof sealed;
    CHECK(run(OPERATION_ENCRYPT, &with, pair->public, data, k, sealed, &made) == CKR_OK && made == k, "raw");
    CHECK(
        decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_OK && length == k &&
            memcmp(opened, data, k) == 0,
        "raw");

    for (size_t i = 0; i < HASHES; i++) {
        for (size_t j = 0; j < HASHES; j++) {
            if (k > 256 && j != i) {
                continue;
            }
            size_t size = (size_t)EVP_MD_get_size(md_of(i));
            size_t label_length = (i + j) % 2 == 0 ? 0 : 37;
            CK_RSA_PKCS_OAEP_PARAMS params = {
                hash_rows[i].digest, hash_rows[j].mgf, label_length == 0 ? 0 : CKZ_DATA_SPECIFIED, data + 100,
                label_length};
            with = mechanism(CKM_RSA_PKCS_OAEP, &params, sizeof params);
            size_t most = k - 2 * size - 2;
            const size_t sizes[] = {0, 1, most / 2, most};
            for (size_t s = 0; s < COUNT(sizes); s++) {
                made = sizeof sealed;
                CHECK(
                    run(OPERATION_ENCRYPT, &with, pair->public, data, sizes[s], sealed, &made) == CKR_OK && made == k,
                    "seal");
                for (int own = 0; own < 2; own++) {
                    EVP_PKEY_CTX *context = rsa_context(
                        theirs, own ? EVP_PKEY_decrypt_init : EVP_PKEY_encrypt_init, RSA_PKCS1_OAEP_PADDING, md_of(i),
                        md_of(j), 0);
                    if (label_length > 0) {
                        void *label = OPENSSL_memdup(data + 100, label_length);
                        CHECK(EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, (int)label_length) == 1, "label");
                    }
                    size_t theirs_made = sizeof sealed;
                    if (own) {
                        CHECK(
                            EVP_PKEY_decrypt(context, opened, &theirs_made, sealed, k) == 1 &&
                                theirs_made == sizes[s] && memcmp(opened, data, theirs_made) == 0,
                            "libcrypto opens");
                    } else {
                        CHECK(EVP_PKEY_encrypt(context, sealed, &theirs_made, data, sizes[s]) == 1, "libcrypto seals");
                    }
                    EVP_PKEY_CTX_free(context);
                    CHECK(
                        decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_OK && length == sizes[s] &&
                            memcmp(opened, data, length) == 0,
                        "we open");
                }
            }
            made = sizeof sealed;
            CHECK(
                run(OPERATION_ENCRYPT, &with, pair->public, data, most + 1, sealed, &made) == CKR_DATA_LEN_RANGE,
                "too long");
            made = sizeof sealed;
            CHECK(run(OPERATION_ENCRYPT, &with, pair->public, data, 16, sealed, &made) == CKR_OK, "seal");
            sealed[k - 1] ^= 1;
            CHECK(decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_ENCRYPTED_DATA_INVALID, "changed");
            sealed[k - 1] ^= 1;
            params.source = CKZ_DATA_SPECIFIED;
            params.source_data_len = label_length + 1;
            CHECK(
                decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_ENCRYPTED_DATA_INVALID,
                "another label");
            params.source_data = NULL;
            CHECK(decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_MECHANISM_PARAM_INVALID, "no label");
            params.source_data = data;
            params.source_data_len = (CK_ULONG)-1;
            CHECK(decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_MECHANISM_PARAM_INVALID, "endless");
        }
    }
    EVP_PKEY_free(theirs);
}

/* What draft-irtf-cfrg-rsa-guidance makes of a ciphertext, computed from the private exponent by other means. */
static size_t rejected(const struct key *key, const uint8_t *sealed, size_t k, uint8_t *out)
{
    uint8_t d[512];
    uint8_t padded[512] = {0};
    uint8_t secret[32];
    uint8_t stream[512 + 32];
    size_t length = component(key, CKA_PRIVATE_EXPONENT, d, sizeof d);
    memcpy(padded + k - length, d, length);
    unsigned size = 0;
    EVP_Digest(padded, k, secret, &size, EVP_sha256(), NULL);
    HMAC(EVP_sha256(), secret, 32, sealed, k, padded, &size);
    memcpy(secret, padded, 32);
    size_t chosen = 0;
    for (int pass = 0; pass < 2; pass++) {
        const char *label = pass == 0 ? "length" : "message";
        size_t wanted = pass == 0 ? 256 : k;
        for (size_t i = 0; i * 32 < wanted; i++) {
            uint8_t text[16];
            text[0] = (uint8_t)(i >> 8);
            text[1] = (uint8_t)i;
            memcpy(text + 2, label, strlen(label));
            text[2 + strlen(label)] = (uint8_t)(wanted * 8 >> 8);
            text[3 + strlen(label)] = (uint8_t)(wanted * 8);
            HMAC(EVP_sha256(), secret, 32, text, strlen(label) + 4, stream + 32 * i, &size);
        }
        if (pass == 0) {
            size_t mask = 1;
            while (mask < k - 10) {
                mask *= 2;
            }
            if (((k - 10) & (k - 11)) == 0) {
                mask *= 2; /* as many bits as k - 10 itself has */
            }
            for (size_t i = 0; i < 128; i++) {
                size_t candidate = ((size_t)stream[2 * i] << 8 | stream[2 * i + 1]) & (mask - 1);
                chosen = candidate < k - 10 ? candidate : chosen;
            }
        }
    }
    memcpy(out, stream + k - chosen, chosen);
    return chosen;
}

/* Whatever is in the ciphertext, a decryption of PKCS #1 padding succeeds, and the same way each time. */
static void test_implicit_rejection(const struct pair *pair)
{
    EVP_PKEY *theirs = to_evp(pair->private);
    size_t k = (size_t)EVP_PKEY_get_size(theirs);
    CK_MECHANISM with = mechanism(CKM_RSA_PKCS, NULL, 0);
    CK_MECHANISM raw = mechanism(CKM_RSA_X_509, NULL, 0);
    uint8_t sealed[512];
    uint8_t opened[512];
    uint8_t again[512];
    uint8_t expected[512];
    size_t length;
    size_t again_length;
    double sum = 0;
    unsigned long count = test_count(60);
    for (unsigned long i = 0; i < count; i++) {
        RAND_bytes(sealed, (int)k);
        sealed[0] = 0;
        CHECK(decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_OK, "always");
        CHECK(decrypt(&with, pair->private, sealed, k, again, &again_length) == CKR_OK, "always");
        CHECK(length == again_length && memcmp(opened, again, length) == 0, "another message each time");
        CHECK(
            rejected(pair->private, sealed, k, expected) == length && memcmp(expected, opened, length) == 0,
            "not the message of the draft");
        CHECK(length <= k - 11, "%zu octets", length);
        sum += (double)length;
    }
    /* uniform on [0, k-11]: mean (k-11)/2 with a deviation of (k-11)/sqrt(12 n); six of them */
    double mean = sum / (double)count;
    double most = (double)(k - 11);
    double off = mean - most / 2;
    CHECK(off * off * 12 * (double)count < 36 * most * most, "mean length %f of %f", mean, most);

    /* encodings that are wrong in one place each; the last two are right */
    static const struct {
        uint8_t first, second;
        size_t zero; /* place of the separator; 0: none */
        int good;
    } forms[] = {{0, 2, 9, 0},  {0, 2, 2, 0},  {0, 2, 0, 0},  {0, 1, 40, 0}, {0, 3, 40, 0},
                 {0, 0, 40, 0}, {1, 2, 40, 0}, {0, 2, 10, 1}, {0, 2, 40, 1}};
    for (size_t i = 0; i < COUNT(forms); i++) {
        uint8_t encoded[512];
        memset(encoded, 0xa5, sizeof encoded);
        encoded[0] = forms[i].first;
        encoded[1] = forms[i].second;
        if (forms[i].zero > 0) {
            encoded[forms[i].zero] = 0;
        }
        CK_ULONG made = sizeof sealed;
        CHECK(run(OPERATION_ENCRYPT, &raw, pair->public, encoded, k, sealed, &made) == CKR_OK, "form %zu", i);
        CHECK(decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_OK, "form %zu", i);
        if (forms[i].good) {
            CHECK(length == k - 1 - forms[i].zero && memcmp(opened, encoded + k - length, length) == 0, "form %zu", i);
        } else {
            CHECK(
                rejected(pair->private, sealed, k, expected) == length && memcmp(expected, opened, length) == 0,
                "form %zu", i);
        }
    }
    /* a separator at the very end: an empty message, which is a message */
    uint8_t encoded[512];
    memset(encoded, 0xa5, sizeof encoded);
    encoded[0] = 0;
    encoded[1] = 2;
    encoded[k - 1] = 0;
    CK_ULONG made = sizeof sealed;
    CHECK(run(OPERATION_ENCRYPT, &raw, pair->public, encoded, k, sealed, &made) == CKR_OK, "seal");
    CHECK(decrypt(&with, pair->private, sealed, k, opened, &length) == CKR_OK && length == 0, "an empty message");
    EVP_PKEY_free(theirs);
}

static void check_ecdsa(const struct pair *pair, size_t field, const CK_MECHANISM *with, const EVP_MD *md)
{
    EVP_PKEY *theirs = to_evp(pair->private);
    uint8_t data[200];
    uint8_t signature[132];
    uint8_t der[160];
    RAND_bytes(data, sizeof data);
    for (size_t length = md == NULL ? 1 : 0; length <= 128; length += 9) {
        uint8_t digest[128];
        unsigned size = (unsigned)length;
        if (md == NULL) {
            memcpy(digest, data, length);
        } else {
            EVP_Digest(data, length, digest, &size, md, NULL);
        }
        CK_ULONG made = 0;
        CHECK(
            run(OPERATION_SIGN, with, pair->private, data, length, NULL, &made) == CKR_OK && made == 2 * field, "room");
        CHECK(
            run(OPERATION_SIGN, with, pair->private, data, length, signature, &made) == CKR_OK && made == 2 * field,
            "sign");
        ECDSA_SIG *numbers = ECDSA_SIG_new();
        ECDSA_SIG_set0(numbers, BN_bin2bn(signature, (int)field, NULL), BN_bin2bn(signature + field, (int)field, NULL));
        uint8_t *at = der;
        int der_length = i2d_ECDSA_SIG(numbers, &at);
        ECDSA_SIG_free(numbers);
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(theirs, NULL);
        CHECK(
            EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_verify(context, der, (size_t)der_length, digest, size) == 1,
            "libcrypto verifies %zu octets, field %zu", length, field);
        CHECK(verify(with, pair->public, data, length, signature, made) == CKR_OK, "our own");
        signature[made - 1] ^= 1;
        CHECK(verify(with, pair->public, data, length, signature, made) == CKR_SIGNATURE_INVALID, "changed");
        CHECK(verify(with, pair->public, data, length, signature, made - 1) == CKR_SIGNATURE_LEN_RANGE, "cut");
        size_t theirs_made = sizeof der;
        CHECK(
            EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, der, &theirs_made, digest, size) == 1,
            "libcrypto signs");
        EVP_PKEY_CTX_free(context);
        const uint8_t *from = der;
        numbers = d2i_ECDSA_SIG(NULL, &from, (long)theirs_made);
        BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, (int)field);
        BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + field, (int)field);
        ECDSA_SIG_free(numbers);
        CHECK(verify(with, pair->public, data, length, signature, 2 * field) == CKR_OK, "libcrypto's");
        memset(signature, 0, sizeof signature);
        CHECK(verify(with, pair->public, data, length, signature, 2 * field) == CKR_SIGNATURE_INVALID, "r = s = 0");
        memset(signature, 0xff, sizeof signature);
        CHECK(verify(with, pair->public, data, length, signature, 2 * field) == CKR_SIGNATURE_INVALID, "above n");
    }
    EVP_PKEY_free(theirs);
}

static void test_ec_signatures(void)
{
    static const struct {
        const uint8_t *params;
        size_t length, field;
    } nist[] = {{ec_p256, sizeof ec_p256, 32}, {ec_p384, sizeof ec_p384, 48}, {ec_p521, sizeof ec_p521, 66}};
    uint8_t data[300];
    uint8_t signature[132];
    RAND_bytes(data, sizeof data);
    for (size_t c = 0; c < COUNT(nist); c++) {
        struct pair pair = pair_of_curve(CKM_EC_KEY_PAIR_GEN, nist[c].params, nist[c].length);
        CK_MECHANISM with = mechanism(CKM_ECDSA, NULL, 0);
        check_ecdsa(&pair, nist[c].field, &with, NULL);
        CK_ULONG made = sizeof signature;
        CHECK(run(OPERATION_SIGN, &with, pair.private, data, 0, signature, &made) == CKR_DATA_LEN_RANGE, "no digest");
        CHECK(run(OPERATION_SIGN, &with, pair.private, data, 129, signature, &made) == CKR_DATA_LEN_RANGE, "too long");
        for (size_t i = 0; i < HASHES; i++) {
            with = mechanism(hash_rows[i].ecdsa, NULL, 0);
            check_ecdsa(&pair, nist[c].field, &with, md_of(i));
        }
        struct operation *operation;
        with = mechanism(CKM_ECDSA, "x", 1);
        CHECK(operation_begin(OPERATION_SIGN, &with, pair.private, &operation) == CKR_MECHANISM_PARAM_INVALID, "param");
        with = mechanism(CKM_EDDSA, NULL, 0);
        CHECK(operation_begin(OPERATION_SIGN, &with, pair.private, &operation) == CKR_KEY_TYPE_INCONSISTENT, "EdDSA");
        with = mechanism(CKM_ECDSA, NULL, 0);
        CHECK(operation_begin(OPERATION_ENCRYPT, &with, pair.public, &operation) == CKR_MECHANISM_INVALID, "encrypt");
        with = mechanism(0x80001234UL, NULL, 0);
        CHECK(operation_begin(OPERATION_SIGN, &with, pair.private, &operation) == CKR_MECHANISM_INVALID, "unknown");
        pair_free(&pair);
    }

    struct pair pair = pair_of_curve(CKM_EC_EDWARDS_KEY_PAIR_GEN, ec_ed25519, sizeof ec_ed25519);
    EVP_PKEY *theirs = to_evp(pair.private);
    CK_MECHANISM with = mechanism(CKM_EDDSA, NULL, 0);
    for (size_t length = 0; length <= sizeof data; length += 50) {
        CK_ULONG made = sizeof signature;
        CHECK(run(OPERATION_SIGN, &with, pair.private, data, length, signature, &made) == CKR_OK && made == 64, "sign");
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        CHECK(
            EVP_DigestVerifyInit(context, NULL, NULL, NULL, theirs) == 1 &&
                EVP_DigestVerify(context, signature, 64, data, length) == 1,
            "libcrypto verifies");
        EVP_MD_CTX_free(context);
        CHECK(verify(&with, pair.public, data, length, signature, 64) == CKR_OK, "ours");
        signature[10] ^= 1;
        CHECK(verify(&with, pair.public, data, length, signature, 64) == CKR_SIGNATURE_INVALID, "changed");
        CHECK(verify(&with, pair.public, data, length, signature, 63) == CKR_SIGNATURE_LEN_RANGE, "cut");
    }
    EVP_PKEY_free(theirs);
    pair_free(&pair);
}

static void test_generation(void)
{
    struct pair pair;
    CK_ULONG bits = 2048;
    static const uint8_t three[] = {3};
    static const uint8_t four[] = {4};
    CK_MECHANISM with = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0);
    CK_ATTRIBUTE template[] = {
        attribute(CKA_MODULUS_BITS, &bits, sizeof bits), attribute(CKA_PUBLIC_EXPONENT, three, 1)};
    CHECK(mechanism_generate_pair(&with, template, 2, NULL, 0, &pair.public, &pair.private) == CKR_OK, "e = 3");
    uint8_t e[8];
    CHECK(component(pair.public, CKA_PUBLIC_EXPONENT, e, sizeof e) == 1 && e[0] == 3, "e = 3");
    pair_free(&pair);
    template[1] = attribute(CKA_PUBLIC_EXPONENT, four, 1);
    CHECK(
        mechanism_generate_pair(&with, template, 2, NULL, 0, &pair.public, &pair.private) ==
            CKR_ATTRIBUTE_VALUE_INVALID,
        "e = 4");
    static const CK_ULONG sizes[] = {0, 1024, 2047, 2052, 4104, (CK_ULONG)-1};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        bits = sizes[i];
        CHECK(
            mechanism_generate_pair(&with, template, 1, NULL, 0, &pair.public, &pair.private) == CKR_KEY_SIZE_RANGE,
            "%lu bits", bits);
    }
    CHECK(
        mechanism_generate_pair(&with, template + 1, 1, NULL, 0, &pair.public, &pair.private) ==
            CKR_TEMPLATE_INCOMPLETE,
        "no size");
    with = mechanism(CKM_RSA_PKCS, NULL, 0);
    CHECK(
        mechanism_generate_pair(&with, template, 1, NULL, 0, &pair.public, &pair.private) == CKR_MECHANISM_INVALID &&
            pair.public == NULL && pair.private == NULL,
        "no generation");

    struct key *key;
    CK_ULONG length = 48;
    CK_ULONG type = CKK_SHA384_HMAC;
    CK_ATTRIBUTE secret[] = {
        attribute(CKA_VALUE_LEN, &length, sizeof length), attribute(CKA_KEY_TYPE, &type, sizeof type)};
    with = mechanism(CKM_GENERIC_SECRET_KEY_GEN, NULL, 0);
    CHECK(mechanism_generate_secret(&with, secret, 2, &key) == CKR_OK && key_type(key) == type, "HMAC key");
    size_t made;
    const uint8_t *octets = key_secret(key, &made);
    uint8_t first[48];
    memcpy(first, octets, sizeof first);
    CHECK(made == 48, "%zu octets", made);
    key_unref(key);
    CHECK(mechanism_generate_secret(&with, secret, 1, &key) == CKR_OK && key_type(key) == CKK_GENERIC_SECRET, "secret");
    CHECK(!secret_is(key, first, sizeof first), "the same secret twice");
    key_unref(key);
    CHECK(mechanism_generate_secret(&with, secret + 1, 1, &key) == CKR_TEMPLATE_INCOMPLETE, "no length");
    length = 0;
    CHECK(mechanism_generate_secret(&with, secret, 1, &key) == CKR_KEY_SIZE_RANGE, "empty");
    length = (CK_ULONG)-1;
    CHECK(mechanism_generate_secret(&with, secret, 1, &key) == CKR_KEY_SIZE_RANGE, "endless");
    length = 32;
    with = mechanism(CKM_HKDF_KEY_GEN, NULL, 0);
    CHECK(mechanism_generate_secret(&with, secret, 1, &key) == CKR_OK && key_type(key) == CKK_HKDF, "HKDF key");
    key_unref(key);
    type = CKK_AES;
    CHECK(mechanism_generate_secret(&with, secret, 2, &key) == CKR_TEMPLATE_INCONSISTENT, "AES");
}

int main(void)
{
    test_known_hmac();
    test_known_signatures();
    test_digests();
    test_hmac();
    static const CK_ULONG sizes[] = {2048, 2056, 3072};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct pair pair = pair_of_rsa(sizes[i]);
        test_rsa_signatures(&pair);
        test_rsa_encryption(&pair);
        test_implicit_rejection(&pair);
        pair_free(&pair);
    }
    test_ec_signatures();
    test_generation();
    return checks_done();
}
