/* RSA and MODP kernels, a file per back-end. */
#ifndef CARDINAL_MODEXP_H
#define CARDINAL_MODEXP_H

#include "batch/job.h"

/* RSA_PRIVATE, RSA_PUBLIC, MODP_KEYGEN and MODP_DERIVE of every size, by libcrypto. */
void modexp_portable_run(enum primitive primitive, struct job *const jobs[], size_t count);

/* RSA of 2048, 3072 and 4096 bits, groups 14, 15 and 16; eight lanes, radix 2^52. */
bool modexp_ifma_runs(enum primitive primitive, unsigned bits);
void modexp_ifma_run(enum primitive primitive, struct job *const jobs[], size_t count);

#endif
