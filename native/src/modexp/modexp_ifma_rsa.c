/*
 * RSA, eight lanes. A private operation blinds its input, c' = c r^e; takes c' to its CRT exponents modulo the factors;
 * recombines; unblinds with r^-1; and raises the result to e again: only what gives c back leaves. (One wrong half
 * would give the factors away: gcd(m^e - c, n).)
 */
#include <openssl/bn.h>
#include <pthread.h>
#include <string.h>

#include "modexp/modexp_ifma.h"
#include "modexp/modexp_ifma_lanes.h"
#include "modexp/rsa_key_parts.h"
#include "secret.h"

#define MAX_HALF (MAX_LIMBS / 2)
#define HALF_OCTETS (RSA_MAX_BITS / 16)

/* Uses of a blinding, each followed by squaring it, before it is made anew; 32 as in libcrypto. */
#define BLINDING_USES 32u

/*
 * Eight blindings of a key, r^e and r^-1 in Montgomery form, held as lanes, though each serves whichever lane of a
 * batch. Who has taken the set works on it alone.
 */
struct blinding {
    struct blinding *next;
    unsigned first;     /* the one to use first, the others follow in turn */
    unsigned long uses; /* of all eight; 0: not made yet */
    _Alignas(64) vec blind[MAX_LIMBS], unblind[MAX_LIMBS];
};

struct rsa_ifma {
    const struct size *modulus;
    const struct size *factor; /* NULL: no private operations here */
    uint64_t n[MAX_LIMBS], one[MAX_LIMBS], square_of_r[MAX_LIMBS], inverse;
    struct {
        uint64_t n[MAX_HALF], one[MAX_HALF], cube_of_r[MAX_HALF], inverse;
        uint64_t exponent[EXPONENT_WORDS];
    } half[2];               /* of p, of q */
    uint64_t qinv[MAX_HALF]; /* q^-1 mod p in Montgomery form */
    pthread_mutex_t lock;    /* of the list */
    struct blinding *vacant; /* sets that no batch has */
};

/* ---- keys ---- */

static bool get_limbs(uint64_t *limbs, unsigned k, const BIGNUM *number)
{
    uint8_t octets[RSA_MAX_BITS / 8];
    bool fits = BN_bn2binpad(number, octets, sizeof octets) == (int)sizeof octets;
    limbs_from_octets(limbs, k, octets, sizeof octets);
    secret_wipe(octets, sizeof octets);
    return fits;
}

/* -n^-1 mod 2^52, by Newton's iteration: an inverse mod 2^3 to start with, then twice the bits each time. */
static uint64_t negative_inverse(uint64_t n)
{
    uint64_t x = n;
    for (unsigned bits = 3; bits < LIMB_BITS; bits *= 2) {
        x *= 2 - n * x;
    }
    return (0 - x) & LIMB_MASK;
}

