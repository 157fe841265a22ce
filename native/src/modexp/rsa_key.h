/* RSA keys, prepared once for every back-end. */
#ifndef CARDINAL_RSA_KEY_H
#define CARDINAL_RSA_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers as big-endian octets, leading zeros allowed. A public key has n and e only (the others NULL, 0). */
struct rsa_number {
    const uint8_t *octets;
    size_t length;
};

struct rsa_numbers {
    struct rsa_number n, e;
    struct rsa_number d, p, q, dp, dq, qinv; /* qinv = q^-1 mod p */
};

#define RSA_MIN_BITS 2048u
#define RSA_MAX_BITS 4096u

struct rsa_key;

/*
 * Prepares a key and copies the numbers. NULL where they are no key: n even, not of RSA_MIN_BITS to RSA_MAX_BITS, e
 * even or below 3 or of more than 64 bits; for a private key also p*q != n, dp, dq or qinv inconsistent with them.
 * Secrets lie in memory of secret_alloc(). The key is immutable but for its blinding state, which has its own lock.
 */
struct rsa_key *rsa_key_new(const struct rsa_numbers *numbers);

/*
 * A public key for one verification, as peers bring them: only checked and copied. What others prepare is made by
 * whoever runs the operation, for all its lanes at once. NULL where rsa_key_new() would say so.
 */
struct rsa_key *rsa_key_once(const struct rsa_number *n, const struct rsa_number *e);

/* Wipes and frees; NULL is allowed. */
void rsa_key_free(struct rsa_key *key);

/* Bits of the modulus. */
unsigned rsa_key_bits(const struct rsa_key *key);

bool rsa_key_is_private(const struct rsa_key *key);

#endif
