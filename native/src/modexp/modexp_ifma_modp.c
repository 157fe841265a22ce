/* MODP groups, eight lanes: p = -1 mod 2^64, so that a quotient digit of the reduction is a column's low limb. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "modexp/modexp_ifma.h"
#include "modexp/modexp_ifma_lanes.h"
#include "modexp/modp_group_parts.h"

/* A group's numbers, the same in all lanes. */
struct modp_ifma {
    const struct size *size;
    struct modulus m;
    vec p[MAX_LIMBS], p_plus_one[MAX_LIMBS], one[MAX_LIMBS], square_of_r[MAX_LIMBS];
    /*
     * Entry d of window i is 2^(d * 2^(direct + SHARED_WINDOW * i)) in Montgomery form: windows of an exponent's bits
     * above the direct ones. Below them, 2^d itself is a power of two less than p.
     */
    uint64_t *table;
};

#define SIZES 3u
static struct modp_ifma prepared[SIZES];
static bool numbers_stand[SIZES], table_stands[SIZES];

static bool broadcast(vec *to, const BIGNUM *number, unsigned k)
{
    uint8_t octets[MODP_MAX_OCTETS];
    uint64_t limbs[MAX_LIMBS];
    if (number == NULL || BN_bn2binpad(number, octets, 512) != 512) {
        return false;
    }
    limbs_from_octets(limbs, k, octets, 512);
    for (unsigned i = 0; i < k; i++) {
        to[i] = _mm512_set1_epi64((long long)limbs[i]);
    }
    return true;
}

static void prepare_numbers(unsigned index)
{
    static const unsigned bits[SIZES] = {2048, 3072, 4096};
    struct modp_ifma *g = &prepared[index];
    const struct modp_group *group = modp_group_of_bits(bits[index]);
    if (group == NULL) {
        return;
    }
    g->size = size_of_prime(bits[index]);
    const unsigned k = g->size->limbs;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *number = BN_new();
    bool done = ctx != NULL && number != NULL && broadcast(g->p, group->p, k) && BN_copy(number, group->p) != NULL &&
                BN_add_word(number, 1) == 1 && broadcast(g->p_plus_one, number, k);
    BN_zero(number);
    done = done && BN_set_bit(number, (int)k * LIMB_BITS) == 1 && BN_mod(number, number, group->p, ctx) == 1 &&
           broadcast(g->one, number, k) && BN_mod_sqr(number, number, group->p, ctx) == 1 &&
           broadcast(g->square_of_r, number, k);
    BN_free(number);
    BN_CTX_free(ctx);
    g->m = (struct modulus){.n = g->p_plus_one, .inverse = _mm512_set1_epi64(1)};
    numbers_stand[index] = done;
}

/* Bits of an exponent d for which 2^d is below the prime. */
static unsigned direct_bits(unsigned prime_bits)
{
    return 31u - (unsigned)__builtin_clz(prime_bits);
}

static unsigned windows(unsigned prime_bits)
{
    unsigned octets = (unsigned)modp_group_exponent_octets(modp_group_of_bits(prime_bits));
    return (8 * octets - direct_bits(prime_bits) + SHARED_WINDOW - 1) / SHARED_WINDOW;
}

/* Vectors of a window's entries. */
static size_t window_vectors(unsigned k)
{
    return (size_t)k * SHARED_VECTORS;
}

