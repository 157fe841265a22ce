#include "modexp/rsa_key.h"

#include <openssl/bn.h>
#include <string.h>

#include "modexp/rsa_key_parts.h"
#include "secret.h"

/* The factors may be of different length, but neither so short that it would be found by trial. */
#define FACTOR_MIN_BITS 512

static BIGNUM *read_number(const struct rsa_number *number, bool secret)
{
    if (number->octets == NULL || number->length == 0 || number->length > RSA_MAX_BITS) {
        return NULL;
    }
    BIGNUM *out = secret ? BN_secure_new() : BN_new();
    if (out == NULL) {
        return NULL;
    }
    if (secret) {
        BN_set_flags(out, BN_FLG_CONSTTIME);
    }
    if (BN_bin2bn(number->octets, (int)number->length, out) == NULL) {
        BN_clear_free(out);
        return NULL;
    }
    return out;
}

static bool set_public(struct rsa_key *key, const struct rsa_numbers *numbers)
{
    BIGNUM *n = read_number(&numbers->n, false);
    BIGNUM *e = read_number(&numbers->e, false);
    if (n == NULL || e == NULL || RSA_set0_key(key->rsa, n, e, NULL) != 1) {
        BN_free(n);
        BN_free(e);
        return false;
    }
    int bits = BN_num_bits(n);
    if (bits < (int)RSA_MIN_BITS || bits > (int)RSA_MAX_BITS || !BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e) ||
        BN_is_negative(e) || BN_num_bits(e) > 64) {
        return false;
    }
    key->bits = (unsigned)bits;
    key->octets = ((size_t)bits + 7) / 8;
    uint8_t octets[8];
    if (BN_bn2binpad(n, key->n, (int)key->octets) < 0 || BN_bn2binpad(e, octets, sizeof octets) < 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof octets; i++) {
        key->e = key->e << 8 | octets[i];
    }
    return true;
}

/* Whether a*b = 1 mod m; scratch is overwritten. */
static bool inverse(BIGNUM *scratch, const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, BN_CTX *ctx)
{
    return BN_mod_mul(scratch, a, b, m, ctx) == 1 && BN_is_one(scratch);
}

/* Whether d's residue mod (prime - 1) is exponent, and that inverts e. */
static bool exponent_fits(
    const BIGNUM *prime, const BIGNUM *exponent, const BIGNUM *d, const BIGNUM *e, BIGNUM *scratch[2], BN_CTX *ctx)
{
    BIGNUM *order = scratch[0];
    BN_set_flags(order, BN_FLG_CONSTTIME);
    return BN_num_bits(prime) >= FACTOR_MIN_BITS && BN_is_odd(prime) && BN_copy(order, prime) != NULL &&
           BN_sub_word(order, 1) == 1 && BN_cmp(exponent, order) < 0 && BN_nnmod(scratch[1], d, order, ctx) == 1 &&
           BN_cmp(scratch[1], exponent) == 0 && inverse(scratch[1], e, exponent, order, ctx);
}

static bool consistent(const RSA *rsa)
{
    const BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qinv;
    RSA_get0_key(rsa, &n, &e, &d);
    RSA_get0_factors(rsa, &p, &q);
    RSA_get0_crt_params(rsa, &dp, &dq, &qinv);
    BN_CTX *ctx = BN_CTX_secure_new();
    if (ctx == NULL) {
        return false;
    }
    BN_CTX_start(ctx);
    BIGNUM *scratch[2] = {BN_CTX_get(ctx), BN_CTX_get(ctx)};
    bool fits = scratch[1] != NULL && BN_mul(scratch[0], p, q, ctx) == 1 && BN_cmp(scratch[0], n) == 0 &&
                BN_cmp(p, q) != 0 && exponent_fits(p, dp, d, e, scratch, ctx) &&
                exponent_fits(q, dq, d, e, scratch, ctx) && BN_cmp(qinv, p) < 0 && inverse(scratch[0], qinv, q, p, ctx);
    BN_CTX_end(ctx);
    BN_CTX_free(ctx);
    return fits;
}

static bool set_private(struct rsa_key *key, const struct rsa_numbers *numbers)
{
    BIGNUM *d = read_number(&numbers->d, true);
    BIGNUM *p = read_number(&numbers->p, true);
    BIGNUM *q = read_number(&numbers->q, true);
    BIGNUM *dp = read_number(&numbers->dp, true);
    BIGNUM *dq = read_number(&numbers->dq, true);
    BIGNUM *qinv = read_number(&numbers->qinv, true);
    if (d != NULL && p != NULL && q != NULL && dp != NULL && dq != NULL && qinv != NULL &&
        RSA_set0_key(key->rsa, NULL, NULL, d) == 1 && RSA_set0_factors(key->rsa, p, q) == 1 &&
        RSA_set0_crt_params(key->rsa, dp, dq, qinv) == 1) {
        key->is_private = true;
        return consistent(key->rsa);
    }
    /* the setters fail before they take anything only where a number is NULL, which was asked first */
    BN_clear_free(d);
    BN_clear_free(p);
    BN_clear_free(q);
    BN_clear_free(dp);
    BN_clear_free(dq);
    BN_clear_free(qinv);
    return false;
}

struct rsa_key *rsa_key_new(const struct rsa_numbers *numbers)
{
    struct rsa_key *key = secret_alloc(sizeof *key);
    if (key == NULL) {
        return NULL;
    }
    memset(key, 0, sizeof *key);
    key->rsa = RSA_new();
    bool made =
        key->rsa != NULL && set_public(key, numbers) && (numbers->d.octets == NULL || set_private(key, numbers));
    if (!made) {
        rsa_key_free(key);
        return NULL;
    }
#ifndef CARDINAL_NO_IFMA
    key->ifma = rsa_ifma_new(key->rsa);
#endif
    return key;
}

/* The number without its leading zeros. */
static struct rsa_number trimmed(const struct rsa_number *number)
{
    struct rsa_number out = *number;
    while (out.length > 0 && out.octets[0] == 0) {
        out.octets++;
        out.length--;
    }
    return out;
}

struct rsa_key *rsa_key_once(const struct rsa_number *n, const struct rsa_number *e)
{
    const struct rsa_number modulus = trimmed(n);
    const struct rsa_number exponent = trimmed(e);
    if (modulus.length == 0 || modulus.length > RSA_MAX_BITS / 8 || exponent.length == 0 ||
        exponent.length > sizeof(uint64_t)) {
        return NULL;
    }
    unsigned bits = (unsigned)modulus.length * 8 - ((unsigned)__builtin_clz(modulus.octets[0]) - 24u);
    uint64_t word = 0;
    for (size_t i = 0; i < exponent.length; i++) {
        word = word << 8 | exponent.octets[i];
    }
    if (bits < RSA_MIN_BITS || (modulus.octets[modulus.length - 1] & 1) == 0 || (word & 1) == 0 || word == 1) {
        return NULL;
    }
    struct rsa_key *key = secret_alloc(sizeof *key);
    if (key != NULL) {
        *key = (struct rsa_key){.bits = bits, .octets = modulus.length, .e = word};
        memcpy(key->n, modulus.octets, modulus.length);
    }
    return key;
}

void rsa_key_free(struct rsa_key *key)
{
    if (key == NULL) {
        return;
    }
#ifndef CARDINAL_NO_IFMA
    rsa_ifma_free(key->ifma);
#endif
    RSA_free(key->rsa);
    secret_free(key, sizeof *key);
}

unsigned rsa_key_bits(const struct rsa_key *key)
{
    return key->bits;
}

bool rsa_key_is_private(const struct rsa_key *key)
{
    return key->is_private;
}
