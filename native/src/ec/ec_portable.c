/* X25519 and P-256 by libcrypto, one operation at a time. */
#include "ec/ec.h"
#include "ec/p256_numbers.h"
#include "secret.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <pthread.h>
#include <string.h>

/* Made at first use, kept until the process ends, only read after that; all NULL where memory was short. */
static struct {
    EC_GROUP *group;
    BIGNUM *order;
    BIGNUM *order_minus_2;
    BN_MONT_CTX *order_mont;
} p256;

static pthread_once_t p256_once = PTHREAD_ONCE_INIT;

static void p256_free(void)
{
    EC_GROUP_free(p256.group);
    BN_free(p256.order);
    BN_free(p256.order_minus_2);
    BN_MONT_CTX_free(p256.order_mont);
    memset(&p256, 0, sizeof p256);
}

static void p256_prepare(void)
{
    BN_CTX *ctx = BN_CTX_new();
    p256.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    p256.order = BN_bin2bn(p256_order, P256_OCTETS, NULL);
    p256.order_minus_2 = BN_dup(p256.order);
    p256.order_mont = BN_MONT_CTX_new();
    if (ctx == NULL || p256.group == NULL || p256.order == NULL || p256.order_minus_2 == NULL ||
        p256.order_mont == NULL || !BN_sub_word(p256.order_minus_2, 2) ||
        !BN_MONT_CTX_set(p256.order_mont, p256.order, ctx)) {
        p256_free();
    }
    BN_CTX_free(ctx);
}

/* A number of 32 octets in a BN_CTX frame, its value not to be branched on. NULL where memory is short. */
static BIGNUM *secret_number(const uint8_t octets[P256_OCTETS], BN_CTX *ctx)
{
    BIGNUM *number = BN_CTX_get(ctx);
    if (number == NULL || BN_bin2bn(octets, P256_OCTETS, number) == NULL) {
        return NULL;
    }
    BN_set_flags(number, BN_FLG_CONSTTIME);
    return number;
}

static BIGNUM *public_number(const uint8_t octets[P256_OCTETS], BN_CTX *ctx)
{
    BIGNUM *number = BN_CTX_get(ctx);
    return number == NULL ? NULL : BN_bin2bn(octets, P256_OCTETS, number);
}

/* The point X | Y. JOB_REFUSED where it is none of the curve; the encoding has no room for the point at infinity. */
static enum job_status read_point(const uint8_t octets[2 * P256_OCTETS], EC_POINT *point, BN_CTX *ctx)
{
    /* libcrypto would reduce a coordinate of p or more */
    if (!p256_coordinate_in_range(octets) || !p256_coordinate_in_range(octets + P256_OCTETS)) {
        return JOB_REFUSED;
    }
    BIGNUM *x = public_number(octets, ctx);
    BIGNUM *y = public_number(octets + P256_OCTETS, ctx);
    if (x == NULL || y == NULL) {
        return JOB_FAULT;
    }
    return EC_POINT_set_affine_coordinates(p256.group, point, x, y, ctx) ? JOB_OK : JOB_REFUSED;
}

static enum job_status p256_keygen(const struct job *job, EC_POINT *point, BN_CTX *ctx)
{
    if (!p256_scalar_in_range(job->p256.scalar)) {
        return JOB_REFUSED;
    }
    BIGNUM *d = secret_number(job->p256.scalar, ctx);
    BIGNUM *x = BN_CTX_get(ctx);
    BIGNUM *y = BN_CTX_get(ctx);
    if (d == NULL || y == NULL || !EC_POINT_mul(p256.group, point, d, NULL, NULL, ctx) ||
        !EC_POINT_get_affine_coordinates(p256.group, point, x, y, ctx)) {
        return JOB_FAULT;
    }
    BN_bn2binpad(x, job->p256.out, P256_OCTETS);
    BN_bn2binpad(y, job->p256.out + P256_OCTETS, P256_OCTETS);
    return JOB_OK;
}

