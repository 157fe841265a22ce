/* X25519 and P-256 kernels, a file per back-end and curve. */
#ifndef CARDINAL_EC_H
#define CARDINAL_EC_H

#include "batch/job.h"

/* Every primitive of X25519 and P-256, by libcrypto. */
void ec_portable_run(enum primitive primitive, struct job *const jobs[], size_t count);

/* The same, eight lanes, by AVX-512 IFMA. */
void ec_ifma_run(enum primitive primitive, struct job *const jobs[], size_t count);

/*
 * 512-bit vpmadd52 instructions of one call of ec_ifma_run, whatever its number of lanes, counted from the algorithm;
 * what a benchmark divides the multiplier's rate by to get the limit. 0 for a primitive that has no kernel here.
 */
unsigned long ec_ifma_madds(enum primitive primitive);

#endif
