/* Operations in progress: digests, HMACs, and signatures and encryption with key pairs. */
#include <openssl/crypto.h>
#include <string.h>

#include "pkcs11/mechanism_asymmetric.h"
#include "secret.h"

struct operation {
    enum operation_kind kind;
    enum { FORM_DIGEST, FORM_HMAC, FORM_PAIR } form;
    struct key *key;
    size_t mac_length;      /* HMAC: octets of the result */
    struct hash_state hash; /* digest, and the message of a scheme that hashes it */
    struct hmac hmac;
    struct scheme scheme; /* key pairs */
    struct asymmetric work;
};

static CK_RV begin_digest(struct operation *operation, const CK_MECHANISM *mechanism)
{
    const struct hash *hash = hash_of_digest(mechanism->mechanism);
    if (hash == NULL) {
        return CKR_MECHANISM_INVALID;
    }
    if (mechanism->ulParameterLen != 0) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    operation->form = FORM_DIGEST;
    hash_begin(&operation->hash, hash);
    return CKR_OK;
}

/* Whether the mechanism is an HMAC; then begins it. */
static bool begin_hmac(struct operation *operation, const CK_MECHANISM *mechanism, struct key *key, CK_RV *rv)
{
    const struct hash *hash = NULL;
    bool general = false;
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (mechanism->mechanism == hashes[i].hmac || mechanism->mechanism == hashes[i].hmac_general) {
            hash = &hashes[i];
            general = mechanism->mechanism == hashes[i].hmac_general;
        }
    }
    if (hash == NULL) {
        return false;
    }
    *rv = CKR_OK;
    operation->mac_length = hash->length;
    if (operation->kind != OPERATION_SIGN && operation->kind != OPERATION_VERIFY) {
        *rv = CKR_MECHANISM_INVALID;
    } else if (general) {
        CK_ULONG length;
        if (mechanism->pParameter == NULL || mechanism->ulParameterLen != sizeof length) {
            *rv = CKR_MECHANISM_PARAM_INVALID;
        } else {
            memcpy(&length, mechanism->pParameter, sizeof length);
            /* a MAC of no octets would verify everything */
            *rv = length == 0 || length > hash->length ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
            operation->mac_length = length;
        }
    } else if (mechanism->ulParameterLen != 0) {
        *rv = CKR_MECHANISM_PARAM_INVALID;
    }
    size_t length;
    const uint8_t *octets = key_secret(key, &length);
    if (*rv == CKR_OK && (octets == NULL || (key->type != CKK_GENERIC_SECRET && key->type != hash->hmac_key))) {
        *rv = CKR_KEY_TYPE_INCONSISTENT;
    }
    if (*rv == CKR_OK) {
        operation->form = FORM_HMAC;
        hmac_key(&operation->hmac, hash, octets, length);
    }
    return true;
}

CK_RV operation_begin(enum operation_kind kind, const CK_MECHANISM *mechanism, struct key *key, struct operation **out)
{
    *out = NULL;
    struct operation *operation = secret_alloc(sizeof *operation);
    if (operation == NULL) {
        return CKR_HOST_MEMORY;
    }
    operation->kind = kind;
    CK_RV rv;
    if (kind == OPERATION_DIGEST) {
        rv = begin_digest(operation, mechanism);
    } else if (!begin_hmac(operation, mechanism, key, &rv)) {
        operation->form = FORM_PAIR;
        rv = scheme_read(kind, mechanism, key, &operation->scheme);
        if (rv == CKR_OK && operation->scheme.message != NULL) {
            hash_begin(&operation->hash, operation->scheme.message);
        }
    }
    if (rv != CKR_OK) {
        secret_free(operation, sizeof *operation);
        return rv;
    }
    operation->key = key == NULL ? NULL : key_ref(key);
    *out = operation;
    return CKR_OK;
}

static bool is_single_part(const struct operation *operation)
{
    return operation->form == FORM_PAIR && operation->scheme.message == NULL;
}

