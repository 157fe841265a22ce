#include "modexp/modexp_ifma_lanes.h"

#include <pthread.h>
#include <string.h>

#include "secret.h"

/* Workspaces not in use. Locked memory costs system calls, so it is kept: as many as threads ever worked at once. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct workspace *vacant;

/* Close together, so that what is used of the memory is its begin. */
static void place(struct workspace *w, unsigned limbs)
{
    vec **const numbers[] = {&w->n,    &w->one,    &w->square_of_r, &w->input,  &w->output,
                             &w->base, &w->chosen, &w->blind,       &w->unblind};
    vec **const halves[] = {&w->p, &w->q, &w->factor_one, &w->factor_cube_of_r, &w->qinv, &w->half[0], &w->half[1]};
    vec *free = w->memory;
    w->limbs = limbs;
    w->t = free;
    free += COLUMNS(limbs);
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        *numbers[i] = free;
        free += limbs;
    }
    for (unsigned i = 0; i < sizeof halves / sizeof *halves; i++) {
        *halves[i] = free;
        free += limbs / 2;
    }
    w->exponent = free;
    w->table = free + EXPONENT_WORDS;
}

struct workspace *workspace_take(unsigned limbs)
{
    pthread_mutex_lock(&lock);
    struct workspace *w = vacant;
    if (w != NULL) {
        vacant = w->next;
    }
    pthread_mutex_unlock(&lock);
    if (w == NULL) {
        w = secret_alloc(sizeof *w);
    }
    if (w != NULL) {
        place(w, limbs);
    }
    return w;
}

void workspace_give(struct workspace *w, enum wipe wipe)
{
    /* not secret_wipe(), which takes long enough for this much memory to be seen in the figures */
    if (wipe != WIPE_NOTHING) {
        const vec *end = wipe == WIPE_ALL ? w->table + TABLE_VECTORS(w->limbs) : w->table;
        explicit_bzero(w->memory, (size_t)(end - w->memory) * sizeof(vec));
    }
    pthread_mutex_lock(&lock);
    w->next = vacant;
    vacant = w;
    pthread_mutex_unlock(&lock);
}

/* Eight octets of a big-endian number, those above so many at its end; beyond its begin there are zeros. */
static uint64_t octets_above(const uint8_t *octets, size_t length, size_t above)
{
    uint64_t word = 0;
    if (above + sizeof word <= length) {
        memcpy(&word, octets + length - above - sizeof word, sizeof word);
        return __builtin_bswap64(word);
    }
    for (size_t i = 0; above + i < length; i++) {
        word |= (uint64_t)octets[length - 1 - above - i] << (8 * i);
    }
    return word;
}

/* Limb i begins at bit 52i: at an octet's begin or middle, and seven octets from there hold it. */
void limbs_from_octets(uint64_t *limbs, unsigned count, const uint8_t *octets, size_t length)
{
    for (unsigned i = 0; i < count; i++) {
        limbs[i] = octets_above(octets, length, i * LIMB_BITS / 8) >> (i % 2 * 4) & LIMB_MASK;
    }
}

void octets_from_limbs(uint8_t *octets, size_t length, const uint64_t *limbs, unsigned count)
{
    uint8_t little[MAX_LIMBS * LIMB_BITS / 8 + 8] = {0};
    for (unsigned i = 0; i < count; i += 2) {
        uint64_t second = i + 1 < count ? limbs[i + 1] : 0;
        uint64_t word = limbs[i] | second << LIMB_BITS;
        memcpy(little + i * LIMB_BITS / 8, &word, sizeof word);
        word = second >> (64 - LIMB_BITS);
        memcpy(little + i * LIMB_BITS / 8 + sizeof word, &word, sizeof word);
    }
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= length; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, little + i, sizeof word);
        word = __builtin_bswap64(word);
        memcpy(octets + length - i - sizeof word, &word, sizeof word);
    }
    for (; i < length; i++) {
        octets[length - 1 - i] = little[i];
    }
    explicit_bzero(little, sizeof little);
}

void lane_set(vec *number, unsigned lane, const uint64_t *limbs, unsigned k)
{
    uint64_t(*words)[LANES] = (uint64_t(*)[LANES])number;
    for (unsigned i = 0; i < k; i++) {
        words[i][lane] = limbs[i];
    }
}

void lane_get(uint64_t *limbs, const vec *number, unsigned lane, unsigned k)
{
    const uint64_t(*words)[LANES] = (const uint64_t(*)[LANES])number;
    for (unsigned i = 0; i < k; i++) {
        limbs[i] = words[i][lane];
    }
}

void lane_set_octets(vec *number, unsigned lane, const uint8_t *octets, size_t length, unsigned k)
{
    uint64_t limbs[MAX_LIMBS];
    limbs_from_octets(limbs, k, octets, length);
    lane_set(number, lane, limbs, k);
    explicit_bzero(limbs, sizeof limbs);
}

