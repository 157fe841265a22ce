#include "modexp/modexp_ifma_size.h"

#include <stddef.h>

/*
 * Products and squares: functions of their own, shared by all that need them, since code has to fit the caches, too. A
 * step of Karatsuba's saves a quarter of the multiply-adds and costs some cycles a limb; which sizes take one was
 * measured. The whole product always takes one, and the reduction combines its columns as it meets them; products that
 * are parts of others are combined before. The counts stand beside the code that they count.
 */
#define NOINLINE static __attribute__((noinline))

#define PLAIN(K, PLACE)                                                                                                \
    enum { PRODUCT_COUNT_##K = PRODUCT_COUNT(K), SQUARE_COUNT_##K = SQUARE_COUNT(K) };                                 \
    PLAIN_PRODUCT(K, PLACE)                                                                                            \
    PLAIN_SQUARE(K, PLACE)

#define PLAIN_PRODUCT(K, PLACE)                                                                                        \
    PLACE void product_##K(vec *t, const vec *a, const vec *b, vec *scratch)                                           \
    {                                                                                                                  \
        (void)scratch;                                                                                                 \
        product(t, a, b, K);                                                                                           \
    }

#define PLAIN_SQUARE(K, PLACE)                                                                                         \
    PLACE void square_##K(vec *t, const vec *a, vec *scratch)                                                          \
    {                                                                                                                  \
        (void)scratch;                                                                                                 \
        square(t, a, K);                                                                                               \
    }

/*
 * K is 2*H. Differences are made between the products, where the multiply-add units have work meanwhile, and so are the
 * first digits for who reduces the product, where first is not NULL.
 */
#define UNCOMBINED(K, H)                                                                                               \
    TEMPLATE struct uncombined uncombined_product_##K(                                                                 \
        vec *low, vec *high, const vec *a, const vec *b, vec *scratch, const struct modulus *m, struct digits *first,  \
        const bool unit) {                                                                                             \
        vec *z = scratch, *x = z + K, *y = x + H, *rest = y + H;                                                       \
        struct uncombined u = {.low = low, .high = high, .z = z, .x = x, .y = y};                                      \
        product_##H(low, a, b, rest);                                                                                  \
        if (first != NULL) {                                                                                           \
            *first = first_digits(low, m, unit);                                                                       \
        }                                                                                                              \
        u.x_negative = difference(x, a, H);                                                                            \
        product_##H(high, a + H, b + H, rest);                                                                         \
        u.y_negative = difference(y, b, H);                                                                            \
        product_##H(z, x, y, rest);                                                                                    \
        forget_memory();                                                                                               \
        return u;                                                                                                      \
    } TEMPLATE struct uncombined uncombined_square_##K(                                                                \
        vec *low, vec *high, const vec *a, vec *scratch, const struct modulus *m, struct digits *first,                \
        const bool unit) {                                                                                             \
        vec *z = scratch, *x = z + K, *rest = x + H;                                                                   \
        struct uncombined u = {.low = low, .high = high, .z = z, .x = x, .y = x};                                      \
        square_##H(low, a, rest);                                                                                      \
        if (first != NULL) {                                                                                           \
            *first = first_digits(low, m, unit);                                                                       \
        }                                                                                                              \
        u.x_negative = u.y_negative = difference(x, a, H);                                                             \
        square_##H(high, a + H, rest);                                                                                 \
        square_##H(z, x, rest);                                                                                        \
        forget_memory();                                                                                               \
        return u;                                                                                                      \
    }

