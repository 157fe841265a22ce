/*
 * Montgomery arithmetic in AVX-512 IFMA, as templates over the number of limbs.
 *
 * Eight independent numbers lie side by side: a number of k limbs in radix 2^52 is k vectors, vector i holding limb i
 * of all eight. Operands have limbs below 2^52; a product is 2k columns, each a signed sum of products' halves, below
 * 2^62 in magnitude for every k in use: at most 60 halves of plain products of 30 limbs after one step of Karatsuba's,
 * 40 of 20 limbs after two, each step making that threefold and two limbs more; and the reduction adds 2k halves.
 * R is 2^(52k), and every modulus n is below R/4, so that operands and results stay below 2n with no subtraction in
 * between: ab < 4n^2 gives (ab + qn)/R < n + n.
 *
 * The multiply-add units decide the speed: they take one 512-bit multiply-add a cycle, with a latency of four. All else
 * is arranged so that it fits beside them. Five limbs of one operand (ROWS) stay in registers while the other operand's
 * limbs pass by; six accumulators slide along the columns, so that a column step is ten multiply-adds, two loads and a
 * store. Quotient digits depend on each other in a chain, about ten cycles a digit, so the next five are found between
 * the column steps of the present five.
 *
 * Nothing here branches on, or addresses memory by, the numbers.
 */
#ifndef CARDINAL_MODEXP_IFMA_VECTOR_H
#define CARDINAL_MODEXP_IFMA_VECTOR_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

typedef __m512i vec;

#define LANES 8u
#define ROWS 5u
#define LIMB_BITS 52
#define LIMB_MASK 0xfffffffffffffull

/* everything is inlined with its sizes known, and every loop over rows unrolled: accumulators must be registers */
#define TEMPLATE static inline __attribute__((always_inline))
#ifdef __SANITIZE_ADDRESS__
#define UNROLL /* checked code unrolled takes the compiler minutes, and its speed matters to nobody */
#else
#define UNROLL _Pragma("GCC unroll 128")
#endif

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

/*
 * Makes the compiler read from memory again what it has stored there: it would rather keep copies of columns, for which
 * there are no registers, so that it stores each a second time, on its stack. Stores of vectors are what is scarce: one
 * in two cycles at best, and more than one for about eight multiply-adds already delays those.
 */
TEMPLATE void forget_memory(void)
{
    __asm__ volatile("" ::: "memory");
}

TEMPLATE vec limb_mask(void)
{
    return _mm512_set1_epi64(LIMB_MASK);
}

#endif
