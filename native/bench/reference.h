/*
 * OpenSSL's side of the comparison, at its best: contexts prepared once, no peer checks, and for Diffie-Hellman
 * BN_mod_exp_mont_consttime with an exponent of our length rather than the DH object's way.
 */
#ifndef CARDINAL_REFERENCE_H
#define CARDINAL_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

struct reference;

/* RSA: a fresh key of this many bits, e = 65537. The key's numbers are in rsa_numbers form for our side. */
struct rsa_numbers;
struct reference *reference_rsa(unsigned bits);
void reference_free(struct reference *reference);
const struct rsa_numbers *reference_rsa_numbers(const struct reference *reference);
void reference_rsa_private(void *reference);
void reference_rsa_public(void *reference);

/* MODP: prime and exponent big-endian; the peer's value is g^exponent. */
struct reference *reference_modp(const uint8_t *prime, size_t octets, const uint8_t *exponent, size_t exponent_octets);
void reference_modp_keygen(void *reference);
void reference_modp_derive(void *reference);
void reference_modp_oneshot(void *reference);

struct reference *reference_x25519(void);
void reference_x25519_keygen(void *reference);
void reference_x25519_derive(void *reference);

struct reference *reference_p256(void);
void reference_p256_keygen(void *reference);
void reference_p256_ecdh(void *reference);
void reference_p256_sign(void *reference);
void reference_p256_verify(void *reference);

#endif
