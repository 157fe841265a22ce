/* C_CreateObject, C_CopyObject, C_DestroyObject, C_GetObjectSize, C_GetAttributeValue, C_SetAttributeValue. */
#include <string.h>

#include "pkcs11/files.h"
#include "pkcs11/key_parts.h"
#include "pkcs11/module.h"
#include "pkcs11/objects.h"
#include "pkcs11/sessions.h"
#include "secret.h"

static CK_RV create(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *handle)
{
    static const struct making created = {.origin = ORIGIN_CREATED};
    CK_OBJECT_CLASS class = CK_UNAVAILABLE_INFORMATION;
    CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;
    struct attributes attributes;
    struct key *key = NULL;
    CK_RV rv = template_check(template, count);
    if (rv == CKR_OK) {
        rv = template_ulong(template, count, CKA_CLASS, class, &class);
    }
    if (rv == CKR_OK) {
        rv = template_ulong(template, count, CKA_KEY_TYPE, type, &type);
    }
    if (rv == CKR_OK && (template_find(template, count, CKA_CLASS) == NULL ||
                         (class >= CKO_PUBLIC_KEY && class <= CKO_SECRET_KEY && type == CK_UNAVAILABLE_INFORMATION))) {
        rv = CKR_TEMPLATE_INCOMPLETE;
    }
    if (rv == CKR_OK) {
        rv = object_prepare(session, class, type, template, count, &created, &attributes);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    if (class >= CKO_PUBLIC_KEY) {
        rv = key_from_template(class, type, template, count, &key);
    }
    if (rv == CKR_OK) {
        rv = object_place(session, &attributes, key, handle);
    } else {
        attributes_clear(&attributes);
    }
    key_unref(key);
    return rv;
}

CK_RV C_CreateObject(CK_SESSION_HANDLE handle, CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR object)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = object != NULL && count > 0 ? create(session, template, count, object) : CKR_ARGUMENTS_BAD;
    session_leave(session);
    return rv;
}

static CK_RV copy(
    struct session *session, CK_OBJECT_HANDLE from, const CK_ATTRIBUTE *template, CK_ULONG count,
    CK_OBJECT_HANDLE *handle)
{
    struct attributes attributes = {.count = 0};
    struct key *key = NULL;
    CK_RV rv = template_check(template, count);
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    const struct object *object = object_find(session, from);
    bool so = session->token->login == LOGIN_SO;
    if (object == NULL) {
        rv = CKR_OBJECT_HANDLE_INVALID;
    } else if (!attributes_flag(&object->attributes, CKA_COPYABLE)) {
        rv = CKR_ACTION_PROHIBITED;
    } else {
        rv = attributes_copy(&object->attributes, &attributes);
        key = rv == CKR_OK && object->key != NULL ? key_ref(object->key) : NULL;
    }
    tables_unlock();
    if (rv == CKR_OK) {
        rv = attributes_change(&attributes, template, count, true, so);
    }
    if (rv == CKR_OK && attributes_flag(&attributes, CKA_ALWAYS_AUTHENTICATE) &&
        !attributes_flag(&attributes, CKA_PRIVATE)) {
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

CK_RV C_CopyObject(
    CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE from, CK_ATTRIBUTE_PTR template, CK_ULONG count,
    CK_OBJECT_HANDLE_PTR object)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = object != NULL ? copy(session, from, template, count, object) : CKR_ARGUMENTS_BAD;
    session_leave(session);
    return rv;
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = object_destroy(session, object, false);
    session_leave(session);
    return rv;
}

/* The octets of its attributes and of its key's encoding. */
static CK_RV measure(struct session *session, CK_OBJECT_HANDLE handle, CK_ULONG *size)
{
    struct key *key = NULL;
    CK_ULONG sum = 0;
    tables_lock();
    const struct object *object = object_find(session, handle);
    if (object != NULL) {
        for (size_t i = 0; i < object->attributes.count; i++) {
            sum += object->attributes.rows[i].length;
        }
        key = object->key != NULL ? key_ref(object->key) : NULL;
    }
    tables_unlock();
    if (object == NULL) {
        return CKR_OBJECT_HANDLE_INVALID;
    }
    CK_RV rv = CKR_OK;
    if (key != NULL) {
        uint8_t *der = NULL;
        size_t length = 0;
        rv = key_to_der(key, &der, &length);
        secret_free(der, length);
        sum += length;
        key_unref(key);
    }
    *size = sum;
    return rv;
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ULONG_PTR size)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = size != NULL ? measure(session, object, size) : CKR_ARGUMENTS_BAD;
    session_leave(session);
    return rv;
}

