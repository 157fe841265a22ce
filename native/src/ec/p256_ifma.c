/* ECDH and ECDSA on P-256 (FIPS 186-4, SP 800-56A), eight lanes. */
#include "ec/ec_ifma.h"
#include "ec/fn256x8.h"
#include "ec/p256_numbers.h"
#include "ec/p256_point_x8.h"
#include "secret.h"

#include <pthread.h>

#define SCALAR_BITS 256u

/*
 * The table of the base point: for window i of BASE_WINDOW bits the points j * 2^(BASE_WINDOW*i) * G, j = 1 to 32, in
 * Montgomery form below p. Entry j - 1 of a limb lies in lane (j - 1) % 8 of vector (j - 1) / 8.
 */
#define BASE_WINDOW 6u
#define BASE_WINDOWS (SCALAR_BITS / BASE_WINDOW + 1u)
#define BASE_ENTRIES 32u
#define BASE_VECTORS (BASE_ENTRIES / LANE_COUNT)

/* Multiples 1 to 16 of a point of the caller's. */
#define POINT_WINDOW 5u
#define POINT_WINDOWS (SCALAR_BITS / POINT_WINDOW + 1u)
#define POINT_ENTRIES 16u

/* Public numbers, made at first use, then read by all threads. */
static struct {
    struct fp one;       /* 1 in Montgomery form */
    struct fp square;    /* 2^520 mod p: what a product with makes Montgomery form */
    struct fp cube;      /* 2^780 mod p */
    struct fp fn_square; /* the same two mod n */
    struct fp fn_cube;
    struct odd_modulus prime, order;
    struct fp b; /* of the curve's equation */
    struct {
        lanes x[FP_LIMBS][BASE_VECTORS];
        lanes y[FP_LIMBS][BASE_VECTORS];
    } base[BASE_WINDOWS];
} table;

static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static struct fp fp_swap(struct fp a, int distance)
{
    for (int i = 0; i < FP_LIMBS; i++) {
        a.limb[i] = lanes_swap(a.limb[i], distance);
    }
    return a;
}

#define FP_INVERT_MADDS (7u * FP_MUL_MADDS)

/*
 * a^-1 mod p in Montgomery form, and 0 for 0: one inversion, of the product of all lanes, and from it each by the
 * product of the others.
 */
static struct fp fp_invert(struct fp a)
{
    /* a peer's point off the curve can make its own lane zero, which must not reach the others */
    __mmask8 zero = fp_is_zero(fp_canonical(a));
    a = fp_pick(zero, a, fp_small(1));
    struct fp one_away = fp_swap(a, 1);
    struct fp pairs = fp_mul(a, one_away);
    struct fp two_away = fp_swap(pairs, 2);
    struct fp fours = fp_mul(pairs, two_away);
    struct fp four_away = fp_swap(fours, 4);
    lanes words[4];
    fp_words(words, fp_canonical(fp_mul(fours, four_away)));
    lanes_invert_first(words, &table.prime);
    /* the inverse of a number in Montgomery form lacks the factor 2^520 */
    struct fp inverse = fp_mul(fp_from_words(words), table.cube);
    inverse = fp_mul(fp_mul(inverse, four_away), fp_mul(two_away, one_away));
    secret_wipe(words, sizeof words);
    return fp_pick(zero, inverse, fp_small(0));
}

#define FN_INVERT_MADDS (7u * FN_MUL_MADDS)

/* a^-1 mod n in the same way, for a that is not 0 mod n in any lane. */
static struct fp fn_invert(struct fp a)
{
    struct fp one_away = fp_swap(a, 1);
    struct fp pairs = fn_mul(a, one_away);
    struct fp two_away = fp_swap(pairs, 2);
    struct fp fours = fn_mul(pairs, two_away);
    struct fp four_away = fp_swap(fours, 4);
    lanes words[4];
    fp_words(words, fp_subtract_once(fn_mul(fours, four_away), fn_order()));
    lanes_invert_first(words, &table.order);
    struct fp inverse = fn_mul(fp_from_words(words), table.fn_cube);
    inverse = fn_mul(fn_mul(inverse, four_away), fn_mul(two_away, one_away));
    secret_wipe(words, sizeof words);
    return inverse;
}

