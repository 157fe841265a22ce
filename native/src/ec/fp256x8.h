/*
 * The field of P-256's p = 2^256 - 2^224 + 2^192 + 2^96 - 1, eight elements side by side, in five limbs of radix 2^52
 * and in Montgomery form: a stands for a * 2^-260 mod p.
 *
 * An element ("fp") has limbs below 2^52; its value is a residue below a small multiple of p that the user of these
 * functions keeps account of. Of factors below u*p and v*p, u*v <= 128, fp_mul() makes one below (u*v/16 + 1)*p, since
 * p is below 2^260/16. A "wide" element has signed limbs of up to 2^60 in either direction, but a value that is not
 * below zero and below 16*p: sums and differences are made of those, and carried once.
 */
#ifndef CARDINAL_FP256X8_H
#define CARDINAL_FP256X8_H

#include "ec/lanes.h"

#define FP_LIMBS 5

struct fp {
    lanes limb[FP_LIMBS];
};

struct fp_wide {
    lanes limb[FP_LIMBS];
};

/* A product, or a sum of products, before its reduction. */
struct fp_product {
    lanes column[2 * FP_LIMBS];
};

/* vpmadd52 instructions of one call. */
#define FP_REDUCE_MADDS 25u
#define FP_MUL_MADDS (50u + FP_REDUCE_MADDS)
#define FP_SQR_MADDS (30u + FP_REDUCE_MADDS)
/* a * b + c * d with one reduction */
#define FP_MUL2_MADDS (100u + FP_REDUCE_MADDS)

static inline struct fp fp_splat(const uint64_t limb[FP_LIMBS])
{
    struct fp r;
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        r.limb[i] = splat(limb[i]);
    }
    return r;
}

/* A number that is not in Montgomery form. */
static inline struct fp fp_small(uint64_t value)
{
    return fp_splat((const uint64_t[FP_LIMBS]){value, 0, 0, 0, 0});
}

/* 2^52 - 1 */
static inline lanes fp_mask(void)
{
    return splat(((uint64_t)1 << 52) - 1);
}

/* From the lowest limb up each gives what is above 52 bits, or below zero, to the next. */
static inline struct fp fp_carry(struct fp_wide a)
{
    struct fp r;
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS - 1; i++) {
        r.limb[i] = both(a.limb[i], fp_mask());
        a.limb[i + 1] = add(a.limb[i + 1], _mm512_srai_epi64(a.limb[i], 52));
    }
    r.limb[FP_LIMBS - 1] = a.limb[FP_LIMBS - 1];
    return r;
}

/*
 * The same less h*p, h the multiple of 2^256 in the top limb: 2^256 = 2^224 - 2^192 - 2^96 + 1 mod p. What is left is
 * not below zero, since h counts only what the value has (limbs below the top one make up less than 2^216, of 2^223
 * that each h leaves), and below (1 + 2^-20)*p.
 */
static inline struct fp fp_carry_reduced(struct fp_wide a)
{
    lanes h = _mm512_srai_epi64(a.limb[4], 48);
    a.limb[0] = add(a.limb[0], h);
    a.limb[1] = sub(a.limb[1], shl(h, 44));
    a.limb[3] = sub(a.limb[3], shl(h, 36));
    a.limb[4] = add(both(a.limb[4], splat(((uint64_t)1 << 48) - 1)), shl(h, 16));
    return fp_carry(a);
}

static inline struct fp_wide fp_widen(struct fp a)
{
    struct fp_wide r;
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        r.limb[i] = a.limb[i];
    }
    return r;
}

static inline struct fp_wide fp_wide_add(struct fp_wide a, struct fp_wide b)
{
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        a.limb[i] = add(a.limb[i], b.limb[i]);
    }
    return a;
}

/* 2^shift * a */
static inline struct fp_wide fp_wide_shl(struct fp_wide a, unsigned shift)
{
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        a.limb[i] = shl(a.limb[i], shift);
    }
    return a;
}

