#include "modexp/modexp_ifma_size.h"

#include <stddef.h>

/*
 * Products and squares: functions of their own, shared by all that reduce them, since code has to fit the caches, too.
 * Scratch memory: 4 limbs' vectors for each limb. A step of Karatsuba's saves a quarter of the multiply-adds and costs
 * some cycles a limb; which sizes take one was measured. The counts stand beside the code that they count.
 */
#define PLAIN_PRODUCT(K)                                                                                               \
    enum { PRODUCT_COUNT_##K = PRODUCT_COUNT(K) };                                                                     \
    static __attribute__((noinline)) void product_##K(vec *t, const vec *a, const vec *b, vec *scratch)                \
    {                                                                                                                  \
        (void)scratch;                                                                                                 \
        product(t, a, b, K);                                                                                           \
    }

#define PLAIN_SQUARE(K)                                                                                                \
    enum { SQUARE_COUNT_##K = SQUARE_COUNT(K) };                                                                       \
    static __attribute__((noinline)) void square_##K(vec *t, const vec *a, vec *scratch)                               \
    {                                                                                                                  \
        (void)scratch;                                                                                                 \
        square(t, a, K);                                                                                               \
    }

/* K is 2*H; differences are made between the products, where the multiply-add units have work meanwhile */
#define KARATSUBA_PRODUCT(K, H)                                                                                        \
    enum { PRODUCT_COUNT_##K = 3 * PRODUCT_COUNT_##H };                                                                \
    static __attribute__((noinline)) void product_##K(vec *t, const vec *a, const vec *b, vec *scratch)                \
    {                                                                                                                  \
        vec *z = scratch, *x = z + 2 * H, *y = x + H, *rest = y + H;                                                   \
        product_##H(t, a, b, rest);                                                                                    \
        __mmask8 sign = difference(x, a, H);                                                                           \
        product_##H(t + 2 * H, a + H, b + H, rest);                                                                    \
        sign ^= difference(y, b, H);                                                                                   \
        product_##H(z, x, y, rest);                                                                                    \
        const struct uncombined u = {.z = z, .plus_possible = true, .plus = sign};                                     \
        combine(t, &u, H);                                                                                             \
    }

#define KARATSUBA_SQUARE(K, H)                                                                                         \
    enum { SQUARE_COUNT_##K = 3 * SQUARE_COUNT_##H };                                                                  \
    static __attribute__((noinline)) void square_##K(vec *t, const vec *a, vec *scratch)                               \
    {                                                                                                                  \
        vec *z = scratch, *x = z + 2 * H, *rest = x + 2 * H;                                                           \
        square_##H(t, a, rest);                                                                                        \
        difference(x, a, H);                                                                                           \
        square_##H(t + 2 * H, a + H, rest);                                                                            \
        square_##H(z, x, rest);                                                                                        \
        const struct uncombined u = {.z = z, .plus_possible = false};                                                  \
        combine(t, &u, H);                                                                                             \
    }

PLAIN_PRODUCT(15)
PLAIN_PRODUCT(20)
PLAIN_SQUARE(20)
PLAIN_SQUARE(30)
KARATSUBA_PRODUCT(30, 15)
KARATSUBA_PRODUCT(40, 20)
KARATSUBA_PRODUCT(60, 30)
KARATSUBA_PRODUCT(80, 40)
KARATSUBA_SQUARE(40, 20)
KARATSUBA_SQUARE(60, 30)
KARATSUBA_SQUARE(80, 40)

#define REDUCTION(NAME, K, UNIT, KIND)                                                                                 \
    static                                                                                                             \
        __attribute__((noinline)) void reduce_##NAME(vec *out, vec *t, const struct modulus *m, struct selection *s)   \
    {                                                                                                                  \
        const struct digits first = first_digits(t, m, UNIT);                                                          \
        reduce(out, t, m, s, NULL, &first, K, UNIT, KIND);                                                             \
    }

#define MULTIPLY(NAME, K)                                                                                              \
    static void multiply_##NAME(vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t)                 \
    {                                                                                                                  \
        product_##K(t, a, b, t + 2 * K);                                                                               \
        reduce_##NAME(out, t, m, NULL);                                                                                \
    }                                                                                                                  \
    static void square_##NAME(vec *out, const vec *a, const struct modulus *m, vec *t)                                 \
    {                                                                                                                  \
        square_##K(t, a, t + 2 * K);                                                                                   \
        reduce_##NAME(out, t, m, NULL);                                                                                \
    }

#define SQUARE_SELECTING(NAME, K)                                                                                      \
    static void square_selecting_##NAME(vec *out, const vec *a, const struct modulus *m, vec *t, struct selection *s)  \
    {                                                                                                                  \
        square_##K(t, a, t + 2 * K);                                                                                   \
        reduce_selecting_##NAME(out, t, m, s);                                                                         \
    }

#define MULTIPLY_SELECTING(NAME, K)                                                                                    \
    static void multiply_selecting_##NAME(                                                                             \
        vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t, struct selection *s)                    \
    {                                                                                                                  \
        product_##K(t, a, b, t + 2 * K);                                                                               \
        reduce_shared_##NAME(out, t, m, s);                                                                            \
    }

#define SELECT(NAME, K, KIND)                                                                                          \
    static __attribute__((noinline)) void select_##NAME(struct selection *s)                                           \
    {                                                                                                                  \
        select_all(s, K, KIND);                                                                                        \
    }

/* The parts by themselves, for who does something else with a product, or has something else to reduce. */
#define PARTS(NAME, K)                                                                                                 \
    static void product_of_##NAME(vec *t, const vec *a, const vec *b)                                                  \
    {                                                                                                                  \
        product_##K(t, a, b, t + 2 * K);                                                                               \
    }                                                                                                                  \
    static void reduction_of_##NAME(vec *out, vec *t, const struct modulus *m)                                         \
    {                                                                                                                  \
        reduce_##NAME(out, t, m, NULL);                                                                                \
    }

/*
 * 20 limbs, where a step of Karatsuba's pays only if all of it hides behind multiply-adds: products, first digits and
 * differences are one piece of code, and the reduction combines the columns as it meets them.
 */
TEMPLATE void square_fused(
    vec *out, const vec *a, const struct modulus *m, vec *t, struct selection *s, const unsigned k,
    const enum selecting kind)
{
    const unsigned half = k / 2;
    vec *z = t + 2 * k, *x = z + k;
    square(t, a, half);
    const struct digits first = first_digits(t, m, false);
    difference(x, a, half);
    square(t + k, a + half, half);
    square(z, x, half);
    forget_memory();
    const struct uncombined u = {.z = z, .plus_possible = false};
    reduce(out, t, m, s, &u, &first, k, false, kind);
}

TEMPLATE void multiply_fused(vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t, const unsigned k)
{
    const unsigned half = k / 2;
    vec *z = t + 2 * k, *x = z + k, *y = x + half;
    product(t, a, b, half);
    const struct digits first = first_digits(t, m, false);
    __mmask8 sign = difference(x, a, half);
    product(t + k, a + half, b + half, half);
    sign ^= difference(y, b, half);
    product(z, x, y, half);
    forget_memory();
    const struct uncombined u = {.z = z, .plus_possible = true, .plus = sign};
    reduce(out, t, m, NULL, &u, &first, k, false, SELECT_NOTHING);
}

static void square_general_20(vec *out, const vec *a, const struct modulus *m, vec *t)
{
    square_fused(out, a, m, t, NULL, 20, SELECT_NOTHING);
}

static void square_selecting_general_20(vec *out, const vec *a, const struct modulus *m, vec *t, struct selection *s)
{
    square_fused(out, a, m, t, s, 20, SELECT_LANES_5);
}

static void multiply_general_20(vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t)
{
    multiply_fused(out, a, b, m, t, 20);
}

REDUCTION(general_20, 20, false, SELECT_NOTHING)
SELECT(general_20, 20, SELECT_LANES_5)
PARTS(general_20, 20)

#define MODULUS(K)                                                                                                     \
    REDUCTION(general_##K, K, false, SELECT_NOTHING)                                                                   \
    MULTIPLY(general_##K, K)                                                                                           \
    PARTS(general_##K, K)

#define FACTOR(K)                                                                                                      \
    REDUCTION(selecting_general_##K, K, false, SELECT_LANES_5)                                                         \
    SQUARE_SELECTING(general_##K, K)                                                                                   \
    SELECT(general_##K, K, SELECT_LANES_5)

#define PRIME(K)                                                                                                       \
    REDUCTION(unit_##K, K, true, SELECT_NOTHING)                                                                       \
    REDUCTION(selecting_unit_##K, K, true, SELECT_LANES_4)                                                             \
    REDUCTION(shared_unit_##K, K, true, SELECT_SHARED)                                                                 \
    MULTIPLY(unit_##K, K)                                                                                              \
    PARTS(unit_##K, K)                                                                                                 \
    SQUARE_SELECTING(unit_##K, K)                                                                                      \
    MULTIPLY_SELECTING(unit_##K, K)                                                                                    \
    SELECT(unit_##K, K, SELECT_LANES_4)                                                                                \
    SELECT(shared_unit_##K, K, SELECT_SHARED)

MODULUS(30)
MODULUS(40)
MODULUS(60)
MODULUS(80)
FACTOR(30)
FACTOR(40)
PRIME(40)
PRIME(60)
PRIME(80)

#define ROW(NAME, K)                                                                                                   \
    .limbs = K, .multiply = multiply_##NAME, .square = square_##NAME, .product = product_of_##NAME,                    \
    .reduce = reduction_of_##NAME

#define COUNTS(K, UNIT)                                                                                                \
    .unit = UNIT, .product_count = PRODUCT_COUNT_##K, .square_count = SQUARE_COUNT_##K,                                \
    .reduce_count = REDUCE_COUNT(K, UNIT)

#define MODULUS_ROW(K)                                                                                                 \
    {                                                                                                                  \
        ROW(general_##K, K), COUNTS(K, false)                                                                          \
    }

#define FACTOR_WINDOW(K)                                                                                               \
    .window = SELECT_LANES_5, .square_selecting = square_selecting_general_##K, .select = select_general_##K

#define FACTOR_ROW(K)                                                                                                  \
    {                                                                                                                  \
        ROW(general_##K, K), COUNTS(K, false), FACTOR_WINDOW(K)                                                        \
    }

/* products in the fused code are a step of Karatsuba's from plain ones; .product is plain */
#define FUSED_FACTOR_ROW(K)                                                                                            \
    {                                                                                                                  \
        ROW(general_##K, K), FACTOR_WINDOW(K), .unit = false, .product_count = 3 * PRODUCT_COUNT(K / 2),               \
                                               .square_count = 3 * SQUARE_COUNT(K / 2),                                \
                                               .reduce_count = REDUCE_COUNT(K, false)                                  \
    }

#define PRIME_ROW(K)                                                                                                   \
    {                                                                                                                  \
        ROW(unit_##K, K), COUNTS(K, true), .window = SELECT_LANES_4, .square_selecting = square_selecting_unit_##K,    \
                                           .multiply_selecting = multiply_selecting_unit_##K,                          \
                                           .select = select_unit_##K, .select_shared = select_shared_unit_##K          \
    }

static const struct size factors[] = {FUSED_FACTOR_ROW(20), FACTOR_ROW(30), FACTOR_ROW(40)};
static const struct size moduli[] = {MODULUS_ROW(40), MODULUS_ROW(60), MODULUS_ROW(80)};
static const struct size primes[] = {PRIME_ROW(40), PRIME_ROW(60), PRIME_ROW(80)};

/* 2, 3 and 4 units of bits are rows 0, 1 and 2. */
static const struct size *row(const struct size sizes[3], unsigned bits, unsigned unit)
{
    return bits == 2 * unit ? &sizes[0] : bits == 3 * unit ? &sizes[1] : bits == 4 * unit ? &sizes[2] : NULL;
}

const struct size *size_of_factor(unsigned bits)
{
    return row(factors, bits, 512);
}

const struct size *size_of_modulus(unsigned bits)
{
    return row(moduli, bits, 1024);
}

const struct size *size_of_prime(unsigned bits)
{
    return row(primes, bits, 1024);
}

unsigned long size_multiply_count(const struct size *size)
{
    return size->product_count + size->reduce_count;
}

unsigned long size_square_count(const struct size *size)
{
    return size->square_count + size->reduce_count;
}