void lane_get_octets(uint8_t *octets, size_t length, const vec *number, unsigned lane, unsigned k)
{
    uint64_t limbs[MAX_LIMBS];
    lane_get(limbs, number, lane, k);
    octets_from_limbs(octets, length, limbs, k);
    explicit_bzero(limbs, sizeof limbs);
}

void lane_set_exponent(vec *exponent, unsigned lane, const uint8_t *octets, size_t length, unsigned words)
{
    uint64_t word[EXPONENT_WORDS] = {0};
    for (unsigned i = 0; i < words; i++) {
        word[i] = octets_above(octets, length, i * sizeof word[i]);
    }
    lane_set(exponent, lane, word, words + 1);
    secret_wipe(word, sizeof word);
}

void lanes_canonical(vec *x, const vec *n, unsigned k, vec *scratch)
{
    const vec mask = limb_mask();
    vec borrow = _mm512_setzero_si512(); /* 0 or -1 */
    for (unsigned i = 0; i < k; i++) {
        vec difference = _mm512_add_epi64(_mm512_sub_epi64(x[i], n[i]), borrow);
        scratch[i] = _mm512_and_si512(difference, mask);
        borrow = _mm512_srai_epi64(difference, LIMB_BITS);
    }
    for (unsigned i = 0; i < k; i++) {
        /* borrow ? x : scratch */
        x[i] = _mm512_ternarylogic_epi64(borrow, x[i], scratch[i], 0xca);
    }
}

unsigned lanes_equal(const vec *a, const vec *b, unsigned k)
{
    vec difference = _mm512_setzero_si512();
    for (unsigned i = 0; i < k; i++) {
        difference = _mm512_or_si512(difference, _mm512_xor_si512(a[i], b[i]));
    }
    return _mm512_testn_epi64_mask(difference, difference);
}

vec exponent_digit(const vec *exponent, unsigned position, unsigned width)
{
    unsigned word = position / 64;
    unsigned shift = position % 64;
    /* a shift by 64 gives 0 */
    vec bits = _mm512_or_si512(
        _mm512_srlv_epi64(exponent[word], _mm512_set1_epi64(shift)),
        _mm512_sllv_epi64(exponent[word + 1], _mm512_set1_epi64(64 - shift)));
    return _mm512_and_si512(bits, _mm512_set1_epi64((1ll << width) - 1));
}

/* An entry of the lanes' window tables, in and out. */
static void entry_put(vec *table, unsigned stride, unsigned entry, const vec *from, unsigned k)
{
    for (unsigned i = 0; i < k; i++) {
        table[i * stride + entry] = from[i];
    }
}

static void entry_get(vec *to, const vec *table, unsigned stride, unsigned entry, unsigned k)
{
    for (unsigned i = 0; i < k; i++) {
        to[i] = table[i * stride + entry];
    }
}

/* Bit position of the topmost window. */
static unsigned top_window(unsigned bits, unsigned width)
{
    return (bits - 1) / width * width;
}

void lanes_power(
    const struct size *size, vec *x, const struct modulus *m, const vec *one, const vec *exponent, unsigned bits,
    struct workspace *w)
{
    const unsigned k = size->limbs;
    const unsigned width = select_bits(size->window);
    const unsigned stride = select_stride(size->window);
    entry_put(w->table, stride, 0, one, k);
    entry_put(w->table, stride, 1, x, k);
    for (unsigned entry = 2; entry < 1u << width; entry += 2) {
        entry_get(w->base, w->table, stride, entry / 2, k);
        size->square(w->base, w->base, m, w->t);
        entry_put(w->table, stride, entry, w->base, k);
        size->multiply(w->base, w->base, x, m, w->t);
        entry_put(w->table, stride, entry + 1, w->base, k);
    }

    struct selection s;
    unsigned position = top_window(bits, width);
    select_begin(&s, w->table, x, exponent_digit(exponent, position, width), size->window);
    size->select(&s);
    while (position > 0) {
        position -= width;
        select_begin(&s, w->table, w->chosen, exponent_digit(exponent, position, width), size->window);
        for (unsigned i = 0; i < width; i++) {
            size->square_selecting(x, x, m, w->t, &s);
        }
        size->multiply(x, x, w->chosen, m, w->t);
    }
    explicit_bzero(&s, sizeof s);
}

unsigned long lanes_power_count(const struct size *size, unsigned bits)
{
    const unsigned width = select_bits(size->window);
    const unsigned entries = 1u << width;
    unsigned long squarings = (entries - 2) / 2 + top_window(bits, width);
    unsigned long multiplications = (entries - 2) / 2 + top_window(bits, width) / width;
    return squarings * size_square_count(size) + multiplications * size_multiply_count(size);
}

