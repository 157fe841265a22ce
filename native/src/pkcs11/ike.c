#include "pkcs11/ike.h"

#include <string.h>

#include "pkcs11/derive.h"
#include "secret.h"

static void update(struct hmac *hmac, const struct span *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hmac_update(hmac, text[i].octets, text[i].length);
    }
}

void ike_prf(const struct hash *hash, struct span key, const struct span *text, size_t count, uint8_t *out)
{
    struct hmac hmac;
    hmac_key(&hmac, hash, key.octets, key.length);
    update(&hmac, text, count);
    hmac_end(&hmac, out);
    secret_wipe(&hmac, sizeof hmac);
}

/* The shape of all expansions: each block is made of the last one, the text, and perhaps its number. */
static void expand(
    const struct hash *hash, struct span key, const struct span *text, size_t count, bool numbered, uint8_t *out,
    size_t length)
{
    struct hmac hmac;
    uint8_t block[HASH_LIMIT];
    hmac_key(&hmac, hash, key.octets, key.length);
    uint8_t number = 0;
    for (size_t made = 0; made < length;) {
        if (made > 0) {
            hmac_update(&hmac, block, hash->length);
        }
        update(&hmac, text, count);
        if (numbered) {
            number++;
            hmac_update(&hmac, &number, 1);
        }
        hmac_end(&hmac, block);
        size_t part = length - made < hash->length ? length - made : hash->length;
        memcpy(out + made, block, part);
        made += part;
    }
    secret_wipe(block, sizeof block);
    secret_wipe(&hmac, sizeof hmac);
}

void ike_prf_plus(
    const struct hash *hash, struct span key, const struct span *seed, size_t count, uint8_t *out, size_t length)
{
    expand(hash, key, seed, count, true, out, length);
}

static size_t total(const struct span *text, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        length += text[i].length;
    }
    return length;
}

void ike1_expand(
    const struct hash *hash, struct span key, const struct span *text, size_t count, uint8_t *out, size_t length)
{
    if (total(text, count) > 0) {
        expand(hash, key, text, count, false, out, length);
        return;
    }
    /* RFC 2409 appendix B: only the first block is of the octet 0 */
    uint8_t block[HASH_LIMIT];
    static const uint8_t zero;
    struct span last = {&zero, 1};
    for (size_t made = 0; made < length;) {
        ike_prf(hash, key, &last, 1, block);
        last = (struct span){block, hash->length};
        size_t part = length - made < hash->length ? length - made : hash->length;
        memcpy(out + made, block, part);
        made += part;
    }
    secret_wipe(block, sizeof block);
}

static struct span octets_of(const struct key *key)
{
    struct span span = {NULL, 0};
    if (key != NULL) {
        span.octets = key_secret(key, &span.length);
    }
    return span;
}

static bool readable(const uint8_t *octets, size_t length)
{
    return (octets != NULL || length == 0) && length <= KEY_SECRET_LIMIT;
}

/*
 * Whether a key may key this prf: one of its own HMAC type, and what the standard makes of keys without a type of
 * their own (pre-shared keys and SKEYSEED of other tokens come as generic secrets).
 */
static bool keys_prf(const struct key *key, const struct hash *hash)
{
    CK_KEY_TYPE type = key_type(key);
    return type == CKK_GENERIC_SECRET || type == CKK_HKDF || type == hash->hmac_key;
}

/* A key named inside of the parameters; a NULL resolver knows none. */
static CK_RV resolve(key_resolver resolver, void *context, CK_OBJECT_HANDLE handle, struct key **key)
{
    return resolver == NULL ? CKR_KEY_HANDLE_INVALID : resolver(context, handle, key);
}