/* 2^count mod m, count from 260 on, by doubling. */
static struct fp power_of_two(unsigned count, struct fp m)
{
    struct fp r = fp_small(1);
    for (unsigned i = 0; i < count; i++) {
        r = fp_subtract_once(fp_add(r, r), m);
    }
    return r;
}

/* One number for all lanes. */
static struct fp load_common(const uint8_t octets[P256_OCTETS])
{
    const uint8_t *from[LANE_COUNT];
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        from[lane] = octets;
    }
    lanes words[LANE_WORDS];
    lanes_load_big(words, from);
    return fp_from_words(words);
}

static __attribute__((noinline)) void
add_any(struct point *a, __mmask8 *a_infinite, const struct point *b, __mmask8 b_infinite)
{
    point_add_any(a, a_infinite, b, b_infinite);
}

static __attribute__((noinline)) void double_times(struct point *a, unsigned count)
{
    struct point r = *a;
    for (unsigned i = 0; i < count; i++) {
        r = point_double(r);
    }
    *a = r;
}

static void store_entries(unsigned window, unsigned vector, const struct point *p)
{
    struct fp inverse = fp_invert(p->z);
    struct fp square = fp_sqr(inverse);
    struct fp x = fp_canonical(fp_mul(p->x, square));
    struct fp y = fp_canonical(fp_mul(p->y, fp_mul(square, inverse)));
    for (int i = 0; i < FP_LIMBS; i++) {
        table.base[window].x[i][vector] = x.limb[i];
        table.base[window].y[i][vector] = y.limb[i];
    }
}

static void load_modulus(struct odd_modulus *modulus, struct fp m)
{
    lanes words[4];
    uint64_t word[4];
    fp_words(words, m);
    for (size_t i = 0; i < 4; i++) {
        memcpy(&word[i], &words[i], 8);
    }
    inverse256_modulus(modulus, word);
}

static void make_table(void)
{
    table.one = power_of_two(260, fp_prime());
    table.square = power_of_two(520, fp_prime());
    table.cube = power_of_two(780, fp_prime());
    table.fn_cube = power_of_two(780, fn_order());
    load_modulus(&table.prime, fp_prime());
    load_modulus(&table.order, fn_order());
    table.fn_square = power_of_two(520, fn_order());
    table.b = fp_mul(load_common(p256_b), table.square);
    struct point step = {
        fp_mul(load_common(p256_base), table.square), fp_mul(load_common(p256_base + P256_OCTETS), table.square),
        table.one};
    step.x = fp_canonical(step.x);
    step.y = fp_canonical(step.y);
    for (unsigned window = 0; window < BASE_WINDOWS; window++) {
        /* lane j - 1 gets j times the step of this window, then all go on by eight steps */
        struct point p = step, next = step;
        __mmask8 infinite = 0;
        for (unsigned lane = 1; lane < LANE_COUNT; lane++) {
            add_any(&next, &infinite, &step, 0);
            p = point_pick((__mmask8)(0xffu << lane), p, next);
        }
        for (unsigned vector = 0; vector < BASE_VECTORS; vector++) {
            store_entries(window, vector, &p);
            add_any(&p, &infinite, &next, 0);
        }
        double_times(&step, BASE_WINDOW);
    }
}

static inline struct fp base_lookup(lanes entries[FP_LIMBS][BASE_VECTORS], lanes at)
{
    struct fp r;
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        r.limb[i] = lookup32(entries[i], at);
    }
    return r;
}