static enum job_status p256_derive(const struct job *job, EC_POINT *point, BN_CTX *ctx)
{
    if (!p256_scalar_in_range(job->p256.scalar)) {
        return JOB_REFUSED;
    }
    enum job_status status = read_point(job->p256.peer, point, ctx);
    if (status != JOB_OK) {
        return status;
    }
    BIGNUM *d = secret_number(job->p256.scalar, ctx);
    BIGNUM *x = BN_CTX_get(ctx);
    if (d == NULL || x == NULL || !EC_POINT_mul(p256.group, point, NULL, point, d, ctx) ||
        !EC_POINT_get_affine_coordinates(p256.group, point, x, NULL, ctx)) {
        return JOB_FAULT;
    }
    BN_bn2binpad(x, job->p256.out, P256_OCTETS);
    return JOB_OK;
}

static enum job_status ecdsa_sign(const struct job *job, EC_POINT *point, BN_CTX *ctx)
{
    if (!p256_scalar_in_range(job->ecdsa_sign.key) || !p256_scalar_in_range(job->ecdsa_sign.nonce)) {
        return JOB_REFUSED;
    }
    const BIGNUM *n = p256.order;
    BN_MONT_CTX *mont = p256.order_mont;
    BIGNUM *d = secret_number(job->ecdsa_sign.key, ctx);
    BIGNUM *k = secret_number(job->ecdsa_sign.nonce, ctx);
    BIGNUM *e = public_number(job->ecdsa_sign.digest, ctx);
    BIGNUM *r = BN_CTX_get(ctx);
    BIGNUM *s = BN_CTX_get(ctx);
    BIGNUM *inverse = BN_CTX_get(ctx);
    if (d == NULL || k == NULL || e == NULL || inverse == NULL ||
        !EC_POINT_mul(p256.group, point, k, NULL, NULL, ctx) ||
        !EC_POINT_get_affine_coordinates(p256.group, point, r, NULL, ctx) || !BN_nnmod(r, r, n, ctx) ||
        !BN_nnmod(e, e, n, ctx)) {
        return JOB_FAULT;
    }
    /* s = k^-1 (e + r d); the inverse by Fermat, since the extended Euclid's branches would follow the nonce */
    if (!BN_mod_exp_mont_consttime(inverse, k, p256.order_minus_2, n, ctx, mont) ||
        !BN_to_montgomery(inverse, inverse, mont, ctx) || !BN_to_montgomery(s, r, mont, ctx) ||
        !BN_mod_mul_montgomery(s, s, d, mont, ctx) || !BN_mod_add_quick(s, s, e, n) ||
        !BN_mod_mul_montgomery(s, s, inverse, mont, ctx)) {
        return JOB_FAULT;
    }
    if (BN_is_zero(r) || BN_is_zero(s)) {
        return JOB_REFUSED;
    }
    BN_bn2binpad(r, job->ecdsa_sign.signature, P256_OCTETS);
    BN_bn2binpad(s, job->ecdsa_sign.signature + P256_OCTETS, P256_OCTETS);
    return JOB_OK;
}

static enum job_status ecdsa_verify(const struct job *job, EC_POINT *point, BN_CTX *ctx)
{
    const uint8_t *signature = job->ecdsa_verify.signature;
    /* FIPS 186-4 section 6.4.2 by way of X9.62: r and s in [1, n-1], before anything else */
    if (!p256_scalar_in_range(signature) || !p256_scalar_in_range(signature + P256_OCTETS)) {
        return JOB_REFUSED;
    }
    enum job_status status = read_point(job->ecdsa_verify.public_key, point, ctx);
    if (status != JOB_OK) {
        return status;
    }
    const BIGNUM *n = p256.order;
    BIGNUM *r = public_number(signature, ctx);
    BIGNUM *s = public_number(signature + P256_OCTETS, ctx);
    BIGNUM *e = public_number(job->ecdsa_verify.digest, ctx);
    BIGNUM *u1 = BN_CTX_get(ctx);
    BIGNUM *u2 = BN_CTX_get(ctx);
    if (r == NULL || s == NULL || e == NULL || u2 == NULL || !BN_nnmod(e, e, n, ctx) ||
        BN_mod_inverse(s, s, n, ctx) == NULL || !BN_mod_mul(u1, e, s, n, ctx) || !BN_mod_mul(u2, r, s, n, ctx) ||
        !EC_POINT_mul(p256.group, point, u1, point, u2, ctx)) {
        return JOB_FAULT;
    }
    if (EC_POINT_is_at_infinity(p256.group, point)) {
        return JOB_REFUSED;
    }
    if (!EC_POINT_get_affine_coordinates(p256.group, point, e, NULL, ctx) || !BN_nnmod(e, e, n, ctx)) {
        return JOB_FAULT;
    }
    return BN_cmp(e, r) == 0 ? JOB_OK : JOB_REFUSED;
}

