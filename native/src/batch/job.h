/*
 * The arithmetic of the card: jobs, and the back-ends that run them. No PKCS#11 in here: fixed-length big-endian octets
 * (X25519: little-endian, as RFC 7748 has them), and keys already prepared.
 *
 * All pointers are the caller's and stay valid until run() returns. Jobs' secrets (exponents, scalars, nonces, RSA
 * results) are wiped by whoever owns the memory; a back-end wipes its own intermediate values before it returns.
 */
#ifndef CARDINAL_JOB_H
#define CARDINAL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rsa_key;
struct modp_group;

enum primitive {
    RSA_PRIVATE,       /* c^d mod n by CRT, blinded, the result checked with e before it leaves */
    RSA_PUBLIC,        /* m^e mod n; variable time in e, which is public */
    MODP_KEYGEN,       /* g^x mod p, fixed base */
    MODP_DERIVE,       /* y^x mod p, 1 < y < p-1 checked */
    X25519_KEYGEN,     /* X25519(k, 9) */
    X25519_DERIVE,     /* X25519(k, u); the all-zero result is refused (RFC 7748 section 6.1) */
    P256_KEYGEN,       /* d*G */
    P256_DERIVE,       /* d*Q, x only; Q is checked to be on the curve */
    ECDSA_P256_SIGN,   /* FIPS 186-4 section 6.4, with the nonce given */
    ECDSA_P256_VERIFY, /* variable time: all its inputs are public */
    PRIMITIVE_COUNT
};

enum job_status {
    JOB_PENDING, /* not run yet: what dispatch_run sets first, and never leaves */
    JOB_OK,
    JOB_REFUSED, /* an operand is out of range: the peer's value, a signature that does not verify, r or s = 0 */
    JOB_FAULT    /* the machine computed a wrong result (RSA check) or a resource is missing; nothing was written */
};

#define X25519_OCTETS 32u
#define P256_OCTETS 32u

/* One operation. Which member counts, the primitive says. */
struct job {
    enum primitive primitive;
    enum job_status status; /* out */
    union {
        /* RSA_PRIVATE, RSA_PUBLIC: in and out have the modulus' length in octets; in >= n is refused */
        struct {
            struct rsa_key *key;
            const uint8_t *in;
            uint8_t *out;
        } rsa;
        /*
         * MODP_KEYGEN, MODP_DERIVE: the exponent has modp_group_exponent_octets() octets; peer (DERIVE) and out have
         * modp_group_octets()
         */
        struct {
            const struct modp_group *group;
            const uint8_t *exponent;
            const uint8_t *peer;
            uint8_t *out;
        } modp;
        /* X25519_KEYGEN, X25519_DERIVE: the scalar is clamped by the back-end; peer with its top bit ignored */
        struct {
            const uint8_t *scalar;
            const uint8_t *peer;
            uint8_t *out;
        } x25519;
        /*
         * P256_KEYGEN: out 64 octets X | Y. P256_DERIVE: peer 64 octets X | Y, out 32 octets X. The scalar has 32
         * octets and lies in [1, n-1], else it is refused.
         */
        struct {
            const uint8_t *scalar;
            const uint8_t *peer;
            uint8_t *out;
        } p256;
        /*
         * ECDSA_P256_SIGN: digest 32 octets (already truncated or left-padded to 256 bits), key and nonce in [1, n-1],
         * signature 64 octets r | s. The nonce is the caller's to draw, uniformly, and to use once.
         */
        struct {
            const uint8_t *key;
            const uint8_t *nonce;
            const uint8_t *digest;
            uint8_t *signature;
        } ecdsa_sign;
        /* ECDSA_P256_VERIFY: public_key 64 octets X | Y; JOB_OK where the signature verifies, else JOB_REFUSED */
        struct {
            const uint8_t *public_key;
            const uint8_t *digest;
            const uint8_t *signature;
        } ecdsa_verify;
    };
};

/* A way to run jobs. A new one is a file and a row in backends[]. */
struct backend {
    const char *name;
    size_t lanes; /* operations done side by side in one call; run() takes 1 to lanes jobs */
    /* Whether this processor can (CPUID and XGETBV); constant for the life of the process. */
    bool (*available)(void);
    /* Whether it has a kernel for the primitive at this size (RSA: modulus bits, MODP: prime bits, else 0). */
    bool (*runs)(enum primitive primitive, unsigned bits);
    /*
     * Runs count jobs, all of one primitive and size, and sets each one's status. Safe for use by many threads. Jobs
     * may share keys and inputs, never outputs.
     */
    void (*run)(enum primitive primitive, struct job *const jobs[], size_t count);
};

/* OpenSSL's libcrypto, one operation at a time: always available, runs everything; the reference for the others. */
extern const struct backend portable_backend;
/* AVX-512 IFMA, eight lanes. Absent where the compiler's target is not x86-64. */
extern const struct backend ifma_backend;

/* The size that backend.runs takes for a job: its modulus' bits, 0 where the primitive has one size only. */
unsigned job_bits(const struct job *job);

#endif
