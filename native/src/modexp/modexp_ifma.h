/* The rooms of the IFMA kernels, and what a benchmark asks of them. */
#ifndef CARDINAL_MODEXP_IFMA_H
#define CARDINAL_MODEXP_IFMA_H

#include "modexp/modexp.h"

#define MODEXP_IFMA_LANES 8u

void rsa_ifma_private(struct job *const jobs[], size_t count);
void rsa_ifma_public(struct job *const jobs[], size_t count);
void modp_ifma_keygen(struct job *const jobs[], size_t count);
void modp_ifma_derive(struct job *const jobs[], size_t count);

/*
 * RSA_PRIVATE by CRT alone, neither blinded nor checked: for measuring only. Keys must be private and of one size that
 * modexp_ifma_runs(), with factors of equal length, and inputs below the moduli.
 */
void rsa_ifma_private_raw(struct job *const jobs[], size_t count);

/*
 * vpmadd52 instructions that a batch takes, whatever its number of lanes, counted by the algorithm. RSA_PRIVATE: with
 * e = 65537, the refreshing of the blinding included, its making anew (once in some hundred operations) not; raw:
 * rsa_ifma_private_raw(). RSA_PUBLIC: e = 65537. 0 where there is no kernel.
 */
unsigned long modexp_ifma_count(enum primitive primitive, unsigned bits);
unsigned long rsa_ifma_private_raw_count(unsigned bits);

unsigned long rsa_ifma_private_count(unsigned bits);
unsigned long rsa_ifma_public_count(unsigned bits);
unsigned long modp_ifma_keygen_count(unsigned bits);
unsigned long modp_ifma_derive_count(unsigned bits);

#endif