/* CKM_IKE_PRF_DERIVE: SKEYSEED and its rekeying form (RFC 7296), SKEYID (RFC 2409). */
static CK_RV prf_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    CK_IKE_PRF_DERIVE_PARAMS params;
    CK_RV rv = derive_parameter(mechanism, &params, sizeof params);
    if (rv != CKR_OK) {
        return rv;
    }
    const struct hash *hash = hash_of_hmac(params.prfMechanism);
    if (hash == NULL || !readable(params.pNi, params.ulNiLen) || !readable(params.pNr, params.ulNrLen)) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    if (params.bDataAsKey && params.bRekey) {
        return CKR_ARGUMENTS_BAD; /* the standard's code for it */
    }
    if (!params.bDataAsKey && !keys_prf(base, hash)) {
        return CKR_KEY_TYPE_INCONSISTENT;
    }
    CK_ULONG length;
    rv = template_ulong(template, count, CKA_VALUE_LEN, hash->length, &length);
    if (rv != CKR_OK || length != hash->length) {
        return rv != CKR_OK ? rv : CKR_KEY_SIZE_RANGE;
    }
    struct key *fresh = NULL;
    if (params.bRekey) {
        rv = resolve(resolver, context, params.hNewKey, &fresh);
        if (rv != CKR_OK) {
            return rv;
        }
    }
    uint8_t result[HASH_LIMIT];
    struct span nonces[] = {{params.pNi, params.ulNiLen}, {params.pNr, params.ulNrLen}};
    if (params.bDataAsKey) {
        size_t both = params.ulNiLen + params.ulNrLen;
        uint8_t *key = secret_alloc(both + 1);
        if (key == NULL) {
            return CKR_HOST_MEMORY;
        }
        if (params.ulNiLen > 0) {
            memcpy(key, params.pNi, params.ulNiLen);
        }
        if (params.ulNrLen > 0) {
            memcpy(key + params.ulNiLen, params.pNr, params.ulNrLen);
        }
        struct span text = octets_of(base);
        ike_prf(hash, (struct span){key, both}, &text, 1, result);
        secret_free(key, both + 1);
    } else {
        struct span text[] = {octets_of(fresh), nonces[0], nonces[1]};
        ike_prf(hash, octets_of(base), text, 3, result);
    }
    key_unref(fresh);
    rv = derive_key(result, hash->length, DERIVE_FIRST, hash->hmac_key, template, count, out);
    secret_wipe(result, sizeof result);
    return rv;
}

/* An expansion of the length that the template must name. */
typedef void (*expansion)(
    const struct hash *hash, struct span key, const struct span *text, size_t count, uint8_t *out, size_t length);

static CK_RV expanded_key(
    expansion expander, const struct hash *hash, struct key *base, const struct span *text, size_t spans,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_ULONG length, struct key **out)
{
    uint8_t *octets = secret_alloc(length);
    if (octets == NULL) {
        return CKR_HOST_MEMORY;
    }
    expander(hash, octets_of(base), text, spans, octets, length);
    CK_RV rv = derive_key(octets, length, DERIVE_FIRST, CKK_GENERIC_SECRET, template, count, out);
    secret_free(octets, length);
    return rv;
}

static CK_RV expanded_length(const struct hash *hash, const CK_ATTRIBUTE *template, CK_ULONG count, CK_ULONG *length)
{
    if (template_find(template, count, CKA_VALUE_LEN) == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    CK_RV rv = template_ulong(template, count, CKA_VALUE_LEN, 0, length);
    if (rv != CKR_OK) {
        return rv;
    }
    return *length == 0 || *length > IKE_EXPANSION_LIMIT(hash) ? CKR_KEY_SIZE_RANGE : CKR_OK;
}

/* CKM_IKE2_PRF_PLUS_DERIVE: the keys of an IKE SA, and KEYMAT of a Child SA (RFC 7296 sections 2.14 and 2.17). */
static CK_RV prf_plus_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    CK_IKE2_PRF_PLUS_DERIVE_PARAMS params;
    CK_RV rv = derive_parameter(mechanism, &params, sizeof params);
    if (rv != CKR_OK) {
        return rv;
    }
    const struct hash *hash = hash_of_hmac(params.prfMechanism);
    if (hash == NULL || !readable(params.pSeedData, params.ulSeedDataLen)) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    if (!keys_prf(base, hash)) {
        return CKR_KEY_TYPE_INCONSISTENT;
    }
    CK_ULONG length;
    rv = expanded_length(hash, template, count, &length);
    if (rv != CKR_OK) {
        return rv;
    }
    struct key *seed = NULL;
    if (params.bHasSeedKey) {
        rv = resolve(resolver, context, params.hSeedKey, &seed);
        if (rv != CKR_OK) {
            return rv;
        }
    }
    struct span text[] = {octets_of(seed), {params.pSeedData, params.ulSeedDataLen}};
    rv = expanded_key(ike_prf_plus, hash, base, text, 2, template, count, length, out);
    key_unref(seed);
    return rv;
}

