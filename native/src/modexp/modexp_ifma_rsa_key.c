/* RSA keys in limbs. */
#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>

#include "modexp/modexp_ifma_rsa.h"
#include "secret.h"

#define HALF_OCTETS (RSA_MAX_BITS / 16)

bool limbs_from_number(uint64_t *limbs, unsigned k, const BIGNUM *number)
{
    uint8_t octets[RSA_MAX_BITS / 8];
    bool fits = BN_bn2binpad(number, octets, sizeof octets) == (int)sizeof octets;
    limbs_from_octets(limbs, k, octets, sizeof octets);
    secret_wipe(octets, sizeof octets);
    return fits;
}

/* By Newton's iteration: an inverse mod 2^3 to start with, then twice the bits each time. */
uint64_t negative_inverse(uint64_t n)
{
    uint64_t x = n;
    for (unsigned bits = 3; bits < LIMB_BITS; bits *= 2) {
        x *= 2 - n * x;
    }
    return (0 - x) & LIMB_MASK;
}

/* The numbers of Montgomery arithmetic modulo n, which may be secret: R, and R^power, R = 2^(52k). */
static bool get_modulus(
    const BIGNUM *n, bool secret, unsigned k, int power, uint64_t *limbs, uint64_t *one, uint64_t *power_of_r,
    uint64_t *inverse, BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *number = BN_CTX_get(ctx);
    BIGNUM *modulus = BN_CTX_get(ctx);
    bool done = modulus != NULL && BN_copy(modulus, n) != NULL;
    if (done) {
        if (secret) {
            BN_set_flags(modulus, BN_FLG_CONSTTIME);
        }
        done = limbs_from_number(limbs, k, n) && BN_set_bit(number, (int)k * LIMB_BITS) == 1 &&
               BN_mod(number, number, modulus, ctx) == 1 && limbs_from_number(one, k, number);
        BN_zero(number);
        done = done && BN_set_bit(number, power * (int)k * LIMB_BITS) == 1 &&
               BN_mod(number, number, modulus, ctx) == 1 && limbs_from_number(power_of_r, k, number);
        *inverse = negative_inverse(limbs[0]);
    }
    BN_CTX_end(ctx);
    return done;
}

static bool get_exponent(uint64_t *words, const BIGNUM *number)
{
    uint8_t octets[HALF_OCTETS];
    bool fits = BN_bn2lebinpad(number, octets, sizeof octets) == (int)sizeof octets;
    memcpy(words, octets, sizeof octets);
    secret_wipe(octets, sizeof octets);
    return fits;
}

static bool get_private(struct rsa_ifma_private *key, const RSA *rsa, BN_CTX *ctx)
{
    const BIGNUM *factor[2], *exponent[2], *qinv;
    RSA_get0_factors(rsa, &factor[0], &factor[1]);
    RSA_get0_crt_params(rsa, &exponent[0], &exponent[1], &qinv);
    const unsigned k = key->factor->limbs;
    for (unsigned i = 0; i < 2; i++) {
        if (!get_modulus(
                factor[i], true, k, 3, key->half[i].n, key->half[i].one, key->half[i].cube_of_r, &key->half[i].inverse,
                ctx) ||
            !get_exponent(key->half[i].exponent, exponent[i])) {
            return false;
        }
    }
    BN_CTX_start(ctx);
    BIGNUM *number = BN_CTX_get(ctx);
    bool done = number != NULL && BN_lshift(number, qinv, (int)k * LIMB_BITS) == 1;
    if (done) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        done = BN_mod(number, number, factor[0], ctx) == 1 && limbs_from_number(key->qinv, k, number);
    }
    BN_CTX_end(ctx);
    return done;
}

static void private_free(struct rsa_ifma_private *key)
{
    if (key != NULL) {
        blindings_free(key);
        pthread_mutex_destroy(&key->lock);
        secret_free(key, sizeof *key);
    }
}

/* The private part of a key whose factors have half its bits each; NULL where there is no memory. */
static struct rsa_ifma_private *private_new(const RSA *rsa, unsigned bits)
{
    struct rsa_ifma_private *key = secret_alloc(sizeof *key);
    if (key == NULL) {
        return NULL;
    }
    memset(key, 0, sizeof *key);
    if (pthread_mutex_init(&key->lock, NULL) != 0) {
        secret_free(key, sizeof *key);
        return NULL;
    }
    key->factor = size_of_factor(bits / 2);
    BN_CTX *ctx = BN_CTX_secure_new();
    bool done = ctx != NULL && get_private(key, rsa, ctx);
    BN_CTX_free(ctx);
    if (!done) {
        private_free(key);
        return NULL;
    }
    return key;
}

struct rsa_ifma *rsa_ifma_new(const RSA *rsa)
{
    const BIGNUM *n, *p, *q;
    RSA_get0_key(rsa, &n, NULL, NULL);
    RSA_get0_factors(rsa, &p, &q);
    unsigned bits = (unsigned)BN_num_bits(n);
    const struct size *modulus = size_of_modulus(bits);
    struct rsa_ifma *key = modulus != NULL ? malloc(sizeof *key) : NULL;
    if (key == NULL) {
        return NULL;
    }
    key->modulus = modulus;
    key->private = NULL;
    BN_CTX *ctx = BN_CTX_new();
    bool done =
        ctx != NULL && get_modulus(n, false, modulus->limbs, 2, key->n, key->one, key->square_of_r, &key->inverse, ctx);
    BN_CTX_free(ctx);
    if (done && p != NULL && BN_num_bits(p) == (int)bits / 2 && BN_num_bits(q) == (int)bits / 2) {
        key->private = private_new(rsa, bits);
        done = key->private != NULL;
    }
    if (!done) {
        rsa_ifma_free(key);
        return NULL;
    }
    return key;
}

void rsa_ifma_free(struct rsa_ifma *key)
{
    if (key == NULL) {
        return;
    }
    private_free(key->private);
    free(key);
}