/*
 * k*G, k below n. Returns the lanes where that is at infinity, k = 0.
 *
 * The sum S of the lower windows is added to the next, D = d * 2^(6i): the formula is wrong where S = D or S = -D mod
 * n, and for either at infinity. Where D or S is 0 as a number the other one is taken. Otherwise S, of signed digits up
 * to 32, is at most 32/63 * 2^(6i) away from 0 and D at least 2^(6i), so no integer S equals D or -D. A difference or
 * sum of n or more takes the top window, i = 42 with d of 0 to 16. There S + D = k is below n and above 0; and S - D =
 * k - 2D, at most k, could only be -n: D = (n + k)/2 = n - |S| would lie between n - 0.51 * 2^252 and n, and n is
 * within 2^225 of 2^256: 15 * 2^252 is too small, and 16 * 2^252 above n.
 */
static __mmask8 multiply_base(struct point *r, const lanes k[LANE_WORDS])
{
    struct point sum = {table.one, table.one, table.one};
    __mmask8 infinite = 0xff;
    for (unsigned window = 0; window < BASE_WINDOWS; window++) {
        struct digit digit = signed_window(k, BASE_WINDOW, window);
        __mmask8 zero = _mm512_testn_epi64_mask(digit.magnitude, digit.magnitude);
        lanes at = sub(digit.magnitude, splat(1)); /* all ones for zero, of which lookup32 reads five */
        struct affine term = {base_lookup(table.base[window].x, at), base_lookup(table.base[window].y, at)};
        term.y = fp_pick(digit.negative, term.y, fp_negate(term.y, 1));
        struct point added = point_add_affine(sum, term);
        added = point_pick(infinite, added, (struct point){term.x, term.y, table.one});
        sum = point_pick(zero, added, sum);
        infinite = _kand_mask8(infinite, zero);
    }
    *r = sum;
    return infinite;
}

/* Entry `at` (1 to 16, a lane each; 0 gives zeros) of points that differ from lane to lane: all are read. */
static inline struct point scan(const struct point entries[POINT_ENTRIES], lanes at)
{
    struct point r = {fp_small(0), fp_small(0), fp_small(0)};
    for (unsigned entry = 0; entry < POINT_ENTRIES; entry++) {
        r = point_pick(_mm512_cmpeq_epi64_mask(at, splat(entry + 1)), r, entries[entry]);
    }
    return r;
}

/*
 * k*q, k in [1, n-1].
 *
 * A, 32 times what the upper windows made, is added to a digit d of -16 to 16 times q: the formula is wrong where A = d
 * or A = -d mod n, and for either at infinity. Where A or d is 0 as a number the other one is taken; A = n is none, as
 * 32 does not divide it. Else |d| <= 16 < 32 <= A, so as numbers they differ; and A, never above n + 16, cannot be n +
 * d or n - d: before the last window A is below n/16; in the last, A + d = k < n excludes A = n - d and, for d > 0, A =
 * n + d; for d < 0 the latter, A = n - |d|, asks for |d| = n mod 32 = 17.
 */
static void multiply(struct point *r, const lanes k[LANE_WORDS], const struct affine *q)
{
    struct point multiple[POINT_ENTRIES];
    multiple[0] = (struct point){q->x, q->y, table.one};
    for (unsigned i = 1; i < POINT_ENTRIES; i += 2) {
        multiple[i] = multiple[i / 2];
        double_times(&multiple[i], 1);
        if (i + 1 < POINT_ENTRIES) {
            multiple[i + 1] = point_add_affine(multiple[i], *q);
        }
    }
    struct digit digit = signed_window(k, POINT_WINDOW, POINT_WINDOWS - 1);
    struct point sum = scan(multiple, digit.magnitude);
    __mmask8 infinite = _mm512_testn_epi64_mask(digit.magnitude, digit.magnitude);
    for (unsigned window = POINT_WINDOWS - 1; window-- > 0;) {
        double_times(&sum, POINT_WINDOW);
        digit = signed_window(k, POINT_WINDOW, window);
        __mmask8 zero = _mm512_testn_epi64_mask(digit.magnitude, digit.magnitude);
        struct point term = scan(multiple, digit.magnitude);
        term.y = fp_pick(digit.negative, term.y, fp_negate(term.y, 2));
        struct point added = point_add(sum, term, NULL, NULL);
        added = point_pick(infinite, added, term);
        sum = point_pick(zero, added, sum);
        infinite = _kand_mask8(infinite, zero);
    }
    *r = sum;
    secret_wipe(multiple, sizeof multiple);
}

