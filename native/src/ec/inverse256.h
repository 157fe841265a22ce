/* Inverses modulo an odd number of 256 bits, one at a time, in constant time. */
#ifndef CARDINAL_INVERSE256_H
#define CARDINAL_INVERSE256_H

#include <stdint.h>

/* An odd modulus, by inverse256_modulus(): limbs of 62 bits, and -1 times its inverse modulo 2^62. */
struct odd_modulus {
    int64_t limb[5];
    uint64_t negative_inverse;
};

/* From 64-bit words, the lowest first. */
void inverse256_modulus(struct odd_modulus *modulus, const uint64_t words[4]);

/*
 * Replaces a, below the modulus and prime to it, by its inverse below the modulus; 0 stays 0. Time and addresses do not
 * depend on a.
 */
void inverse256(uint64_t a[4], const struct odd_modulus *modulus);

#endif
