/*
 * Points of P-256 in Jacobian coordinates, x = X/Z^2, y = Y/Z^3, eight side by side.
 *
 * X and Y are kept below 1.01 p, Z below 2.3 p; the sums that need it are noted as multiples of p beside the code, and
 * a subtraction's last argument is the next whole one above what it subtracts. No point here is the one at infinity:
 * whoever can meet it carries a mask of lanes beside the point.
 */
#ifndef CARDINAL_P256_POINT_X8_H
#define CARDINAL_P256_POINT_X8_H

#include "ec/fp256x8.h"

struct point {
    struct fp x, y, z;
};

struct affine {
    struct fp x, y;
};

#define POINT_DOUBLE_MADDS (3u * FP_MUL_MADDS + 3u * FP_SQR_MADDS + FP_MUL2_MADDS)
#define POINT_ADD_MADDS (10u * FP_MUL_MADDS + 4u * FP_SQR_MADDS + FP_MUL2_MADDS)
#define POINT_ADD_AFFINE_MADDS (6u * FP_MUL_MADDS + 3u * FP_SQR_MADDS + FP_MUL2_MADDS)

static inline struct point point_pick(__mmask8 mask, struct point a, struct point b)
{
    return (struct point){fp_pick(mask, a.x, b.x), fp_pick(mask, a.y, b.y), fp_pick(mask, a.z, b.z)};
}

/*
 * 2a. With S = 2Y^2 and M = 3(X - Z^2)(X + Z^2): X' = M^2 - 4XS, Y' = M(2XS - X') - 2S^2, Z' = 2YZ. Right for every
 * point: the order of the curve is odd, so none has Y = 0.
 */
static inline struct point point_double(struct point a)
{
    struct fp zz = fp_sqr(a.z);                                           /* 1.4 */
    struct fp_wide yy = fp_sqr_wide(a.y);                                 /* 1.1 */
    struct fp_wide yz = fp_mul_wide(a.y, a.z);                            /* 1.15 */
    struct fp s = fp_carry(fp_wide_shl(yy, 1));                           /* 2.2 */
    struct fp_wide m3 = fp_mul_wide(fp_sub(a.x, zz, 2), fp_add(a.x, zz)); /* 1.5 */
    struct fp_wide xs = fp_mul_wide(a.x, s);                              /* 1.2 */
    struct fp m = fp_carry(fp_wide_add(m3, fp_wide_shl(m3, 1)));          /* 4.4 */
    struct fp minus2s = fp_carry(fp_wide_sub(fp_widen(fp_small(0)), fp_wide_shl(fp_widen(s), 1), 5));
    struct point r;
    r.x = fp_carry_reduced(fp_wide_sub(fp_sqr_wide(m), fp_wide_shl(xs, 2), 5));
    struct fp t = fp_carry(fp_wide_sub(fp_wide_shl(xs, 1), fp_widen(r.x), 2)); /* 4.4 */
    r.z = fp_carry(fp_wide_shl(yz, 1));
    r.y = fp_carry_reduced(fp_mul2_wide(m, t, s, minus2s));
    return r;
}

/* The end of both additions: from H = U2 - U1, R = S2 - S1, U1, S1 and what H is to be multiplied with for Z. */
static inline struct point point_add_end(struct fp h, struct fp r, struct fp u1, struct fp s1, struct fp z)
{
    struct fp hh = fp_sqr(h);           /* 1.7 */
    struct fp_wide rr = fp_sqr_wide(r); /* 1.7 */
    struct point sum;
    sum.z = fp_mul(z, h);
    struct fp_wide hhh = fp_mul_wide(h, hh); /* 1.4 */
    struct fp_wide v = fp_mul_wide(u1, hh);  /* 1.2 */
    sum.x = fp_carry_reduced(fp_wide_sub(rr, fp_wide_add(hhh, fp_wide_shl(v, 1)), 4));
    struct fp minus_hhh = fp_carry(fp_wide_sub(fp_widen(fp_small(0)), hhh, 2));
    struct fp t = fp_carry(fp_wide_sub(v, fp_widen(sum.x), 2)); /* 3.2 */
    sum.y = fp_carry_reduced(fp_mul2_wide(r, t, s1, minus_hhh));
    return sum;
}

/*
 * a + b for a != b and a != -b (for which H = 0 makes Z = 0). b.y may be up to 2p. h and r, for who must tell these
 * cases apart, are what is zero mod p where the x or y are equal; NULL for who need not.
 */
static inline struct point point_add(struct point a, struct point b, struct fp *h_out, struct fp *r_out)
{
    struct fp zz1 = fp_sqr(a.z);                              /* 1.4 */
    struct fp zz2 = fp_sqr(b.z);                              /* 1.4 */
    struct fp z = fp_mul(a.z, b.z);                           /* 1.4 */
    struct fp zzz1 = fp_mul(a.z, zz1);                        /* 1.3 */
    struct fp zzz2 = fp_mul(b.z, zz2);                        /* 1.3 */
    struct fp u1 = fp_mul(a.x, zz2);                          /* 1.1 */
    struct fp_wide u2 = fp_mul_wide(b.x, zz1);                /* 1.1 */
    struct fp s1 = fp_mul(a.y, zzz2);                         /* 1.1 */
    struct fp_wide s2 = fp_mul_wide(b.y, zzz1);               /* 1.2 */
    struct fp h = fp_carry(fp_wide_sub(u2, fp_widen(u1), 2)); /* 3.1 */
    struct fp r = fp_carry(fp_wide_sub(s2, fp_widen(s1), 2)); /* 3.2 */
    if (h_out != NULL) {
        *h_out = h;
        *r_out = r;
    }
    return point_add_end(h, r, u1, s1, z);
}

/* a + b for a != b and a != -b. b.y may be up to 2p. */
static inline struct point point_add_affine(struct point a, struct affine b)
{
    struct fp zz = fp_sqr(a.z);                                /* 1.4 */
    struct fp zzz = fp_mul(a.z, zz);                           /* 1.3 */
    struct fp_wide u2 = fp_mul_wide(b.x, zz);                  /* 1.1 */
    struct fp_wide s2 = fp_mul_wide(b.y, zzz);                 /* 1.2 */
    struct fp h = fp_carry(fp_wide_sub(u2, fp_widen(a.x), 2)); /* 3.1 */
    struct fp r = fp_carry(fp_wide_sub(s2, fp_widen(a.y), 2)); /* 3.2 */
    return point_add_end(h, r, a.x, a.y, a.z);
}

/*
 * a + b for any two points, either of which may be at infinity in the lanes of its mask; *a and *a_infinite become the
 * sum.
 */
static inline void point_add_any(struct point *a, __mmask8 *a_infinite, const struct point *b, __mmask8 b_infinite)
{
    struct fp h, r;
    struct point sum = point_add(*a, *b, &h, &r);
    struct point twice = point_double(*a);
    __mmask8 same_x = fp_is_zero(fp_canonical(h));
    __mmask8 same_y = fp_is_zero(fp_canonical(r));
    sum = point_pick(same_x, sum, twice); /* or a and -a: at infinity */
    sum = point_pick(b_infinite, sum, *a);
    sum = point_pick(*a_infinite, sum, *b);
    __mmask8 opposite = (__mmask8)(same_x & ~same_y & ~*a_infinite & ~b_infinite);
    *a = sum;
    *a_infinite = (__mmask8)((*a_infinite & b_infinite) | opposite);
}

#endif
