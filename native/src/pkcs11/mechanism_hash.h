/*
 * Hash functions and HMAC as the mechanisms need them: without allocation, so that nothing here can fail, and with the
 * keyed state kept, so that a long prf+ hashes its key once.
 */
#ifndef CARDINAL_MECHANISM_HASH_H
#define CARDINAL_MECHANISM_HASH_H

#include <openssl/sha.h>

#include "pkcs11/key.h"

#define HASH_LIMIT 64u        /* octets of the longest digest */
#define HASH_BLOCK_LIMIT 128u /* octets of the longest block */

/* One hash function and the numbers of the mechanisms built on it. */
struct hash {
    size_t length; /* octets of its digest */
    size_t block;  /* octets of its block */
    CK_MECHANISM_TYPE digest, hmac, hmac_general, rsa_pkcs, rsa_pss, ecdsa;
    CK_ULONG mgf; /* CKG_MGF1_... */
    CK_KEY_TYPE hmac_key;
    uint8_t info[19]; /* DER DigestInfo up to the digest (RFC 8017 section 9.2 note 1) */
    size_t info_length;
};

enum { HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_COUNT };
extern const struct hash hashes[HASH_COUNT];

/* The hash of a CKM_SHA..., a CKM_SHA..._HMAC or a CKG_MGF1_SHA...; NULL where it is none of ours. */
const struct hash *hash_of_digest(CK_MECHANISM_TYPE type);
const struct hash *hash_of_hmac(CK_MECHANISM_TYPE type);
const struct hash *hash_of_mgf(CK_ULONG mgf);

struct hash_state {
    const struct hash *hash;
    union {
        SHA_CTX sha1;
        SHA256_CTX sha256;
        SHA512_CTX sha512;
    } state;
};

void hash_begin(struct hash_state *state, const struct hash *hash);
void hash_update(struct hash_state *state, const uint8_t *octets, size_t length);
/* digest: hash->length octets. */
void hash_end(struct hash_state *state, uint8_t *digest);
void hash_once(const struct hash *hash, const uint8_t *octets, size_t length, uint8_t *digest);

/* RFC 2104. Whoever sets the key wipes the state with secret_wipe(). */
struct hmac {
    struct hash_state keyed_inner, keyed_outer, inner;
};

void hmac_key(struct hmac *hmac, const struct hash *hash, const uint8_t *key, size_t length);
void hmac_update(struct hmac *hmac, const uint8_t *octets, size_t length);
/* mac: hash->length octets. The state is then ready for another text under the same key. */
void hmac_end(struct hmac *hmac, uint8_t *mac);

#endif
