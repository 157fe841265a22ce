/* C_GenerateKey, C_GenerateKeyPair, C_DeriveKey, C_SeedRandom, C_GenerateRandom. */
#include <limits.h>
#include <openssl/rand.h>

#include "pkcs11/derive.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/key_parts.h"
#include "pkcs11/module.h"
#include "pkcs11/objects.h"
#include "pkcs11/sessions.h"

/* Whether the mechanism is on offer for this: what it says wrongly of a key type is then no matter. */
static CK_RV check_mechanism(const CK_MECHANISM *mechanism, CK_FLAGS use)
{
    if (mechanism == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    if (mechanism->pParameter == NULL && mechanism->ulParameterLen > 0) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    for (size_t i = 0; i < mechanism_row_count; i++) {
        if (mechanism_rows[i].type == mechanism->mechanism && (mechanism_rows[i].info.flags & use) != 0) {
            return CKR_OK;
        }
    }
    return CKR_MECHANISM_INVALID;
}

static CK_KEY_TYPE generated_type(CK_MECHANISM_TYPE mechanism)
{
    switch (mechanism) {
    case CKM_RSA_PKCS_KEY_PAIR_GEN:
        return CKK_RSA;
    case CKM_DH_PKCS_KEY_PAIR_GEN:
        return CKK_DH;
    case CKM_EC_KEY_PAIR_GEN:
        return CKK_EC;
    case CKM_EC_EDWARDS_KEY_PAIR_GEN:
        return CKK_EC_EDWARDS;
    case CKM_EC_MONTGOMERY_KEY_PAIR_GEN:
        return CKK_EC_MONTGOMERY;
    case CKM_HKDF_KEY_GEN:
        return CKK_HKDF;
    default:
        return CKK_GENERIC_SECRET;
    }
}

static CK_RV generate_key(
    struct session *session, const CK_MECHANISM *mechanism, const CK_ATTRIBUTE *template, CK_ULONG count,
    CK_OBJECT_HANDLE *handle)
{
    struct making making = {.origin = ORIGIN_GENERATED, .mechanism = mechanism->mechanism};
    struct attributes attributes;
    struct key *key = NULL;
    /* generic secrets are made for a use as well: the template may name an HMAC's key type */
    CK_KEY_TYPE type = generated_type(mechanism->mechanism);
    CK_RV rv = template_check(template, count);
    if (rv == CKR_OK && type == CKK_GENERIC_SECRET) {
        rv = template_ulong(template, count, CKA_KEY_TYPE, type, &type);
    }
    if (rv == CKR_OK) {
        rv = object_prepare(session, CKO_SECRET_KEY, type, template, count, &making, &attributes);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    rv = mechanism_generate_secret(mechanism, template, count, &key);
    if (rv == CKR_OK && key_type(key) != type) {
        rv = CKR_TEMPLATE_INCONSISTENT;
    }
    if (rv == CKR_OK) {
        rv = object_place(session, &attributes, key, handle);
    } else {
        attributes_clear(&attributes);
    }
    key_unref(key);
    return rv;
}

CK_RV C_GenerateKey(
    CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR template, CK_ULONG count,
    CK_OBJECT_HANDLE_PTR key)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = key != NULL ? check_mechanism(mechanism, CKF_GENERATE) : CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK) {
        rv = generate_key(session, mechanism, template, count, key);
    }
    session_leave(session);
    return rv;
}

/* The two halves of a template pair, or of a pair of keys. */
struct half {
    const CK_ATTRIBUTE *template;
    CK_ULONG count;
    struct attributes attributes;
    struct key *key;
    CK_OBJECT_HANDLE handle;
};

static CK_RV generate_pair(
    struct session *session, const CK_MECHANISM *mechanism, struct half *public_half, struct half *private_half)
{
    struct making making = {.origin = ORIGIN_GENERATED, .mechanism = mechanism->mechanism};
    CK_KEY_TYPE type = generated_type(mechanism->mechanism);
    CK_RV rv = template_check(public_half->template, public_half->count);
    if (rv == CKR_OK) {
        rv = template_check(private_half->template, private_half->count);
    }
    if (rv == CKR_OK) {
        rv = object_prepare(
            session, CKO_PUBLIC_KEY, type, public_half->template, public_half->count, &making,
            &public_half->attributes);
    }
    if (rv == CKR_OK) {
        rv = object_prepare(
            session, CKO_PRIVATE_KEY, type, private_half->template, private_half->count, &making,
            &private_half->attributes);
    }
    if (rv == CKR_OK) {
        rv = mechanism_generate_pair(
            mechanism, public_half->template, public_half->count, private_half->template, private_half->count,
            &public_half->key, &private_half->key);
    }
    if (rv == CKR_OK) {
        rv = object_place(session, &private_half->attributes, private_half->key, &private_half->handle);
    }
    if (rv == CKR_OK) {
        rv = object_place(session, &public_half->attributes, public_half->key, &public_half->handle);
        if (rv != CKR_OK) {
            object_destroy(session, private_half->handle, true);
        }
    }
    attributes_clear(&public_half->attributes); /* empty where they were placed */
    attributes_clear(&private_half->attributes);
    key_unref(public_half->key);
    key_unref(private_half->key);
    return rv;
}