/* The numbers of Montgomery arithmetic modulo n: R, and R^power, R = 2^(52k). */
static bool get_modulus(
    const BIGNUM *n, unsigned k, int power, uint64_t *limbs, uint64_t *one, uint64_t *power_of_r, uint64_t *inverse,
    BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *number = BN_CTX_get(ctx);
    BIGNUM *modulus = BN_CTX_get(ctx);
    bool done = modulus != NULL && BN_copy(modulus, n) != NULL;
    if (done) {
        BN_set_flags(modulus, BN_FLG_CONSTTIME);
        done = get_limbs(limbs, k, n) && BN_set_bit(number, (int)k * LIMB_BITS) == 1 &&
               BN_mod(number, number, modulus, ctx) == 1 && get_limbs(one, k, number);
        BN_zero(number);
        done = done && BN_set_bit(number, power * (int)k * LIMB_BITS) == 1 &&
               BN_mod(number, number, modulus, ctx) == 1 && get_limbs(power_of_r, k, number);
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

static bool get_private(struct rsa_ifma *key, const RSA *rsa, BN_CTX *ctx)
{
    const BIGNUM *factor[2], *exponent[2], *qinv;
    RSA_get0_factors(rsa, &factor[0], &factor[1]);
    RSA_get0_crt_params(rsa, &exponent[0], &exponent[1], &qinv);
    const unsigned k = key->factor->limbs;
    for (unsigned i = 0; i < 2; i++) {
        if (!get_modulus(
                factor[i], k, 3, key->half[i].n, key->half[i].one, key->half[i].cube_of_r, &key->half[i].inverse,
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
        done = BN_mod(number, number, factor[0], ctx) == 1 && get_limbs(key->qinv, k, number);
    }
    BN_CTX_end(ctx);
    return done;
}

struct rsa_ifma *rsa_ifma_new(const RSA *rsa)
{
    const BIGNUM *n, *p, *q;
    RSA_get0_key(rsa, &n, NULL, NULL);
    RSA_get0_factors(rsa, &p, &q);
    unsigned bits = (unsigned)BN_num_bits(n);
    const struct size *modulus = size_of_modulus(bits);
    struct rsa_ifma *key = modulus != NULL ? secret_alloc(sizeof *key) : NULL;
    if (key == NULL) {
        return NULL;
    }
    memset(key, 0, sizeof *key);
    if (pthread_mutex_init(&key->lock, NULL) != 0) {
        secret_free(key, sizeof *key);
        return NULL;
    }
    key->modulus = modulus;
    BN_CTX *ctx = BN_CTX_secure_new();
    bool done =
        ctx != NULL && get_modulus(n, modulus->limbs, 2, key->n, key->one, key->square_of_r, &key->inverse, ctx);
    if (done && p != NULL && BN_num_bits(p) == (int)bits / 2 && BN_num_bits(q) == (int)bits / 2) {
        key->factor = size_of_factor(bits / 2);
        done = get_private(key, rsa, ctx);
    }
    BN_CTX_free(ctx);
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
    while (key->vacant != NULL) {
        struct blinding *set = key->vacant;
        key->vacant = set->next;
        secret_free(set, sizeof *set);
    }
    pthread_mutex_destroy(&key->lock);
    secret_free(key, sizeof *key);
}

/* ---- batches ---- */

/* A batch: its jobs' keys by lane, lanes without a job having the first one's, and its memory. */
struct batch {
    struct job *job[LANES];
    size_t count;
    const struct rsa_ifma *key[LANES];
    uint64_t e[LANES];
    const struct size *modulus, *factor;
    struct workspace *w;
    struct modulus n;
};

static vec lane_words(const uint64_t words[LANES])
{
    return _mm512_loadu_si512(words);
}

/* The jobs' moduli and inputs. False: no memory. */
static bool batch_begin(struct batch *b)
{
    b->w = workspace_take();
    if (b->w == NULL) {
        return false;
    }
    uint64_t inverse[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        const struct job *job = b->job[lane < b->count ? lane : 0];
        const struct rsa_key *key = job->rsa.key;
        b->key[lane] = key->ifma;
        b->e[lane] = key->e;
        b->modulus = key->ifma->modulus;
        b->factor = key->ifma->factor;
        const unsigned k = b->modulus->limbs;
        lane_set(b->w->n, lane, key->ifma->n, k);
        lane_set(b->w->one, lane, key->ifma->one, k);
        lane_set(b->w->square_of_r, lane, key->ifma->square_of_r, k);
        lane_set_octets(b->w->input, lane, job->rsa.in, key->octets, k);
        inverse[lane] = key->ifma->inverse;
    }
    b->n = (struct modulus){.n = b->w->n, .inverse = lane_words(inverse)};
    return true;
}

static void batch_write(struct batch *b, unsigned lane)
{
    const struct job *job = b->job[lane];
    lane_get_octets(job->rsa.out, job->rsa.key->octets, b->w->output, lane, b->modulus->limbs);
    b->job[lane]->status = JOB_OK;
}

/* ---- the private operation ---- */

/* half[i] = base^exponent modulo factor i, at most the factor; base is below 2n. */
static void power_half(struct batch *b, const vec *base, unsigned i)
{
    struct workspace *w = b->w;
    const unsigned k = b->factor->limbs;
    vec *factor = i == 0 ? w->p : w->q;
    uint64_t inverse[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        const struct rsa_ifma *key = b->key[lane];
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
    return 2 * size_reduce_count(factor) + size_multiply_count(factor) + lanes_power_count(factor, bits);
}

/* output = the number that is half[0] mod p and half[1] mod q (Garner): half[1] + q * ((half[0] - half[1]) * qinv mod
 * p). */
static void recombine(struct batch *b)
{
    struct workspace *w = b->w;
    const unsigned k = b->factor->limbs;
    uint64_t inverse[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        lane_set(w->qinv, lane, b->key[lane]->qinv, k);
        inverse[lane] = b->key[lane]->half[0].inverse;
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
        carry = _mm512_srli_epi64(sum, LIMB_BITS);
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
    return 2 * power_half_count(factor, bits / 2) + size_multiply_count(factor) + size_product_count(factor);
}

/* ---- blinding ---- */

/* Inverses of eight numbers by one inversion, which a ninth random factor hides from its own varying time. */
static bool invert_all(BIGNUM *inverse[LANES], BIGNUM *const number[LANES], const BIGNUM *n, BN_CTX *ctx)
{
    BIGNUM *all = BN_CTX_get(ctx);
    bool done = all != NULL && BN_priv_rand_range(all, n) == 1;
    for (unsigned i = 0; i < LANES && done; i++) {
        done = BN_copy(inverse[i], all) != NULL && BN_mod_mul(all, all, number[i], n, ctx) == 1;
    }
    done = done && BN_mod_inverse(all, all, n, ctx) != NULL;
    for (unsigned i = LANES; i-- > 0 && done;) {
        done = BN_mod_mul(inverse[i], inverse[i], all, n, ctx) == 1 && BN_mod_mul(all, all, number[i], n, ctx) == 1;
    }
    return done;
}

/* Random numbers below n and their inverses, into lanes. */
static bool draw(vec *random, vec *inverse, const struct rsa_key *key)
{
    const BIGNUM *n;
    RSA_get0_key(key->rsa, &n, NULL, NULL);
    BN_CTX *ctx = BN_CTX_secure_new();
    if (ctx == NULL) {
        return false;
    }
    BN_CTX_start(ctx);
    BIGNUM *r[LANES], *r_inverse[LANES];
    bool done = true;
    for (unsigned i = 0; i < LANES; i++) {
        r[i] = BN_CTX_get(ctx);
        r_inverse[i] = BN_CTX_get(ctx);
        done = done && r_inverse[i] != NULL && BN_priv_rand_range(r[i], n) == 1;
    }
    done = done && invert_all(r_inverse, r, n, ctx);
    uint64_t limbs[MAX_LIMBS];
    const unsigned k = key->ifma->modulus->limbs;
    for (unsigned i = 0; i < LANES && done; i++) {
        done = get_limbs(limbs, k, r[i]);
        lane_set(random, i, limbs, k);
        done = done && get_limbs(limbs, k, r_inverse[i]);
        lane_set(inverse, i, limbs, k);
    }
    secret_wipe(limbs, sizeof limbs);
    BN_CTX_end(ctx);
    BN_CTX_free(ctx);
    return done;
}

/* Makes a set's blindings anew, in memory of its own: the batch's is in use. */
static bool blinding_renew(struct blinding *set, const struct rsa_key *key)
{
    struct workspace *w = workspace_take();
    if (w == NULL) {
        return false;
    }
    const struct rsa_ifma *ifma = key->ifma;
    const unsigned k = ifma->modulus->limbs;
    uint64_t e[LANES], inverse[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        lane_set(w->n, lane, ifma->n, k);
        lane_set(w->one, lane, ifma->one, k);
        lane_set(w->square_of_r, lane, ifma->square_of_r, k);
        e[lane] = key->e;
        inverse[lane] = ifma->inverse;
    }
    struct modulus n = {.n = w->n, .inverse = lane_words(inverse)};
    bool done = draw(w->input, set->unblind, key);
    if (done) {
        ifma->modulus->multiply(set->unblind, set->unblind, w->square_of_r, &n, w->t);
        lanes_power_public(ifma->modulus, set->blind, w->input, &n, w->one, w->square_of_r, e, w);
        ifma->modulus->multiply(set->blind, set->blind, w->square_of_r, &n, w->t);
        set->first = 0;
        set->uses = 0;
    }
    workspace_give(w, false);
    return done;
}

static struct blinding *blinding_take(const struct rsa_key *key)
{
    struct rsa_ifma *ifma = key->ifma;
    pthread_mutex_lock(&ifma->lock);
    struct blinding *set = ifma->vacant;
    if (set != NULL) {
        ifma->vacant = set->next;
    }
    pthread_mutex_unlock(&ifma->lock);
    bool made = set != NULL;
    if (!made) {
        set = secret_alloc(sizeof *set);
    }
    if (set != NULL && (!made || set->uses > LANES * (BLINDING_USES - 1)) && !blinding_renew(set, key)) {
        secret_free(set, sizeof *set);
        set = NULL;
    }
    return set;
}

static void blinding_give(struct rsa_ifma *ifma, struct blinding *set)
{
    pthread_mutex_lock(&ifma->lock);
    set->next = ifma->vacant;
    ifma->vacant = set;
    pthread_mutex_unlock(&ifma->lock);
}

/* The sets of a batch, one for each key in it, and which lane has which blinding. */
struct blindings {
    struct blinding *set[LANES]; /* by lane; lanes with the same key share it */
    unsigned index[LANES];
    bool owner[LANES]; /* the lane that gives it back */
};

static void blindings_give(struct batch *b, struct blindings *s)
{
    for (unsigned lane = 0; lane < LANES; lane++) {
        if (s->owner[lane]) {
            blinding_give(b->job[lane < b->count ? lane : 0]->rsa.key->ifma, s->set[lane]);
        }
    }
}

/* blind and unblind get the lanes' blindings. False: no memory or no randomness. */
static bool blindings_take(struct batch *b, struct blindings *s)
{
    const unsigned k = b->modulus->limbs;
    memset(s, 0, sizeof *s);
    for (unsigned lane = 0; lane < LANES; lane++) {
        for (unsigned other = 0; other < lane && s->set[lane] == NULL; other++) {
            if (b->key[other] == b->key[lane]) {
                s->set[lane] = s->set[other];
            }
        }
        if (s->set[lane] == NULL) {
            s->set[lane] = blinding_take(b->job[lane < b->count ? lane : 0]->rsa.key);
            s->owner[lane] = s->set[lane] != NULL;
        }
        if (s->set[lane] == NULL) {
            blindings_give(b, s);
            return false;
        }
        struct blinding *set = s->set[lane];
        s->index[lane] = set->first;
        set->first = (set->first + 1) % LANES;
        set->uses++;
        uint64_t limbs[MAX_LIMBS];
        lane_get(limbs, set->blind, s->index[lane], k);
        lane_set(b->w->blind, lane, limbs, k);
        lane_get(limbs, set->unblind, s->index[lane], k);
        lane_set(b->w->unblind, lane, limbs, k);
        explicit_bzero(limbs, sizeof limbs);
    }
    return true;
}

/* The blindings used are squared for their next use. */
static void blindings_refresh(struct batch *b, struct blindings *s)
{
    const unsigned k = b->modulus->limbs;
    b->modulus->square(b->w->blind, b->w->blind, &b->n, b->w->t);
    b->modulus->square(b->w->unblind, b->w->unblind, &b->n, b->w->t);
    for (unsigned lane = 0; lane < LANES; lane++) {
        uint64_t limbs[MAX_LIMBS];
        lane_get(limbs, b->w->blind, lane, k);
        lane_set(s->set[lane]->blind, s->index[lane], limbs, k);
        lane_get(limbs, b->w->unblind, lane, k);
        lane_set(s->set[lane]->unblind, s->index[lane], limbs, k);
        explicit_bzero(limbs, sizeof limbs);
    }
    blindings_give(b, s);
}

/* ---- entry points ---- */

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
    if (!batch_begin(b)) {
        for (size_t i = 0; i < b->count; i++) {
            b->job[i]->status = JOB_FAULT;
        }
        return;
    }
    if (!blindings_take(b, &s)) {
        for (size_t i = 0; i < b->count; i++) {
            b->job[i]->status = JOB_FAULT;
        }
        workspace_give(b->w, false);
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
    workspace_give(w, true);
}

void rsa_ifma_private(struct job *const jobs[], size_t count)
{
    struct batch b = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        const struct rsa_key *key = jobs[i]->rsa.key;
        if (!key->is_private || memcmp(jobs[i]->rsa.in, key->n, key->octets) >= 0) {
            jobs[i]->status = JOB_REFUSED;
        } else if (key->ifma == NULL || key->ifma->factor == NULL) {
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
    workspace_give(b.w, true);
}

void rsa_ifma_public(struct job *const jobs[], size_t count)
{
    struct batch b = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        const struct rsa_key *key = jobs[i]->rsa.key;
        if (memcmp(jobs[i]->rsa.in, key->n, key->octets) >= 0) {
            jobs[i]->status = JOB_REFUSED;
        } else if (key->ifma == NULL) {
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
    workspace_give(b.w, false);
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