/* CKM_IKE1_PRF_DERIVE: SKEYID_d, SKEYID_a, SKEYID_e (RFC 2409 section 5). */
static CK_RV ike1_prf_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    CK_IKE1_PRF_DERIVE_PARAMS params;
    CK_RV rv = derive_parameter(mechanism, &params, sizeof params);
    if (rv != CKR_OK) {
        return rv;
    }
    const struct hash *hash = hash_of_hmac(params.prfMechanism);
    if (hash == NULL || !readable(params.pCKYi, params.ulCKYiLen) || !readable(params.pCKYr, params.ulCKYrLen)) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    if (!keys_prf(base, hash)) {
        return CKR_KEY_TYPE_INCONSISTENT;
    }
    if (template_find(template, count, CKA_KEY_TYPE) == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    struct key *shared = NULL;
    struct key *previous = NULL;
    rv = resolve(resolver, context, params.hKeygxy, &shared);
    if (rv == CKR_OK && params.bHasPrevKey) {
        rv = resolve(resolver, context, params.hPrevKey, &previous);
    }
    if (rv == CKR_OK) {
        uint8_t result[HASH_LIMIT];
        struct span text[] = {
            octets_of(previous),
            octets_of(shared),
            {params.pCKYi, params.ulCKYiLen},
            {params.pCKYr, params.ulCKYrLen},
            {&params.keyNumber, 1}};
        ike_prf(hash, octets_of(base), text, sizeof text / sizeof text[0], result);
        rv = derive_key(result, hash->length, DERIVE_FIRST, hash->hmac_key, template, count, out);
        secret_wipe(result, sizeof result);
    }
    key_unref(previous);
    key_unref(shared);
    return rv;
}

bool ike1_may_cut(const CK_MECHANISM *mechanism)
{
    CK_IKE1_EXTENDED_DERIVE_PARAMS params;
    return derive_parameter(mechanism, &params, sizeof params) == CKR_OK && !params.bHasKeygxy &&
           params.ulExtraDataLen == 0;
}

/* CKM_IKE1_EXTENDED_DERIVE: KEYMAT of quick mode (RFC 2409 section 5.5), and longer cipher keys (appendix B). */
static CK_RV ike1_extended_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    CK_IKE1_EXTENDED_DERIVE_PARAMS params;
    CK_RV rv = derive_parameter(mechanism, &params, sizeof params);
    if (rv != CKR_OK) {
        return rv;
    }
    const struct hash *hash = hash_of_hmac(params.prfMechanism);
    if (hash == NULL || !readable(params.pExtraData, params.ulExtraDataLen)) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    if (!keys_prf(base, hash)) {
        return CKR_KEY_TYPE_INCONSISTENT;
    }
    CK_ULONG length;
    rv = expanded_length(hash, template, count, &length);
    if (rv != CKR_OK) {
        return rv;
    }
    struct key *shared = NULL;
    if (params.bHasKeygxy) {
        rv = resolve(resolver, context, params.hKeygxy, &shared);
        if (rv != CKR_OK) {
            return rv;
        }
    }
    struct span text[] = {octets_of(shared), {params.pExtraData, params.ulExtraDataLen}};
    struct span key = octets_of(base);
    /*
     * Appendix B: a key that is long enough is cut. The standard's text says so of every call without g^xy, but a quick
     * mode without PFS has its text in the extra data, and RFC 2409 section 5.5 has no key but prf's for it.
     */
    if (ike1_may_cut(mechanism) && length <= hash->length && length <= key.length) {
        rv = derive_key(key.octets, length, DERIVE_FIRST, CKK_GENERIC_SECRET, template, count, out);
    } else {
        rv = expanded_key(ike1_expand, hash, base, text, 2, template, count, length, out);
    }
    key_unref(shared);
    return rv;
}

CK_RV ike_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    switch (mechanism->mechanism) {
    case CKM_IKE_PRF_DERIVE:
        return prf_derive(mechanism, base, resolver, context, template, count, out);
    case CKM_IKE2_PRF_PLUS_DERIVE:
        return prf_plus_derive(mechanism, base, resolver, context, template, count, out);
    case CKM_IKE1_PRF_DERIVE:
        return ike1_prf_derive(mechanism, base, resolver, context, template, count, out);
    case CKM_IKE1_EXTENDED_DERIVE:
        return ike1_extended_derive(mechanism, base, resolver, context, template, count, out);
    default:
        return CKR_MECHANISM_INVALID;
    }
}
