/*
 * RSA, eight lanes. A private operation blinds its input, c' = c r^e; takes c' to its CRT exponents modulo the factors;
 * recombines; unblinds with r^-1; and raises the result to e again: only what gives c back leaves. (One wrong half
 * would give the factors away: gcd(m^e - c, n).)
 */
#include <string.h>

#include "modexp/modexp_ifma.h"
#include "modexp/modexp_ifma_rsa.h"
#include "secret.h"

/* The jobs' moduli and inputs. False: no memory. */
static bool batch_begin(struct batch *b)
{
    const unsigned bits = b->job[0]->rsa.key->bits;
    b->modulus = size_of_modulus(bits);
    const unsigned k = b->modulus->limbs;
    b->w = workspace_take(k);
    if (b->w == NULL) {
        return false;
    }
    bool prepared = true;
    uint64_t inverse[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        const struct job *job = b->job[lane < b->count ? lane : 0];
        const struct rsa_key *key = job->rsa.key;
        b->key[lane] = key->ifma;
        b->e[lane] = key->e;
        lane_set_octets(b->w->input, lane, job->rsa.in, key->octets, k);
        if (key->ifma == NULL) {
            prepared = false;
            uint64_t n[MAX_LIMBS];
            limbs_from_octets(n, k, key->n, key->octets);
            lane_set(b->w->n, lane, n, k);
            inverse[lane] = negative_inverse(n[0]);
            continue;
        }
        b->factor = key->ifma->private == NULL ? NULL : key->ifma->private->factor;
        lane_set(b->w->n, lane, key->ifma->n, k);
        lane_set(b->w->one, lane, key->ifma->one, k);
        lane_set(b->w->square_of_r, lane, key->ifma->square_of_r, k);
        inverse[lane] = key->ifma->inverse;
    }
    b->n = (struct modulus){.n = b->w->n, .inverse = lane_words(inverse)};
    if (!prepared) {
        lanes_montgomery(b->modulus, b->w->one, b->w->square_of_r, &b->n, bits, b->w);
    }
    return true;
}

static void batch_write(struct batch *b, unsigned lane)
{
    const struct job *job = b->job[lane];
    lane_get_octets(job->rsa.out, job->rsa.key->octets, b->w->output, lane, b->modulus->limbs);
    b->job[lane]->status = JOB_OK;
}

/* half[i] = base^exponent modulo factor i, at most the factor; base is below 2n. */
static void power_half(struct batch *b, const vec *base, unsigned i)
{
    struct workspace *w = b->w;
    const unsigned k = b->factor->limbs;
    vec *factor = i == 0 ? w->p : w->q;
    uint64_t inverse[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        const struct rsa_ifma_private *key = b->key[lane]->private;
        lane_set(factor, lane, key->half[i].n, k);
        lane_set(w->factor_one, lane, key->half[i].one, k);
        lane_set(w->factor_cube_of_r, lane, key->half[i].cube_of_r, k);
        lane_set(w->exponent, lane, key->half[i].exponent, EXPONENT_WORDS);
        inverse[lane] = key->half[i].inverse;
    }
    struct modulus m = {.n = factor, .inverse = lane_words(inverse)};
    vec *x = w->half[i];
    memcpy(w->t, base, 2 * k * sizeof(vec));
    b->factor->reduce(x, w->t, &m); /* base/R */
    b->factor->multiply(x, x, w->factor_cube_of_r, &m, w->t);
    lanes_power(b->factor, x, &m, w->factor_one, w->exponent, 512 * (k / 10), w);
    lanes_leave(b->factor, x, &m, w);
    explicit_bzero(inverse, sizeof inverse);
}

static unsigned long power_half_count(const struct size *factor, unsigned bits)
{
    return 2 * factor->reduce_count + size_multiply_count(factor) + lanes_power_count(factor, bits);
}

/* output = the number that is half[0] mod p and half[1] mod q (Garner): half[1] + q * ((half[0] - half[1]) * qinv mod
 * p). */
