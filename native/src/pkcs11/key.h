/*
 * Key material, apart from the objects that carry it: what C_CreateObject, key generation and derivation make, and what
 * mechanisms work with. Immutable, counted, safe for use by many threads. Secrets lie in memory of secret_alloc() and
 * are wiped with the last reference.
 */
#ifndef CARDINAL_KEY_H
#define CARDINAL_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkcs11/cryptoki.h"

/*
 * RSA (2048 to 4096 bits), DH (groups 14 to 18), EC (P-256, P-384, P-521), EC_MONTGOMERY (X25519), EC_EDWARDS
 * (Ed25519), and secret octets (GENERIC_SECRET, HKDF, and the HMAC key types).
 */
struct key;

struct key *key_ref(struct key *key);
void key_unref(struct key *key); /* NULL is allowed */

CK_KEY_TYPE key_type(const struct key *key);

/* CKO_PUBLIC_KEY, CKO_PRIVATE_KEY or CKO_SECRET_KEY. */
CK_OBJECT_CLASS key_class(const struct key *key);

/*
 * A key from the component attributes of a C_CreateObject template (CKA_MODULUS..., CKA_EC_PARAMS, CKA_EC_POINT,
 * CKA_VALUE, CKA_PRIME, CKA_BASE); other attributes are ignored. CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID,
 * CKR_TEMPLATE_INCONSISTENT, CKR_KEY_SIZE_RANGE, CKR_CURVE_NOT_SUPPORTED, CKR_HOST_MEMORY. A private RSA key may be
 * given without its CRT numbers where p and q, or d and e, allow to compute them. The public value of a private EC key
 * is computed.
 */
CK_RV key_from_template(
    CK_OBJECT_CLASS class, CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out);

/*
 * A public key for one verification, from a template with CKA_KEY_TYPE, perhaps CKA_CLASS, and the components as above,
 * each once and nothing else. It costs no more than looking at the numbers, and has no attributes. Further
 * CKR_ATTRIBUTE_TYPE_INVALID, CKR_KEY_SIZE_RANGE; CKR_TEMPLATE_INCONSISTENT where keys of the type verify nothing.
 */
CK_RV key_for_verification(const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out);

/* Secret octets as a key; copied. */
CK_RV key_from_secret(CK_KEY_TYPE type, const uint8_t *octets, size_t length, struct key **out);

/* The octets of a secret key; NULL for other classes. They live as long as the reference. */
const uint8_t *key_secret(const struct key *key, size_t *length);

/* Whether the attribute is a component of this key, and whether it is a secret one (subject to CKA_SENSITIVE). */
enum key_component { KEY_NO_COMPONENT, KEY_PUBLIC_COMPONENT, KEY_SECRET_COMPONENT };
enum key_component key_component(const struct key *key, CK_ATTRIBUTE_TYPE type);

/*
 * A component's value, by C_GetAttributeValue's rules for one attribute's pValue and ulValueLen (so
 * CKR_BUFFER_TOO_SMALL with the length unavailable). Numbers without leading zeros, but: CKA_VALUE of DH public keys
 * padded to the prime's length, of private ones (DH, EC) to the length of the group's exponents or the curve's field;
 * CKA_EC_PARAMS as the named curve's OID, in whatever form it came; CKA_EC_POINT as a DER OCTET STRING, of private keys
 * too. CKA_VALUE_LEN, CKA_MODULUS_BITS and CKA_VALUE_BITS are CK_ULONG. Public components include CKA_PUBLIC_KEY_INFO
 * (DER SubjectPublicKeyInfo; empty for DH).
 */
CK_RV key_attribute(const struct key *key, CK_ATTRIBUTE_TYPE type, CK_VOID_PTR value, CK_ULONG *length);

/*
 * PKCS#8 PrivateKeyInfo of a private or secret key (RFC 5958; secret octets: algorithm id-hmacWithSHA256 as a
 * container, the octets in the OCTET STRING), or DER SubjectPublicKeyInfo of a public one. The caller frees with
 * secret_free().
 */
CK_RV key_to_der(const struct key *key, uint8_t **der, size_t *length);
CK_RV key_from_der(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const uint8_t *der, size_t length, struct key **out);

#endif