/* a + multiple*p - b: not below zero where b is at most multiple*p. */
static inline struct fp_wide fp_wide_sub(struct fp_wide a, struct fp_wide b, uint64_t multiple)
{
    const uint64_t p[FP_LIMBS] = {
        ((uint64_t)1 << 52) - 1, ((uint64_t)1 << 44) - 1, 0, (uint64_t)1 << 36,
        ((uint64_t)1 << 48) - ((uint64_t)1 << 16)};
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        a.limb[i] = sub(p[i] == 0 ? a.limb[i] : add(a.limb[i], splat(multiple * p[i])), b.limb[i]);
    }
    return a;
}

static inline struct fp fp_add(struct fp a, struct fp b)
{
    return fp_carry(fp_wide_add(fp_widen(a), fp_widen(b)));
}

/* a + multiple*p - b */
static inline struct fp fp_sub(struct fp a, struct fp b, uint64_t multiple)
{
    return fp_carry(fp_wide_sub(fp_widen(a), fp_widen(b), multiple));
}

/* multiple*p - a */
static inline struct fp fp_negate(struct fp a, uint64_t multiple)
{
    return fp_sub(fp_small(0), a, multiple);
}

static inline struct fp_product fp_product_zero(void)
{
    struct fp_product r;
#pragma GCC unroll 10
    for (int i = 0; i < 2 * FP_LIMBS; i++) {
        r.column[i] = _mm512_setzero_si512();
    }
    return r;
}

/* sum + a * b */
static inline struct fp_product fp_product_add(struct fp_product sum, struct fp a, struct fp b)
{
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
#pragma GCC unroll 5
        for (int j = 0; j < FP_LIMBS; j++) {
            sum.column[i + j] = madlo(sum.column[i + j], a.limb[j], b.limb[i]);
        }
#pragma GCC unroll 5
        for (int j = 0; j < FP_LIMBS; j++) {
            sum.column[i + j + 1] = madhi(sum.column[i + j + 1], a.limb[j], b.limb[i]);
        }
    }
    return sum;
}

/* a * a: products of two different limbs once, doubled, and those of a limb by itself added. */
static inline struct fp_product fp_product_square(struct fp a)
{
    struct fp_product r = fp_product_zero();
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
#pragma GCC unroll 5
        for (int j = i + 1; j < FP_LIMBS; j++) {
            r.column[i + j] = madlo(r.column[i + j], a.limb[j], a.limb[i]);
        }
#pragma GCC unroll 5
        for (int j = i + 1; j < FP_LIMBS; j++) {
            r.column[i + j + 1] = madhi(r.column[i + j + 1], a.limb[j], a.limb[i]);
        }
    }
#pragma GCC unroll 10
    for (int i = 1; i < 2 * FP_LIMBS - 1; i++) {
        r.column[i] = add(r.column[i], r.column[i]);
    }
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        r.column[2 * i] = madlo(r.column[2 * i], a.limb[i], a.limb[i]);
        r.column[2 * i + 1] = madhi(r.column[2 * i + 1], a.limb[i], a.limb[i]);
    }
    return r;
}

/*
 * Montgomery's reduction: -1/p is 1 mod 2^52, so the lowest limb q is itself the multiple of p to add. q*p is -q, which
 * clears that limb, and q * (2^96 + 2^192 + 2^224 * (2^32 - 1)): 44 bits into the next limb, 36 into the third, 16 into
 * the fourth. The first of these is a shift, as the next q waits for it.
 */
static inline struct fp_wide fp_reduce(struct fp_product a)
{
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        lanes q = a.column[i];
        lanes carry = add(shr(q, 52), both(shl(q, 44), fp_mask()));
        a.column[i + 1] = add(a.column[i + 1], carry);
        a.column[i + 2] = madhi(a.column[i + 2], q, splat((uint64_t)1 << 44));
        a.column[i + 3] = madlo(a.column[i + 3], q, splat((uint64_t)1 << 36));
        a.column[i + 4] = madhi(a.column[i + 4], q, splat((uint64_t)1 << 36));
        a.column[i + 4] = madlo(a.column[i + 4], q, splat(((uint64_t)1 << 48) - ((uint64_t)1 << 16)));
        a.column[i + 5] = madhi(a.column[i + 5], q, splat(((uint64_t)1 << 48) - ((uint64_t)1 << 16)));
    }
    struct fp_wide r;
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        r.limb[i] = a.column[i + FP_LIMBS];
    }
    return r;
}

