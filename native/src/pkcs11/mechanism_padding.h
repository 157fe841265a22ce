/*
 * RSA encodings (RFC 8017) between messages and the octets that raw RSA works on. An encoded message has k octets, the
 * length of the modulus, whose bits are a multiple of 8. What undoes a decryption's padding runs in time independent of
 * whether it was right.
 */
#ifndef CARDINAL_MECHANISM_PADDING_H
#define CARDINAL_MECHANISM_PADDING_H

#include "pkcs11/key_parts.h"
#include "pkcs11/mechanism_hash.h"

#define PKCS1_OVERHEAD 11u /* RFC 8017 section 7.2.1: 00 02 and 00 around at least 8 octets */

/*
 * EMSA-PKCS1-v1_5 (section 9.2); hash NULL: data as it is, without a DigestInfo. CKR_DATA_LEN_RANGE.
 */
CK_RV padding_pkcs1_sign(const struct hash *hash, const uint8_t *data, size_t length, uint8_t *encoded, size_t k);

/* EME-PKCS1-v1_5 (section 7.2.1). CKR_DATA_LEN_RANGE, CKR_FUNCTION_FAILED where there is no random. */
CK_RV padding_pkcs1_encrypt(const uint8_t *data, size_t length, uint8_t *encoded, size_t k);

/*
 * The other way, with implicit rejection: where the padding is wrong, the result is a message that only this key and
 * this ciphertext determine and that nobody without the key can tell from a real one (the method of OpenSSL 3.2 and
 * draft-irtf-cfrg-rsa-guidance). Moves the message to the front of encoded and returns its length, 0 to k - 11.
 */
size_t padding_pkcs1_decrypt(
    const uint8_t rejection[KEY_REJECTION_OCTETS], const uint8_t *ciphertext, uint8_t *encoded, size_t k);

/* EMSA-PSS (section 9.1). The digest has the hash's length. CKR_KEY_SIZE_RANGE where k is too short for the salt. */
CK_RV padding_pss_sign(
    const struct hash *hash, const struct hash *mgf, size_t salt_length, const uint8_t *digest, uint8_t *encoded,
    size_t k);
/* Destroys encoded. CKR_OK or CKR_SIGNATURE_INVALID. */
CK_RV padding_pss_verify(
    const struct hash *hash, const struct hash *mgf, size_t salt_length, const uint8_t *digest, uint8_t *encoded,
    size_t k);

/* EME-OAEP (section 7.1). label: the digest of the label by hash. */
CK_RV padding_oaep_encrypt(
    const struct hash *hash, const struct hash *mgf, const uint8_t *label, const uint8_t *data, size_t length,
    uint8_t *encoded, size_t k);
/* Moves the message to the front of encoded. CKR_OK or, whatever is wrong, CKR_ENCRYPTED_DATA_INVALID. */
CK_RV padding_oaep_decrypt(
    const struct hash *hash, const struct hash *mgf, const uint8_t *label, uint8_t *encoded, size_t k, size_t *length);

#endif
