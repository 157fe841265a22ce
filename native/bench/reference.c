#include "reference.h"

#include "modexp/rsa_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_OCTETS 512

struct reference {
    EVP_PKEY *key;
    EVP_PKEY_CTX *private_context;
    EVP_PKEY_CTX *public_context;
    EVP_PKEY_CTX *sign_context;
    uint8_t in[NUMBER_OCTETS];
    size_t in_length;
    uint8_t signature[NUMBER_OCTETS];
    size_t signature_length;
    uint8_t out[NUMBER_OCTETS];

    struct rsa_numbers numbers;
    uint8_t octets[8][NUMBER_OCTETS];

    BIGNUM *prime, *generator, *exponent, *peer, *result;
    BN_MONT_CTX *montgomery;
    BN_CTX *scratch;
};

/* A benchmark has nobody to tell but its user. */
static void must(int done, const char *what)
{
    if (!done) {
        fprintf(stderr, "OpenSSL could not: %s\n", what);
        exit(1);
    }
}

static struct reference *fresh(void)
{
    struct reference *reference = calloc(1, sizeof *reference);
    must(reference != NULL, "no memory");
    return reference;
}

void reference_free(struct reference *reference)
{
    EVP_PKEY_CTX_free(reference->private_context);
    EVP_PKEY_CTX_free(reference->public_context);
    EVP_PKEY_CTX_free(reference->sign_context);
    EVP_PKEY_free(reference->key);
    BN_clear_free(reference->exponent);
    BN_free(reference->prime);
    BN_free(reference->generator);
    BN_free(reference->peer);
    BN_clear_free(reference->result);
    BN_MONT_CTX_free(reference->montgomery);
    BN_CTX_free(reference->scratch);
    free(reference);
}

static struct rsa_number number(struct reference *reference, int slot, const char *name)
{
    BIGNUM *value = NULL;
    must(EVP_PKEY_get_bn_param(reference->key, name, &value), name);
    struct rsa_number made = {.octets = reference->octets[slot], .length = (size_t)BN_num_bytes(value)};
    BN_bn2bin(value, reference->octets[slot]);
    BN_clear_free(value);
    return made;
}

struct reference *reference_rsa(unsigned bits)
{
    struct reference *reference = fresh();
    reference->key = EVP_RSA_gen(bits);
    must(reference->key != NULL, "RSA key generation");
    reference->numbers = (struct rsa_numbers){
        .n = number(reference, 0, OSSL_PKEY_PARAM_RSA_N),
        .e = number(reference, 1, OSSL_PKEY_PARAM_RSA_E),
        .d = number(reference, 2, OSSL_PKEY_PARAM_RSA_D),
        .p = number(reference, 3, OSSL_PKEY_PARAM_RSA_FACTOR1),
        .q = number(reference, 4, OSSL_PKEY_PARAM_RSA_FACTOR2),
        .dp = number(reference, 5, OSSL_PKEY_PARAM_RSA_EXPONENT1),
        .dq = number(reference, 6, OSSL_PKEY_PARAM_RSA_EXPONENT2),
        .qinv = number(reference, 7, OSSL_PKEY_PARAM_RSA_COEFFICIENT1),
    };
    reference->in_length = bits / 8;
    memset(reference->in, 0x5a, reference->in_length);
    reference->in[0] = 0;
    reference->private_context = EVP_PKEY_CTX_new(reference->key, NULL);
    must(
        EVP_PKEY_decrypt_init(reference->private_context) > 0 &&
            EVP_PKEY_CTX_set_rsa_padding(reference->private_context, RSA_NO_PADDING) > 0,
        "RSA private");
    reference->public_context = EVP_PKEY_CTX_new(reference->key, NULL);
    must(
        EVP_PKEY_encrypt_init(reference->public_context) > 0 &&
            EVP_PKEY_CTX_set_rsa_padding(reference->public_context, RSA_NO_PADDING) > 0,
        "RSA public");
    return reference;
}

const struct rsa_numbers *reference_rsa_numbers(const struct reference *reference)
{
    return &reference->numbers;
}

void reference_rsa_private(void *context)
{
    struct reference *reference = context;
    size_t length = sizeof reference->out;
    must(
        EVP_PKEY_decrypt(reference->private_context, reference->out, &length, reference->in, reference->in_length) > 0,
        "RSA private");
}

void reference_rsa_public(void *context)
{
    struct reference *reference = context;
    size_t length = sizeof reference->out;
    must(
        EVP_PKEY_encrypt(reference->public_context, reference->out, &length, reference->in, reference->in_length) > 0,
        "RSA public");
}