static void recombine(struct batch *b)
{
    struct workspace *w = b->w;
    const unsigned k = b->factor->limbs;
    uint64_t inverse[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        lane_set(w->qinv, lane, b->key[lane]->private->qinv, k);
        inverse[lane] = b->key[lane]->private->half[0].inverse;
    }
    struct modulus p = {.n = w->p, .inverse = lane_words(inverse)};
    vec *h = w->half[0];
    lanes_canonical(w->half[1], w->q, k, w->t);
    /* h + 2p - half[1], positive as q < 2p */
    vec carry = _mm512_setzero_si512();
    for (unsigned i = 0; i < k; i++) {
        vec sum = _mm512_add_epi64(_mm512_add_epi64(h[i], carry), _mm512_add_epi64(w->p[i], w->p[i]));
        sum = _mm512_sub_epi64(sum, w->half[1][i]);
        h[i] = _mm512_and_si512(sum, limb_mask());
        carry = _mm512_srai_epi64(sum, LIMB_BITS);
    }
    b->factor->multiply(h, h, w->qinv, &p, w->t);
    lanes_canonical(h, w->p, k, w->t);
    b->factor->product(w->t, w->q, h);
    carry = _mm512_setzero_si512();
    for (unsigned i = 0; i < 2 * k; i++) {
        vec sum = _mm512_add_epi64(w->t[i], carry);
        sum = i < k ? _mm512_add_epi64(sum, w->half[1][i]) : sum;
        w->output[i] = _mm512_and_si512(sum, limb_mask());
        carry = _mm512_srai_epi64(sum, LIMB_BITS);
    }
    explicit_bzero(inverse, sizeof inverse);
}

/* output = base^d mod n by CRT; base is below 2n. */
static void power_crt(struct batch *b, const vec *base)
{
    power_half(b, base, 0);
    power_half(b, base, 1);
    recombine(b);
}

static unsigned long power_crt_count(const struct size *factor, unsigned bits)
{
    return 2 * power_half_count(factor, bits / 2) + size_multiply_count(factor) + factor->product_count;
}

/* The lanes in which output^e is input. */
static unsigned verified(struct batch *b)
{
    struct workspace *w = b->w;
    const unsigned k = b->modulus->limbs;
    lanes_power_public(b->modulus, w->unblind, w->output, &b->n, w->one, w->square_of_r, b->e, w);
    lanes_canonical(w->unblind, w->n, k, w->t);
    return lanes_equal(w->unblind, w->input, k);
}

/* A job whose result failed its check, or that has no kernel: by libcrypto, and believed only if it checks. */
static void run_portable(struct job *job)
{
    struct rsa_key *key = job->rsa.key;
    uint8_t out[RSA_MAX_BITS / 8], again[RSA_MAX_BITS / 8];
    struct job private = {.primitive = RSA_PRIVATE, .rsa = {.key = key, .in = job->rsa.in, .out = out}};
    struct job public = {.primitive = RSA_PUBLIC, .rsa = {.key = key, .in = out, .out = again}};
    struct job *one = &private;
    modexp_portable_run(RSA_PRIVATE, &one, 1);
    job->status = private.status;
    if (private.status == JOB_OK) {
        one = &public;
        modexp_portable_run(RSA_PUBLIC, &one, 1);
        bool checks = public.status == JOB_OK && memcmp(again, job->rsa.in, key->octets) == 0;
        job->status = checks ? JOB_OK : JOB_FAULT;
    }
    if (job->status == JOB_OK) {
        memcpy(job->rsa.out, out, key->octets);
    }
    secret_wipe(out, sizeof out);
}