/* x and y of a point X | Y in Montgomery form. Returns the lanes where it is on the curve. */
static __mmask8 load_point(struct affine *q, const uint8_t *const octets[LANE_COUNT])
{
    const uint8_t *y_octets[LANE_COUNT];
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        y_octets[lane] = octets[lane] + P256_OCTETS;
    }
    lanes words[LANE_WORDS];
    lanes_load_big(words, octets);
    q->x = fp_canonical(fp_mul(fp_from_words(words), table.square));
    lanes_load_big(words, y_octets);
    q->y = fp_canonical(fp_mul(fp_from_words(words), table.square));
    /* y^2 = x^3 - 3x + b */
    struct fp_wide x3 = fp_mul_wide(fp_sqr(q->x), q->x);
    struct fp_wide x = fp_widen(q->x);
    struct fp right = fp_carry(fp_wide_sub(fp_wide_add(x3, fp_widen(table.b)), fp_wide_add(x, fp_wide_shl(x, 1)), 3));
    return fp_is_zero(fp_canonical(fp_sub(right, fp_sqr(q->y), 2)));
}

void p256_ifma_keygen(const uint8_t *const scalar[LANE_COUNT], lanes x[4], lanes y[4])
{
    pthread_once(&table_once, make_table);
    lanes k[LANE_WORDS];
    lanes_load_big(k, scalar);
    struct point r;
    multiply_base(&r, k);
    struct fp inverse = fp_invert(r.z);
    struct fp square = fp_sqr(inverse);
    fp_words(x, fp_from_montgomery(fp_mul(r.x, square)));
    fp_words(y, fp_from_montgomery(fp_mul(r.y, fp_mul(square, inverse))));
    secret_wipe(k, sizeof k);
    secret_wipe(&r, sizeof r);
}

__mmask8 p256_ifma_derive(const uint8_t *const scalar[LANE_COUNT], const uint8_t *const peer[LANE_COUNT], lanes x[4])
{
    pthread_once(&table_once, make_table);
    struct affine q;
    __mmask8 on_curve = load_point(&q, peer);
    lanes k[LANE_WORDS];
    lanes_load_big(k, scalar);
    struct point r;
    multiply(&r, k, &q);
    fp_words(x, fp_from_montgomery(fp_mul(r.x, fp_sqr(fp_invert(r.z)))));
    secret_wipe(k, sizeof k);
    secret_wipe(&r, sizeof r);
    return on_curve;
}

static struct fp load_number(const uint8_t *const octets[LANE_COUNT])
{
    lanes words[LANE_WORDS];
    lanes_load_big(words, octets);
    struct fp r = fp_from_words(words);
    secret_wipe(words, sizeof words);
    return r;
}

__mmask8 p256_ifma_sign(
    const uint8_t *const key[LANE_COUNT], const uint8_t *const nonce[LANE_COUNT],
    const uint8_t *const digest[LANE_COUNT], lanes r[4], lanes s[4])
{
    pthread_once(&table_once, make_table);
    lanes k[LANE_WORDS];
    lanes_load_big(k, nonce);
    struct point point;
    multiply_base(&point, k);
    struct fp x = fp_from_montgomery(fp_mul(point.x, fp_sqr(fp_invert(point.z))));
    struct fp r_number = fp_subtract_once(x, fn_order());
    /* s = k^-1 (e + r d); a product of one number in Montgomery form and one that is not is not */
    struct fp inverse = fn_invert(fn_mul(fp_from_words(k), table.fn_square));
    struct fp d = fn_mul(load_number(key), table.fn_square);
    struct fp sum = fp_add(load_number(digest), fn_mul(r_number, d)); /* 1.01 + 1.1 */
    struct fp s_number = fp_subtract_once(fn_mul(inverse, sum), fn_order());
    fp_words(r, r_number);
    fp_words(s, s_number);
    secret_wipe(k, sizeof k);
    secret_wipe(&point, sizeof point);
    return (__mmask8) ~(fp_is_zero(r_number) | fp_is_zero(s_number));
}

