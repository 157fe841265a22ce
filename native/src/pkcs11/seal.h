/* Encrypted PKCS#8 files (RFC 5958 EncryptedPrivateKeyInfo, RFC 8018 PBES2), as `openssl pkcs8` reads and writes them.
 */
#ifndef CARDINAL_SEAL_H
#define CARDINAL_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkcs11/cryptoki.h"

/*
 * Encrypts DER PrivateKeyInfo with PBKDF2-HMAC-SHA256 and AES-256-CBC; the result is PEM, freed by the caller with
 * secret_free(). Takes about 0.3 microseconds an iteration.
 */
CK_RV seal(
    const uint8_t *der, size_t der_length, const char *password, size_t password_length, int iterations, uint8_t **pem,
    size_t *pem_length);

/*
 * The way back. CKR_OK; CKR_ENCRYPTED_DATA_INVALID: not such a file, or more than SEAL_ITERATIONS_LIMIT iterations are
 * asked; CKR_PIN_INCORRECT: the padding tells that the password is wrong (one wrong password in 256 passes this, so the
 * caller looks at what it got); CKR_HOST_MEMORY. The caller frees the result with secret_free().
 */
#define SEAL_ITERATIONS_LIMIT 10000000L
CK_RV unseal(
    const uint8_t *pem, size_t pem_length, const char *password, size_t password_length, uint8_t **der,
    size_t *der_length);

/*
 * A pem_password_cb that has no password. Without one, libcrypto asks the terminal for the password of a PEM file whose
 * headers (RFC 1421) call it encrypted, and whoever waits for the card waits for an answer.
 */
int seal_no_password(char *out, int room, int writing, void *context);

/* PrivateKeyInfo around octets that are no key (algorithm id-hmacWithSHA256 as a container), and back. */
CK_RV seal_wrap_octets(const uint8_t *octets, size_t length, uint8_t **der, size_t *der_length);
CK_RV seal_unwrap_octets(const uint8_t *der, size_t der_length, uint8_t **octets, size_t *length);

#endif
