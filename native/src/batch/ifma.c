/* The IFMA back-end: AVX-512 with 52-bit multiply-add, eight operations side by side. */
#include "batch/job.h"
#include "ec/ec.h"
#include "modexp/modexp.h"

static bool ifma_available(void)
{
    /* the compiler's run-time asks CPUID, and XGETBV whether the system keeps the registers */
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512ifma");
}

static bool ifma_runs(enum primitive primitive, unsigned bits)
{
    switch (primitive) {
    case RSA_PRIVATE:
    case RSA_PUBLIC:
    case MODP_KEYGEN:
    case MODP_DERIVE:
        return modexp_ifma_runs(primitive, bits);
    case X25519_KEYGEN:
    case X25519_DERIVE:
    case P256_KEYGEN:
    case P256_DERIVE:
    case ECDSA_P256_SIGN:
    case ECDSA_P256_VERIFY:
        return true;
    case PRIMITIVE_COUNT:
        break;
    }
    return false;
}

static void ifma_run(enum primitive primitive, struct job *const jobs[], size_t count)
{
    switch (primitive) {
    case RSA_PRIVATE:
    case RSA_PUBLIC:
    case MODP_KEYGEN:
    case MODP_DERIVE:
        modexp_ifma_run(primitive, jobs, count);
        break;
    case X25519_KEYGEN:
    case X25519_DERIVE:
    case P256_KEYGEN:
    case P256_DERIVE:
    case ECDSA_P256_SIGN:
    case ECDSA_P256_VERIFY:
        ec_ifma_run(primitive, jobs, count);
        break;
    case PRIMITIVE_COUNT:
        break;
    }
}

const struct backend ifma_backend = {
    .name = "ifma", .lanes = 8, .available = ifma_available, .runs = ifma_runs, .run = ifma_run};
