#include "pkcs11/objects.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkcs11/files.h"
#include "pkcs11/key_parts.h"
#include "pkcs11/module.h"
#include "pkcs11/sessions.h"

#define BUCKETS 4096u

/* Handles count up and are never given twice in a process, over C_Finalize too. */
static _Atomic CK_OBJECT_HANDLE last_handle;
static struct object *buckets[BUCKETS];

void objects_reset(void)
{
    memset(buckets, 0, sizeof buckets);
}

struct object *object_new(struct token *token, struct attributes *attributes, struct key *key)
{
    uint64_t name;
    struct object *object = calloc(1, sizeof *object);
    if (object == NULL || RAND_bytes((unsigned char *)&name, sizeof name) != 1) {
        free(object);
        attributes_clear(attributes);
        return NULL;
    }
    object->handle = ++last_handle;
    object->token = token;
    object->attributes = *attributes;
    attributes->count = 0;
    object->key = key != NULL ? key_ref(key) : NULL;
    object->references = 1;
    snprintf(object->name, sizeof object->name, "%016" PRIx64, name);
    return object;
}

void object_free(struct object *object)
{
    attributes_clear(&object->attributes);
    key_unref(object->key);
    free(object);
}

void object_unref(struct object *object)
{
    if (--object->references == 0) {
        object_free(object);
    }
}

void object_insert(struct object *object, struct session *session)
{
    struct object **list = session != NULL ? &session->objects : &object->token->objects;
    object->session = session;
    object->next = *list;
    object->link = list;
    if (*list != NULL) {
        (*list)->link = &object->next;
    }
    *list = object;
    object->next_in_bucket = buckets[object->handle % BUCKETS];
    buckets[object->handle % BUCKETS] = object;
    object->token->session_object_count += session != NULL ? 1u : 0u;
}

void object_remove(struct object *object)
{
    struct object **link = &buckets[object->handle % BUCKETS];
    while (*link != object) {
        link = &(*link)->next_in_bucket;
    }
    *link = object->next_in_bucket;
    *object->link = object->next;
    if (object->next != NULL) {
        object->next->link = object->link;
    }
    object->link = NULL; /* tells that it is in no table */
    object->token->session_object_count -= object->session != NULL ? 1u : 0u;
    object_unref(object);
}

struct object *object_find(const struct session *session, CK_OBJECT_HANDLE handle)
{
    struct object *object = buckets[handle % BUCKETS];
    while (object != NULL && object->handle != handle) {
        object = object->next_in_bucket;
    }
    /* private objects are in the tables only while the user is logged in */
    return object != NULL && object->token == session->token ? object : NULL;
}

