/* The MODP groups of RFC 3526: 14 (2048 bits) to 18 (8192 bits). */
#ifndef CARDINAL_MODP_GROUP_H
#define CARDINAL_MODP_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct modp_group;

/* The group with this prime (big-endian, leading zeros allowed) and generator 2; NULL where there is none. */
const struct modp_group *
modp_group_find(const uint8_t *prime, size_t prime_length, const uint8_t *base, size_t base_length);

/* The group with a prime of this many bits: 2048, 3072, 4096, 6144 or 8192; else NULL. */
const struct modp_group *modp_group_of_bits(unsigned bits);

unsigned modp_group_bits(const struct modp_group *group);

/* Octets of the prime and of every public value. */
size_t modp_group_octets(const struct modp_group *group);

/* The prime, big-endian, modp_group_octets() long. */
const uint8_t *modp_group_prime(const struct modp_group *group);

/*
 * Octets of a private exponent: twice the group's security strength by NIST SP 800-56A rev. 3 (and above RFC 3526
 * section 8's), drawn uniformly with the top bit free: 2048: 256 bits, 3072: 288, 4096: 352, 6144: 384, 8192: 400.
 */
size_t modp_group_exponent_octets(const struct modp_group *group);

/* Whether 1 < y < p-1, for y of modp_group_octets(); RFC 6989 section 2.1. In time independent of y. */
bool modp_group_accepts(const struct modp_group *group, const uint8_t *y);

#endif
