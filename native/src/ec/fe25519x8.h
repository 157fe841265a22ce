/*
 * The field of 2^255 - 19, eight elements side by side, in five limbs of radix 2^51.
 *
 * An element ("fe") is carried: each limb below 2^51 + 2^18, so that it fits the 52 bits that a multiply-add reads. A
 * "wide" element has the same radix and limbs of up to 2^63: what a product leaves before its carries, so that sums of
 * products are carried once. Values are residues; only fe_words() makes the one below p.
 */
#ifndef CARDINAL_FE25519X8_H
#define CARDINAL_FE25519X8_H

#include "ec/lanes.h"

#define FE_LIMBS 5

struct fe {
    lanes limb[FE_LIMBS];
};

struct fe_wide {
    lanes limb[FE_LIMBS];
};

/* vpmadd52 instructions of one call. */
#define FE_MUL_MADDS 50u
#define FE_SQR_MADDS 30u
#define FE_CARRY_MADDS 1u
#define FE_SCALE_MADDS 11u

static inline struct fe fe_splat(const uint64_t limb[FE_LIMBS])
{
    struct fe r;
    for (int i = 0; i < FE_LIMBS; i++) {
        r.limb[i] = splat(limb[i]);
    }
    return r;
}

static inline struct fe fe_small(uint64_t value)
{
    return fe_splat((const uint64_t[FE_LIMBS]){value, 0, 0, 0, 0});
}

/*
 * All limbs at once: each gives what is above 51 bits to the next, the top one 19 times to the lowest. Limbs of up to
 * 2^63 leave 2^51 + 19 * 2^12 at most.
 */
static inline struct fe fe_carry(struct fe_wide a)
{
    lanes mask = splat(((uint64_t)1 << 51) - 1);
    struct fe r;
    r.limb[0] = madlo(both(a.limb[0], mask), shr(a.limb[4], 51), splat(19));
    for (int i = 1; i < FE_LIMBS; i++) {
        r.limb[i] = add(both(a.limb[i], mask), shr(a.limb[i - 1], 51));
    }
    return r;
}

static inline struct fe_wide fe_widen(struct fe a)
{
    struct fe_wide r;
    for (int i = 0; i < FE_LIMBS; i++) {
        r.limb[i] = a.limb[i];
    }
    return r;
}

static inline struct fe_wide fe_wide_add(struct fe_wide a, struct fe_wide b)
{
    for (int i = 0; i < FE_LIMBS; i++) {
        a.limb[i] = add(a.limb[i], b.limb[i]);
    }
    return a;
}

/*
 * a - b, for limbs of b up to 2^61 and of a up to 2^62: 2^11 * p in limbs just below 2^62 is added so that no limb
 * falls below zero.
 */
static inline struct fe_wide fe_wide_sub(struct fe_wide a, struct fe_wide b)
{
    lanes low = splat((((uint64_t)1 << 51) - 19) << 11);
    lanes others = splat((((uint64_t)1 << 51) - 1) << 11);
    for (int i = 0; i < FE_LIMBS; i++) {
        a.limb[i] = sub(add(a.limb[i], i == 0 ? low : others), b.limb[i]);
    }
    return a;
}

static inline struct fe fe_add(struct fe a, struct fe b)
{
    return fe_carry(fe_wide_add(fe_widen(a), fe_widen(b)));
}

static inline struct fe fe_sub(struct fe a, struct fe b)
{
    return fe_carry(fe_wide_sub(fe_widen(a), fe_widen(b)));
}

/*
 * 2^255 = 19: columns 5 to 9 go down five places. Columns stay below 7.5 * 2^52, the sums below 2^59. A product keeps
 * the multiplier busy, so it folds by shifts and additions; a square has those in plenty and folds by the multiplier.
 */
static inline struct fe_wide fe_fold_product(const lanes column[2 * FE_LIMBS])
{
    struct fe_wide r;
    for (int i = 0; i < FE_LIMBS; i++) {
        lanes c = column[i + FE_LIMBS];
        r.limb[i] = add(add(column[i], c), add(shl(c, 4), shl(c, 1)));
    }
    return r;
}

static inline struct fe_wide fe_fold_square(const lanes column[2 * FE_LIMBS])
{
    struct fe_wide r;
    for (int i = 0; i < FE_LIMBS; i++) {
        r.limb[i] = add(column[i], mul_small(column[i + FE_LIMBS], 19));
    }
    return r;
}

/*
 * Of two limbs, the low half of a product has weight 2^(51(i+j)), the high half 2^52 times that: the next column,
 * twice. So the high halves are summed first, doubled, and the low ones added to them.
 */
static inline struct fe_wide fe_mul_wide(struct fe a, struct fe b)
{
    lanes column[2 * FE_LIMBS];
    for (int i = 0; i < 2 * FE_LIMBS; i++) {
        column[i] = _mm512_setzero_si512();
    }
#pragma GCC unroll 5
    for (int i = 0; i < FE_LIMBS; i++) {
#pragma GCC unroll 5
        for (int j = 0; j < FE_LIMBS; j++) {
            column[i + j + 1] = madhi(column[i + j + 1], a.limb[j], b.limb[i]);
        }
    }
    for (int i = 1; i < 2 * FE_LIMBS; i++) {
        column[i] = add(column[i], column[i]);
    }
#pragma GCC unroll 5
    for (int i = 0; i < FE_LIMBS; i++) {
#pragma GCC unroll 5
        for (int j = 0; j < FE_LIMBS; j++) {
            column[i + j] = madlo(column[i + j], a.limb[j], b.limb[i]);
        }
    }
    return fe_fold_product(column);
}

