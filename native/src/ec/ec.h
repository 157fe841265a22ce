/* X25519 and P-256 kernels, a file per back-end and curve. */
#ifndef CARDINAL_EC_H
#define CARDINAL_EC_H

#include "batch/job.h"

/* Every primitive of X25519 and P-256, by libcrypto. */
void ec_portable_run(enum primitive primitive, struct job *const jobs[], size_t count);

/* The same, eight lanes, by AVX-512 IFMA. */
void ec_ifma_run(enum primitive primitive, struct job *const jobs[], size_t count);

#endif
