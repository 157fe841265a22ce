/*
 * Table entries chosen by secret digits, in pieces small enough to be worked off beside a reduction: every entry is
 * read whatever the digit, and the choice is made by masks (vpblendmq) or by a permutation in registers (vpermt2q).
 *
 * A choice is a binary tree over a limb's entries: leaves are two table vectors each, merged; a leaf's or node's
 * sibling is merged in by the digit's next bit. Only one node a level is alive at a time.
 */
#ifndef CARDINAL_MODEXP_IFMA_SELECT_H
#define CARDINAL_MODEXP_IFMA_SELECT_H

#include <immintrin.h>
#include <stdbool.h>

typedef __m512i vec;

#define ROWS 5u

/* everything is inlined with its sizes known, and every loop over rows unrolled: accumulators must be registers */
#define TEMPLATE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 128")

/*
 * SELECT_LANES_n: every lane has its own table of 2^n entries; the table is held limb by limb, 2^n + 1 vectors a limb,
 * the last one unused (so that writing an entry does not go to the same cache sets again and again).
 * SELECT_SHARED: one table of 2^SHARED_WINDOW entries for all lanes, held limb by limb, eight entries a vector.
 */
enum selecting { SELECT_NOTHING, SELECT_LANES_4, SELECT_LANES_5, SELECT_SHARED };

#define SHARED_WINDOW 6u
#define SHARED_VECTORS (1u << (SHARED_WINDOW - 3u)) /* of a limb */
#define SELECT_LEVELS 5u

struct selection {
    const vec *table; /* its limb 0 */
    vec *out;         /* k limbs */
    unsigned limb;    /* the next one to choose */
    vec digit;
    __mmask8 bit[SELECT_LEVELS]; /* of the digits, a lane a mask bit */
};

TEMPLATE unsigned select_bits(const enum selecting kind)
{
    return kind == SELECT_LANES_4 ? 4 : kind == SELECT_LANES_5 ? 5 : SHARED_WINDOW;
}

/* Vectors from a limb to the next in the table. */
TEMPLATE unsigned select_stride(const enum selecting kind)
{
    return kind == SELECT_SHARED ? SHARED_VECTORS : (1u << select_bits(kind)) + 1;
}

/* Leaves of a limb's tree, and limbs done beside each block of a reduction. */
TEMPLATE unsigned select_leaves(const enum selecting kind)
{
    return kind == SELECT_SHARED ? SHARED_VECTORS / 2 : 1u << (select_bits(kind) - 1);
}

TEMPLATE unsigned select_limbs(const enum selecting kind)
{
    return kind == SELECT_SHARED ? ROWS : 2;
}

/* Begins with the digits, each below the number of entries. */
TEMPLATE void select_begin(struct selection *s, const vec *table, vec *out, vec digit, const enum selecting kind)
{
    s->table = table;
    s->out = out;
    s->limb = 0;
    s->digit = digit;
    /* a shared table's leaf takes four bits of the digit at once */
    const unsigned first = kind == SELECT_SHARED ? 3 : 0;
    for (unsigned b = 0; b < SELECT_LEVELS; b++) {
        s->bit[b] = _mm512_test_epi64_mask(digit, _mm512_set1_epi64(1ll << (first + b)));
    }
}

/* Leaves from..to-1 of the limbs beside a block; node[] is kept from call to call. */
TEMPLATE void select_leaves_of(
    const struct selection *s, vec node[SELECT_LEVELS], const unsigned from, const unsigned to,
    const enum selecting kind)
{
    const unsigned leaves = select_leaves(kind);
    UNROLL
    for (unsigned i = from; i < to; i++) {
        const unsigned limb = i / leaves;
        const unsigned leaf = i % leaves;
        const vec *pair = s->table + (s->limb + limb) * select_stride(kind) + 2 * leaf;
        vec chosen = kind == SELECT_SHARED ? _mm512_permutex2var_epi64(pair[0], s->digit, pair[1])
                                           : _mm512_mask_mov_epi64(pair[0], s->bit[0], pair[1]);
        bool placed = false;
        UNROLL
        for (unsigned level = 1; level < SELECT_LEVELS; level++) {
            if (placed || (1u << level) > leaves) {
                continue;
            }
            if ((leaf >> (level - 1) & 1) != 0) {
                chosen = _mm512_mask_mov_epi64(node[level], s->bit[level], chosen);
            } else {
                node[level] = chosen;
                placed = true;
            }
        }
        if (leaf + 1 == leaves) {
            s->out[s->limb + limb] = chosen;
        }
    }
}

/* A block's limbs are done; where they do not come out even, the last ones are chosen twice. */
TEMPLATE void select_advance(struct selection *s, const unsigned k, const enum selecting kind)
{
    s->limb += select_limbs(kind);
    if (s->limb > k - select_limbs(kind)) {
        s->limb = k - select_limbs(kind);
    }
}

/* All limbs at once. */
TEMPLATE void select_all(struct selection *s, const unsigned k, const enum selecting kind)
{
    for (unsigned limb = 0; limb < k; limb += select_limbs(kind)) {
        vec node[SELECT_LEVELS];
        select_leaves_of(s, node, 0, select_limbs(kind) * select_leaves(kind), kind);
        select_advance(s, k, kind);
    }
}

#endif
