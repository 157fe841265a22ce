#include "pkcs11/active.h"

#include "pkcs11/module.h"

CK_RV active_begin(
    struct session *session, enum operation_kind kind, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key_handle,
    CK_ATTRIBUTE_TYPE usage)
{
    struct active *active = &session->active[kind];
    if (mechanism == NULL) {
        CK_RV rv = active->operation != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;
        active_end(active);
        return rv;
    }
    if (active->operation != NULL) {
        return CKR_OPERATION_ACTIVE;
    }
    if (mechanism->pParameter == NULL && mechanism->ulParameterLen > 0) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    struct key *key = NULL;
    struct key_use use = {.private = false};
    CK_RV rv = CKR_OK;
    if (kind != OPERATION_DIGEST) {
        rv = object_key(session, key_handle, CK_UNAVAILABLE_INFORMATION, usage, mechanism->mechanism, &use, &key);
    }
    if (rv == CKR_OK) {
        rv = operation_begin(kind, mechanism, key, &active->operation);
    }
    if (rv == CKR_OK) {
        active->awaits_pin = use.always_authenticate;
        active->needs_login = use.private;
        active->login_epoch = use.login_epoch;
    } else {
        active->operation = NULL;
    }
    key_unref(key);
    return rv;
}

/* Whether an operation may go on. */
static CK_RV ready(struct session *session, enum operation_kind kind)
{
    struct active *active = &session->active[kind];
    if (active->operation == NULL) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    if (active->needs_login) {
        tables_lock();
        bool ended = active->login_epoch != session->token->login_epoch;
        tables_unlock();
        if (ended) {
            active_end(active);
            return CKR_USER_NOT_LOGGED_IN;
        }
    }
    return active->awaits_pin ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

CK_RV active_update(struct session *session, enum operation_kind kind, const uint8_t *data, CK_ULONG length)
{
    CK_RV rv = ready(session, kind);
    if (rv != CKR_OK) {
        return rv;
    }
    struct active *active = &session->active[kind];
    rv = data != NULL || length == 0 ? operation_update(active->operation, data, length) : CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK) {
        active->updated = true;
    } else {
        active_end(active);
    }
    return rv;
}

CK_RV active_digest_key(struct session *session, CK_OBJECT_HANDLE key_handle)
{
    CK_RV rv = ready(session, OPERATION_DIGEST);
    if (rv != CKR_OK) {
        return rv;
    }
    struct active *active = &session->active[OPERATION_DIGEST];
    struct key *key = NULL;
    struct key_use use;
    rv = object_key(
        session, key_handle, CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION, &use,
        &key);
    if (rv == CKR_OK) {
        rv = key_class(key) == CKO_SECRET_KEY ? operation_digest_key(active->operation, key) : CKR_KEY_INDIGESTIBLE;
    }
    key_unref(key);
    if (rv == CKR_OK) {
        active->updated = true;
    } else {
        active_end(active);
    }
    return rv;
}

CK_RV active_finish(
    struct session *session, enum operation_kind kind, const uint8_t *data, CK_ULONG length, bool single, uint8_t *out,
    CK_ULONG *out_length)
{
    CK_RV rv = ready(session, kind);
    if (rv != CKR_OK) {
        return rv;
    }
    struct active *active = &session->active[kind];
    if (single && active->updated) {
        rv = CKR_OPERATION_NOT_INITIALIZED; /* no single-part operation, that is */
    } else if (out_length == NULL || (data == NULL && length > 0)) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        rv = operation_finish(active->operation, data, length, single, out, out_length);
        if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && out == NULL)) {
            return rv;
        }
    }
    active_end(active);
    return rv;
}

CK_RV active_verify(
    struct session *session, const uint8_t *data, CK_ULONG length, bool single, const uint8_t *signature,
    CK_ULONG signature_length)
{
    CK_RV rv = ready(session, OPERATION_VERIFY);
    if (rv != CKR_OK) {
        return rv;
    }
    struct active *active = &session->active[OPERATION_VERIFY];
    if (single && active->updated) {
        rv = CKR_OPERATION_NOT_INITIALIZED;
    } else if ((data == NULL && length > 0) || (signature == NULL && signature_length > 0)) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        rv = operation_verify(active->operation, data, length, signature, signature_length);
    }
    active_end(active);
    return rv;
}
