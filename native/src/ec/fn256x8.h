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

LANES_INLINE struct fp fn_order(void)
{
    return fp_splat(
        (const uint64_t[FP_LIMBS]){0x9cac2fc632551, 0xada7179e84f3b, 0xfffffffbce6fa, 0x0000fffffffff, 0xffffffff0000});
}

/* Montgomery's reduction: q = column * (-1/n mod 2^52) clears each lower column in turn. */
LANES_INLINE struct fp fn_reduce(lanes column[FP_COLUMNS])
{
    struct fp n = fn_order();
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        lanes q = madlo(_mm512_setzero_si512(), column[i], splat(0x1c8aaee00bc4f));
        column[i] = madlo(column[i], q, n.limb[0]);
        column[i + 1] = add(column[i + 1], shr(column[i], 52));
#pragma GCC unroll 5
        for (int j = 1; j < FP_LIMBS; j++) {
            column[i + j] = madlo(column[i + j], q, n.limb[j]);
        }
#pragma GCC unroll 5
        for (int j = 0; j < FP_LIMBS; j++) {
            column[i + j + 1] = madhi(column[i + j + 1], q, n.limb[j]);
        }
    }
    struct fp_wide r;
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        r.limb[i] = column[i + FP_LIMBS];
    }
    return fp_carry(r);
}

LANES_INLINE struct fp fn_mul(struct fp a, struct fp b)
{
    lanes column[FP_COLUMNS];
    fp_columns_clear(column);
    fp_columns_add(column, a, b);
    return fn_reduce(column);
}

LANES_INLINE struct fp fn_sqr(struct fp a)
{
    lanes column[FP_COLUMNS];
    fp_columns_square(column, a);
    return fn_reduce(column);
}

/* Out of Montgomery form, in [0, n-1]. */
LANES_INLINE struct fp fn_from_montgomery(struct fp a)
{
    return fp_subtract_once(fn_mul(a, fp_small(1)), fn_order());
}

#endif