CK_RV C_GenerateKeyPair(
    CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
    CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count, CK_OBJECT_HANDLE_PTR public_key,
    CK_OBJECT_HANDLE_PTR private_key)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    struct half public_half = {.template = public_template, .count = public_count};
    struct half private_half = {.template = private_template, .count = private_count};
    rv = public_key != NULL && private_key != NULL ? check_mechanism(mechanism, CKF_GENERATE_KEY_PAIR)
                                                   : CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK) {
        rv = generate_pair(session, mechanism, &public_half, &private_half);
    }
    if (rv == CKR_OK) {
        *public_key = public_half.handle;
        *private_key = private_half.handle;
    }
    session_leave(session);
    return rv;
}

struct derivation {
    struct session *session;
    CK_MECHANISM_TYPE mechanism;
};

/* A key that a mechanism's parameter names: it comes under the same rules as the base key. */
static CK_RV resolve(void *context, CK_OBJECT_HANDLE handle, struct key **key)
{
    const struct derivation *derivation = context;
    return object_key(derivation->session, handle, CKO_SECRET_KEY, CKA_DERIVE, derivation->mechanism, NULL, key);
}

/* CKM_HKDF_DATA: the octets as a data object. */
static CK_RV
place_data(struct session *session, struct attributes *attributes, struct key *key, CK_OBJECT_HANDLE *handle)
{
    size_t length;
    const uint8_t *octets = key_secret(key, &length);
    CK_RV rv = attributes_put(attributes, CKA_VALUE, octets, length);
    if (rv != CKR_OK) {
        attributes_clear(attributes);
        return rv;
    }
    return object_place(session, attributes, NULL, handle);
}

static CK_RV derive(
    struct session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base, const CK_ATTRIBUTE *template,
    CK_ULONG count, CK_OBJECT_HANDLE *handle)
{
    struct derivation derivation = {session, mechanism->mechanism};
    bool as_data = mechanism->mechanism == CKM_HKDF_DATA;
    CK_OBJECT_CLASS class = as_data ? CKO_DATA : CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    struct making making = MAKING_DERIVED;
    struct attributes attributes;
    struct key *base_key = NULL;
    struct key *key = NULL;
    CK_RV rv = template_check(template, count);
    if (rv == CKR_OK && !as_data) {
        rv = template_ulong(template, count, CKA_KEY_TYPE, type, &type);
    }
    if (rv == CKR_OK) {
        rv = object_key(session, base, CK_UNAVAILABLE_INFORMATION, CKA_DERIVE, mechanism->mechanism, NULL, &base_key);
    }
    if (rv == CKR_OK) {
        making.carries_base = mechanism_carries_base(mechanism);
        rv = object_inheritance(session, base, &making);
    }
    CK_OBJECT_HANDLE second;
    if (rv == CKR_OK && mechanism->mechanism == CKM_CONCATENATE_BASE_AND_KEY) {
        rv = derive_parameter(mechanism, &second, sizeof second);
        if (rv == CKR_OK) {
            rv = object_inheritance(session, second, &making);
        }
    }
    if (rv == CKR_OK) {
        rv = object_prepare(session, class, type, template, count, &making, &attributes);
    }
    if (rv != CKR_OK) {
        key_unref(base_key);
        return rv;
    }
    rv = mechanism_derive(mechanism, base_key, resolve, &derivation, template, count, &key);
    if (rv == CKR_OK) {
        rv = as_data ? place_data(session, &attributes, key, handle) : object_place(session, &attributes, key, handle);
    } else {
        attributes_clear(&attributes);
    }
    key_unref(key);
    key_unref(base_key);
    return rv;
}

/*
 * Sensitivity of what is derived: for DH, ECDH, HKDF and the IKE mechanisms the standard leaves CKA_SENSITIVE and
 * CKA_EXTRACTABLE to the template, whatever the base key has (the keys of an ESP SA must reach a kernel, for one);
 * CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE then tell the truth about the whole line of descent. What joins or
 * cuts keys without a one-way function between them is held to its bases: see keep_closed().
 */
CK_RV C_DeriveKey(
    CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base, CK_ATTRIBUTE_PTR template,
    CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = key != NULL ? check_mechanism(mechanism, CKF_DERIVE) : CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK) {
        rv = derive(session, mechanism, base, template, count, key);
    }
    session_leave(session);
    return rv;
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE handle, CK_BYTE_PTR seed, CK_ULONG length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    if (seed == NULL || length > INT_MAX) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        RAND_add(seed, (int)length, 0.0); /* welcome, but trusted for nothing */
    }
    session_leave(session);
    return rv;
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    if ((out == NULL && length > 0) || length > INT_MAX) {
        rv = CKR_ARGUMENTS_BAD;
    } else if (length > 0 && RAND_priv_bytes(out, (int)length) != 1) {
        rv = CKR_DEVICE_ERROR;
    }
    session_leave(session);
    return rv;
}
