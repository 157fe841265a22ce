/*
 * Numbers modulo P-256's order n, eight side by side: limbs and Montgomery form as fp256x8.h has them, and the same
 * rule for the size of products.
 */
#ifndef CARDINAL_FN256X8_H
#define CARDINAL_FN256X8_H

#include "ec/fp256x8.h"

#define FN_REDUCE_MADDS 55u
#define FN_MUL_MADDS (50u + FN_REDUCE_MADDS)
#define FN_SQR_MADDS (30u + FN_REDUCE_MADDS)

static inline struct fp fn_order(void)
{
    return fp_splat(
        (const uint64_t[FP_LIMBS]){0x9cac2fc632551, 0xada7179e84f3b, 0xfffffffbce6fa, 0x0000fffffffff, 0xffffffff0000});
}

/* Montgomery's reduction: q = column * (-1/n mod 2^52) clears each lower column in turn. */
static inline struct fp fn_reduce(struct fp_product a)
{
    struct fp n = fn_order();
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        lanes q = madlo(_mm512_setzero_si512(), a.column[i], splat(0x1c8aaee00bc4f));
        a.column[i] = madlo(a.column[i], q, n.limb[0]);
        a.column[i + 1] = add(a.column[i + 1], shr(a.column[i], 52));
#pragma GCC unroll 5
        for (int j = 1; j < FP_LIMBS; j++) {
            a.column[i + j] = madlo(a.column[i + j], q, n.limb[j]);
        }
#pragma GCC unroll 5
        for (int j = 0; j < FP_LIMBS; j++) {
            a.column[i + j + 1] = madhi(a.column[i + j + 1], q, n.limb[j]);
        }
    }
    struct fp_wide r;
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        r.limb[i] = a.column[i + FP_LIMBS];
    }
    return fp_carry(r);
}

static inline struct fp fn_mul(struct fp a, struct fp b)
{
    return fn_reduce(fp_product_add(fp_product_zero(), a, b));
}

static inline struct fp fn_sqr(struct fp a)
{
    return fn_reduce(fp_product_square(a));
}

/* Out of Montgomery form, in [0, n-1]. */
static inline struct fp fn_from_montgomery(struct fp a)
{
    return fp_subtract_once(fn_mul(a, fp_small(1)), fn_order());
}

#endif
