/* The rate of the one instruction that the kernels are made of. */
#include "measure.h"

#include <immintrin.h>
#include <stdint.h>

#define CHAINS 16 /* times the latency of 4 clocks: more than enough to keep the port busy */
#define LENGTH 100

static void independent_chains(void *context)
{
    __m512i *out = context;
    __m512i chain[CHAINS];
    __m512i a = _mm512_set1_epi64(0x123456789abcd);
#pragma GCC unroll 16
    for (int i = 0; i < CHAINS; i++) {
        chain[i] = _mm512_set1_epi64(i);
    }
    for (int n = 0; n < LENGTH; n++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++) {
            /* opaque to the compiler, which would else drop what it can */
            __asm__ volatile("vpmadd52luq %1, %1, %0" : "+v"(chain[i]) : "v"(a));
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < CHAINS; i++) {
        out[i] = chain[i];
    }
}

double madds_a_second(void)
{
    static __m512i out[CHAINS];
    struct subject madds = {.run = independent_chains, .context = out, .operations = CHAINS * LENGTH};
    measure(&madds, 1, 20, 0.005);
    return 1 / madds.best;
}