void lanes_leave(const struct size *size, vec *x, const struct modulus *m, struct workspace *w)
{
    for (unsigned i = 0; i < size->limbs; i++) {
        w->t[i] = x[i];
        w->t[size->limbs + i] = _mm512_setzero_si512();
    }
    size->reduce(x, w->t, m);
}

static unsigned top_bit(uint64_t e)
{
    return 63u - (unsigned)__builtin_clzll(e);
}

void lanes_power_public(
    const struct size *size, vec *out, const vec *x, const struct modulus *m, const vec *one, const vec *square_of_r,
    const uint64_t e[LANES], struct workspace *w)
{
    const unsigned k = size->limbs;
    const vec exponents = _mm512_loadu_si512(e);
    const uint64_t any = (uint64_t)_mm512_reduce_or_epi64(exponents);
    size->multiply(w->base, x, square_of_r, m, w->t);
    for (unsigned bit = top_bit(any); bit > 0; bit--) {
        const bool first = bit == top_bit(any);
        if (!first) {
            size->square(out, out, m, w->t);
        }
        if ((any >> bit & 1) == 0) {
            continue;
        }
        /* lanes with a zero here multiply by one: they have other exponents */
        __mmask8 set = _mm512_test_epi64_mask(exponents, _mm512_set1_epi64((long long)(1ull << bit)));
        vec *factor = first ? out : w->chosen;
        for (unsigned i = 0; i < k; i++) {
            factor[i] = _mm512_mask_mov_epi64(one[i], set, w->base[i]);
        }
        if (!first) {
            size->multiply(out, out, factor, m, w->t);
        }
    }
    /* the lowest bit is set; multiplying by the plain number takes the result out of Montgomery form */
    size->square(out, out, m, w->t);
    size->multiply(out, out, x, m, w->t);
}

unsigned long lanes_power_public_count(const struct size *size, uint64_t e)
{
    unsigned long squarings = top_bit(e);
    unsigned long multiplications = 1 + (unsigned long)__builtin_popcountll(e) - 1;
    return squarings * size_square_count(size) + multiplications * size_multiply_count(size);
}

/* x = 2x mod n, for x below n, and n at least one bit shorter than its limbs; scratch: k vectors. */
static void lanes_double(vec *x, const vec *n, unsigned k, vec *scratch)
{
    const vec mask = limb_mask();
    vec shifted_out = _mm512_setzero_si512();
    vec borrow = _mm512_setzero_si512(); /* 0 or -1 */
    for (unsigned i = 0; i < k; i++) {
        vec twice = _mm512_or_si512(_mm512_and_si512(_mm512_slli_epi64(x[i], 1), mask), shifted_out);
        shifted_out = _mm512_srli_epi64(x[i], LIMB_BITS - 1);
        vec difference = _mm512_add_epi64(_mm512_sub_epi64(twice, n[i]), borrow);
        x[i] = twice;
        scratch[i] = _mm512_and_si512(difference, mask);
        borrow = _mm512_srai_epi64(difference, LIMB_BITS);
    }
    for (unsigned i = 0; i < k; i++) {
        /* borrow ? x : scratch */
        x[i] = _mm512_ternarylogic_epi64(borrow, x[i], scratch[i], 0xca);
    }
}

/* How often the exponent of 2 is halved on the way to R^2; measured: 5 to 9 differ little. */
#define HALVINGS 6u

void lanes_montgomery(
    const struct size *size, vec *one, vec *square_of_r, const struct modulus *m, unsigned bits, struct workspace *w)
{
    const unsigned k = size->limbs;
    const unsigned bits_of_r = k * LIMB_BITS;
    const vec mask = limb_mask();
    /* 2^bits - n is 2^bits mod n, as n has bits bits; then by doubling on to R */
    vec borrow = _mm512_setzero_si512();
    for (unsigned i = 0; i < k; i++) {
        vec power = _mm512_set1_epi64(i == bits / LIMB_BITS ? 1ll << bits % LIMB_BITS : 0);
        vec difference = _mm512_add_epi64(_mm512_sub_epi64(power, m->n[i]), borrow);
        one[i] = _mm512_and_si512(difference, mask);
        borrow = _mm512_srai_epi64(difference, LIMB_BITS);
    }
    for (unsigned bit = bits; bit < bits_of_r; bit++) {
        lanes_double(one, m->n, k, w->t);
    }
    /* R in Montgomery form is 2^(bits of R) in it: the exponent's upper bits by doubling, each lower one by a squaring
     */
    memcpy(square_of_r, one, k * sizeof *one);
    for (unsigned i = 0; i < bits_of_r >> HALVINGS; i++) {
        lanes_double(square_of_r, m->n, k, w->t);
    }
    for (unsigned bit = HALVINGS; bit-- > 0;) {
        size->square(square_of_r, square_of_r, m, w->t);
        if ((bits_of_r >> bit & 1) != 0) {
            lanes_canonical(square_of_r, m->n, k, w->t);
            lanes_double(square_of_r, m->n, k, w->t);
        }
    }
}
