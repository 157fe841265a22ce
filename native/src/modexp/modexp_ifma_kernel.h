/*
 * Montgomery arithmetic in AVX-512 IFMA, as templates over the number of limbs.
 *
 * Eight independent numbers lie side by side: a number of k limbs in radix 2^52 is k vectors, vector i holding limb i
 * of all eight. Operands have limbs below 2^52; a product is 2k columns that are sums of at most 4k values below 2^52
 * (and carries), which fits 64 bits for every k in use. R is 2^(52k), and every modulus n is below R/4, so that
 * operands and results stay below 2n with no subtraction in between: ab < 4n^2 gives (ab + qn)/R < n + n.
 *
 * The multiply-add units decide the speed: they take one 512-bit multiply-add a cycle, with a latency of four. All else
 * is arranged so that it fits beside them. Five limbs of one operand (ROWS) stay in registers while the other operand's
 * limbs pass by; six accumulators slide along the columns, so that a column step is ten multiply-adds, two loads and a
 * store. Quotient digits depend on each other in a chain, about ten cycles a digit, so the next five are found between
 * the column steps of the present five.
 *
 * Nothing here branches on, or addresses memory by, the numbers.
 */
#ifndef CARDINAL_MODEXP_IFMA_KERNEL_H
#define CARDINAL_MODEXP_IFMA_KERNEL_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "modexp/modexp_ifma_select.h"

#define LIMB_BITS 52
#define LIMB_MASK 0xfffffffffffffull

/* acc + low or high 52 bits of x*y */
TEMPLATE vec low(vec acc, vec x, vec y)
{
    return _mm512_madd52lo_epu64(acc, x, y);
}

TEMPLATE vec high(vec acc, vec x, vec y)
{
    return _mm512_madd52hi_epu64(acc, x, y);
}

/* Zero, made where it is needed: the compiler would rather make one early, copy it to everywhere, and run out of
 * registers. */
TEMPLATE vec fresh_zero(void)
{
    vec zero = _mm512_setzero_si512();
    __asm__ volatile("" : "+v"(zero));
    return zero;
}

TEMPLATE vec limb_mask(void)
{
    return _mm512_set1_epi64(LIMB_MASK);
}

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
TEMPLATE unsigned long product_count(unsigned long k)
{
    return 2 * k * k;
}

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
TEMPLATE unsigned long square_count(unsigned long k)
{
    return k * (k - 1) + 2 * k;
}

/* t[0..2k) = a^2 */
TEMPLATE void square(vec *t, const vec *a, const unsigned k)
{
    UNROLL
    for (unsigned row = 0; row < k; row += ROWS) {
        square_rows(t, a, row, k);
    }
}

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
        carry = _mm512_srli_epi64(col[r], LIMB_BITS);
    } else {
        q[r] = low(fresh_zero(), col[r], m->inverse);
        carry = high(_mm512_srli_epi64(_mm512_add_epi64(col[r], limb_mask()), LIMB_BITS), q[r], m->n[0]);
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
 * Adds q times the modulus to the columns above the block's own, t[ROWS..k+ROWS), and meanwhile finds the next block's
 * digits from t[ROWS..2*ROWS), which are complete early. The last block has no next one: its columns leave as limbs.
 */
TEMPLATE void reduce_rows(
    vec *out, vec *t, struct digits *d, const struct modulus *m, struct selection *s, const unsigned k, const bool unit,
    const enum selecting kind, const bool last)
{
    vec acc[ROWS + 1], col[ROWS], node[SELECT_LEVELS];
    struct digits next;
    UNROLL
    for (unsigned c = 0; c < ROWS; c++) {
        acc[c] = t[ROWS + c];
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
        acc[ROWS] = t[j + ROWS];
        column_step(acc, d->q, m->n[j]);
        if (last) {
            vec sum = _mm512_add_epi64(acc[0], carry);
            out[j - ROWS] = _mm512_and_si512(sum, limb_mask());
            carry = _mm512_srli_epi64(sum, LIMB_BITS);
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
            carry = _mm512_srli_epi64(sum, LIMB_BITS);
        } else {
            t[k + r] = acc[r];
        }
    }
    if (!last) {
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
TEMPLATE unsigned long reduce_count(unsigned long k, bool unit)
{
    return unit ? k * (2 * (k - 1)) : k * (1 + 2 * k - 1);
}

/*
 * out = t/R mod n, below 2n where t is below 4n^2; t is spent. Limbs of a selection are chosen beside it:
 * select_limbs() of them for each ROWS of k.
 */
TEMPLATE void reduce(
    vec *out, vec *t, const struct modulus *modulus, struct selection *selection, const unsigned k, const bool unit,
    const enum selecting kind)
{
    /* copies, which stores to vectors cannot change: a vector may alias anything */
    const struct modulus m = *modulus;
    struct selection s;
    if (kind != SELECT_NOTHING) {
        s = *selection;
    }
    struct digits d;
    vec col[ROWS];
    UNROLL
    for (unsigned c = 0; c < ROWS; c++) {
        col[c] = t[c];
    }
    UNROLL
    for (unsigned r = 0; r < ROWS; r++) {
        digit(d.q, col, &d.over, &m, r, unit);
    }
    unsigned row = 0;
    for (; row < k - ROWS; row += ROWS) {
        reduce_rows(out, t + row, &d, &m, &s, k, unit, kind, false);
    }
    reduce_rows(out, t + row, &d, &m, &s, k, unit, kind, true);
    if (kind != SELECT_NOTHING) {
        selection->limb = s.limb;
    }
}

#endif
