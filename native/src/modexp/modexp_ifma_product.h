/* Products and squares, in columns. */
#ifndef CARDINAL_MODEXP_IFMA_PRODUCT_H
#define CARDINAL_MODEXP_IFMA_PRODUCT_H

#include "modexp/modexp_ifma_vector.h"

/* One column step: acc += x * y, x being ROWS limbs, acc[i] the column of x[i] * y's low half. */
TEMPLATE void column_step(vec acc[ROWS + 1], const vec x[ROWS], vec y)
{
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        acc[r] = low(acc[r], x[r], y);
    }
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        acc[r + 1] = high(acc[r + 1], x[r], y);
    }
}

/* The accumulators move on by one column. */
TEMPLATE void slide(vec acc[ROWS + 1])
{
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        acc[r] = acc[r + 1];
    }
}

/* t[0..k+ROWS) (+)= a[0..ROWS) * b; columns that hold nothing yet: all of them (first), or those from k on */
TEMPLATE void product_rows(vec *t, const vec *a, const vec *b, const unsigned k, const bool first)
{
    vec x[ROWS], acc[ROWS + 1];
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        x[r] = a[r];
        acc[r] = first ? fresh_zero() : t[r];
    }
    UNROLL
    for (unsigned j = 0; j < k; j++) {
        acc[ROWS] = first || j + ROWS >= k ? fresh_zero() : t[j + ROWS];
        column_step(acc, x, b[j]);
        t[j] = acc[0];
        slide(acc);
    }
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        t[k + r] = acc[r];
    }
}

/* Multiply-adds of product(): low and high half of k^2 products of limbs. */
#define PRODUCT_COUNT(k) (2 * (k) * (k))

/* t[0..2k) = a * b */
TEMPLATE void product(vec *t, const vec *a, const vec *b, const unsigned k)
{
    product_rows(t, a, b, k, true);
    for (unsigned row = ROWS; row < k; row += ROWS) {
        product_rows(t + row, a + row, b, k, false);
    }
}

/* A column of a square: twice the products of different limbs, and half of a limb's own square. */
TEMPLATE vec square_column(vec cross, const vec x[ROWS], const unsigned column)
{
    vec twice = _mm512_add_epi64(cross, cross);
    vec limb = x[column / 2];
    return column % 2 == 0 ? low(twice, limb, limb) : high(twice, limb, limb);
}

/*
 * t gets the products of limbs row..row+ROWS-1 by themselves and by all later ones. Columns below 2(row + ROWS) get
 * nothing from later rows and are finished here.
 */
TEMPLATE void square_rows(vec *t, const vec *a, const unsigned row, const unsigned k)
{
    const bool first = row == 0;
    const bool last = row + ROWS == k;
    vec x[ROWS], inner[2 * ROWS], acc[ROWS + 1];
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        x[r] = a[row + r];
    }
    UNROLL
    for (unsigned c = 0; c < 2 * ROWS; c++) {
        inner[c] = first || row + c >= k ? fresh_zero() : t[2 * row + c];
    }
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        UNROLL
        for (unsigned s = r + 1; s < ROWS; s++) {
            inner[r + s] = low(inner[r + s], x[r], x[s]);
        }
        UNROLL
        for (unsigned s = r + 1; s < ROWS; s++) {
            inner[r + s + 1] = high(inner[r + s + 1], x[r], x[s]);
        }
    }
    UNROLL
    for (unsigned c = 0; c < 2 * ROWS; c++) {
        if (c < ROWS || last) {
            t[2 * row + c] = square_column(inner[c], x, c);
        }
    }
    if (last) {
        return;
    }
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        acc[r] = inner[ROWS + r];
    }
    UNROLL
    for (unsigned j = row + ROWS; j < k; j++) {
        acc[ROWS] = first || j + ROWS >= k ? fresh_zero() : t[row + j + ROWS];
        column_step(acc, x, a[j]);
        t[row + j] = j < row + 2 * ROWS ? square_column(acc[0], x, j - row) : acc[0];
        slide(acc);
    }
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        t[row + k + r] = acc[r];
    }
}

/* Multiply-adds of square(): both halves of k(k-1)/2 products of different limbs and k squares. */
#define SQUARE_COUNT(k) ((k) * ((k)-1) + 2 * (k))

/* t[0..2k) = a^2 */
TEMPLATE void square(vec *t, const vec *a, const unsigned k)
{
    UNROLL
    for (unsigned row = 0; row < k; row += ROWS) {
        square_rows(t, a, row, k);
    }
}

/*
 * Karatsuba's step: from the products of the halves, low and high, and of the halves' differences, the middle of a
 * product of 2*half limbs: a0 b1 + a1 b0 = a0 b0 + a1 b1 - (a0 - a1)(b0 - b1). A difference below zero is multiplied as
 * the residue that it leaves, B = 2^(52*half) too large, and what is too much, B times the other residue, is taken away
 * with the product. Columns become signed by that: they are sums of whole numbers of low and high halves, not the sums
 * that products limb by limb would have, and only what they stand for together cannot be negative.
 */

/* d = a0 - a1 mod B, and the lanes in which a0 < a1. */
TEMPLATE __mmask8 difference(vec *d, const vec *a, const unsigned half)
{
    vec borrow = _mm512_setzero_si512(); /* 0 or -1 */
    UNROLL
    for (unsigned i = 0; i < half; i++) {
        borrow = _mm512_add_epi64(_mm512_sub_epi64(a[i], a[half + i]), borrow);
        d[i] = _mm512_and_si512(borrow, limb_mask());
        borrow = _mm512_srai_epi64(borrow, LIMB_BITS);
    }
    return _mm512_movepi64_mask(borrow);
}

/* A product by Karatsuba's step whose middle is still to be made. */
struct uncombined {
    const vec *low, *high, *z;       /* products of the low halves, the high ones, the differences' residues */
    const vec *x, *y;                /* these residues, of half limbs */
    __mmask8 x_negative, y_negative; /* the lanes in which they are B too large */
};

/* Columns half + i and 2*half + i of a product, for i below half. */
TEMPLATE void middle(vec *first, vec *second, const struct uncombined *u, const unsigned i, const unsigned half)
{
    vec both = _mm512_add_epi64(u->low[half + i], u->high[i]);
    *first = _mm512_add_epi64(both, _mm512_sub_epi64(u->low[i], u->z[i]));
    both = _mm512_add_epi64(both, _mm512_sub_epi64(u->high[half + i], u->z[half + i]));
    both = _mm512_mask_add_epi64(both, u->x_negative, both, u->y[i]);
    *second = _mm512_mask_add_epi64(both, u->y_negative, both, u->x[i]);
}

/* What is left of column 3*half: two residues too large by B, B^2. */
TEMPLATE vec last_middle(const struct uncombined *u, const unsigned half)
{
    vec column = u->high[half];
    return _mm512_mask_sub_epi64(column, u->x_negative & u->y_negative, column, _mm512_set1_epi64(1));
}

/* t holds the low and the high product, and gets the middle. */
TEMPLATE void combine(vec *t, const struct uncombined *u, const unsigned half)
{
    const vec last = last_middle(u, half);
    UNROLL
    for (unsigned i = 0; i < half; i++) {
        vec first, second;
        middle(&first, &second, u, i, half);
        t[half + i] = first;
        t[2 * half + i] = second;
    }
    t[3 * half] = last;
}

#endif