/* As fe_mul_wide(a, a), each product of two different limbs once and doubled. */
static inline struct fe_wide fe_sqr_wide(struct fe a)
{
    lanes column[2 * FE_LIMBS];
    for (int i = 0; i < 2 * FE_LIMBS; i++) {
        column[i] = _mm512_setzero_si512();
    }
#pragma GCC unroll 5
    for (int i = 0; i < FE_LIMBS; i++) {
#pragma GCC unroll 5
        for (int j = i + 1; j < FE_LIMBS; j++) {
            column[i + j + 1] = madhi(column[i + j + 1], a.limb[j], a.limb[i]);
        }
    }
    for (int i = 2; i < 2 * FE_LIMBS - 1; i++) {
        column[i] = add(column[i], column[i]);
    }
#pragma GCC unroll 5
    for (int i = 0; i < FE_LIMBS; i++) {
        column[2 * i + 1] = madhi(column[2 * i + 1], a.limb[i], a.limb[i]);
#pragma GCC unroll 5
        for (int j = i + 1; j < FE_LIMBS; j++) {
            column[i + j] = madlo(column[i + j], a.limb[j], a.limb[i]);
        }
    }
    for (int i = 1; i < 2 * FE_LIMBS; i++) {
        column[i] = add(column[i], column[i]);
    }
#pragma GCC unroll 5
    for (int i = 0; i < FE_LIMBS; i++) {
        column[2 * i] = madlo(column[2 * i], a.limb[i], a.limb[i]);
    }
    return fe_fold_square(column);
}

static inline struct fe fe_mul(struct fe a, struct fe b)
{
    return fe_carry(fe_mul_wide(a, b));
}

static inline struct fe fe_sqr(struct fe a)
{
    return fe_carry(fe_sqr_wide(a));
}

/* sum + factor * a, for limbs of sum up to 2^61 and a factor below 2^20. */
static inline struct fe_wide fe_scale_add(struct fe_wide sum, struct fe a, uint64_t factor)
{
    lanes f = splat(factor);
    lanes high[FE_LIMBS];
    for (int i = 0; i < FE_LIMBS; i++) {
        high[i] = madhi(_mm512_setzero_si512(), a.limb[i], f);
        sum.limb[i] = madlo(sum.limb[i], a.limb[i], f);
    }
    sum.limb[0] = madlo(sum.limb[0], high[4], splat(2 * 19));
    for (int i = 1; i < FE_LIMBS; i++) {
        sum.limb[i] = add(sum.limb[i], add(high[i - 1], high[i - 1]));
    }
    return sum;
}

/* b in the lanes of the mask, a in the others. */
static inline struct fe fe_pick(__mmask8 mask, struct fe a, struct fe b)
{
    for (int i = 0; i < FE_LIMBS; i++) {
        a.limb[i] = pick(mask, a.limb[i], b.limb[i]);
    }
    return a;
}

/* From 256 bits, the topmost ignored (RFC 7748 section 5); values of p and above are taken as residues. */
static inline struct fe fe_from_words(const lanes words[4])
{
    lanes mask = splat(((uint64_t)1 << 51) - 1);
    struct fe r;
    r.limb[0] = both(words[0], mask);
    r.limb[1] = both(either(shr(words[0], 51), shl(words[1], 13)), mask);
    r.limb[2] = both(either(shr(words[1], 38), shl(words[2], 26)), mask);
    r.limb[3] = both(either(shr(words[2], 25), shl(words[3], 39)), mask);
    r.limb[4] = both(shr(words[3], 12), mask);
    return r;
}

/* Carries limb to limb, from the lowest up; returns what leaves at the top. */
static inline lanes fe_ripple(struct fe *a)
{
    lanes mask = splat(((uint64_t)1 << 51) - 1);
    lanes carry = _mm512_setzero_si512();
    for (int i = 0; i < FE_LIMBS; i++) {
        lanes limb = add(a->limb[i], carry);
        a->limb[i] = both(limb, mask);
        carry = shr(limb, 51);
    }
    return carry;
}

/* The residue in [0, p-1], limbs below 2^51. */
static inline struct fe fe_canonical(struct fe a)
{
    /* the top gives at most 1; a second 1 comes only of limbs that are then all but zero, and 19 more fits */
    for (int round = 0; round < 2; round++) {
        lanes top = fe_ripple(&a);
        a.limb[0] = madlo(a.limb[0], top, splat(19));
    }
    /* a + 19 reaches 2^255 where a >= p, and its low 255 bits are then a - p */
    struct fe less = a;
    less.limb[0] = add(less.limb[0], splat(19));
    lanes reached = fe_ripple(&less);
    return fe_pick(_mm512_test_epi64_mask(reached, splat(1)), a, less);
}

/* The residue in [0, p-1] as 256 bits. */
static inline void fe_words(lanes words[4], struct fe a)
{
    struct fe r = fe_canonical(a);
    words[0] = either(r.limb[0], shl(r.limb[1], 51));
    words[1] = either(shr(r.limb[1], 13), shl(r.limb[2], 38));
    words[2] = either(shr(r.limb[2], 26), shl(r.limb[3], 25));
    words[3] = either(shr(r.limb[3], 39), shl(r.limb[4], 12));
}

#endif