static void run_private(struct batch *b)
{
    struct blindings s;
    bool begun = batch_begin(b);
    if (!begun || !blindings_take(b, &s)) {
        for (size_t i = 0; i < b->count; i++) {
            b->job[i]->status = JOB_FAULT;
        }
        if (begun) {
            workspace_give(b->w, WIPE_NUMBERS);
        }
        return;
    }
    struct workspace *w = b->w;
    b->modulus->multiply(w->output, w->input, w->blind, &b->n, w->t);
    power_crt(b, w->output);
    b->modulus->multiply(w->output, w->output, w->unblind, &b->n, w->t);
    lanes_canonical(w->output, w->n, b->modulus->limbs, w->t);
    blindings_refresh(b, &s);
    unsigned right = verified(b);
    for (unsigned lane = 0; lane < b->count; lane++) {
        if ((right >> lane & 1) == 0) {
            run_portable(b->job[lane]);
        }
    }
    for (unsigned lane = 0; lane < b->count; lane++) {
        if ((right >> lane & 1) != 0) {
            batch_write(b, lane);
        }
    }
    workspace_give(w, WIPE_ALL);
}

void rsa_ifma_private(struct job *const jobs[], size_t count)
{
    struct batch b = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        const struct rsa_key *key = jobs[i]->rsa.key;
        if (!key->is_private || memcmp(jobs[i]->rsa.in, key->n, key->octets) >= 0) {
            jobs[i]->status = JOB_REFUSED;
        } else if (key->ifma == NULL || key->ifma->private == NULL) {
            run_portable(jobs[i]);
        } else {
            b.job[b.count++] = jobs[i];
        }
    }
    if (b.count > 0) {
        run_private(&b);
    }
}

void rsa_ifma_private_raw(struct job *const jobs[], size_t count)
{
    struct batch b = {.count = count};
    memcpy(b.job, jobs, count * sizeof *jobs);
    if (!batch_begin(&b)) {
        return;
    }
    power_crt(&b, b.w->input);
    for (unsigned lane = 0; lane < count; lane++) {
        batch_write(&b, lane);
    }
    workspace_give(b.w, WIPE_ALL);
}

void rsa_ifma_public(struct job *const jobs[], size_t count)
{
    struct batch b = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        const struct rsa_key *key = jobs[i]->rsa.key;
        if (memcmp(jobs[i]->rsa.in, key->n, key->octets) >= 0) {
            jobs[i]->status = JOB_REFUSED;
        } else if (size_of_modulus(key->bits) == NULL) {
            modexp_portable_run(RSA_PUBLIC, &jobs[i], 1);
        } else {
            b.job[b.count++] = jobs[i];
        }
    }
    if (b.count == 0) {
        return;
    }
    if (!batch_begin(&b)) {
        modexp_portable_run(RSA_PUBLIC, b.job, b.count);
        return;
    }
    lanes_power_public(b.modulus, b.w->output, b.w->input, &b.n, b.w->one, b.w->square_of_r, b.e, b.w);
    lanes_canonical(b.w->output, b.w->n, b.modulus->limbs, b.w->t);
    for (unsigned lane = 0; lane < b.count; lane++) {
        batch_write(&b, lane);
    }
    workspace_give(b.w, WIPE_NOTHING);
}

#define USUAL_EXPONENT 65537u

unsigned long rsa_ifma_private_raw_count(unsigned bits)
{
    const struct size *factor = size_of_factor(bits / 2);
    return factor == NULL ? 0 : power_crt_count(factor, bits);
}

unsigned long rsa_ifma_private_count(unsigned bits)
{
    const struct size *modulus = size_of_modulus(bits);
    return modulus == NULL ? 0
                           : 2 * size_multiply_count(modulus) + power_crt_count(size_of_factor(bits / 2), bits) +
                                 2 * size_square_count(modulus) + lanes_power_public_count(modulus, USUAL_EXPONENT);
}

unsigned long rsa_ifma_public_count(unsigned bits)
{
    const struct size *modulus = size_of_modulus(bits);
    return modulus == NULL ? 0 : lanes_power_public_count(modulus, USUAL_EXPONENT);
}