static void prepare_table(unsigned index)
{
    struct modp_ifma *g = &prepared[index];
    const unsigned k = g->size->limbs;
    struct workspace *w = workspace_take(k);
    const unsigned bits = 1024 * (index + 2);
    const unsigned count = windows(bits);
    const size_t length = count * window_vectors(k) * sizeof(vec);
    g->table = aligned_alloc(sizeof(vec), length);
    if (w == NULL || g->table == NULL) {
        free(g->table);
        g->table = NULL;
        if (w != NULL) {
            workspace_give(w, WIPE_NUMBERS);
        }
        return;
    }

    /* base: the first window's 2^(2^direct), then the next window's; a lane a window, eight windows at a time */
    for (unsigned i = 0; i < k; i++) {
        w->base[i] = _mm512_add_epi64(g->one[i], g->one[i]);
    }
    vec carry = _mm512_setzero_si512();
    for (unsigned i = 0; i < k; i++) {
        vec sum = _mm512_add_epi64(w->base[i], carry);
        w->base[i] = _mm512_and_si512(sum, limb_mask());
        carry = _mm512_srli_epi64(sum, LIMB_BITS);
    }
    for (unsigned i = 0; i < direct_bits(bits); i++) {
        g->size->square(w->base, w->base, &g->m, w->t);
    }
    for (unsigned first = 0; first < count; first += LANES) {
        for (unsigned lane = 0; lane < LANES; lane++) {
            for (unsigned i = 0; i < k; i++) {
                w->input[i] = _mm512_mask_mov_epi64(w->input[i], (__mmask8)(1u << lane), w->base[i]);
            }
            for (unsigned i = 0; i < SHARED_WINDOW; i++) {
                g->size->square(w->base, w->base, &g->m, w->t);
            }
        }
        for (unsigned i = 0; i < k; i++) {
            w->output[i] = g->one[i];
        }
        for (unsigned entry = 0; entry < 1u << SHARED_WINDOW; entry++) {
            for (unsigned lane = 0; lane < LANES && first + lane < count; lane++) {
                for (unsigned i = 0; i < k; i++) {
                    g->table[(((first + lane) * k + i) << SHARED_WINDOW) + entry] =
                        ((const uint64_t(*)[LANES])w->output)[i][lane];
                }
            }
            g->size->multiply(w->output, w->output, w->input, &g->m, w->t);
        }
    }
    workspace_give(w, WIPE_NUMBERS);
    table_stands[index] = true;
}