static inline struct fp_wide fp_mul_wide(struct fp a, struct fp b)
{
    return fp_reduce(fp_product_add(fp_product_zero(), a, b));
}

static inline struct fp_wide fp_sqr_wide(struct fp a)
{
    return fp_reduce(fp_product_square(a));
}

/* a * b + c * d; as for the values, u*v is summed over both products. */
static inline struct fp_wide fp_mul2_wide(struct fp a, struct fp b, struct fp c, struct fp d)
{
    return fp_reduce(fp_product_add(fp_product_add(fp_product_zero(), a, b), c, d));
}

static inline struct fp fp_mul(struct fp a, struct fp b)
{
    return fp_carry(fp_mul_wide(a, b));
}

static inline struct fp fp_sqr(struct fp a)
{
    return fp_carry(fp_sqr_wide(a));
}

/* b in the lanes of the mask, a in the others. */
static inline struct fp fp_pick(__mmask8 mask, struct fp a, struct fp b)
{
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        a.limb[i] = pick(mask, a.limb[i], b.limb[i]);
    }
    return a;
}

/* Any number of 256 bits in limbs, not in Montgomery form: below p or n by the caller's check, or else a residue. */
static inline struct fp fp_from_words(const lanes words[4])
{
    struct fp r;
    r.limb[0] = both(words[0], fp_mask());
    r.limb[1] = both(either(shr(words[0], 52), shl(words[1], 12)), fp_mask());
    r.limb[2] = both(either(shr(words[1], 40), shl(words[2], 24)), fp_mask());
    r.limb[3] = both(either(shr(words[2], 28), shl(words[3], 36)), fp_mask());
    r.limb[4] = shr(words[3], 16);
    return r;
}

static inline void fp_words(lanes words[4], struct fp a)
{
    words[0] = either(a.limb[0], shl(a.limb[1], 52));
    words[1] = either(shr(a.limb[1], 12), shl(a.limb[2], 40));
    words[2] = either(shr(a.limb[2], 24), shl(a.limb[3], 28));
    words[3] = either(shr(a.limb[3], 36), shl(a.limb[4], 16));
}

/* a - m where that is not below zero, else a: the residue mod m of a number below 2*m. */
static inline struct fp fp_subtract_once(struct fp a, struct fp m)
{
    struct fp_wide difference;
#pragma GCC unroll 5
    for (int i = 0; i < FP_LIMBS; i++) {
        difference.limb[i] = sub(a.limb[i], m.limb[i]);
    }
    struct fp r = fp_carry(difference);
    return fp_pick(_mm512_movepi64_mask(r.limb[FP_LIMBS - 1]), r, a);
}

static inline __mmask8 fp_is_zero(struct fp canonical)
{
    lanes any = canonical.limb[0];
#pragma GCC unroll 5
    for (int i = 1; i < FP_LIMBS; i++) {
        any = either(any, canonical.limb[i]);
    }
    return _mm512_testn_epi64_mask(any, any);
}

static inline struct fp fp_prime(void)
{
    return fp_splat((const uint64_t[FP_LIMBS]){
        ((uint64_t)1 << 52) - 1, ((uint64_t)1 << 44) - 1, 0, (uint64_t)1 << 36,
        ((uint64_t)1 << 48) - ((uint64_t)1 << 16)});
}

/* The residue in [0, p-1], still in Montgomery form where a is. */
static inline struct fp fp_canonical(struct fp a)
{
    return fp_subtract_once(fp_carry_reduced(fp_widen(a)), fp_prime());
}

/* Out of Montgomery form, in [0, p-1]: the reduction of a number below 2^260 is at most p. */
static inline struct fp fp_from_montgomery(struct fp a)
{
    return fp_subtract_once(fp_mul(a, fp_small(1)), fp_prime());
}

#endif
