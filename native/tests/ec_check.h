/* What the tests of X25519 and P-256 share: the back-ends under test, octets, random operands. */
#ifndef CARDINAL_EC_CHECK_H
#define CARDINAL_EC_CHECK_H

#include "check.h"

#include "ec/ec.h"
#include "ec/p256_numbers.h"

#define LANES 8u

struct runner {
    const char *name;
    void (*run)(enum primitive primitive, struct job *const jobs[], size_t count);
};

/* The portable back-end, and the IFMA one where processor and compiler have it. Returns how many. */
static inline size_t runners(struct runner found[2])
{
    found[0] = (struct runner){"portable", ec_portable_run};
#ifndef CARDINAL_NO_IFMA
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma")) {
        found[1] = (struct runner){"ifma", ec_ifma_run};
        return 2;
    }
#endif
    printf("no AVX-512 IFMA here: the portable back-end alone is tested\n");
    return 1;
}

static inline void run_one(const struct runner *runner, struct job *job)
{
    job->status = (enum job_status)99;
    runner->run(job->primitive, &job, 1);
}

/* Octets from hexadecimal digits; the text must fill them. */
static inline void octets(uint8_t *out, size_t length, const char *hex)
{
    CHECK(strlen(hex) == 2 * length, "%s", hex);
    for (size_t i = 0; i < length; i++) {
        unsigned octet;
        CHECK(sscanf(hex + 2 * i, "%2x", &octet) == 1, "%s", hex);
        out[i] = (uint8_t)octet;
    }
}

static inline int equals(const uint8_t *actual, size_t length, const char *hex)
{
    uint8_t expected[128];
    octets(expected, length, hex);
    return memcmp(actual, expected, length) == 0;
}

/* SplitMix64: repeatable operands, nothing secret. */
static inline uint64_t random_word(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void random_octets(uint64_t *state, uint8_t *out, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)random_word(state);
    }
}

/* 32 random octets with long runs of equal bits in one of four, where carries travel far. */
static inline void random_or_runs(uint64_t *state, uint8_t out[32])
{
    random_octets(state, out, 32);
    if (random_word(state) % 4 == 0) {
        for (size_t i = 0; i < 32; i++) {
            uint64_t choice = random_word(state) % 8;
            out[i] = choice < 3 ? 0x00 : choice < 6 ? 0xff : out[i];
        }
    }
}

/* A scalar of P-256, in [1, n-1]. */
static inline void random_scalar(uint64_t *state, uint8_t out[P256_OCTETS])
{
    do {
        random_or_runs(state, out);
    } while (!p256_scalar_in_range(out));
}

/* Where the random operands begin: CARDINAL_TEST_SEED, else a fixed one; printed, to repeat a failure. */
static inline uint64_t test_seed(void)
{
    const char *text = getenv("CARDINAL_TEST_SEED");
    uint64_t seed = text != NULL && *text != '\0' ? strtoull(text, NULL, 0) : 0x636172640001u;
    printf("CARDINAL_TEST_SEED=0x%llx\n", (unsigned long long)seed);
    return seed;
}

#endif
