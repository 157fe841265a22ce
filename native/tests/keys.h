/* What the tests of keys and mechanisms share: octets from hexadecimal text, templates, libcrypto's view of a key. */
#ifndef CARDINAL_TEST_KEYS_H
#define CARDINAL_TEST_KEYS_H

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "check.h"
#include "modexp/modp_group.h"
#include "pkcs11/key.h"
#include "pkcs11/mechanism.h"
#include "secret.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Octets of hexadecimal text; returns how many. */
static inline size_t hex(const char *text, uint8_t *out)
{
    size_t length = strlen(text) / 2;
    for (size_t i = 0; i < length; i++) {
        unsigned octet = 0;
        CHECK(sscanf(text + 2 * i, "%2x", &octet) == 1, "%s", text);
        out[i] = (uint8_t)octet;
    }
    return length;
}

static inline int is_hex(const uint8_t *octets, size_t length, const char *text)
{
    uint8_t expected[2048];
    return hex(text, expected) == length && memcmp(octets, expected, length) == 0;
}

static inline CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t length)
{
    CK_ATTRIBUTE made = {type, (void *)(uintptr_t)value, length};
    return made;
}

static inline CK_MECHANISM mechanism(CK_MECHANISM_TYPE type, const void *parameter, size_t length)
{
    CK_MECHANISM made = {type, (void *)(uintptr_t)parameter, length};
    return made;
}

static const uint8_t ec_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t ec_p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t ec_p521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
static const uint8_t ec_x25519[] = {0x06, 0x03, 0x2b, 0x65, 0x6e};
static const uint8_t ec_ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};

struct pair {
    struct key *public;
    struct key *private;
};

static inline void pair_free(struct pair *pair)
{
    key_unref(pair->public);
    key_unref(pair->private);
}

static inline struct pair pair_of_curve(CK_MECHANISM_TYPE type, const uint8_t *params, size_t length)
{
    struct pair pair;
    CK_MECHANISM generation = mechanism(type, NULL, 0);
    CK_ATTRIBUTE template = attribute(CKA_EC_PARAMS, params, length);
    CHECK(
        mechanism_generate_pair(&generation, &template, 1, NULL, 0, &pair.public, &pair.private) == CKR_OK,
        "mechanism %lx", type);
    return pair;
}

static inline struct pair pair_of_group(unsigned bits)
{
    static const uint8_t two[] = {2};
    struct pair pair;
    const struct modp_group *group = modp_group_of_bits(bits);
    CK_MECHANISM generation = mechanism(CKM_DH_PKCS_KEY_PAIR_GEN, NULL, 0);
    CK_ATTRIBUTE template[] = {
        attribute(CKA_PRIME, modp_group_prime(group), modp_group_octets(group)), attribute(CKA_BASE, two, 1)};
    CHECK(
        mechanism_generate_pair(&generation, template, 2, NULL, 0, &pair.public, &pair.private) == CKR_OK, "%u bits",
        bits);
    return pair;
}

static inline struct pair pair_of_rsa(CK_ULONG bits)
{
    struct pair pair;
    CK_MECHANISM generation = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0);
    CK_ATTRIBUTE template = attribute(CKA_MODULUS_BITS, &bits, sizeof bits);
    CHECK(
        mechanism_generate_pair(&generation, &template, 1, NULL, 0, &pair.public, &pair.private) == CKR_OK, "%lu bits",
        bits);
    return pair;
}

static inline struct key *secret_of(CK_KEY_TYPE type, const uint8_t *octets, size_t length)
{
    struct key *key;
    CHECK(key_from_secret(type, octets, length, &key) == CKR_OK, "%zu octets", length);
    return key;
}

static inline struct key *secret_of_hex(CK_KEY_TYPE type, const char *text)
{
    uint8_t octets[2048];
    size_t length = hex(text, octets);
    return secret_of(type, octets, length);
}

static inline int secret_is(const struct key *key, const uint8_t *expected, size_t expected_length)
{
    size_t length;
    const uint8_t *octets = key_secret(key, &length);
    return octets != NULL && length == expected_length && memcmp(octets, expected, length) == 0;
}

static inline int secret_is_hex(const struct key *key, const char *text)
{
    size_t length;
    const uint8_t *octets = key_secret(key, &length);
    return octets != NULL && is_hex(octets, length, text);
}

/* The key as libcrypto reads it from our DER. */
static inline EVP_PKEY *to_evp(const struct key *key)
{
    uint8_t *der;
    size_t length;
    CHECK(key_to_der(key, &der, &length) == CKR_OK, "no DER");
    const uint8_t *at = der;
    EVP_PKEY *pkey = key_class(key) == CKO_PUBLIC_KEY ? d2i_PUBKEY(NULL, &at, (long)length)
                                                      : d2i_AutoPrivateKey(NULL, &at, (long)length);
    CHECK(pkey != NULL && at == der + length, "libcrypto cannot read our DER");
    secret_free(der, length);
    return pkey;
}

/* A component's octets. */
static inline size_t component(const struct key *key, CK_ATTRIBUTE_TYPE type, uint8_t *out, size_t room)
{
    CK_ULONG length = room;
    CHECK(key_attribute(key, type, out, &length) == CKR_OK, "attribute %lx", type);
    return length;
}

/* A whole operation in one call; verification apart. */
static inline CK_RV
run(enum operation_kind kind, const CK_MECHANISM *with, struct key *key, const uint8_t *data, size_t length,
    uint8_t *out, CK_ULONG *out_length)
{
    struct operation *operation;
    CK_RV rv = operation_begin(kind, with, key, &operation);
    if (rv == CKR_OK) {
        rv = operation_finish(operation, data, length, true, out, out_length);
        operation_free(operation);
    }
    return rv;
}

static inline CK_RV verify(
    const CK_MECHANISM *with, struct key *key, const uint8_t *data, size_t length, const uint8_t *signature,
    size_t signature_length)
{
    struct operation *operation;
    CK_RV rv = operation_begin(OPERATION_VERIFY, with, key, &operation);
    if (rv == CKR_OK) {
        rv = operation_verify(operation, data, length, signature, signature_length);
        operation_free(operation);
    }
    return rv;
}

#endif
