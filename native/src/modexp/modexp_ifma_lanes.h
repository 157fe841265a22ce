/* Eight numbers side by side: in and out of lanes, small arithmetic, exponentiation, and the memory for it. */
#ifndef CARDINAL_MODEXP_IFMA_LANES_H
#define CARDINAL_MODEXP_IFMA_LANES_H

#include <stddef.h>

#include "modexp/modexp_ifma_size.h"

/* Words of 64 bits of the longest exponent (one half of RSA-4096's), and a zero word above. */
#define EXPONENT_WORDS (2048u / 64 + 1)

/* The longest window tables: 40 limbs at 33 vectors, 80 limbs at 17. */
#define TABLE_VECTORS (80u * 17)

/*
 * What a batch works in: secret, of secret_alloc(), wiped when it is given back. Members hold one number each, of the
 * names' meaning in the code that uses them. What is kept for the next batch is the memory alone.
 */
struct workspace {
    struct workspace *next;
    _Alignas(64) vec t[COLUMNS(MAX_LIMBS)];
    vec n[MAX_LIMBS], one[MAX_LIMBS], square_of_r[MAX_LIMBS]; /* of a modulus */
    vec p[MAX_LIMBS / 2], q[MAX_LIMBS / 2], factor_one[MAX_LIMBS / 2], factor_cube_of_r[MAX_LIMBS / 2],
        qinv[MAX_LIMBS / 2];
    vec exponent[EXPONENT_WORDS];
    vec input[MAX_LIMBS], output[MAX_LIMBS], base[MAX_LIMBS], chosen[MAX_LIMBS];
    vec blind[MAX_LIMBS], unblind[MAX_LIMBS], half[2][MAX_LIMBS / 2];
    vec table[TABLE_VECTORS]; /* last: most of the memory, and not always used */
};

/* NULL where there is no memory. */
struct workspace *workspace_take(void);
/* How much of it held secrets: the table is most of the memory, and a public operation has none. */
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
