/* The kernels for each number of limbs. */
#ifndef CARDINAL_MODEXP_IFMA_SIZE_H
#define CARDINAL_MODEXP_IFMA_SIZE_H

#include "modexp/modexp_ifma_reduce.h"

#define MAX_LIMBS 80u

/* Vectors of scratch memory for a product of k limbs: its columns, and what steps of Karatsuba's keep beside them. */
#define COLUMNS(k) (6 * (k))

/* Operands are below 2n, with limbs below 2^52; out may be an operand; t has COLUMNS(limbs) vectors. */
struct size {
    unsigned limbs;
    bool unit;             /* whether moduli are -1 mod 2^52: see struct modulus */
    enum selecting window; /* of exponentiation by lanes of their own */
    void (*multiply)(vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t);
    void (*square)(vec *out, const vec *a, const struct modulus *m, vec *t);
    /* with a part of a selection beside it: of kind window; of SELECT_SHARED (unit moduli only) */
    void (*square_selecting)(vec *out, const vec *a, const struct modulus *m, vec *t, struct selection *s);
    void (*multiply_selecting)(
        vec *out, const vec *a, const vec *b, const struct modulus *m, vec *t, struct selection *s);
    /* all of a selection of kind window; of SELECT_SHARED */
    void (*select)(struct selection *s);
    void (*select_shared)(struct selection *s);
    /* the product itself, in 2*limbs signed columns; what reduction makes of such columns */
    void (*product)(vec *t, const vec *a, const vec *b);
    void (*reduce)(vec *out, vec *t, const struct modulus *m);
    /* vpmadd52 of product, the square's product, and reduce; multiply and square are two of these */
    unsigned long product_count, square_count, reduce_count;
};

/* RSA's halves: 20, 30 and 40 limbs; whole RSA moduli and MODP primes: 40, 60 and 80. */
const struct size *size_of_factor(unsigned bits);  /* 1024, 1536, 2048; else NULL */
const struct size *size_of_modulus(unsigned bits); /* 2048, 3072, 4096; else NULL */
const struct size *size_of_prime(unsigned bits);   /* 2048, 3072, 4096; else NULL */

/* vpmadd52 of multiply and of square, for all lanes. */
unsigned long size_multiply_count(const struct size *size);
unsigned long size_square_count(const struct size *size);

#endif