static CK_RV give(const void *from, CK_ULONG from_length, CK_VOID_PTR value, CK_ULONG *length)
{
    if (value != NULL && *length < from_length) {
        *length = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    if (value != NULL && from_length > 0) {
        memcpy(value, from, from_length);
    }
    *length = from_length;
    return CKR_OK;
}

static bool readable(const struct object *object)
{
    return !attributes_flag(&object->attributes, CKA_SENSITIVE) &&
           attributes_flag(&object->attributes, CKA_EXTRACTABLE);
}

CK_RV object_attribute(const struct object *object, CK_ATTRIBUTE_TYPE type, CK_VOID_PTR value, CK_ULONG *length)
{
    const struct attribute *stored = attributes_find(&object->attributes, type);
    if (stored != NULL) {
        return give(attribute_value(stored), stored->length, value, length);
    }
    if (type == CKA_UNIQUE_ID) {
        return give(object->name, OBJECT_NAME_DIGITS, value, length);
    }
    enum key_component component = object->key != NULL ? key_component(object->key, type) : KEY_NO_COMPONENT;
    if (component == KEY_PUBLIC_COMPONENT || (component == KEY_SECRET_COMPONENT && readable(object))) {
        return key_attribute(object->key, type, value, length);
    }
    *length = CK_UNAVAILABLE_INFORMATION;
    return component == KEY_SECRET_COMPONENT ? CKR_ATTRIBUTE_SENSITIVE : CKR_ATTRIBUTE_TYPE_INVALID;
}

/* Under tables: whether the session may make an object of this kind now. */
static CK_RV may_make(const struct session *session, bool on_token, bool private)
{
    const struct token *token = session->token;
    if (session->closed) {
        return CKR_SESSION_HANDLE_INVALID;
    }
    if (private && token->login != LOGIN_USER) {
        return CKR_USER_NOT_LOGGED_IN;
    }
    if (on_token && !session->rw) {
        return CKR_SESSION_READ_ONLY;
    }
    if (!on_token && token->session_object_count >= SESSION_OBJECT_LIMIT) {
        return CKR_DEVICE_MEMORY;
    }
    return CKR_OK;
}

/* Whether the object needs the user's login: private ones, and what only the token's secret can open again. */
static bool needs_login(const struct attributes *attributes)
{
    return attributes_flag(attributes, CKA_PRIVATE) ||
           (attributes_flag(attributes, CKA_TOKEN) && files_sealed(attributes));
}

static CK_RV set_origin(struct attributes *attributes, CK_OBJECT_CLASS class, const struct making *making)
{
    CK_RV rv = CKR_OK;
    if (making->origin == ORIGIN_GENERATED) {
        rv = attributes_put_flag(attributes, CKA_LOCAL, true);
        if (rv == CKR_OK) {
            rv = attributes_put_number(attributes, CKA_KEY_GEN_MECHANISM, making->mechanism);
        }
    }
    if (rv != CKR_OK || making->origin == ORIGIN_CREATED || class == CKO_PUBLIC_KEY) {
        return rv;
    }
    /* PKCS#11 3.0 Current Mechanisms, derivation: what the base key was not, its offspring cannot claim to be */
    bool generated = making->origin == ORIGIN_GENERATED;
    bool sensitive = attributes_flag(attributes, CKA_SENSITIVE) && (generated || making->base_always_sensitive);
    bool kept = !attributes_flag(attributes, CKA_EXTRACTABLE) && (generated || making->base_never_extractable);
    rv = attributes_put_flag(attributes, CKA_ALWAYS_SENSITIVE, sensitive);
    return rv == CKR_OK ? attributes_put_flag(attributes, CKA_NEVER_EXTRACTABLE, kept) : rv;
}

/*
 * PKCS#11 3.0 sections 2.42.3 to 2.42.7: a key that holds octets of a sensitive key is sensitive, one of a key that may
 * not leave the token may not either; else joining a known octet to a key, or cutting it, would read it.
 */
static CK_RV keep_closed(
    struct attributes *attributes, CK_ATTRIBUTE_TYPE type, bool value, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    if (attributes_flag(attributes, type) == value) {
        return CKR_OK;
    }
    return template_find(template, count, type) != NULL ? CKR_TEMPLATE_INCONSISTENT
                                                        : attributes_put_flag(attributes, type, value);
}

/* Whether a template for generation or derivation claims to know what comes out: PKCS#11 3.0 section 4.1.1. */
static bool names_result(const CK_ATTRIBUTE *template, CK_ULONG count)
{
    static const CK_ATTRIBUTE_TYPE results[] = {CKA_VALUE,    CKA_MODULUS,        CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
                                                CKA_PRIME_2,  CKA_EXPONENT_1,     CKA_EXPONENT_2,       CKA_COEFFICIENT,
                                                CKA_EC_POINT, CKA_PUBLIC_KEY_INFO};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        if (template_find(template, count, results[i]) != NULL) {
            return true;
        }
    }
    return false;
}

