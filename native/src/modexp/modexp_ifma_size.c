#include "modexp/modexp_ifma_size.h"

#include <stddef.h>

/* Products and squares are functions of their own, shared by all that reduce them: code has to fit the caches, too. */
#define PRODUCTS(K)                                                                                                    \
    static __attribute__((noinline)) void product_##K(vec *t, const vec *a, const vec *b)                              \
    {                                                                                                                  \
        product(t, a, b, K);                                                                                           \
    }                                                                                                                  \
    static __attribute__((noinline)) void square_##K(vec *t, const vec *a)                                             \
    {                                                                                                                  \
        square(t, a, K);                                                                                               \
    }

#define REDUCTION(NAME, K, UNIT, KIND)                                                                                 \
    static                                                                                                             \
        __attribute__((noinline)) void reduce_##NAME(vec *out, vec *t, const struct modulus *m, struct selection *s)   \
    {                                                                                                                  \
        reduce(out, t, m, s, K, UNIT, KIND);                                                                           \
    }

#define MONTGOMERY(NAME, K)                                                                                            \
    static void multiply_##NAME(vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t)                 \
    {                                                                                                                  \
        product_##K(t, a, b);                                                                                          \
        reduce_##NAME(out, t, m, NULL);                                                                                \
    }                                                                                                                  \
    static void square_##NAME(vec *out, const vec *a, const struct modulus *m, vec *t)                                 \
    {                                                                                                                  \
        square_##K(t, a);                                                                                              \
        reduce_##NAME(out, t, m, NULL);                                                                                \
    }                                                                                                                  \
    static void reduce_only_##NAME(vec *out, vec *t, const struct modulus *m)                                          \
    {                                                                                                                  \
        reduce_##NAME(out, t, m, NULL);                                                                                \
    }

#define EXPONENTIATION(NAME, K, KIND)                                                                                  \
    static void square_selecting_##NAME(vec *out, const vec *a, const struct modulus *m, vec *t, struct selection *s)  \
    {                                                                                                                  \
        square_##K(t, a);                                                                                              \
        reduce_selecting_##NAME(out, t, m, s);                                                                         \
    }                                                                                                                  \
    static __attribute__((noinline)) void select_##NAME(struct selection *s)                                           \
    {                                                                                                                  \
        select_all(s, K, KIND);                                                                                        \
    }

#define FIXED_BASE(NAME, K)                                                                                            \
    static void multiply_selecting_##NAME(                                                                             \
        vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t, struct selection *s)                    \
    {                                                                                                                  \
        product_##K(t, a, b);                                                                                          \
        reduce_shared_##NAME(out, t, m, s);                                                                            \
    }                                                                                                                  \
    static __attribute__((noinline)) void select_shared_##NAME(struct selection *s)                                    \
    {                                                                                                                  \
        select_all(s, K, SELECT_SHARED);                                                                               \
    }

#define GENERAL(K)                                                                                                     \
    REDUCTION(general_##K, K, false, SELECT_NOTHING)                                                                   \
    MONTGOMERY(general_##K, K)

#define FACTOR(K)                                                                                                      \
    REDUCTION(selecting_general_##K, K, false, SELECT_LANES_5)                                                         \
    EXPONENTIATION(general_##K, K, SELECT_LANES_5)

#define PRIME(K)                                                                                                       \
    REDUCTION(unit_##K, K, true, SELECT_NOTHING)                                                                       \
    REDUCTION(selecting_unit_##K, K, true, SELECT_LANES_4)                                                             \
    REDUCTION(shared_unit_##K, K, true, SELECT_SHARED)                                                                 \
    MONTGOMERY(unit_##K, K)                                                                                            \
    EXPONENTIATION(unit_##K, K, SELECT_LANES_4)                                                                        \
    FIXED_BASE(unit_##K, K)

PRODUCTS(20)
PRODUCTS(30)
PRODUCTS(40)
PRODUCTS(60)
PRODUCTS(80)
GENERAL(20)
GENERAL(30)
GENERAL(40)
GENERAL(60)
GENERAL(80)
FACTOR(20)
FACTOR(30)
FACTOR(40)
PRIME(40)
PRIME(60)
PRIME(80)

#define COMMON_ROW(NAME, K)                                                                                            \
    .limbs = K, .multiply = multiply_##NAME, .square = square_##NAME, .product = product_##K,                          \
    .reduce = reduce_only_##NAME

#define MODULUS_ROW(K)                                                                                                 \
    {                                                                                                                  \
        COMMON_ROW(general_##K, K)                                                                                     \
    }
#define FACTOR_ROW(K)                                                                                                  \
    {                                                                                                                  \
        COMMON_ROW(general_##K, K), .window = SELECT_LANES_5, .square_selecting = square_selecting_general_##K,        \
                                    .select = select_general_##K                                                       \
    }
#define PRIME_ROW(K)                                                                                                   \
    {                                                                                                                  \
        COMMON_ROW(unit_##K, K), .unit = true, .window = SELECT_LANES_4,                                               \
                                 .square_selecting = square_selecting_unit_##K,                                        \
                                 .multiply_selecting = multiply_selecting_unit_##K, .select = select_unit_##K,         \
                                 .select_shared = select_shared_unit_##K                                               \
    }

static const struct size factors[] = {FACTOR_ROW(20), FACTOR_ROW(30), FACTOR_ROW(40)};
static const struct size moduli[] = {MODULUS_ROW(40), MODULUS_ROW(60), MODULUS_ROW(80)};
static const struct size primes[] = {PRIME_ROW(40), PRIME_ROW(60), PRIME_ROW(80)};

/* 1024, 1536 and 2048 bits, or twice that, to 0, 1 and 2. */
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

unsigned long size_product_count(const struct size *size)
{
    return product_count(size->limbs);
}

unsigned long size_reduce_count(const struct size *size)
{
    return reduce_count(size->limbs, size->unit);
}

unsigned long size_multiply_count(const struct size *size)
{
    return size_product_count(size) + size_reduce_count(size);
}

unsigned long size_square_count(const struct size *size)
{
    return square_count(size->limbs) + size_reduce_count(size);
}