static enum job_status run_p256(enum primitive primitive, const struct job *job, EC_POINT *point, BN_CTX *ctx)
{
    switch (primitive) {
    case P256_KEYGEN:
        return p256_keygen(job, point, ctx);
    case P256_DERIVE:
        return p256_derive(job, point, ctx);
    case ECDSA_P256_SIGN:
        return ecdsa_sign(job, point, ctx);
    default:
        return ecdsa_verify(job, point, ctx);
    }
}

static void run_p256_jobs(enum primitive primitive, struct job *const jobs[], size_t count)
{
    pthread_once(&p256_once, p256_prepare);
    BN_CTX *ctx = BN_CTX_new();
    EC_POINT *point = p256.group == NULL ? NULL : EC_POINT_new(p256.group);
    for (size_t i = 0; i < count; i++) {
        jobs[i]->status = JOB_FAULT;
        if (ctx != NULL && point != NULL) {
            BN_CTX_start(ctx);
            jobs[i]->status = run_p256(primitive, jobs[i], point, ctx);
            BN_CTX_end(ctx);
        }
    }
    EC_POINT_clear_free(point);
    BN_CTX_free(ctx); /* which wipes its numbers */
}

static enum job_status x25519_keygen(const struct job *job)
{
    size_t length = X25519_OCTETS;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, job->x25519.scalar, X25519_OCTETS);
    bool made = key != NULL && EVP_PKEY_get_raw_public_key(key, job->x25519.out, &length) == 1;
    EVP_PKEY_free(key);
    return made ? JOB_OK : JOB_FAULT;
}

/*
 * The key for a derivation, which reads the private half only. Given no public half, libcrypto computes it, and doubles
 * the work; so it is given one: the peer's value, just to fill the place.
 */
static EVP_PKEY *x25519_private_key(const struct job *job)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, NULL);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)job->x25519.peer, X25519_OCTETS),
        OSSL_PARAM_construct_octet_string(
            OSSL_PKEY_PARAM_PRIV_KEY, (void *)(uintptr_t)job->x25519.scalar, X25519_OCTETS),
        OSSL_PARAM_construct_end()};
    if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1) {
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, parameters);
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static enum job_status x25519_derive(const struct job *job)
{
    uint8_t secret[X25519_OCTETS];
    size_t length = sizeof secret;
    EVP_PKEY *key = x25519_private_key(job);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, job->x25519.peer, X25519_OCTETS);
    EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    enum job_status status = JOB_FAULT;
    if (ctx != NULL && peer != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1) {
        /* what can fail here is the all-zero result alone */
        status = EVP_PKEY_derive(ctx, secret, &length) == 1 ? JOB_OK : JOB_REFUSED;
    }
    if (status == JOB_OK) {
        memcpy(job->x25519.out, secret, sizeof secret);
    }
    secret_wipe(secret, sizeof secret);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(key);
    return status;
}

void ec_portable_run(enum primitive primitive, struct job *const jobs[], size_t count)
{
    /* what a hostile peer's point leaves in the queue of errors is no news to our caller's thread */
    ERR_set_mark();
    if (primitive == X25519_KEYGEN || primitive == X25519_DERIVE) {
        for (size_t i = 0; i < count; i++) {
            jobs[i]->status = primitive == X25519_KEYGEN ? x25519_keygen(jobs[i]) : x25519_derive(jobs[i]);
        }
    } else {
        run_p256_jobs(primitive, jobs, count);
    }
    ERR_pop_to_mark();
}
