/*
 * The IFMA kernels of X25519 and P-256, one call for eight lanes. Operands are checked by the caller (ec_ifma.c), who
 * fills lanes without a job with operands of another; every lane is computed alike.
 *
 * Results come as 256-bit numbers a lane, little-endian words as lanes.h has them. The kernels wipe what they keep in
 * memory; what the compiler spilled to the stack, the caller wipes.
 */
#ifndef CARDINAL_EC_IFMA_H
#define CARDINAL_EC_IFMA_H

#include "batch/job.h"
#include "ec/lanes.h"

/* X25519(scalar, 9) of RFC 7748; the scalars clamped here, eight distinct ones. */
void x25519_ifma_keygen(const uint8_t *const scalar[LANE_COUNT], lanes u[4]);

/* X25519(scalar, peer). Returns the lanes whose result is zero: what a peer's point of small order makes. */
__mmask8 x25519_ifma_derive(const uint8_t *const scalar[LANE_COUNT], const uint8_t *const peer[LANE_COUNT], lanes u[4]);

/* k*G, X and Y; k in [1, n-1] here and below. */
void p256_ifma_keygen(const uint8_t *const scalar[LANE_COUNT], lanes x[4], lanes y[4]);

/* X of k*Q for the point X | Y of coordinates below p. Returns the lanes where it is on the curve. */
__mmask8 p256_ifma_derive(const uint8_t *const scalar[LANE_COUNT], const uint8_t *const peer[LANE_COUNT], lanes x[4]);

/* FIPS 186-4 section 6.4. Returns the lanes where neither r nor s is 0. */
__mmask8 p256_ifma_sign(
    const uint8_t *const key[LANE_COUNT], const uint8_t *const nonce[LANE_COUNT],
    const uint8_t *const digest[LANE_COUNT], lanes r[4], lanes s[4]);

/* For coordinates below p, r and s in [1, n-1]. Returns the lanes where key is on the curve and signature verifies. */
__mmask8 p256_ifma_verify(
    const uint8_t *const public_key[LANE_COUNT], const uint8_t *const digest[LANE_COUNT],
    const uint8_t *const signature[LANE_COUNT]);

extern const unsigned long x25519_ifma_keygen_madds;
extern const unsigned long x25519_ifma_derive_madds;
extern const unsigned long p256_ifma_keygen_madds;
extern const unsigned long p256_ifma_derive_madds;
extern const unsigned long p256_ifma_sign_madds;
extern const unsigned long p256_ifma_verify_madds;

/*
 * 512-bit vpmadd52 instructions of one call, that is of a batch of eight, counted from the algorithm; what a benchmark
 * divides the multiplier's rate by to get the limit. 0 for a primitive that has no kernel here.
 */
unsigned long ec_ifma_madds(enum primitive primitive);

#endif
