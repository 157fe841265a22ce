#include "pkcs11/mechanism_padding.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "secret.h"

#define K_LIMIT (RSA_MAX_BITS / 8u)

/* All ones where the condition holds, else zero; without branches. Arguments stay below 2^31. */

static uint32_t mask_of_bit(uint32_t bit)
{
    return (uint32_t)0 - bit;
}

static uint32_t mask_less(uint32_t a, uint32_t b)
{
    return mask_of_bit((a - b) >> 31);
}

static uint32_t mask_zero(uint32_t a)
{
    return mask_less(a, 1);
}

static uint32_t mask_equal(uint32_t a, uint32_t b)
{
    return mask_zero(a ^ b);
}

static uint32_t choose(uint32_t mask, uint32_t yes, uint32_t no)
{
    /* hides from the compiler that a mask is all or nothing, lest it make a branch of it */
    __asm__("" : "+r"(mask));
    return (mask & yes) | (~mask & no);
}

/*
 * Moves length octets that end at the end of buffer to its front, in time and by addresses that do not depend on
 * length: rotates by each bit of the distance in turn.
 */
static void move_to_front(uint8_t *buffer, size_t k, uint32_t distance)
{
    for (uint32_t step = 1; step < k; step <<= 1) {
        uint32_t mask = ~mask_zero(distance & step);
        for (size_t i = 0; i < k; i++) {
            uint8_t next = i + step < k ? buffer[i + step] : 0;
            buffer[i] = (uint8_t)choose(mask, next, buffer[i]);
        }
    }
}

CK_RV padding_pkcs1_sign(const struct hash *hash, const uint8_t *data, size_t length, uint8_t *encoded, size_t k)
{
    size_t info = hash == NULL ? 0 : hash->info_length;
    if (length > k - PKCS1_OVERHEAD - info) {
        return CKR_DATA_LEN_RANGE;
    }
    size_t filler = k - 3 - info - length;
    encoded[0] = 0x00;
    encoded[1] = 0x01;
    memset(encoded + 2, 0xff, filler);
    encoded[2 + filler] = 0x00;
    if (info > 0) {
        memcpy(encoded + 3 + filler, hash->info, info);
    }
    if (length > 0) {
        memcpy(encoded + 3 + filler + info, data, length);
    }
    return CKR_OK;
}

CK_RV padding_pkcs1_encrypt(const uint8_t *data, size_t length, uint8_t *encoded, size_t k)
{
    if (length > k - PKCS1_OVERHEAD) {
        return CKR_DATA_LEN_RANGE;
    }
    size_t filler = k - 3 - length;
    if (RAND_bytes(encoded + 2, (int)filler) != 1) {
        return CKR_FUNCTION_FAILED;
    }
    for (size_t i = 2; i < 2 + filler; i++) {
        while (encoded[i] == 0) {
            if (RAND_bytes(encoded + i, 1) != 1) {
                return CKR_FUNCTION_FAILED;
            }
        }
    }
    encoded[0] = 0x00;
    encoded[1] = 0x02;
    encoded[2 + filler] = 0x00;
    if (length > 0) {
        memcpy(encoded + 3 + filler, data, length);
    }
    return CKR_OK;
}

/* The draft's IRPRF: HMAC-SHA-256 over a counter, a label and the wanted bits, as often as it takes. */
static void rejection_octets(struct hmac *keyed, const char *label, uint8_t *out, size_t length)
{
    uint8_t block[SHA256_DIGEST_LENGTH];
    uint8_t bits[2] = {(uint8_t)(length * 8 >> 8), (uint8_t)(length * 8)};
    for (size_t made = 0, counter = 0; made < length; counter++) {
        uint8_t number[2] = {(uint8_t)(counter >> 8), (uint8_t)counter};
        hmac_update(keyed, number, sizeof number);
        hmac_update(keyed, (const uint8_t *)label, strlen(label));
        hmac_update(keyed, bits, sizeof bits);
        hmac_end(keyed, block);
        size_t part = length - made < sizeof block ? length - made : sizeof block;
        memcpy(out + made, block, part);
        made += part;
    }
    secret_wipe(block, sizeof block);
}

