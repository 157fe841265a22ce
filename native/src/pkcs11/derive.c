/* C_DeriveKey: agreement, and the small derivations that cut and join secrets. */
#include "pkcs11/derive.h"

#include <string.h>

#include "batch/dispatch.h"
#include "pkcs11/ike.h"
#include "pkcs11/mechanism_agreement.h"
#include "secret.h"

CK_RV derive_key(
    const uint8_t *octets, size_t length, enum derive_end end, CK_KEY_TYPE otherwise, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    CK_ULONG type;
    CK_ULONG wanted;
    CK_RV rv = template_ulong(template, count, CKA_KEY_TYPE, otherwise, &type);
    if (rv == CKR_OK) {
        rv = template_ulong(template, count, CKA_VALUE_LEN, length, &wanted);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    if (wanted == 0 || wanted > length) {
        return CKR_KEY_SIZE_RANGE;
    }
    return key_from_secret(type, end == DERIVE_FIRST ? octets : octets + (length - wanted), wanted, out);
}

CK_RV derive_parameter(const CK_MECHANISM *mechanism, void *out, size_t length)
{
    if (mechanism->pParameter == NULL || mechanism->ulParameterLen != length) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    memcpy(out, mechanism->pParameter, length);
    return CKR_OK;
}

static CK_RV agree(
    const CK_MECHANISM *mechanism, const struct key *base, const CK_ATTRIBUTE *template, CK_ULONG count,
    struct key **out)
{
    CK_KEY_TYPE type = key_type(base);
    bool fits =
        mechanism->mechanism == CKM_DH_PKCS_DERIVE ? type == CKK_DH : type == CKK_EC || type == CKK_EC_MONTGOMERY;
    if (!fits || key_class(base) != CKO_PRIVATE_KEY) {
        return CKR_KEY_TYPE_INCONSISTENT;
    }
    struct agreement *work = secret_alloc(sizeof *work);
    if (work == NULL) {
        return CKR_HOST_MEMORY;
    }
    struct domain domain = domain_of_key(base);
    size_t length;
    const uint8_t *private = key_octets(base, CKA_VALUE, &length);
    CK_RV rv = agreement_prepare(work, mechanism, &domain, private, length);
    if (rv == CKR_OK) {
        if (work->has_job) {
            dispatch_run(&work->job, 1);
        }
        rv = agreement_finish(work);
    }
    if (rv == CKR_OK) {
        /* both mechanisms cut at the front (PKCS#11 3.0 sections 2.3.18 and 2.4.7) */
        rv = derive_key(
            work->secret, domain_secret_octets(&domain), DERIVE_LAST, CKK_GENERIC_SECRET, template, count, out);
    }
    secret_free(work, sizeof *work);
    return rv;
}

static CK_RV join(struct span first, struct span second, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    size_t length = first.length + second.length;
    uint8_t *joined = secret_alloc(length);
    if (joined == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy(joined, first.octets, first.length);
    memcpy(joined + first.length, second.octets, second.length);
    CK_RV rv = derive_key(joined, length, DERIVE_FIRST, CKK_GENERIC_SECRET, template, count, out);
    secret_free(joined, length);
    return rv;
}

/* CKM_CONCATENATE_... (PKCS#11 3.0 sections 2.42.3 to 2.42.5) */
static CK_RV concatenate(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    struct span own;
    own.octets = key_secret(base, &own.length);
    if (mechanism->mechanism == CKM_CONCATENATE_BASE_AND_KEY) {
        CK_OBJECT_HANDLE handle;
        CK_RV rv = derive_parameter(mechanism, &handle, sizeof handle);
        struct key *other = NULL;
        if (rv == CKR_OK) {
            rv = resolver == NULL ? CKR_KEY_HANDLE_INVALID : resolver(context, handle, &other);
        }
        if (rv != CKR_OK) {
            return rv;
        }
        struct span appended;
        appended.octets = key_secret(other, &appended.length);
        rv = join(own, appended, template, count, out);
        key_unref(other);
        return rv;
    }
    CK_KEY_DERIVATION_STRING_DATA params;
    CK_RV rv = derive_parameter(mechanism, &params, sizeof params);
    if (rv != CKR_OK) {
        return rv;
    }
    if (params.string_data == NULL || params.string_data_len == 0 || params.string_data_len > KEY_SECRET_LIMIT) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    struct span data = {params.string_data, params.string_data_len};
    return mechanism->mechanism == CKM_CONCATENATE_BASE_AND_DATA ? join(own, data, template, count, out)
                                                                 : join(data, own, template, count, out);
}

/*
 * CKM_EXTRACT_KEY_FROM_KEY (PKCS#11 3.0 section 2.42.7): bits of the base key from a position on, counted from the top
 * bit of the first octet; past the end it goes on at the beginning.
 */
static CK_RV extract(
    const CK_MECHANISM *mechanism, const struct key *base, const CK_ATTRIBUTE *template, CK_ULONG count,
    struct key **out)
{
    CK_ULONG position;
    CK_RV rv = derive_parameter(mechanism, &position, sizeof position);
    if (rv != CKR_OK) {
        return rv;
    }
    size_t length;
    const uint8_t *octets = key_secret(base, &length);
    if (position >= 8 * length) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    if (template_find(template, count, CKA_VALUE_LEN) == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    uint8_t *turned = secret_alloc(length);
    if (turned == NULL) {
        return CKR_HOST_MEMORY;
    }
    unsigned shift = (unsigned)(position % 8);
    for (size_t i = 0; i < length; i++) {
        size_t at = (position / 8 + i) % length;
        unsigned two = (unsigned)octets[at] << 8 | octets[(at + 1) % length];
        turned[i] = (uint8_t)(two >> (8 - shift));
    }
    rv = derive_key(turned, length, DERIVE_FIRST, CKK_GENERIC_SECRET, template, count, out);
    secret_free(turned, length);
    return rv;
}

/* RFC 5869 by CK_HKDF_PARAMS (PKCS#11 3.0 section 2.64). */
CK_RV hkdf_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    CK_HKDF_PARAMS params;
    CK_RV rv = derive_parameter(mechanism, &params, sizeof params);
    if (rv != CKR_OK) {
        return rv;
    }
    const struct hash *hash = hash_of_digest(params.prfHashMechanism);
    bool data_salt = params.ulSaltType == CKF_HKDF_SALT_DATA;
    if (hash == NULL || (!params.bExtract && !params.bExpand) ||
        (params.bExtract && params.ulSaltType != CKF_HKDF_SALT_NULL && !data_salt &&
         params.ulSaltType != CKF_HKDF_SALT_KEY) ||
        (params.bExtract && data_salt && (params.pSalt == NULL || params.ulSaltLen > KEY_SECRET_LIMIT)) ||
        (params.bExpand && ((params.pInfo == NULL && params.ulInfoLen > 0) || params.ulInfoLen > KEY_SECRET_LIMIT))) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    CK_ULONG length = hash->length; /* of an extraction, whose result may only be cut */
    if (params.bExpand) {
        rv = template_ulong(template, count, CKA_VALUE_LEN, hash->length, &length);
        if (rv != CKR_OK) {
            return rv;
        }
        if (length == 0 || length > 255 * hash->length) {
            return CKR_KEY_SIZE_RANGE;
        }
    }
    uint8_t extracted[HASH_LIMIT];
    struct span key;
    key.octets = key_secret(base, &key.length);
    if (params.bExtract) {
        /* section 2.2: without a salt, as many zeros as the hash is long: to HMAC the same as no key */
        struct span salt = {NULL, 0};
        struct key *salt_key = NULL;
        if (params.ulSaltType == CKF_HKDF_SALT_KEY) {
            rv = resolver == NULL ? CKR_KEY_HANDLE_INVALID : resolver(context, params.hSaltKey, &salt_key);
            if (rv != CKR_OK) {
                return rv;
            }
            salt.octets = key_secret(salt_key, &salt.length);
        } else if (data_salt) {
            salt = (struct span){params.pSalt, params.ulSaltLen};
        }
        ike_prf(hash, salt, &key, 1, extracted);
        key_unref(salt_key);
        key = (struct span){extracted, hash->length};
    }
    /* CKM_HKDF_DATA makes a data object, whose template has no key type */
    CK_ULONG type = CKK_GENERIC_SECRET;
    if (mechanism->mechanism == CKM_HKDF_DERIVE) {
        rv = template_ulong(template, count, CKA_KEY_TYPE, CKK_GENERIC_SECRET, &type);
    }
    uint8_t *expanded = NULL;
    if (rv == CKR_OK && params.bExpand) {
        /* section 2.3: T(1) | T(2) | ... is prf+ with info for its seed */
        expanded = secret_alloc(length);
        if (expanded == NULL) {
            rv = CKR_HOST_MEMORY;
        } else {
            struct span info = {params.pInfo, params.ulInfoLen};
            ike_prf_plus(hash, key, &info, 1, expanded, length);
            rv = key_from_secret(type, expanded, length, out);
        }
    } else if (rv == CKR_OK) {
        rv = template_ulong(template, count, CKA_VALUE_LEN, hash->length, &length);
        if (rv == CKR_OK) {
            rv = length == 0 || length > hash->length ? CKR_KEY_SIZE_RANGE
                                                      : key_from_secret(type, extracted, length, out);
        }
    }
    secret_free(expanded, length);
    secret_wipe(extracted, sizeof extracted);
    return rv;
}

bool mechanism_carries_base(const CK_MECHANISM *mechanism)
{
    switch (mechanism->mechanism) {
    case CKM_CONCATENATE_BASE_AND_KEY:
    case CKM_CONCATENATE_BASE_AND_DATA:
    case CKM_CONCATENATE_DATA_AND_BASE:
    case CKM_EXTRACT_KEY_FROM_KEY:
        return true;
    case CKM_IKE1_EXTENDED_DERIVE:
        return ike1_may_cut(mechanism);
    default:
        return false;
    }
}

/* A derivation from a secret key, with mechanism_derive()'s arguments. */
typedef CK_RV (*secret_derivation)(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out);

CK_RV mechanism_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out)
{
    *out = NULL;
    if (mechanism->mechanism == CKM_DH_PKCS_DERIVE || mechanism->mechanism == CKM_ECDH1_DERIVE) {
        return agree(mechanism, base, template, count, out);
    }
    secret_derivation derivation;
    switch (mechanism->mechanism) {
    case CKM_IKE_PRF_DERIVE:
    case CKM_IKE2_PRF_PLUS_DERIVE:
    case CKM_IKE1_PRF_DERIVE:
    case CKM_IKE1_EXTENDED_DERIVE:
        derivation = ike_derive;
        break;
    case CKM_HKDF_DERIVE:
    case CKM_HKDF_DATA:
        derivation = hkdf_derive;
        break;
    case CKM_CONCATENATE_BASE_AND_KEY:
    case CKM_CONCATENATE_BASE_AND_DATA:
    case CKM_CONCATENATE_DATA_AND_BASE:
        derivation = concatenate;
        break;
    case CKM_EXTRACT_KEY_FROM_KEY:
        if (key_class(base) != CKO_SECRET_KEY) {
            return CKR_KEY_TYPE_INCONSISTENT;
        }
        return extract(mechanism, base, template, count, out);
    default:
        return CKR_MECHANISM_INVALID;
    }
    if (key_class(base) != CKO_SECRET_KEY) {
        return CKR_KEY_TYPE_INCONSISTENT;
    }
    return derivation(mechanism, base, resolver, context, template, count, out);
}
