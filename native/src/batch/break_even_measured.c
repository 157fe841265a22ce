#include "batch/break_even.h"

/* As `cardinal tune` printed it on an AMD EPYC of the Zen 4 family, against OpenSSL 3.0. */
const struct break_even_table break_even_measured = {
    .rows =
        {
            {RSA_PRIVATE, 2048, 4},
            {RSA_PRIVATE, 3072, 2},
            {RSA_PRIVATE, 4096, 2},
            {RSA_PUBLIC, 2048, 2},
            {RSA_PUBLIC, 3072, 2},
            {RSA_PUBLIC, 4096, 2},
            {MODP_KEYGEN, 2048, 1},
            {MODP_DERIVE, 2048, 2},
            {MODP_KEYGEN, 3072, 1},
            {MODP_DERIVE, 3072, 2},
            {MODP_KEYGEN, 4096, 1},
            {MODP_DERIVE, 4096, 2},
            {X25519_KEYGEN, 0, 1},
            {X25519_DERIVE, 0, 1},
            {P256_KEYGEN, 0, 2},
            {P256_DERIVE, 0, 2},
            {ECDSA_P256_SIGN, 0, 1},
            {ECDSA_P256_VERIFY, 0, 2},
        },
    .count = 18,
};
