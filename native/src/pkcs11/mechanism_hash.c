#include "pkcs11/mechanism_hash.h"

#include <string.h>

#include "secret.h"

const struct hash hashes[HASH_COUNT] = {
    [HASH_SHA1] =
        {SHA_DIGEST_LENGTH,
         64,
         CKM_SHA_1,
         CKM_SHA_1_HMAC,
         CKM_SHA_1_HMAC_GENERAL,
         CKM_SHA1_RSA_PKCS,
         CKM_SHA1_RSA_PKCS_PSS,
         CKM_ECDSA_SHA1,
         CKG_MGF1_SHA1,
         CKK_SHA_1_HMAC,
         {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
         15},
    [HASH_SHA224] =
        {SHA224_DIGEST_LENGTH,
         64,
         CKM_SHA224,
         CKM_SHA224_HMAC,
         CKM_SHA224_HMAC_GENERAL,
         CKM_SHA224_RSA_PKCS,
         CKM_SHA224_RSA_PKCS_PSS,
         CKM_ECDSA_SHA224,
         CKG_MGF1_SHA224,
         CKK_SHA224_HMAC,
         {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04,
          0x1c},
         19},
    [HASH_SHA256] =
        {SHA256_DIGEST_LENGTH,
         64,
         CKM_SHA256,
         CKM_SHA256_HMAC,
         CKM_SHA256_HMAC_GENERAL,
         CKM_SHA256_RSA_PKCS,
         CKM_SHA256_RSA_PKCS_PSS,
         CKM_ECDSA_SHA256,
         CKG_MGF1_SHA256,
         CKK_SHA256_HMAC,
         {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
          0x20},
         19},
    [HASH_SHA384] =
        {SHA384_DIGEST_LENGTH,
         128,
         CKM_SHA384,
         CKM_SHA384_HMAC,
         CKM_SHA384_HMAC_GENERAL,
         CKM_SHA384_RSA_PKCS,
         CKM_SHA384_RSA_PKCS_PSS,
         CKM_ECDSA_SHA384,
         CKG_MGF1_SHA384,
         CKK_SHA384_HMAC,
         {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04,
          0x30},
         19},
    [HASH_SHA512] =
        {SHA512_DIGEST_LENGTH,
         128,
         CKM_SHA512,
         CKM_SHA512_HMAC,
         CKM_SHA512_HMAC_GENERAL,
         CKM_SHA512_RSA_PKCS,
         CKM_SHA512_RSA_PKCS_PSS,
         CKM_ECDSA_SHA512,
         CKG_MGF1_SHA512,
         CKK_SHA512_HMAC,
         {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04,
          0x40},
         19},
};

const struct hash *hash_of_digest(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].digest == type) {
            return &hashes[i];
        }
    }
    return NULL;
}

const struct hash *hash_of_hmac(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].hmac == type) {
            return &hashes[i];
        }
    }
    return NULL;
}

const struct hash *hash_of_mgf(CK_ULONG mgf)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].mgf == mgf) {
            return &hashes[i];
        }
    }
    return NULL;
}

void hash_begin(struct hash_state *state, const struct hash *hash)
{
    state->hash = hash;
    switch (hash - hashes) {
    case HASH_SHA1:
        SHA1_Init(&state->state.sha1);
        break;
    case HASH_SHA224:
        SHA224_Init(&state->state.sha256);
        break;
    case HASH_SHA256:
        SHA256_Init(&state->state.sha256);
        break;
    case HASH_SHA384:
        SHA384_Init(&state->state.sha512);
        break;
    default:
        SHA512_Init(&state->state.sha512);
        break;
    }
}

void hash_update(struct hash_state *state, const uint8_t *octets, size_t length)
{
    if (length == 0) {
        return;
    }
    switch (state->hash - hashes) {
    case HASH_SHA1:
        SHA1_Update(&state->state.sha1, octets, length);
        break;
    case HASH_SHA224:
    case HASH_SHA256:
        SHA256_Update(&state->state.sha256, octets, length);
        break;
    default:
        SHA512_Update(&state->state.sha512, octets, length);
        break;
    }
}

void hash_end(struct hash_state *state, uint8_t *digest)
{
    switch (state->hash - hashes) {
    case HASH_SHA1:
        SHA1_Final(digest, &state->state.sha1);
        break;
    case HASH_SHA224:
        SHA224_Final(digest, &state->state.sha256);
        break;
    case HASH_SHA256:
        SHA256_Final(digest, &state->state.sha256);
        break;
    case HASH_SHA384:
        SHA384_Final(digest, &state->state.sha512);
        break;
    default:
        SHA512_Final(digest, &state->state.sha512);
        break;
    }
}

void hash_once(const struct hash *hash, const uint8_t *octets, size_t length, uint8_t *digest)
{
    struct hash_state state;
    hash_begin(&state, hash);
    hash_update(&state, octets, length);
    hash_end(&state, digest);
    secret_wipe(&state, sizeof state);
}

void hmac_key(struct hmac *hmac, const struct hash *hash, const uint8_t *key, size_t length)
{
    uint8_t block[HASH_BLOCK_LIMIT] = {0};
    if (length > hash->block) {
        hash_once(hash, key, length, block);
    } else if (length > 0) {
        memcpy(block, key, length);
    }
    for (size_t i = 0; i < hash->block; i++) {
        block[i] ^= 0x36;
    }
    hash_begin(&hmac->keyed_inner, hash);
    hash_update(&hmac->keyed_inner, block, hash->block);
    for (size_t i = 0; i < hash->block; i++) {
        block[i] ^= 0x36 ^ 0x5c;
    }
    hash_begin(&hmac->keyed_outer, hash);
    hash_update(&hmac->keyed_outer, block, hash->block);
    secret_wipe(block, sizeof block);
    hmac->inner = hmac->keyed_inner;
}

void hmac_update(struct hmac *hmac, const uint8_t *octets, size_t length)
{
    hash_update(&hmac->inner, octets, length);
}

void hmac_end(struct hmac *hmac, uint8_t *mac)
{
    uint8_t digest[HASH_LIMIT];
    size_t length = hmac->inner.hash->length;
    hash_end(&hmac->inner, digest);
    hmac->inner = hmac->keyed_outer;
    hash_update(&hmac->inner, digest, length);
    hash_end(&hmac->inner, mac);
    hmac->inner = hmac->keyed_inner;
    secret_wipe(digest, sizeof digest);
}