#define ONCE_OF_EACH_SIZE(NAME, PREPARE)                                                                               \
    static void NAME##_0(void)                                                                                         \
    {                                                                                                                  \
        PREPARE(0);                                                                                                    \
    }                                                                                                                  \
    static void NAME##_1(void)                                                                                         \
    {                                                                                                                  \
        PREPARE(1);                                                                                                    \
    }                                                                                                                  \
    static void NAME##_2(void)                                                                                         \
    {                                                                                                                  \
        PREPARE(2);                                                                                                    \
    }                                                                                                                  \
    static pthread_once_t NAME##_once[SIZES] = {PTHREAD_ONCE_INIT, PTHREAD_ONCE_INIT, PTHREAD_ONCE_INIT};              \
    static void (*const NAME[SIZES])(void) = {NAME##_0, NAME##_1, NAME##_2};

ONCE_OF_EACH_SIZE(numbers, prepare_numbers)
ONCE_OF_EACH_SIZE(table, prepare_table)

/* The group's vector form, with its table where that is asked for; NULL where memory is short. */
static const struct modp_ifma *vector_form(const struct modp_group *group, bool with_table)
{
    unsigned index = group->bits / 1024 - 2;
    pthread_once(&numbers_once[index], numbers[index]);
    if (with_table && numbers_stand[index]) {
        pthread_once(&table_once[index], table[index]);
    }
    return numbers_stand[index] && (!with_table || table_stands[index]) ? &prepared[index] : NULL;
}

static void fail_all(struct job *const jobs[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        jobs[i]->status = JOB_FAULT;
    }
}

/* Exponents into lanes; lanes without a job get the first one's. Returns their bits. */
static unsigned set_exponents(struct workspace *w, struct job *const jobs[], size_t count)
{
    const size_t octets = jobs[0]->modp.group->exponent_octets;
    for (unsigned lane = 0; lane < LANES; lane++) {
        const struct job *job = jobs[lane < count ? lane : 0];
        lane_set_exponent(w->exponent, lane, job->modp.exponent, octets, (unsigned)(octets + 7) / 8);
    }
    return (unsigned)octets * 8;
}

static void write_results(struct workspace *w, const struct modp_ifma *g, struct job *const jobs[], size_t count)
{
    const unsigned k = g->size->limbs;
    lanes_canonical(w->output, g->p, k, w->t);
    for (unsigned lane = 0; lane < count; lane++) {
        lane_get_octets(jobs[lane]->modp.out, jobs[lane]->modp.group->octets, w->output, lane, k);
        jobs[lane]->status = JOB_OK;
    }
}

/* x = 2^d, for digits d with 2^d below the prime. */
static void power_of_two(vec *x, vec digit, unsigned k)
{
    for (unsigned i = 0; i < k; i++) {
        /* a shift by 64 or more, negative numbers among them, gives 0; so does the mask, by 52 to 63 */
        vec shift = _mm512_sub_epi64(digit, _mm512_set1_epi64((long long)i * LIMB_BITS));
        x[i] = _mm512_and_si512(_mm512_sllv_epi64(_mm512_set1_epi64(1), shift), limb_mask());
    }
}

void modp_ifma_keygen(struct job *const jobs[], size_t count)
{
    const struct modp_ifma *g = vector_form(jobs[0]->modp.group, true);
    struct workspace *w = g != NULL ? workspace_take(g->size->limbs) : NULL;
    if (w == NULL) {
        fail_all(jobs, count);
        return;
    }
    const struct size *size = g->size;
    const unsigned k = size->limbs;
    const unsigned bits = jobs[0]->modp.group->bits;
    const unsigned direct = direct_bits(bits);
    const unsigned end = windows(bits);
    set_exponents(w, jobs, count);

    /* the product of a plain number and of entries in Montgomery form stays plain; chosen is read before it is replaced
     */
    struct selection s;
    const vec *entries = (const vec *)(const void *)g->table;
    select_begin(&s, entries, w->chosen, exponent_digit(w->exponent, direct, SHARED_WINDOW), SELECT_SHARED);
    size->select_shared(&s);
    power_of_two(w->output, exponent_digit(w->exponent, 0, direct), k);
    for (unsigned window = 1; window < end; window++) {
        entries += window_vectors(k);
        vec digit = exponent_digit(w->exponent, direct + window * SHARED_WINDOW, SHARED_WINDOW);
        select_begin(&s, entries, w->chosen, digit, SELECT_SHARED);
        size->multiply_selecting(w->output, w->output, w->chosen, &g->m, w->t, &s);
    }
    size->multiply(w->output, w->output, w->chosen, &g->m, w->t);
    write_results(w, g, jobs, count);
    explicit_bzero(&s, sizeof s);
    workspace_give(w, WIPE_NUMBERS);
}

void modp_ifma_derive(struct job *const jobs[], size_t count)
{
    struct job *accepted[LANES];
    size_t lanes = 0;
    for (size_t i = 0; i < count; i++) {
        if (modp_group_accepts(jobs[i]->modp.group, jobs[i]->modp.peer)) {
            accepted[lanes++] = jobs[i];
        } else {
            jobs[i]->status = JOB_REFUSED;
        }
    }
    if (lanes == 0) {
        return;
    }
    const struct modp_ifma *g = vector_form(jobs[0]->modp.group, false);
    struct workspace *w = g != NULL ? workspace_take(g->size->limbs) : NULL;
    if (w == NULL) {
        fail_all(accepted, lanes);
        return;
    }
    const unsigned k = g->size->limbs;
    unsigned bits = set_exponents(w, accepted, lanes);
    for (unsigned lane = 0; lane < LANES; lane++) {
        const struct job *job = accepted[lane < lanes ? lane : 0];
        lane_set_octets(w->input, lane, job->modp.peer, job->modp.group->octets, k);
    }
    g->size->multiply(w->output, w->input, g->square_of_r, &g->m, w->t);
    lanes_power(g->size, w->output, &g->m, g->one, w->exponent, bits, w);
    lanes_leave(g->size, w->output, &g->m, w);
    write_results(w, g, accepted, lanes);
    workspace_give(w, WIPE_ALL);
}

unsigned long modp_ifma_keygen_count(unsigned bits)
{
    const struct size *size = size_of_prime(bits);
    return size == NULL ? 0 : windows(bits) * size_multiply_count(size);
}

unsigned long modp_ifma_derive_count(unsigned bits)
{
    const struct size *size = size_of_prime(bits);
    if (size == NULL) {
        return 0;
    }
    unsigned exponent_bits = 8 * (unsigned)modp_group_exponent_octets(modp_group_of_bits(bits));
    return size_multiply_count(size) + lanes_power_count(size, exponent_bits) + size->reduce_count;
}
