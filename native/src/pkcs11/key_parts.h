/*
 * What a key is made of; for the files that build keys and the mechanisms that work with them. Everyone else knows
 * key.h only.
 */
#ifndef CARDINAL_KEY_PARTS_H
#define CARDINAL_KEY_PARTS_H

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <stdatomic.h>

#include "modexp/modp_group.h"
#include "modexp/rsa_key.h"
#include "pkcs11/key.h"

/* A curve by name: the only form of CKA_EC_PARAMS that is taken. */
struct curve {
    CK_KEY_TYPE type; /* CKK_EC, CKK_EC_MONTGOMERY or CKK_EC_EDWARDS */
    int nid;          /* libcrypto's number of it */
    const uint8_t *oid;
    size_t oid_length; /* DER OBJECT IDENTIFIER, header included */
    const char *name;  /* the PrintableString of PKCS#11 3.0 section 2.3.10; NULL: none */
    size_t field;      /* octets of a coordinate and of a private value */
    size_t point;      /* octets of a public value, without the OCTET STRING around it */
};

enum { CURVE_P256, CURVE_P384, CURVE_P521, CURVE_X25519, CURVE_ED25519, CURVE_COUNT };
extern const struct curve curves[CURVE_COUNT];
#define CURVE_FIELD_LIMIT 66u
#define CURVE_POINT_LIMIT 133u

/* The curve of a CKA_EC_PARAMS value for a key type; NULL where it is none of ours. */
const struct curve *curve_find(CK_KEY_TYPE type, const uint8_t *params, size_t length);

/*
 * The octets of a public value given raw or as a DER OCTET STRING: curve->point octets inside of what was given, or
 * NULL. Not yet checked to be on the curve.
 */
const uint8_t *curve_point(const struct curve *curve, const uint8_t *given, size_t length);

/* Whether a NIST curve's uncompressed point (curve->point octets) is on it and not at infinity. */
bool curve_accepts(const struct curve *curve, const uint8_t *point);

/* One attribute that carries key material. */
struct component {
    CK_ATTRIBUTE_TYPE type;
    bool secret;
    uint8_t *octets; /* inside of the key's memory */
    size_t length;
};

#define KEY_COMPONENTS 8u
#define KEY_REJECTION_OCTETS 32u

struct key {
    atomic_size_t references;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    struct component components[KEY_COMPONENTS];
    size_t component_count;
    uint8_t *memory; /* of secret_alloc() */
    size_t memory_length;
    size_t memory_used;

    struct rsa_key *rsa;            /* RSA */
    uint8_t *rejection;             /* RSA private: KEY_REJECTION_OCTETS for implicit rejection, inside of memory */
    const struct modp_group *group; /* DH */
    CK_ULONG value_bits;            /* DH private: bits of the exponent */
    const struct curve *curve;      /* the three EC types */
};

/* A key without components, with room for memory_length octets of them. NULL where there is no memory. */
struct key *key_new(CK_OBJECT_CLASS class, CK_KEY_TYPE type, size_t memory_length);

/* Adds a component of a length and returns its (zeroed) octets to fill. The caller has asked key_new for enough. */
uint8_t *key_add(struct key *key, CK_ATTRIBUTE_TYPE type, bool secret, size_t length);

/* A component's octets; NULL where the key has no such component. */
const uint8_t *key_octets(const struct key *key, CK_ATTRIBUTE_TYPE type, size_t *length);

/* The public value of an EC key: curve->point octets. */
const uint8_t *key_point(const struct key *key);

/* RSA numbers as libcrypto's, absent ones NULL; all but n and e are secret. */
struct rsa_bignums {
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qinv;
};

void rsa_bignums_free(struct rsa_bignums *numbers);

/* Completes what is missing of a private key, checks the rest, builds the key. The numbers stay the caller's. */
CK_RV key_from_rsa(CK_OBJECT_CLASS class, struct rsa_bignums *numbers, struct key **out);

/* The key of a public value (modp_group_octets() of it, checked) or a private exponent of value_bits or fewer. */
CK_RV key_from_dh(
    CK_OBJECT_CLASS class, const struct modp_group *group, const uint8_t *value, size_t length, CK_ULONG value_bits,
    struct key **out);

/* The public value of a private value (curve->field octets). CKR_ATTRIBUTE_VALUE_INVALID outside of [1, n-1]. */
CK_RV curve_multiply(const struct curve *curve, const uint8_t *value, uint8_t *point);

/* A public key from a point (curve->point octets), which is checked. */
CK_RV key_from_point(const struct curve *curve, const uint8_t *point, struct key **out);

/* A private key from a value and its point, both known to be right. */
CK_RV key_from_pair(const struct curve *curve, const uint8_t *value, const uint8_t *point, struct key **out);

CK_RV key_rsa_for_verification(const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out);
CK_RV key_rsa_from_template(CK_OBJECT_CLASS class, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out);
CK_RV key_dh_from_template(CK_OBJECT_CLASS class, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out);
CK_RV key_ec_from_template(
    CK_OBJECT_CLASS class, CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out);

/*
 * The same key as libcrypto has it, for one use: the key itself rests in locked memory only. public_only leaves the
 * private part out. The caller frees with EVP_PKEY_free(), which clears. NULL where there is no memory, and for secret
 * keys.
 */
EVP_PKEY *key_to_libcrypto(const struct key *key, bool public_only);

/* DER SubjectPublicKeyInfo of a public or private key, of OPENSSL_malloc(); NULL where there is none (DH) or no memory.
 */
uint8_t *key_public_info(const struct key *key, size_t *length);

/* The first attribute of a type; NULL where there is none. */
const CK_ATTRIBUTE *template_find(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type);

/* Like template_find, but an attribute without octets counts as bad: CKR_TEMPLATE_INCOMPLETE, _ATTRIBUTE_VALUE_INVALID
 */
CK_RV template_octets(
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type, const uint8_t **octets, size_t *length);

/* A CK_ULONG's value; the default given where the attribute is absent. CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV template_ulong(
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise, CK_ULONG *value);

/* Whether keys of this type are secret octets. */
bool key_type_is_octets(CK_KEY_TYPE type);

/* Longest secret key, and longest number in a template; longer ones are hostile. */
#define KEY_SECRET_LIMIT 65536u
#define KEY_NUMBER_LIMIT 2048u

#endif
