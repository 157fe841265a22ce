#include "pkcs11/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "pkcs11/notice.h"
#include "pkcs11/seal.h"
#include "pkcs11/store.h"
#include "secret.h"

/* OWASP's count for PBKDF2-HMAC-SHA256; a PIN is a weak password. */
#define ITERATIONS 600000

#define TRIES_NAME "tries"

static const char *const file_names[] = {[PIN_USER] = "user.p8", [PIN_SO] = "so.p8"};

/*
 * PrivateKeyInfo of an X25519 key (RFC 8410 section 7) up to the key itself. Decrypted with a wrong PIN, these 16
 * octets come out by chance once in 2^128: they are the check value of the PIN.
 */
static const uint8_t head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                               0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20};

bool pin_exists(int folder, enum pin_role role)
{
    struct stat status;
    return fstatat(folder, file_names[role], &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A file that is there and cannot be read, for want of descriptors or memory say, must not give new tries. */
static CK_RV read_tries(int folder, unsigned tries[2])
{
    struct stat status;
    uint8_t *text;
    size_t length;
    tries[PIN_USER] = 0;
    tries[PIN_SO] = 0;
    if (fstatat(folder, TRIES_NAME, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
        return CKR_OK;
    }
    bool read = store_read(folder, TRIES_NAME, &text, &length) == STORE_READ;
    if (!read || sscanf((const char *)text, "user %u so %u", &tries[PIN_USER], &tries[PIN_SO]) != 2) {
        notice("%s: unreadable, so the PINs count as locked", TRIES_NAME);
        tries[PIN_USER] = PIN_TRIES;
        tries[PIN_SO] = PIN_TRIES;
    }
    if (read) {
        store_release(text, length);
    }
    return read ? CKR_OK : CKR_DEVICE_ERROR;
}

static CK_RV write_tries(int folder, const unsigned tries[2])
{
    char text[64];
    int length = snprintf(text, sizeof text, "user %u\nso %u\n", tries[PIN_USER], tries[PIN_SO]);
    return store_write(folder, TRIES_NAME, text, (size_t)length);
}

unsigned pin_wrong_tries(int folder, enum pin_role role)
{
    unsigned tries[2];
    read_tries(folder, tries);
    return tries[role];
}

CK_RV pin_check(
    int folder, enum pin_role role, const uint8_t *pin, CK_ULONG length, uint8_t secret[TOKEN_SECRET_OCTETS])
{
    uint8_t *file;
    size_t file_length;
    if (store_read(folder, file_names[role], &file, &file_length) != STORE_READ) {
        if (!pin_exists(folder, role)) {
            return role == PIN_USER ? CKR_USER_PIN_NOT_INITIALIZED : CKR_TOKEN_NOT_RECOGNIZED;
        }
        notice("%s: unreadable", file_names[role]);
        return CKR_DEVICE_ERROR;
    }
    unsigned tries[2];
    CK_RV rv = read_tries(folder, tries);
    if (rv == CKR_OK && tries[role] >= PIN_TRIES) {
        rv = CKR_PIN_LOCKED;
    }
    if (rv == CKR_OK) {
        tries[role]++;
        rv = write_tries(folder, tries);
    }
    uint8_t *der = NULL;
    size_t der_length = 0;
    if (rv == CKR_OK) {
        rv = length > PIN_LONGEST ? CKR_PIN_INCORRECT
                                  : unseal(file, file_length, (const char *)pin, length, &der, &der_length);
    }
    if (rv == CKR_ENCRYPTED_DATA_INVALID) {
        notice("%s: torn or foreign", file_names[role]);
        tries[role]--; /* no PIN was looked at */
        write_tries(folder, tries);
        rv = CKR_DEVICE_ERROR;
    }
    if (rv == CKR_OK) {
        if (der_length == sizeof head + TOKEN_SECRET_OCTETS && memcmp(der, head, sizeof head) == 0) {
            memcpy(secret, der + sizeof head, TOKEN_SECRET_OCTETS);
            tries[role] = 0;
            rv = write_tries(folder, tries);
        } else {
            rv = CKR_PIN_INCORRECT;
        }
    }
    secret_free(der, der_length);
    store_release(file, file_length);
    return rv;
}

CK_RV pin_set(
    int folder, enum pin_role role, const uint8_t *pin, CK_ULONG length, const uint8_t secret[TOKEN_SECRET_OCTETS])
{
    if (length < PIN_SHORTEST || length > PIN_LONGEST) {
        return CKR_PIN_LEN_RANGE;
    }
    uint8_t *der = secret_alloc(sizeof head + TOKEN_SECRET_OCTETS);
    if (der == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy(der, head, sizeof head);
    memcpy(der + sizeof head, secret, TOKEN_SECRET_OCTETS);
    uint8_t *pem = NULL;
    size_t pem_length = 0;
    CK_RV rv = seal(der, sizeof head + TOKEN_SECRET_OCTETS, (const char *)pin, length, ITERATIONS, &pem, &pem_length);
    secret_free(der, sizeof head + TOKEN_SECRET_OCTETS);
    if (rv == CKR_OK) {
        rv = store_write(folder, file_names[role], pem, pem_length);
    }
    secret_free(pem, pem_length);
    unsigned tries[2];
    if (rv == CKR_OK) {
        rv = read_tries(folder, tries);
    }
    if (rv == CKR_OK) {
        tries[role] = 0;
        rv = write_tries(folder, tries);
    }
    return rv;
}

CK_RV pin_remove(int folder, enum pin_role role)
{
    return store_remove(folder, file_names[role]);
}
