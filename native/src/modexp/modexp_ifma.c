#include "modexp/modexp_ifma.h"

#include "secret.h"

/* For secret_wipe_stack(): the deepest of the kernels' calls takes less than half of it. */
#define KERNEL_STACK_OCTETS 8192u

bool modexp_ifma_runs(enum primitive primitive, unsigned bits)
{
    return modexp_ifma_count(primitive, bits) != 0;
}

void modexp_ifma_run(enum primitive primitive, struct job *const jobs[], size_t count)
{
    switch (primitive) {
    case RSA_PRIVATE:
        rsa_ifma_private(jobs, count);
        break;
    case RSA_PUBLIC:
        rsa_ifma_public(jobs, count);
        break;
    case MODP_KEYGEN:
        modp_ifma_keygen(jobs, count);
        break;
    case MODP_DERIVE:
        modp_ifma_derive(jobs, count);
        break;
    case X25519_KEYGEN:
    case X25519_DERIVE:
    case P256_KEYGEN:
    case P256_DERIVE:
    case ECDSA_P256_SIGN:
    case ECDSA_P256_VERIFY:
    case PRIMITIVE_COUNT:
        break;
    }
    secret_wipe_stack(KERNEL_STACK_OCTETS);
}

unsigned long modexp_ifma_count(enum primitive primitive, unsigned bits)
{
    switch (primitive) {
    case RSA_PRIVATE:
        return rsa_ifma_private_count(bits);
    case RSA_PUBLIC:
        return rsa_ifma_public_count(bits);
    case MODP_KEYGEN:
        return modp_ifma_keygen_count(bits);
    case MODP_DERIVE:
        return modp_ifma_derive_count(bits);
    case X25519_KEYGEN:
    case X25519_DERIVE:
    case P256_KEYGEN:
    case P256_DERIVE:
    case ECDSA_P256_SIGN:
    case ECDSA_P256_VERIFY:
    case PRIMITIVE_COUNT:
        break;
    }
    return 0;
}
