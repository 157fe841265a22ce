/* The kernels for each number of limbs. */
#ifndef CARDINAL_MODEXP_IFMA_SIZE_H
#define CARDINAL_MODEXP_IFMA_SIZE_H

#include "modexp/modexp_ifma_kernel.h"

#define MAX_LIMBS 80u

/* Operands are below 2n, with limbs below 2^52; out may be an operand; t is 2*limbs vectors of scratch memory. */
struct size {
    unsigned limbs;
    bool unit;             /* whether moduli are -1 mod 2^52: see struct modulus */
    enum selecting window; /* of exponentiation by lanes of their own */
    void (*multiply)(vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t);
    void (*square)(vec *out, const vec *a, const struct modulus *m, vec *t);
    /* with a part of a selection beside it: of kind window; SELECT_SHARED (unit moduli only) */
    void (*square_selecting)(vec *out, const vec *a, const struct modulus *m, vec *t, struct selection *s);
    void (*multiply_selecting)(
        vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t, struct selection *s);
    /* all of a selection of kind window, or of SELECT_SHARED */
    void (*select)(struct selection *s);
    void (*select_shared)(struct selection *s);
    /* the product itself, in columns; and what the reduction alone makes of 2*limbs columns (below 2n where t < 4n^2)
     */
    void (*product)(vec *t, const vec *a, const vec *b);
    void (*reduce)(vec *out, vec *t, const struct modulus *m);
};

/* RSA's halves: 20, 30 and 40 limbs; whole RSA moduli: 40, 60 and 80; MODP primes: 40, 60 and 80. By bits of the
 * number. */
const struct size *size_of_factor(unsigned bits);  /* 1024, 1536, 2048; else NULL */
const struct size *size_of_modulus(unsigned bits); /* 2048, 3072, 4096; else NULL */
const struct size *size_of_prime(unsigned bits);   /* 2048, 3072, 4096; else NULL */

/* vpmadd52 of one multiplication and one squaring, of eight lanes; of the product alone. */
unsigned long size_multiply_count(const struct size *size);
unsigned long size_square_count(const struct size *size);
unsigned long size_product_count(const struct size *size);
unsigned long size_reduce_count(const struct size *size);

#endif
