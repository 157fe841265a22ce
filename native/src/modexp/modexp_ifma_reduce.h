/* Montgomery reduction of columns, and selections beside it. */
#ifndef CARDINAL_MODEXP_IFMA_REDUCE_H
#define CARDINAL_MODEXP_IFMA_REDUCE_H

#include "modexp/modexp_ifma_product.h"
#include "modexp/modexp_ifma_select.h"

/*
 * The modulus as reduction wants it. General: n, and inverse = -n^-1 mod 2^52. Unit: a modulus that is -1 mod 2^52, as
 * the MODP primes are, has inverse 1, so that a quotient digit is a column's low limb, and t + qn = (t - q) + q(n + 1)
 * takes a column's low limb away and adds a multiple of n + 1, whose lowest limb is 0: n then holds n + 1.
 */
struct modulus {
    const vec *n;
    vec inverse;
};

/*
 * Quotient digit r of a block: col[r] is complete, and the columns to its right in the block get q[r]'s share. The low
 * half of q * n[0] makes the column's low limb vanish, so its carry is known without it: the column rounded up.
 */
TEMPLATE void digit(vec q[ROWS], vec col[ROWS], vec *over, const struct modulus *m, const unsigned r, const bool unit)
{
    vec carry;
    if (unit) {
        q[r] = _mm512_and_si512(col[r], limb_mask());
        carry = _mm512_srai_epi64(col[r], LIMB_BITS);
    } else {
        q[r] = low(fresh_zero(), col[r], m->inverse);
        carry = high(_mm512_srai_epi64(_mm512_add_epi64(col[r], limb_mask()), LIMB_BITS), q[r], m->n[0]);
    }
    if (r + 1 < ROWS) {
        col[r + 1] = _mm512_add_epi64(low(col[r + 1], q[r], m->n[1]), carry);
    } else {
        *over = carry;
    }
    UNROLL
    for (unsigned j = 2; r + j < ROWS; j++) {
        col[r + j] = low(high(col[r + j], q[r], m->n[j - 1]), q[r], m->n[j]);
    }
}

/* A block of quotient digits found, with the carry out of its columns. */
struct digits {
    vec q[ROWS], over;
};

/*
 * Column c of a product as the first block of a reduction meets it; u: NULL where it is combined already. Else this
 * does the work of combine() in passing, t holding the high product from t[k] on.
 */
TEMPLATE vec enter(vec *t, const unsigned c, const struct uncombined *u, const unsigned k)
{
    const unsigned half = k / 2;
    if (u == NULL || c >= k) {
        return t[c];
    }
    if (c < half) {
        return u->low[c];
    }
    vec first, second;
    middle(&first, &second, u, c - half, half);
    if (c == half) {
        t[k + half] = last_middle(u, half); /* its last use but this one was in middle() */
    }
    t[c + half] = second;
    return first;
}

/*
 * Adds q times the modulus to the columns above the block's own, t[ROWS..k+ROWS), and meanwhile finds the next block's
 * digits from t[ROWS..2*ROWS), which are complete early. The last block has no next one: its columns leave as limbs.
 */