CK_RV object_prepare(
    struct session *session, CK_OBJECT_CLASS class, CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count,
    const struct making *making, struct attributes *out)
{
    out->count = 0;
    tables_lock();
    bool so = session->token->login == LOGIN_SO;
    tables_unlock();
    if (making->origin != ORIGIN_CREATED && names_result(template, count)) {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    CK_RV rv = attributes_from_template(class, type, template, count, so, out);
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    rv = may_make(session, attributes_flag(out, CKA_TOKEN), needs_login(out));
    tables_unlock();
    if (rv == CKR_OK && making->carries_base && making->base_sensitive) {
        rv = keep_closed(out, CKA_SENSITIVE, true, template, count);
    }
    if (rv == CKR_OK && making->carries_base && making->base_unextractable) {
        rv = keep_closed(out, CKA_EXTRACTABLE, false, template, count);
    }
    if (rv == CKR_OK && class >= CKO_PUBLIC_KEY) {
        rv = set_origin(out, class, making);
    }
    if (rv != CKR_OK) {
        attributes_clear(out);
    }
    return rv;
}

/* Under admin: onto the disk, then into the tables. */
static CK_RV place_on_token(struct session *session, struct object *object)
{
    struct token_change change;
    CK_RV rv = token_begin_change(session->token, &change);
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    rv = may_make(session, true, needs_login(&object->attributes));
    tables_unlock();
    if (rv == CKR_OK) {
        rv = files_write(change.folder, object, session->token->secret); /* the secret changes under admin only */
    }
    if (rv == CKR_OK) {
        tables_lock();
        object_insert(object, NULL);
        tables_unlock();
    }
    token_end_change(&change, rv == CKR_OK);
    return rv;
}

CK_RV object_place(struct session *session, struct attributes *attributes, struct key *key, CK_OBJECT_HANDLE *handle)
{
    bool on_token = attributes_flag(attributes, CKA_TOKEN);
    struct object *object = object_new(session->token, attributes, key);
    if (object == NULL) {
        return CKR_HOST_MEMORY;
    }
    CK_OBJECT_HANDLE number = object->handle; /* another thread may destroy the object as soon as it is in the tables */
    CK_RV rv;
    if (on_token) {
        pthread_mutex_lock(&session->token->admin);
        rv = place_on_token(session, object);
        pthread_mutex_unlock(&session->token->admin);
    } else {
        tables_lock();
        rv = may_make(session, false, needs_login(&object->attributes));
        if (rv == CKR_OK) {
            object_insert(object, session);
        }
        tables_unlock();
    }
    if (rv == CKR_OK) {
        *handle = number;
    } else {
        object_free(object);
    }
    return rv;
}

/* Under admin. The object was looked up before; it may be gone by now. */
static CK_RV destroy_on_token(struct token *token, struct object *object)
{
    struct token_change change;
    CK_RV rv = token_begin_change(token, &change);
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    rv = object->link != NULL ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
    tables_unlock();
    if (rv == CKR_OK) {
        rv = files_remove(change.folder, object);
    }
    if (rv == CKR_OK) {
        tables_lock();
        object_remove(object);
        tables_unlock();
    }
    token_end_change(&change, rv == CKR_OK);
    return rv;
}

CK_RV object_destroy(struct session *session, CK_OBJECT_HANDLE handle, bool forced)
{
    struct token *token = session->token;
    CK_RV rv = CKR_OK;
    tables_lock();
    struct object *object = object_find(session, handle);
    bool on_token = object != NULL && object->session == NULL;
    if (object == NULL) {
        rv = CKR_OBJECT_HANDLE_INVALID;
    } else if (on_token && !session->rw) {
        rv = CKR_SESSION_READ_ONLY;
    } else if (!forced && !attributes_flag(&object->attributes, CKA_DESTROYABLE)) {
        rv = CKR_ACTION_PROHIBITED;
    } else if (on_token) {
        object->references++;
    } else {
        object_remove(object);
    }
    tables_unlock();
    if (rv == CKR_OK && on_token) {
        pthread_mutex_lock(&token->admin);
        rv = destroy_on_token(token, object);
        pthread_mutex_unlock(&token->admin);
        tables_lock();
        object_unref(object);
        tables_unlock();
    }
    return rv;
}

static bool allows_mechanism(const struct attributes *attributes, CK_MECHANISM_TYPE mechanism)
{
    const struct attribute *allowed = attributes_find(attributes, CKA_ALLOWED_MECHANISMS);
    if (allowed == NULL) {
        return true;
    }
    for (CK_ULONG at = 0; at < allowed->length; at += sizeof mechanism) {
        if (memcmp(attribute_value(allowed) + at, &mechanism, sizeof mechanism) == 0) {
            return true;
        }
    }
    return false;
}

/* Under tables. */
static CK_RV check_use(
    const struct object *object, CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE usage, CK_MECHANISM_TYPE mechanism,
    struct key_use *use)
{
    bool always = attributes_flag(&object->attributes, CKA_ALWAYS_AUTHENTICATE);
    if (class != CK_UNAVAILABLE_INFORMATION && key_class(object->key) != class) {
        return CKR_KEY_TYPE_INCONSISTENT;
    }
    if (usage != CK_UNAVAILABLE_INFORMATION && !attributes_flag(&object->attributes, usage)) {
        return CKR_KEY_FUNCTION_NOT_PERMITTED;
    }
    if (!allows_mechanism(&object->attributes, mechanism)) {
        return CKR_MECHANISM_INVALID;
    }
    if (use != NULL) {
        use->always_authenticate = always;
        use->private = attributes_flag(&object->attributes, CKA_PRIVATE);
        use->login_epoch = object->token->login_epoch;
    } else if (always) {
        return CKR_USER_NOT_LOGGED_IN;
    }
    return CKR_OK;
}

CK_RV object_key(
    struct session *session, CK_OBJECT_HANDLE handle, CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE usage,
    CK_MECHANISM_TYPE mechanism, struct key_use *use, struct key **key)
{
    tables_lock();
    const struct object *object = object_find(session, handle);
    CK_RV rv = object != NULL && object->key != NULL ? check_use(object, class, usage, mechanism, use)
                                                     : CKR_KEY_HANDLE_INVALID;
    if (rv == CKR_OK) {
        *key = key_ref(object->key);
    }
    tables_unlock();
    return rv;
}

CK_RV object_inheritance(struct session *session, CK_OBJECT_HANDLE base, struct making *making)
{
    tables_lock();
    const struct object *object = object_find(session, base);
    if (object != NULL) {
        making->base_always_sensitive &= attributes_flag(&object->attributes, CKA_ALWAYS_SENSITIVE);
        making->base_never_extractable &= attributes_flag(&object->attributes, CKA_NEVER_EXTRACTABLE);
        making->base_sensitive |= attributes_flag(&object->attributes, CKA_SENSITIVE);
        making->base_unextractable |= !attributes_flag(&object->attributes, CKA_EXTRACTABLE);
    }
    tables_unlock();
    return object != NULL ? CKR_OK : CKR_KEY_HANDLE_INVALID;
}

CK_RV session_key(
    struct session *session, CK_OBJECT_HANDLE handle, CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE usage,
    CK_MECHANISM_TYPE mechanism, struct key **key)
{
    return object_key(session, handle, class, usage, mechanism, NULL, key);
}

CK_RV session_make_object(
    struct session *session, struct key *key, const CK_ATTRIBUTE *template, CK_ULONG count, CK_MECHANISM_TYPE mechanism,
    CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE *out)
{
    /* a shared secret is derived, also where its private key was never an object: nobody ever saw that one */
    struct making making = MAKING_DERIVED;
    if (key_class(key) != CKO_SECRET_KEY) {
        making = (struct making){.origin = ORIGIN_GENERATED, .mechanism = mechanism};
    }
    struct attributes attributes;
    bool on_token = false;
    CK_RV rv = template_check(template, count);
    if (rv == CKR_OK) {
        rv = template_flag(template, count, CKA_TOKEN, &on_token);
    }
    if (rv == CKR_OK && on_token) {
        rv = CKR_TEMPLATE_INCONSISTENT;
    }
    if (rv == CKR_OK && base != 0) {
        rv = object_inheritance(session, base, &making);
    }
    if (rv == CKR_OK) {
        rv = object_prepare(session, key_class(key), key_type(key), template, count, &making, &attributes);
    }
    return rv == CKR_OK ? object_place(session, &attributes, key, out) : rv;
}

void session_destroy_object(struct session *session, CK_OBJECT_HANDLE handle)
{
    object_destroy(session, handle, true);
}