/* PKCS#11 3.0 section 5.7.5: every attribute is looked at; an error of one is told after all. */
CK_RV C_GetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE from, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    if (template == NULL || count == 0 || count > TEMPLATE_LIMIT) {
        session_leave(session);
        return CKR_ARGUMENTS_BAD;
    }
    tables_lock();
    const struct object *object = object_find(session, from);
    if (object == NULL) {
        rv = CKR_OBJECT_HANDLE_INVALID;
    }
    for (CK_ULONG i = 0; object != NULL && i < count; i++) {
        CK_RV one = object_attribute(object, template[i].type, template[i].pValue, &template[i].ulValueLen);
        rv = rv == CKR_OK ? one : rv;
    }
    tables_unlock();
    session_leave(session);
    return rv;
}

/* Under admin, so that no two changes of one object meet. change: NULL: an object of the session */
static CK_RV
set(struct session *session, CK_OBJECT_HANDLE handle, const CK_ATTRIBUTE *template, CK_ULONG count,
    const struct token_change *change)
{
    struct attributes changed = {.count = 0};
    tables_lock();
    struct object *object = object_find(session, handle);
    CK_RV rv = CKR_OK;
    bool so = session->token->login == LOGIN_SO;
    if (object == NULL) {
        rv = CKR_OBJECT_HANDLE_INVALID;
    } else if (!attributes_flag(&object->attributes, CKA_MODIFIABLE)) {
        rv = CKR_ACTION_PROHIBITED;
    } else {
        rv = attributes_copy(&object->attributes, &changed);
    }
    if (rv == CKR_OK) {
        object->references++;
    }
    tables_unlock();
    if (rv != CKR_OK) {
        return rv;
    }
    rv = attributes_change(&changed, template, count, false, so);
    if (rv == CKR_OK && change != NULL) {
        /* the disk first; the secret changes under admin only */
        rv = files_write_attributes(change->folder, object, &changed, session->token->secret);
    }
    tables_lock();
    if (rv == CKR_OK) {
        struct attributes old = object->attributes;
        object->attributes = changed;
        changed = old;
    }
    object_unref(object);
    tables_unlock();
    attributes_clear(&changed);
    return rv;
}

/* Under admin. */
static CK_RV
set_somewhere(struct session *session, CK_OBJECT_HANDLE handle, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    tables_lock();
    const struct object *object = object_find(session, handle);
    bool on_token = object != NULL && object->session == NULL;
    tables_unlock();
    if (!on_token) {
        return set(session, handle, template, count, NULL);
    }
    if (!session->rw) {
        return CKR_SESSION_READ_ONLY;
    }
    struct token_change change;
    CK_RV rv = token_begin_change(session->token, &change);
    if (rv == CKR_OK) {
        rv = set(session, handle, template, count, &change);
        token_end_change(&change, rv == CKR_OK);
    }
    return rv;
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = count > 0 ? template_check(template, count) : CKR_ARGUMENTS_BAD;
    if (rv == CKR_OK) {
        pthread_mutex_lock(&session->token->admin);
        rv = set_somewhere(session, object, template, count);
        pthread_mutex_unlock(&session->token->admin);
    }
    session_leave(session);
    return rv;
}