size_t padding_pkcs1_decrypt(
    const uint8_t rejection[KEY_REJECTION_OCTETS], const uint8_t *ciphertext, uint8_t *encoded, size_t k)
{
    /* the message to give instead, made whether it is needed or not */
    struct hmac keyed;
    uint8_t secret[SHA256_DIGEST_LENGTH];
    uint8_t lengths[256];
    uint8_t instead[K_LIMIT];
    hmac_key(&keyed, &hashes[HASH_SHA256], rejection, KEY_REJECTION_OCTETS);
    hmac_update(&keyed, ciphertext, k);
    hmac_end(&keyed, secret);
    hmac_key(&keyed, &hashes[HASH_SHA256], secret, sizeof secret);
    rejection_octets(&keyed, "length", lengths, sizeof lengths);
    rejection_octets(&keyed, "message", instead, k);

    /* its length: the last of 128 candidates that is short enough */
    uint32_t bound = (uint32_t)(k - PKCS1_OVERHEAD + 1);
    uint32_t bits = bound;
    bits |= bits >> 1;
    bits |= bits >> 2;
    bits |= bits >> 4;
    bits |= bits >> 8;
    uint32_t instead_length = 0;
    for (size_t i = 0; i < sizeof lengths; i += 2) {
        uint32_t candidate = ((uint32_t)lengths[i] << 8 | lengths[i + 1]) & bits;
        instead_length = choose(mask_less(candidate, bound), candidate, instead_length);
    }

    uint32_t good = mask_zero(encoded[0]) & mask_equal(encoded[1], 2);
    uint32_t found = 0;
    uint32_t zero_at = 0;
    for (uint32_t i = 2; i < k; i++) {
        uint32_t here = mask_zero(encoded[i]) & ~found;
        zero_at = choose(here, i, zero_at);
        found |= here;
    }
    good &= found & ~mask_less(zero_at, PKCS1_OVERHEAD - 1);
    uint32_t length = choose(good, (uint32_t)k - 1 - zero_at, instead_length);
    for (size_t i = 0; i < k; i++) {
        encoded[i] = (uint8_t)choose(good, encoded[i], instead[i]);
    }
    move_to_front(encoded, k, (uint32_t)k - length);

    secret_wipe(&keyed, sizeof keyed);
    secret_wipe(secret, sizeof secret);
    secret_wipe(lengths, sizeof lengths);
    secret_wipe(instead, sizeof instead);
    return length;
}

/* XORs MGF1 of a seed (RFC 8017 appendix B.2.1) onto a mask's place. */
static void
mgf1_xor(const struct hash *mgf, const uint8_t *seed, size_t seed_length, uint8_t *target, size_t target_length)
{
    uint8_t block[HASH_LIMIT];
    struct hash_state state;
    for (size_t made = 0, counter = 0; made < target_length; counter++) {
        /* k has at most 512 octets, so that the counter never leaves its last octet */
        uint8_t number[4] = {0, 0, 0, (uint8_t)counter};
        hash_begin(&state, mgf);
        hash_update(&state, seed, seed_length);
        hash_update(&state, number, sizeof number);
        hash_end(&state, block);
        for (size_t i = 0; i < mgf->length && made < target_length; i++, made++) {
            target[made] ^= block[i];
        }
    }
    secret_wipe(block, sizeof block);
    secret_wipe(&state, sizeof state);
}

/* H' of RFC 8017 section 9.1.1 step 6. */
static void
pss_digest(const struct hash *hash, const uint8_t *digest, const uint8_t *salt, size_t salt_length, uint8_t *out)
{
    static const uint8_t zeros[8];
    struct hash_state state;
    hash_begin(&state, hash);
    hash_update(&state, zeros, sizeof zeros);
    hash_update(&state, digest, hash->length);
    hash_update(&state, salt, salt_length);
    hash_end(&state, out);
}

