/*
 * Key pairs for agreement, and agreement itself, cut in two around their arithmetic like mechanism_asymmetric.h.
 * Ephemeral pairs need not become keys: a private value and its domain are enough.
 */
#ifndef CARDINAL_MECHANISM_AGREEMENT_H
#define CARDINAL_MECHANISM_AGREEMENT_H

#include "batch/job.h"
#include "pkcs11/key_parts.h"

/* Where a pair lives: one of the two is set. */
struct domain {
    const struct modp_group *group;
    const struct curve *curve;
};

/*
 * The domain that a public key's template names: CKA_PRIME and CKA_BASE for CKK_DH, CKA_EC_PARAMS for the EC types.
 * CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED.
 */
CK_RV domain_read(CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, struct domain *domain);

/* The domain of a DH or EC key. */
struct domain domain_of_key(const struct key *key);

/* Octets of a public value (of NIST curves, 04 | X | Y), and of the shared secret; 0 on Ed25519, which has none. */
size_t domain_public_octets(const struct domain *domain);
size_t domain_secret_octets(const struct domain *domain);

/* Octets of the longest public value: group 18. */
#define PUBLIC_LIMIT 1024u
/* Octets of the longest exponent that CKA_VALUE_BITS may ask for; nothing is gained beyond 400 bits. */
#define PRIVATE_LIMIT 512u

/* A pair in the making; in memory of secret_alloc(). */
struct generation {
    struct domain domain;
    CK_ULONG value_bits; /* DH: bits of the exponent */
    size_t private_length;
    bool has_job;
    struct job job; /* its status also tells how a generation without a job went */
    uint8_t private[PRIVATE_LIMIT];
    uint8_t public[PUBLIC_LIMIT]; /* domain_public_octets() of it once the arithmetic is done */
};

/*
 * Draws the private value; private_template may give CKA_VALUE_BITS for DH. Where has_job is set, the caller runs job
 * next. CKR_ATTRIBUTE_VALUE_INVALID, CKR_FUNCTION_FAILED where there is no random.
 */
CK_RV generation_prepare(
    struct generation *work, const struct domain *domain, const CK_ATTRIBUTE *private_template, CK_ULONG private_count);
/* CKR_OK, CKR_DEVICE_ERROR. */
CK_RV generation_finish(struct generation *work);
/* After generation_finish: the keys. */
CK_RV generation_public_key(const struct generation *work, struct key **out);
CK_RV generation_private_key(const struct generation *work, struct key **out);

/* An agreement under way; in memory of secret_alloc(). */
struct agreement {
    struct domain domain;
    bool has_job;
    struct job job;
    uint8_t peer[PUBLIC_LIMIT];
    uint8_t secret[PUBLIC_LIMIT]; /* domain_secret_octets() of it once the arithmetic is done */
};

/*
 * Reads the peer's value out of the mechanism (CKM_DH_PKCS_DERIVE, CKM_ECDH1_DERIVE) and checks it as far as the job
 * does not. The private value stays the caller's until the end; of DH it has the length that a key's CKA_VALUE has.
 * CKR_MECHANISM_INVALID (also: for another kind of domain), CKR_MECHANISM_PARAM_INVALID, CKR_PUBLIC_KEY_INVALID.
 */
CK_RV agreement_prepare(
    struct agreement *work, const CK_MECHANISM *mechanism, const struct domain *domain, const uint8_t *private,
    size_t private_length);
/* CKR_OK, CKR_PUBLIC_KEY_INVALID, CKR_DEVICE_ERROR. */
CK_RV agreement_finish(struct agreement *work);

#endif
