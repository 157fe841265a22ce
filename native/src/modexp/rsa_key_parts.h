/* What the back-ends see of an RSA key. */
#ifndef CARDINAL_RSA_KEY_PARTS_H
#define CARDINAL_RSA_KEY_PARTS_H

#include <openssl/rsa.h>

#include "modexp/rsa_key.h"

struct rsa_ifma;

struct rsa_key {
    unsigned bits;
    size_t octets; /* of the modulus */
    bool is_private;
    uint64_t e;
    uint8_t n[RSA_MAX_BITS / 8]; /* octets of it, big-endian */
    RSA *rsa;                    /* libcrypto's form, with its own blinding and locks; NULL: of rsa_key_once() */
    struct rsa_ifma *ifma;       /* the vector form; NULL: of rsa_key_once(), or the kernels do not serve this key */
};

#ifndef CARDINAL_NO_IFMA
/*
 * The vector form of a key whose numbers are already checked, its secrets in memory of secret_alloc(); NULL where the
 * kernels have no such size, or memory is short: the key then is served by libcrypto.
 */
struct rsa_ifma *rsa_ifma_new(const RSA *rsa);
void rsa_ifma_free(struct rsa_ifma *ifma); /* NULL is allowed */
#endif

#endif
