/*
 * Mechanisms over key material. Nothing here knows objects, sessions or permissions: who calls has checked CKA_SIGN and
 * its kin, CKA_ALLOWED_MECHANISMS and the login. All arithmetic that job.h has goes through dispatch_run().
 */
#ifndef CARDINAL_MECHANISM_H
#define CARDINAL_MECHANISM_H

#include "pkcs11/key.h"

/* Every mechanism on offer, for C_GetMechanismList, and what C_GetMechanismInfo tells; sizes as the standard counts. */
struct mechanism_row {
    CK_MECHANISM_TYPE type;
    CK_MECHANISM_INFO info;
};
extern const struct mechanism_row mechanism_rows[];
extern const size_t mechanism_row_count;

/* One operation in progress: C_XxxInit to its end. */
struct operation;

enum operation_kind { OPERATION_DIGEST, OPERATION_SIGN, OPERATION_VERIFY, OPERATION_ENCRYPT, OPERATION_DECRYPT };

/*
 * Begins; copies the parameter; takes its own reference of the key (NULL for a digest). CKR_MECHANISM_INVALID,
 * CKR_MECHANISM_PARAM_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE, CKR_HOST_MEMORY. Encryption: RSA only.
 */
CK_RV operation_begin(enum operation_kind kind, const CK_MECHANISM *mechanism, struct key *key, struct operation **out);

/* More data; CKR_FUNCTION_NOT_SUPPORTED where the mechanism is single-part. */
CK_RV operation_update(struct operation *operation, const uint8_t *data, size_t length);

/* C_DigestKey: the octets of a secret key. */
CK_RV operation_digest_key(struct operation *operation, const struct key *key);

/* The octets its result takes at most. */
size_t operation_room(const struct operation *operation);

/*
 * The end: the rest of the data, then the result. out NULL asks for the length; that and CKR_BUFFER_TOO_SMALL set
 * *out_length and leave the operation as it was (the data then not yet taken); anything else ends it, and the caller
 * frees it. single: C_Sign rather than C_SignFinal, so that single-part mechanisms accept data.
 *
 * CKM_RSA_PKCS decryption rejects implicitly: a ciphertext of the right length and below the modulus always gives
 * CKR_OK and, where its padding is wrong, a message that depends on the key and the ciphertext only.
 */
CK_RV operation_finish(
    struct operation *operation, const uint8_t *data, size_t length, bool single, uint8_t *out, CK_ULONG *out_length);

/* The end of a verification: CKR_OK, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE. */
CK_RV operation_verify(
    struct operation *operation, const uint8_t *data, size_t length, const uint8_t *signature, size_t signature_length);

/* Wipes and frees; NULL is allowed. */
void operation_free(struct operation *operation);

/*
 * C_GenerateKeyPair and C_GenerateKey: reads the parameters it needs from the templates (CKA_VALUE_BITS of a DH key
 * from the private one: the group's least to 4096 bits). On failure no key is returned.
 */
CK_RV mechanism_generate_pair(
    const CK_MECHANISM *mechanism, const CK_ATTRIBUTE *public_template, CK_ULONG public_count,
    const CK_ATTRIBUTE *private_template, CK_ULONG private_count, struct key **public_key, struct key **private_key);
CK_RV mechanism_generate_secret(
    const CK_MECHANISM *mechanism, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out);

/*
 * C_DeriveKey. Handles inside the parameters (hKeygxy, hSaltKey, hSeedKey, ...) are resolved by the caller's function,
 * which checks that the object exists, is a secret key and has CKA_DERIVE, and returns a reference.
 *
 * What is made: key type and length come from the template (CKA_KEY_TYPE, CKA_VALUE_LEN). Without a length it is all
 * there is; fewer octets are the last ones of an agreement and the first ones of every other derivation. Without a type
 * it is CKK_GENERIC_SECRET, of CKM_IKE_PRF_DERIVE the prf's own. Shared secrets keep their leading zeros.
 * CKM_HKDF_DATA's result is taken by the caller as a data object.
 *
 * CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_PUBLIC_KEY_INVALID (the peer's
 * value), CKR_KEY_SIZE_RANGE, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID,
 * CKR_ARGUMENTS_BAD (where the IKE mechanisms' text has it), CKR_DEVICE_ERROR, and what the resolver returns.
 */
typedef CK_RV (*key_resolver)(void *context, CK_OBJECT_HANDLE handle, struct key **key);
CK_RV mechanism_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out);

/*
 * Whether the result of a derivation holds octets of the base key as they are, rather than what a one-way function made
 * of them.
 */
bool mechanism_carries_base(const CK_MECHANISM *mechanism);

#endif