__mmask8 p256_ifma_verify(
    const uint8_t *const public_key[LANE_COUNT], const uint8_t *const digest[LANE_COUNT],
    const uint8_t *const signature[LANE_COUNT])
{
    pthread_once(&table_once, make_table);
    const uint8_t *s_octets[LANE_COUNT];
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        s_octets[lane] = signature[lane] + P256_OCTETS;
    }
    struct affine q;
    __mmask8 on_curve = load_point(&q, public_key);
    struct fp r = load_number(signature);
    struct fp w = fn_invert(fn_mul(load_number(s_octets), table.fn_square));
    lanes u1[LANE_WORDS], u2[LANE_WORDS];
    fp_words(u1, fp_subtract_once(fn_mul(load_number(digest), w), fn_order()));
    fp_words(u2, fp_subtract_once(fn_mul(r, w), fn_order()));
    u1[4] = u2[4] = _mm512_setzero_si512();
    /* u2 is not 0 mod n, since r and s are not; u1 is for a digest of 0 or n */
    struct point sum, term;
    __mmask8 infinite = multiply_base(&sum, u1);
    multiply(&term, u2, &q);
    add_any(&sum, &infinite, &term, 0);
    /*
     * Whether x mod n = r without an inversion: x is r, or r + n where that is below p, so X is one of these times Z^2.
     * p - n is below n, so no third number is.
     */
    struct fp zz = fp_mul(fp_sqr(sum.z), table.square);
    struct fp r_and_n = fp_add(r, fn_order());
    __mmask8 first = fp_is_zero(fp_canonical(fp_sub(fp_mul(r, zz), sum.x, 2)));
    __mmask8 second = fp_is_zero(fp_canonical(fp_sub(fp_mul(r_and_n, zz), sum.x, 2)));
    struct fp_wide beyond;
    for (int i = 0; i < FP_LIMBS; i++) {
        beyond.limb[i] = sub(r_and_n.limb[i], fp_prime().limb[i]);
    }
    __mmask8 has_second = _mm512_movepi64_mask(fp_carry(beyond).limb[FP_LIMBS - 1]);
    return (__mmask8)(on_curve & ~infinite & (first | (second & has_second)));
}

#define MULTIPLY_BASE_MADDS (BASE_WINDOWS * POINT_ADD_AFFINE_MADDS)
#define MULTIPLY_MADDS                                                                                                 \
    (POINT_ENTRIES / 2u * POINT_DOUBLE_MADDS + (POINT_ENTRIES / 2u - 1u) * POINT_ADD_AFFINE_MADDS +                    \
     (POINT_WINDOWS - 1u) * (POINT_WINDOW * POINT_DOUBLE_MADDS + POINT_ADD_MADDS))
#define LOAD_POINT_MADDS (3u * FP_MUL_MADDS + 2u * FP_SQR_MADDS)

const unsigned long p256_ifma_keygen_madds = MULTIPLY_BASE_MADDS + FP_INVERT_MADDS + FP_SQR_MADDS + 5u * FP_MUL_MADDS;
const unsigned long p256_ifma_derive_madds =
    LOAD_POINT_MADDS + MULTIPLY_MADDS + FP_INVERT_MADDS + FP_SQR_MADDS + 2u * FP_MUL_MADDS;
const unsigned long p256_ifma_sign_madds =
    MULTIPLY_BASE_MADDS + FP_INVERT_MADDS + FP_SQR_MADDS + 2u * FP_MUL_MADDS + FN_INVERT_MADDS + 4u * FN_MUL_MADDS;
const unsigned long p256_ifma_verify_madds = LOAD_POINT_MADDS + FN_INVERT_MADDS + 3u * FN_MUL_MADDS +
                                             MULTIPLY_BASE_MADDS + MULTIPLY_MADDS + POINT_ADD_MADDS +
                                             POINT_DOUBLE_MADDS + FP_SQR_MADDS + 3u * FP_MUL_MADDS;
