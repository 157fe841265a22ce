/* RSA and MODP by libcrypto: the reference that other back-ends are compared with. */
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "modexp/modexp.h"
#include "modexp/modp_group_parts.h"
#include "modexp/rsa_key_parts.h"
#include "secret.h"

unsigned job_bits(const struct job *job)
{
    switch (job->primitive) {
    case RSA_PRIVATE:
    case RSA_PUBLIC:
        return rsa_key_bits(job->rsa.key);
    case MODP_KEYGEN:
    case MODP_DERIVE:
        return modp_group_bits(job->modp.group);
    case X25519_KEYGEN:
    case X25519_DERIVE:
    case P256_KEYGEN:
    case P256_DERIVE:
    case ECDSA_P256_SIGN:
    case ECDSA_P256_VERIFY:
    case PRIMITIVE_COUNT:
        break;
    }
    return 0;
}

/* libcrypto's form of a key of rsa_key_once(); NULL where there is no memory. */
static RSA *rsa_of_once(const struct rsa_key *key)
{
    RSA *rsa = RSA_new();
    BIGNUM *n = BN_bin2bn(key->n, (int)key->octets, NULL);
    BIGNUM *e = BN_new();
    if (rsa == NULL || n == NULL || e == NULL || BN_set_word(e, key->e) != 1 || RSA_set0_key(rsa, n, e, NULL) != 1) {
        BN_free(n);
        BN_free(e);
        RSA_free(rsa);
        return NULL;
    }
    return rsa;
}

static enum job_status rsa_run(enum primitive primitive, const struct job *job)
{
    const struct rsa_key *key = job->rsa.key;
    if ((primitive == RSA_PRIVATE && !key->is_private) || memcmp(job->rsa.in, key->n, key->octets) >= 0) {
        return JOB_REFUSED;
    }
    /* libcrypto blinds the base, checks the CRT's result with e, and takes the long way with d where that fails */
    uint8_t out[RSA_MAX_BITS / 8];
    int length = (int)key->octets;
    RSA *made = key->rsa == NULL ? rsa_of_once(key) : NULL;
    RSA *rsa = key->rsa == NULL ? made : key->rsa;
    if (rsa == NULL) {
        return JOB_FAULT;
    }
    int written = primitive == RSA_PRIVATE ? RSA_private_decrypt(length, job->rsa.in, out, rsa, RSA_NO_PADDING)
                                           : RSA_public_encrypt(length, job->rsa.in, out, rsa, RSA_NO_PADDING);
    RSA_free(made);
    if (written == length) {
        memcpy(job->rsa.out, out, key->octets);
    } else {
        ERR_clear_error();
    }
    secret_wipe(out, sizeof out);
    return written == length ? JOB_OK : JOB_FAULT;
}

/*
 * The exponent's length in words is the only thing of it that libcrypto's time tells, and fewer words than the group's
 * exponents have come with probability 2^-64.
 */
static enum job_status modp_run(enum primitive primitive, const struct job *job, BN_CTX *ctx)
{
    const struct modp_group *group = job->modp.group;
    if (primitive == MODP_DERIVE && !modp_group_accepts(group, job->modp.peer)) {
        return JOB_REFUSED;
    }
    BIGNUM *base = BN_CTX_get(ctx);
    BIGNUM *exponent = BN_CTX_get(ctx);
    BIGNUM *result = BN_CTX_get(ctx);
    if (result == NULL) {
        return JOB_FAULT;
    }
    BN_set_flags(exponent, BN_FLG_CONSTTIME);
    bool read = BN_bin2bn(job->modp.exponent, (int)group->exponent_octets, exponent) != NULL;
    read = read && (primitive == MODP_DERIVE ? BN_bin2bn(job->modp.peer, (int)group->octets, base) != NULL
                                             : BN_set_word(base, 2) == 1);
    bool done = read && BN_mod_exp_mont_consttime(result, base, exponent, group->p, ctx, group->mont) == 1 &&
                BN_bn2binpad(result, job->modp.out, (int)group->octets) == (int)group->octets;
    BN_clear(exponent);
    BN_clear(result);
    return done ? JOB_OK : JOB_FAULT;
}

void modexp_portable_run(enum primitive primitive, struct job *const jobs[], size_t count)
{
    if (primitive == RSA_PRIVATE || primitive == RSA_PUBLIC) {
        for (size_t i = 0; i < count; i++) {
            jobs[i]->status = rsa_run(primitive, jobs[i]);
        }
        return;
    }
    BN_CTX *ctx = BN_CTX_secure_new();
    for (size_t i = 0; i < count; i++) {
        if (ctx == NULL) {
            jobs[i]->status = JOB_FAULT;
            continue;
        }
        BN_CTX_start(ctx);
        jobs[i]->status = modp_run(primitive, jobs[i], ctx);
        BN_CTX_end(ctx);
    }
    BN_CTX_free(ctx);
}