TEMPLATE void reduce_rows(
    vec *out, vec *t, struct digits *d, const struct modulus *m, struct selection *s, const struct uncombined *u,
    const unsigned k, const bool unit, const enum selecting kind, const bool last)
{
    vec acc[ROWS + 1], col[ROWS], node[SELECT_LEVELS];
    struct digits next;
    UNROLL
    for (unsigned c = 0; c < ROWS; c++) {
        acc[c] = enter(t, ROWS + c, u, k);
    }
    acc[0] = _mm512_add_epi64(acc[0], d->over);
    UNROLL
    for (unsigned j = 1; j < ROWS; j++) {
        UNROLL
        for (unsigned r = ROWS - j; r < ROWS; r++) {
            acc[r + j - ROWS] = low(acc[r + j - ROWS], d->q[r], m->n[j]);
        }
        UNROLL
        for (unsigned r = ROWS - j - 1; r < ROWS; r++) {
            acc[r + j + 1 - ROWS] = high(acc[r + j + 1 - ROWS], d->q[r], m->n[j]);
        }
    }
    vec carry = _mm512_setzero_si512();
    UNROLL
    for (unsigned j = ROWS; j < k; j++) {
        acc[ROWS] = enter(t, j + ROWS, u, k);
        column_step(acc, d->q, m->n[j]);
        if (last) {
            vec sum = _mm512_add_epi64(acc[0], carry);
            out[j - ROWS] = _mm512_and_si512(sum, limb_mask());
            carry = _mm512_srai_epi64(sum, LIMB_BITS);
        } else if (j < 2 * ROWS) {
            col[j - ROWS] = acc[0];
        } else {
            t[j] = acc[0];
        }
        if (!last && j >= 2 * ROWS && j < 4 * ROWS && j % 2 == 0) {
            digit(next.q, col, &next.over, m, (j - 2 * ROWS) / 2, unit);
        }
        if (kind != SELECT_NOTHING) {
            const unsigned leaves = select_limbs(kind) * select_leaves(kind);
            const unsigned steps = k - ROWS;
            select_leaves_of(s, node, leaves * (j - ROWS) / steps, leaves * (j - ROWS + 1) / steps, kind);
        }
        slide(acc);
    }
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        if (last) {
            vec sum = _mm512_add_epi64(acc[r], carry);
            out[k - ROWS + r] = _mm512_and_si512(sum, limb_mask());
            carry = _mm512_srai_epi64(sum, LIMB_BITS);
        } else {
            t[k + r] = acc[r];
        }
    }
    if (!last) {
        forget_memory();
        *d = next;
    }
    if (kind != SELECT_NOTHING) {
        select_advance(s, k, kind);
    }
}

/*
 * Multiply-adds of reduce(): for each of k digits, one to find it, and both halves of its products with k limbs of n
 * but for the lowest half. A unit modulus: with the k-1 limbs of n + 1 that are not 0.
 */
#define REDUCE_COUNT(k, unit) ((unit) ? (k) * (2 * ((k)-1)) : (k) * (1 + 2 * (k)-1))

/* The digits of the first block, from t[0..ROWS). */
TEMPLATE struct digits first_digits(const vec *t, const struct modulus *m, const bool unit)
{
    struct digits d;
    vec col[ROWS];
    UNROLL
    for (unsigned c = 0; c < ROWS; c++) {
        col[c] = t[c];
    }
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        digit(d.q, col, &d.over, m, r, unit);
    }
    return d;
}

/*
 * out = t/R mod n, below 2n where t is below 4n^2; t is spent. first: the first block's digits. u: NULL, or the product
 * to reduce, whose high part begins at t[k]. Limbs of a selection are chosen beside it: select_limbs() of them for each
 * ROWS of k.
 */
TEMPLATE void reduce(
    vec *out, vec *t, const struct modulus *modulus, struct selection *selection, const struct uncombined *uncombined,
    const struct digits *first, const unsigned k, const bool unit, const enum selecting kind)
{
    /* copies, which stores to vectors cannot change: a vector may alias anything */
    const struct modulus m = *modulus;
    struct selection s;
    if (kind != SELECT_NOTHING) {
        s = *selection;
    }
    struct digits d = *first;
    unsigned row = 0;
    if (uncombined != NULL) {
        const struct uncombined u = *uncombined;
        reduce_rows(out, t, &d, &m, &s, &u, k, unit, kind, false);
        row = ROWS;
    }
    if (k <= 4 * ROWS) {
        UNROLL
        for (; row < k - ROWS; row += ROWS) {
            reduce_rows(out, t + row, &d, &m, &s, NULL, k, unit, kind, false);
        }
    }
    for (; row < k - ROWS; row += ROWS) { /* more would be too much code for the caches */
        reduce_rows(out, t + row, &d, &m, &s, NULL, k, unit, kind, false);
    }
    reduce_rows(out, t + row, &d, &m, &s, NULL, k, unit, kind, true);
    if (kind != SELECT_NOTHING) {
        selection->limb = s.limb;
    }
}

#endif
