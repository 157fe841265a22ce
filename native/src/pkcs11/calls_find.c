/* C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "pkcs11/module.h"
#include "pkcs11/objects.h"
#include "pkcs11/sessions.h"
#include "secret.h"

/* The largest component of a key: a 4096-bit RSA key's DER SubjectPublicKeyInfo, with room to spare. */
#define COMPONENT_LIMIT 4096u

static bool matches_one(const struct object *object, const CK_ATTRIBUTE *wanted)
{
    const struct attribute *stored = attributes_find(&object->attributes, wanted->type);
    if (stored != NULL) {
        return stored->length == wanted->ulValueLen &&
               (stored->length == 0 || memcmp(attribute_value(stored), wanted->pValue, stored->length) == 0);
    }
    uint8_t value[COMPONENT_LIMIT];
    CK_ULONG length = sizeof value;
    /* what cannot be read cannot be matched either: matching would tell it bit by bit */
    bool match = object_attribute(object, wanted->type, value, &length) == CKR_OK && length == wanted->ulValueLen &&
                 (length == 0 || CRYPTO_memcmp(value, wanted->pValue, length) == 0);
    secret_wipe(value, sizeof value);
    return match;
}

static bool matches(const struct object *object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    for (CK_ULONG i = 0; i < count; i++) {
        if (!matches_one(object, &template[i])) {
            return false;
        }
    }
    return true;
}

struct collection {
    CK_OBJECT_HANDLE *handles;
    size_t count;
    size_t room;
    CK_RV rv;
};

static void collect(struct collection *found, const struct object *list, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    for (; list != NULL && found->rv == CKR_OK; list = list->next) {
        if (!matches(list, template, count)) {
            continue;
        }
        if (found->count == found->room) {
            size_t room = found->room > 0 ? 2 * found->room : 16;
            CK_OBJECT_HANDLE *larger = realloc(found->handles, room * sizeof *larger);
            if (larger == NULL) {
                found->rv = CKR_HOST_MEMORY;
                return;
            }
            found->handles = larger;
            found->room = room;
        }
        found->handles[found->count++] = list->handle;
    }
}

static CK_RV start(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_RV rv = template_check(template, count);
    if (rv == CKR_OK) {
        rv = token_refresh(session->token);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    struct collection found = {.rv = CKR_OK};
    tables_lock();
    collect(&found, session->token->objects, template, count);
    /* session objects of an application's other sessions are seen, too: PKCS#11 3.0 section 4.1 */
    for (const struct session *other = session->token->sessions; other != NULL; other = other->next) {
        collect(&found, other->objects, template, count);
    }
    tables_unlock();
    if (found.rv != CKR_OK) {
        free(found.handles);
        return found.rv;
    }
    session->search = (struct search){.active = true, .handles = found.handles, .count = found.count};
    return CKR_OK;
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = session->search.active ? CKR_OPERATION_ACTIVE : start(session, template, count);
    session_leave(session);
    return rv;
}

CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE_PTR objects, CK_ULONG limit, CK_ULONG_PTR count)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    struct search *search = &session->search;
    if (!search->active) {
        rv = CKR_OPERATION_NOT_INITIALIZED;
    } else if (count == NULL || (objects == NULL && limit > 0)) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        CK_ULONG given = 0;
        tables_lock();
        for (; given < limit && search->next < search->count; search->next++) {
            if (object_find(session, search->handles[search->next]) != NULL) { /* else gone since */
                objects[given++] = search->handles[search->next];
            }
        }
        tables_unlock();
        *count = given;
    }
    session_leave(session);
    return rv;
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    if (session->search.active) {
        free(session->search.handles);
        memset(&session->search, 0, sizeof session->search);
    } else {
        rv = CKR_OPERATION_NOT_INITIALIZED;
    }
    session_leave(session);
    return rv;
}