CK_RV operation_update(struct operation *operation, const uint8_t *data, size_t length)
{
    if (data == NULL && length > 0) {
        return CKR_ARGUMENTS_BAD;
    }
    if (is_single_part(operation)) {
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
    if (operation->form == FORM_HMAC) {
        hmac_update(&operation->hmac, data, length);
    } else {
        hash_update(&operation->hash, data, length);
    }
    return CKR_OK;
}

CK_RV operation_digest_key(struct operation *operation, const struct key *key)
{
    size_t length;
    const uint8_t *octets = key_secret(key, &length);
    if (operation->form != FORM_DIGEST) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    if (octets == NULL) {
        return CKR_KEY_INDIGESTIBLE;
    }
    hash_update(&operation->hash, octets, length);
    return CKR_OK;
}

size_t operation_room(const struct operation *operation)
{
    switch (operation->form) {
    case FORM_DIGEST:
        return operation->hash.hash->length;
    case FORM_HMAC:
        return operation->mac_length;
    case FORM_PAIR:
        break;
    }
    return scheme_room(operation->kind, &operation->scheme, operation->key);
}

/* A decryption's length is known only afterwards, and may be less than the room asked for. */
static bool has_fixed_length(const struct operation *operation)
{
    return operation->kind != OPERATION_DECRYPT || operation->scheme.form == SCHEME_RAW;
}

/* Both halves of an operation with a key pair, over the digest where the message is hashed. */
static CK_RV run_pair(
    struct operation *operation, const uint8_t *data, size_t length, const uint8_t *signature, size_t signature_length,
    const uint8_t **result, size_t *result_length)
{
    uint8_t digest[HASH_LIMIT];
    if (operation->scheme.message != NULL) {
        hash_update(&operation->hash, data, length);
        hash_end(&operation->hash, digest);
        data = digest;
        length = operation->scheme.message->length;
    }
    CK_RV rv = asymmetric_prepare(
        &operation->work, operation->kind, &operation->scheme, operation->key, data, length, signature,
        signature_length);
    if (rv == CKR_OK) {
        asymmetric_run(&operation->work);
        rv = asymmetric_finish(&operation->work, result, result_length);
    }
    return rv;
}

CK_RV operation_finish(
    struct operation *operation, const uint8_t *data, size_t length, bool single, uint8_t *out, CK_ULONG *out_length)
{
    if (operation->kind == OPERATION_VERIFY || (data == NULL && length > 0) || out_length == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    if (is_single_part(operation) && !single) {
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
    size_t room = operation_room(operation);
    if (out == NULL) {
        *out_length = room;
        return CKR_OK;
    }
    if (has_fixed_length(operation) && *out_length < room) {
        *out_length = room;
        return CKR_BUFFER_TOO_SMALL;
    }
    uint8_t made[HASH_LIMIT];
    const uint8_t *result = made;
    size_t result_length = room;
    CK_RV rv = CKR_OK;
    switch (operation->form) {
    case FORM_DIGEST:
        hash_update(&operation->hash, data, length);
        hash_end(&operation->hash, made);
        break;
    case FORM_HMAC:
        hmac_update(&operation->hmac, data, length);
        hmac_end(&operation->hmac, made);
        break;
    case FORM_PAIR:
        rv = run_pair(operation, data, length, NULL, 0, &result, &result_length);
        break;
    }
    if (rv != CKR_OK) {
        return rv;
    }
    if (*out_length < result_length) {
        *out_length = result_length;
        return CKR_BUFFER_TOO_SMALL;
    }
    if (result_length > 0) {
        memcpy(out, result, result_length);
    }
    *out_length = result_length;
    return CKR_OK;
}

CK_RV operation_verify(
    struct operation *operation, const uint8_t *data, size_t length, const uint8_t *signature, size_t signature_length)
{
    if (operation->kind != OPERATION_VERIFY || (data == NULL && length > 0) || signature == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    if (operation->form == FORM_PAIR) {
        const uint8_t *result;
        size_t result_length;
        return run_pair(operation, data, length, signature, signature_length, &result, &result_length);
    }
    uint8_t mac[HASH_LIMIT];
    hmac_update(&operation->hmac, data, length);
    hmac_end(&operation->hmac, mac);
    if (signature_length != operation->mac_length) {
        return CKR_SIGNATURE_LEN_RANGE;
    }
    CK_RV rv = CRYPTO_memcmp(mac, signature, signature_length) == 0 ? CKR_OK : CKR_SIGNATURE_INVALID;
    secret_wipe(mac, sizeof mac);
    return rv;
}

void operation_free(struct operation *operation)
{
    if (operation == NULL) {
        return;
    }
    key_unref(operation->key);
    secret_free(operation, sizeof *operation);
}
