/* Eight numbers side by side: in and out of lanes, small arithmetic, exponentiation, and the memory for it. */
#ifndef CARDINAL_MODEXP_IFMA_LANES_H
#define CARDINAL_MODEXP_IFMA_LANES_H

#include <stddef.h>

#include "modexp/modexp_ifma_size.h"

/* Words of 64 bits of the longest exponent (one half of RSA-4096's), and a zero word above. */
#define EXPONENT_WORDS (2048u / 64 + 1)

/* Vectors of a window's table, at most: of a number of k limbs 17 each, of one of its halves' 33. */
#define TABLE_VECTORS(k) (17 * (k))
/* Vectors that a batch works in, at most: columns, and 13 numbers or pairs of halves of k limbs, and the exponents. */
#define NUMBER_VECTORS(k) (COLUMNS(k) + 13 * (k) + EXPONENT_WORDS)

/*
 * What a batch works in: secret, of secret_alloc(), wiped when it is given back. Members hold one number each, of the
 * names' meaning in the code that uses them; how many limbs they have room for is said when it is taken. What is kept
 * for the next batch is the memory alone.
 */
struct workspace {
    struct workspace *next;
    unsigned limbs;
    vec *t;                                                      /* COLUMNS(limbs) */
    vec *n, *one, *square_of_r;                                  /* of a modulus: limbs each */
    vec *p, *q, *factor_one, *factor_cube_of_r, *qinv, *half[2]; /* limbs / 2 each */
    vec *exponent;                                               /* EXPONENT_WORDS */
    vec *input, *output, *base, *chosen, *blind, *unblind;       /* limbs each */
    vec *table;                                                  /* TABLE_VECTORS(limbs) */
    _Alignas(64) vec memory[NUMBER_VECTORS(MAX_LIMBS) + TABLE_VECTORS(MAX_LIMBS)];
};

/* For numbers of so many limbs, which is even. NULL where there is no memory. */
struct workspace *workspace_take(unsigned limbs);
/* How much of it held secrets: the table is half of the memory, and a public operation has none. */
enum wipe { WIPE_NOTHING, WIPE_NUMBERS, WIPE_ALL };
void workspace_give(struct workspace *w, enum wipe wipe);

/* Big-endian octets to limbs (those that are left, zero), and back (what does not fit is cut off). */
void limbs_from_octets(uint64_t *limbs, unsigned count, const uint8_t *octets, size_t length);
void octets_from_limbs(uint8_t *octets, size_t length, const uint64_t *limbs, unsigned count);

/* A lane of a number of k limbs (or words). */
void lane_set(vec *number, unsigned lane, const uint64_t *limbs, unsigned k);
void lane_get(uint64_t *limbs, const vec *number, unsigned lane, unsigned k);
void lane_set_octets(vec *number, unsigned lane, const uint8_t *octets, size_t length, unsigned k);
void lane_get_octets(uint8_t *octets, size_t length, const vec *number, unsigned lane, unsigned k);
/* An exponent's words of 64 bits, words of them and a zero one, from big-endian octets. */
void lane_set_exponent(vec *exponent, unsigned lane, const uint8_t *octets, size_t length, unsigned words);

/* x = x mod n, for x below 2n; scratch: k vectors. */
void lanes_canonical(vec *x, const vec *n, unsigned k, vec *scratch);

/* The lanes in which two numbers are equal. */
unsigned lanes_equal(const vec *a, const vec *b, unsigned k);

/* Bits position..position+width-1 of the exponents; width is below 64. */
vec exponent_digit(const vec *exponent, unsigned position, unsigned width);

/*
 * x = x^exponent, x and one (R mod n) in Montgomery form, for secret exponents of up to bits bits with a zero word
 * above. Uses w->t, w->table, w->base and w->chosen.
 */
void lanes_power(
    const struct size *size, vec *x, const struct modulus *m, const vec *one, const vec *exponent, unsigned bits,
    struct workspace *w);
/* vpmadd52 of it. */
unsigned long lanes_power_count(const struct size *size, unsigned bits);

/*
 * The numbers of Montgomery arithmetic, R = 2^(52*limbs): one = R mod n, square_of_r = R^2 mod n, for public moduli of
 * exactly bits bits, below R by one bit or more. Uses w->t.
 */
void lanes_montgomery(
    const struct size *size, vec *one, vec *square_of_r, const struct modulus *m, unsigned bits, struct workspace *w);

/* x out of Montgomery form: x/R mod n, at most n. reduce_count vpmadd52. Uses w->t. */
void lanes_leave(const struct size *size, vec *x, const struct modulus *m, struct workspace *w);

/*
 * out = x^e mod n below 2n, x plain and below n, for public odd exponents above 1, one a lane. square_of_r: R^2 mod n.
 * Uses w->t, w->base and w->chosen.
 */
void lanes_power_public(
    const struct size *size, vec *out, const vec *x, const struct modulus *m, const vec *one, const vec *square_of_r,
    const uint64_t e[LANES], struct workspace *w);
unsigned long lanes_power_public_count(const struct size *size, uint64_t e);

#endif