CK_RV padding_pss_sign(
    const struct hash *hash, const struct hash *mgf, size_t salt_length, const uint8_t *digest, uint8_t *encoded,
    size_t k)
{
    if (salt_length > k || hash->length + salt_length + 2 > k) {
        return CKR_KEY_SIZE_RANGE;
    }
    size_t block = k - hash->length - 1; /* DB: zeros | 01 | salt */
    uint8_t *salt = encoded + block - salt_length;
    memset(encoded, 0, block);
    encoded[block - salt_length - 1] = 0x01;
    if (salt_length > 0 && RAND_bytes(salt, (int)salt_length) != 1) {
        return CKR_FUNCTION_FAILED;
    }
    pss_digest(hash, digest, salt, salt_length, encoded + block);
    mgf1_xor(mgf, encoded + block, hash->length, encoded, block);
    encoded[0] &= 0x7f; /* emBits is one less than the modulus' bits */
    encoded[k - 1] = 0xbc;
    return CKR_OK;
}

CK_RV padding_pss_verify(
    const struct hash *hash, const struct hash *mgf, size_t salt_length, const uint8_t *digest, uint8_t *encoded,
    size_t k)
{
    if (salt_length > k || hash->length + salt_length + 2 > k || encoded[k - 1] != 0xbc || (encoded[0] & 0x80) != 0) {
        return CKR_SIGNATURE_INVALID;
    }
    size_t block = k - hash->length - 1;
    mgf1_xor(mgf, encoded + block, hash->length, encoded, block);
    encoded[0] &= 0x7f;
    for (size_t i = 0; i < block - salt_length - 1; i++) {
        if (encoded[i] != 0) {
            return CKR_SIGNATURE_INVALID;
        }
    }
    if (encoded[block - salt_length - 1] != 0x01) {
        return CKR_SIGNATURE_INVALID;
    }
    uint8_t expected[HASH_LIMIT];
    pss_digest(hash, digest, encoded + block - salt_length, salt_length, expected);
    return memcmp(expected, encoded + block, hash->length) == 0 ? CKR_OK : CKR_SIGNATURE_INVALID;
}

CK_RV padding_oaep_encrypt(
    const struct hash *hash, const struct hash *mgf, const uint8_t *label, const uint8_t *data, size_t length,
    uint8_t *encoded, size_t k)
{
    size_t h = hash->length;
    if (length > k - 2 * h - 2) {
        return CKR_DATA_LEN_RANGE;
    }
    uint8_t *seed = encoded + 1;
    uint8_t *block = seed + h; /* DB: label | zeros | 01 | message */
    size_t block_length = k - h - 1;
    encoded[0] = 0x00;
    if (RAND_bytes(seed, (int)h) != 1) {
        return CKR_FUNCTION_FAILED;
    }
    memcpy(block, label, h);
    memset(block + h, 0, block_length - h);
    block[block_length - length - 1] = 0x01;
    if (length > 0) {
        memcpy(block + block_length - length, data, length);
    }
    mgf1_xor(mgf, seed, h, block, block_length);
    mgf1_xor(mgf, block, block_length, seed, h);
    return CKR_OK;
}

CK_RV padding_oaep_decrypt(
    const struct hash *hash, const struct hash *mgf, const uint8_t *label, uint8_t *encoded, size_t k, size_t *length)
{
    size_t h = hash->length;
    uint8_t *seed = encoded + 1;
    uint8_t *block = seed + h;
    uint32_t block_length = (uint32_t)(k - h - 1);
    mgf1_xor(mgf, block, block_length, seed, h);
    mgf1_xor(mgf, seed, h, block, block_length);

    /* RFC 8017 section 7.1.2 note: nobody may learn which of these failed */
    uint32_t good = mask_zero(encoded[0]) & mask_zero((uint32_t)CRYPTO_memcmp(block, label, h));
    uint32_t found = 0;
    uint32_t one_at = 0;
    for (uint32_t i = (uint32_t)h; i < block_length; i++) {
        uint32_t is_one = mask_equal(block[i], 1) & ~found;
        one_at = choose(is_one, i, one_at);
        found |= is_one;
        good &= found | mask_zero(block[i]);
    }
    good &= found;
    uint32_t message = choose(good, block_length - 1 - one_at, 0);
    move_to_front(encoded, k, (uint32_t)k - message);
    *length = message;
    return good != 0 ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID;
}
