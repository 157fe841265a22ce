/* The portable back-end: libcrypto, one operation at a time. */
#include "batch/job.h"
#include "ec/ec.h"
#include "modexp/modexp.h"

static bool portable_available(void)
{
    return true;
}

static bool portable_runs(enum primitive primitive, unsigned bits)
{
    (void)primitive;
    (void)bits;
    return true;
}

static void portable_run(enum primitive primitive, struct job *const jobs[], size_t count)
{
    switch (primitive) {
    case RSA_PRIVATE:
    case RSA_PUBLIC:
    case MODP_KEYGEN:
    case MODP_DERIVE:
        modexp_portable_run(primitive, jobs, count);
        break;
    case X25519_KEYGEN:
    case X25519_DERIVE:
    case P256_KEYGEN:
    case P256_DERIVE:
    case ECDSA_P256_SIGN:
    case ECDSA_P256_VERIFY:
        ec_portable_run(primitive, jobs, count);
        break;
    case PRIMITIVE_COUNT:
        break;
    }
}

const struct backend portable_backend = {
    .name = "portable", .lanes = 1, .available = portable_available, .runs = portable_runs, .run = portable_run};
