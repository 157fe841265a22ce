/* The key derivations of IKE (RFC 7296, RFC 2409) over HMAC, and PKCS#11 3.0's mechanisms for them. */
#ifndef CARDINAL_IKE_H
#define CARDINAL_IKE_H

#include "pkcs11/mechanism.h"
#include "pkcs11/mechanism_hash.h"

/* Octets somewhere; a text is a row of spans. */
struct span {
    const uint8_t *octets;
    size_t length;
};

/* Most octets of an expansion: RFC 7296 section 2.13 for prf+, and what the standard allows of RFC 2409's. */
#define IKE_EXPANSION_LIMIT(hash) (255 * (hash)->length)

/* prf(key, text), hash->length octets. */
void ike_prf(const struct hash *hash, struct span key, const struct span *text, size_t count, uint8_t *out);

/* prf+(key, seed) of RFC 7296 section 2.13; length up to the limit above. */
void ike_prf_plus(
    const struct hash *hash, struct span key, const struct span *seed, size_t count, uint8_t *out, size_t length);

/*
 * K1 | K2 | ... with K1 = prf(key, text) and Kn = prf(key, K(n-1) | text): RFC 2409 section 5.5 (KEYMAT), and with an
 * empty text, whose K1 is prf(key, 0), appendix B.
 */
void ike1_expand(
    const struct hash *hash, struct span key, const struct span *text, size_t count, uint8_t *out, size_t length);

/*
 * Whether CKM_IKE1_EXTENDED_DERIVE with these parameters may answer with the first octets of its base key (RFC 2409
 * appendix B). False of parameters that it will not take.
 */
bool ike1_may_cut(const CK_MECHANISM *mechanism);

/* mechanism_derive() for CKM_IKE... */
CK_RV ike_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out);

#endif
