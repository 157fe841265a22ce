/* What the back-ends see of a MODP group. */
#ifndef CARDINAL_MODP_GROUP_PARTS_H
#define CARDINAL_MODP_GROUP_PARTS_H

#include <openssl/bn.h>

#include "modexp/modp_group.h"

#define MODP_MAX_OCTETS 1024u

/* Made once, then never changed. */
struct modp_group {
    unsigned bits;
    size_t octets;
    size_t exponent_octets;
    BIGNUM *p;
    BN_MONT_CTX *mont;
    uint8_t prime[MODP_MAX_OCTETS]; /* octets of it are used */
};

#endif
