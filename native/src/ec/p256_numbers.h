/* The numbers of NIST P-256 (FIPS 186-4 section D.1.2.3) as big-endian octets, and the range checks of its operands. */
#ifndef CARDINAL_P256_NUMBERS_H
#define CARDINAL_P256_NUMBERS_H

#include "batch/job.h"

extern const uint8_t p256_prime[P256_OCTETS];
extern const uint8_t p256_order[P256_OCTETS];
extern const uint8_t p256_b[P256_OCTETS];
/* The base point, X | Y. */
extern const uint8_t p256_base[2 * P256_OCTETS];

/* Whether 1 <= scalar <= n-1; in time independent of the scalar. */
bool p256_scalar_in_range(const uint8_t scalar[P256_OCTETS]);

/* Whether the coordinate is below p. */
bool p256_coordinate_in_range(const uint8_t coordinate[P256_OCTETS]);

#endif