#define KARATSUBA_PRODUCT(K, H)                                                                                        \
    enum { PRODUCT_COUNT_##K = 3 * PRODUCT_COUNT_##H };                                                                \
    NOINLINE void product_##K(vec *t, const vec *a, const vec *b, vec *scratch)                                        \
    {                                                                                                                  \
        const struct uncombined u = uncombined_product_##K(t, t + K, a, b, scratch, NULL, NULL, false);                \
        combine(t, &u, H);                                                                                             \
    }

#define KARATSUBA_SQUARE(K, H)                                                                                         \
    enum { SQUARE_COUNT_##K = 3 * SQUARE_COUNT_##H };                                                                  \
    NOINLINE void square_##K(vec *t, const vec *a, vec *scratch)                                                       \
    {                                                                                                                  \
        const struct uncombined u = uncombined_square_##K(t, t + K, a, scratch, NULL, NULL, false);                    \
        combine(t, &u, H);                                                                                             \
    }

PLAIN(10, TEMPLATE)
PLAIN(15, NOINLINE)
PLAIN(20, NOINLINE)
UNCOMBINED(20, 10)
UNCOMBINED(30, 15)
UNCOMBINED(40, 20)
KARATSUBA_PRODUCT(30, 15)
KARATSUBA_PRODUCT(40, 20)
enum { SQUARE_COUNT_30 = SQUARE_COUNT(30) };
PLAIN_SQUARE(30, NOINLINE)
KARATSUBA_SQUARE(40, 20)
UNCOMBINED(60, 30)
UNCOMBINED(80, 40)

/* Of a product or a square uncombined, and of what is just columns. */
#define REDUCTION(NAME, K, UNIT, KIND, PLACE)                                                                          \
    PLACE void reduce_##NAME(                                                                                          \
        vec *out, vec *t, const struct modulus *m, struct selection *s, const struct uncombined *u,                    \
        const struct digits *first)                                                                                    \
    {                                                                                                                  \
        reduce(out, t, m, s, u, first, K, UNIT, KIND);                                                                 \
    }

#define REDUCTION_OF_COLUMNS(NAME, K, UNIT)                                                                            \
    static void reduction_of_##NAME(vec *out, vec *t, const struct modulus *m)                                         \
    {                                                                                                                  \
        const struct digits first = first_digits(t, m, UNIT);                                                          \
        reduce(out, t, m, NULL, NULL, &first, K, UNIT, SELECT_NOTHING);                                                \
    }

/* t: the reduction's columns, with the high product in the upper ones; the low product; scratch memory. */
#define REDUCED_PRODUCT(REDUCTION, K, UNIT, SELECTION)                                                                 \
    struct digits first;                                                                                               \
    const struct uncombined u = uncombined_product_##K(t + 2 * K, t + K, a, b, t + 3 * K, m, &first, UNIT);            \
    reduce_##REDUCTION(out, t, m, SELECTION, &u, &first);

#define REDUCED_SQUARE(REDUCTION, K, UNIT, SELECTION)                                                                  \
    struct digits first;                                                                                               \
    const struct uncombined u = uncombined_square_##K(t + 2 * K, t + K, a, t + 3 * K, m, &first, UNIT);                \
    reduce_##REDUCTION(out, t, m, SELECTION, &u, &first);

#define MULTIPLY(NAME, K, UNIT)                                                                                        \
    static void multiply_##NAME(vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t)                 \
    {                                                                                                                  \
        REDUCED_PRODUCT(NAME, K, UNIT, NULL)                                                                           \
    }                                                                                                                  \
    static void square_##NAME(vec *out, const vec *a, const struct modulus *m, vec *t)                                 \
    {                                                                                                                  \
        REDUCED_SQUARE(NAME, K, UNIT, NULL)                                                                            \
    }

#define SQUARE_SELECTING(NAME, K, UNIT)                                                                                \
    static void square_selecting_##NAME(vec *out, const vec *a, const struct modulus *m, vec *t, struct selection *s)  \
    {                                                                                                                  \
        REDUCED_SQUARE(selecting_##NAME, K, UNIT, s)                                                                   \
    }

#define MULTIPLY_SELECTING(NAME, K)                                                                                    \
    static void multiply_selecting_##NAME(                                                                             \
        vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t, struct selection *s)                    \
    {                                                                                                                  \
        REDUCED_PRODUCT(shared_##NAME, K, true, s)                                                                     \
    }

#define SELECT(NAME, K, KIND)                                                                                          \
    NOINLINE void select_##NAME(struct selection *s)                                                                   \
    {                                                                                                                  \
        select_all(s, K, KIND);                                                                                        \
    }

/* The product by itself, for who does something else with it. */
#define PRODUCT_OF(NAME, K)                                                                                            \
    static void product_of_##NAME(vec *t, const vec *a, const vec *b)                                                  \
    {                                                                                                                  \
        const struct uncombined u = uncombined_product_##K(t, t + K, a, b, t + 2 * K, NULL, NULL, false);              \
        combine(t, &u, K / 2);                                                                                         \
    }

#define MODULUS(K, PLACE)                                                                                              \
    REDUCTION(general_##K, K, false, SELECT_NOTHING, PLACE)                                                            \
    REDUCTION_OF_COLUMNS(general_##K, K, false)                                                                        \
    MULTIPLY(general_##K, K, false)                                                                                    \
    PRODUCT_OF(general_##K, K)

#define FACTOR(K, PLACE)                                                                                               \
    REDUCTION(selecting_general_##K, K, false, SELECT_LANES_5, PLACE)                                                  \
    SQUARE_SELECTING(general_##K, K, false)                                                                            \
    SELECT(general_##K, K, SELECT_LANES_5)

#define PRIME(K)                                                                                                       \
    REDUCTION(unit_##K, K, true, SELECT_NOTHING, NOINLINE)                                                             \
    REDUCTION(selecting_unit_##K, K, true, SELECT_LANES_4, NOINLINE)                                                   \
    REDUCTION(shared_unit_##K, K, true, SELECT_SHARED, NOINLINE)                                                       \
    REDUCTION_OF_COLUMNS(unit_##K, K, true)                                                                            \
    MULTIPLY(unit_##K, K, true)                                                                                        \
    PRODUCT_OF(unit_##K, K)                                                                                            \
    SQUARE_SELECTING(unit_##K, K, true)                                                                                \
    MULTIPLY_SELECTING(unit_##K, K)                                                                                    \
    SELECT(unit_##K, K, SELECT_LANES_4)                                                                                \
    SELECT(shared_unit_##K, K, SELECT_SHARED)

/* so small that all of it is one piece of code */
MODULUS(20, TEMPLATE)
FACTOR(20, TEMPLATE)
MODULUS(30, NOINLINE)
MODULUS(40, NOINLINE)
MODULUS(60, NOINLINE)
MODULUS(80, NOINLINE)
FACTOR(30, NOINLINE)
FACTOR(40, NOINLINE)
PRIME(40)
PRIME(60)
PRIME(80)

#define ROW(NAME, K)                                                                                                   \
    .limbs = K, .multiply = multiply_##NAME, .square = square_##NAME, .product = product_of_##NAME,                    \
    .reduce = reduction_of_##NAME

#define COUNTS(K, H, UNIT)                                                                                             \
    .unit = UNIT, .product_count = 3 * PRODUCT_COUNT_##H, .square_count = 3 * SQUARE_COUNT_##H,                        \
    .reduce_count = REDUCE_COUNT(K, UNIT)

#define MODULUS_ROW(K, H)                                                                                              \
    {                                                                                                                  \
        ROW(general_##K, K), COUNTS(K, H, false)                                                                       \
    }

#define FACTOR_ROW(K, H)                                                                                               \
    {                                                                                                                  \
        ROW(general_##K, K), COUNTS(K, H, false),                                                                      \
            .window = SELECT_LANES_5, .square_selecting = square_selecting_general_##K, .select = select_general_##K   \
    }

#define PRIME_ROW(K, H)                                                                                                \
    {                                                                                                                  \
        ROW(unit_##K, K), COUNTS(K, H, true), .window = SELECT_LANES_4, .square_selecting = square_selecting_unit_##K, \
                                              .multiply_selecting = multiply_selecting_unit_##K,                       \
                                              .select = select_unit_##K, .select_shared = select_shared_unit_##K       \
    }

static const struct size factors[] = {FACTOR_ROW(20, 10), FACTOR_ROW(30, 15), FACTOR_ROW(40, 20)};
static const struct size moduli[] = {MODULUS_ROW(40, 20), MODULUS_ROW(60, 30), MODULUS_ROW(80, 40)};
static const struct size primes[] = {PRIME_ROW(40, 20), PRIME_ROW(60, 30), PRIME_ROW(80, 40)};

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
