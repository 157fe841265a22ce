/*
 * PINs. A token has a secret of 32 random octets under which its objects are encrypted; user.p8 and so.p8 hold it, each
 * encrypted under the PIN of its role: as the private key of an X25519 pair, which is nothing but 32 octets, so that
 * `openssl pkcs8 -in user.p8` opens it with the PIN. The file `tries` counts wrong PINs, and the count is written
 * before a PIN is looked at, so that ending the process at the right moment gives no free try.
 */
#ifndef CARDINAL_PIN_H
#define CARDINAL_PIN_H

#include <stdbool.h>
#include <stdint.h>

#include "pkcs11/cryptoki.h"

#define PIN_SHORTEST 4u
#define PIN_LONGEST 64u
#define PIN_TRIES 10u
#define TOKEN_SECRET_OCTETS 32u

enum pin_role { PIN_USER, PIN_SO };

/* Whether the role has a PIN. */
bool pin_exists(int folder, enum pin_role role);

/* How many wrong PINs in a row the role has seen: PIN_TRIES and more: locked. */
unsigned pin_wrong_tries(int folder, enum pin_role role);

/*
 * Checks a PIN, under the folder's exclusive lock, which the caller holds. CKR_OK and the token's secret;
 * CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED; CKR_DEVICE_ERROR: the file is torn. About 0.2 s.
 */
CK_RV pin_check(
    int folder, enum pin_role role, const uint8_t *pin, CK_ULONG length, uint8_t secret[TOKEN_SECRET_OCTETS]);

/* Sets a role's PIN and clears its count of tries, under the exclusive lock. CKR_PIN_LEN_RANGE. */
CK_RV pin_set(
    int folder, enum pin_role role, const uint8_t *pin, CK_ULONG length, const uint8_t secret[TOKEN_SECRET_OCTETS]);

/* Takes a role's PIN away. */
CK_RV pin_remove(int folder, enum pin_role role);

#endif