struct reference *reference_modp(const uint8_t *prime, size_t octets, const uint8_t *exponent, size_t exponent_octets)
{
    struct reference *reference = fresh();
    reference->scratch = BN_CTX_new();
    reference->prime = BN_bin2bn(prime, (int)octets, NULL);
    reference->exponent = BN_bin2bn(exponent, (int)exponent_octets, NULL);
    BN_set_flags(reference->exponent, BN_FLG_CONSTTIME);
    reference->generator = BN_new();
    must(BN_set_word(reference->generator, 2), "generator");
    reference->peer = BN_new();
    reference->result = BN_new();
    reference->montgomery = BN_MONT_CTX_new();
    must(BN_MONT_CTX_set(reference->montgomery, reference->prime, reference->scratch), "Montgomery context");
    reference_modp_keygen(reference);
    must(BN_copy(reference->peer, reference->result) != NULL, "peer");
    return reference;
}

void reference_modp_keygen(void *context)
{
    struct reference *reference = context;
    must(
        BN_mod_exp_mont_consttime(
            reference->result, reference->generator, reference->exponent, reference->prime, reference->scratch,
            reference->montgomery),
        "modular exponentiation");
}

void reference_modp_derive(void *context)
{
    struct reference *reference = context;
    must(
        BN_mod_exp_mont_consttime(
            reference->result, reference->peer, reference->exponent, reference->prime, reference->scratch,
            reference->montgomery),
        "modular exponentiation");
}

void reference_modp_oneshot(void *context)
{
    reference_modp_keygen(context);
    reference_modp_derive(context);
}

static void derive_context(struct reference *reference)
{
    reference->private_context = EVP_PKEY_CTX_new(reference->key, NULL);
    must(
        EVP_PKEY_derive_init(reference->private_context) > 0 &&
            EVP_PKEY_derive_set_peer_ex(reference->private_context, reference->key, 0) > 0,
        "derivation");
}

struct reference *reference_x25519(void)
{
    struct reference *reference = fresh();
    reference->key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    must(reference->key != NULL, "X25519 key generation");
    derive_context(reference);
    memset(reference->in, 0x5a, 32);
    return reference;
}

/* From a given private key: OpenSSL then draws no random number, as our side draws none. */
void reference_x25519_keygen(void *context)
{
    struct reference *reference = context;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, reference->in, 32);
    size_t length = sizeof reference->out;
    must(key != NULL && EVP_PKEY_get_raw_public_key(key, reference->out, &length) > 0, "X25519 key generation");
    EVP_PKEY_free(key);
}

void reference_x25519_derive(void *context)
{
    struct reference *reference = context;
    size_t length = sizeof reference->out;
    must(EVP_PKEY_derive(reference->private_context, reference->out, &length) > 0, "X25519");
}

struct reference *reference_p256(void)
{
    struct reference *reference = fresh();
    reference->key = EVP_EC_gen("P-256");
    must(reference->key != NULL, "P-256 key generation");
    derive_context(reference);
    reference->in_length = 32;
    memset(reference->in, 0x5a, reference->in_length);
    reference->sign_context = EVP_PKEY_CTX_new(reference->key, NULL);
    must(EVP_PKEY_sign_init(reference->sign_context) > 0, "ECDSA");
    reference_p256_sign(reference);
    reference->public_context = EVP_PKEY_CTX_new(reference->key, NULL);
    must(EVP_PKEY_verify_init(reference->public_context) > 0, "ECDSA");
    return reference;
}

/* The bare d*G: what there is besides in OpenSSL's key generation is objects and random numbers. */
void reference_p256_keygen(void *context)
{
    static EC_GROUP *group;
    static EC_POINT *point;
    static BIGNUM *scalar;
    struct reference *reference = context;
    if (group == NULL) {
        group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        point = EC_POINT_new(group);
        scalar = BN_bin2bn(reference->in, 32, NULL);
        BN_set_flags(scalar, BN_FLG_CONSTTIME);
    }
    must(EC_POINT_mul(group, point, scalar, NULL, NULL, NULL), "P-256");
    must(
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, reference->out, sizeof reference->out, NULL) >
            0,
        "P-256");
}

void reference_p256_ecdh(void *context)
{
    struct reference *reference = context;
    size_t length = sizeof reference->out;
    must(EVP_PKEY_derive(reference->private_context, reference->out, &length) > 0, "ECDH");
}

void reference_p256_sign(void *context)
{
    struct reference *reference = context;
    reference->signature_length = sizeof reference->signature;
    must(
        EVP_PKEY_sign(
            reference->sign_context, reference->signature, &reference->signature_length, reference->in,
            reference->in_length) > 0,
        "ECDSA");
}

void reference_p256_verify(void *context)
{
    struct reference *reference = context;
    must(
        EVP_PKEY_verify(
            reference->public_context, reference->signature, reference->signature_length, reference->in,
            reference->in_length) == 1,
        "ECDSA");
}
