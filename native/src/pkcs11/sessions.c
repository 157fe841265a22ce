#include "pkcs11/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "pkcs11/module.h"
#include "pkcs11/slots.h"

#define BUCKETS 256u

/* Handles count up and are never given twice in a process, over C_Finalize too. */
static CK_SESSION_HANDLE last_handle;
static struct session *buckets[BUCKETS];
static unsigned session_count;

void sessions_reset(void)
{
    memset(buckets, 0, sizeof buckets);
    session_count = 0;
}

/* Under tables. */
static struct session *find(CK_SESSION_HANDLE handle)
{
    struct session *session = buckets[handle % BUCKETS];
    while (session != NULL && session->handle != handle) {
        session = session->next_in_bucket;
    }
    return session;
}

void active_end(struct active *active)
{
    operation_free(active->operation);
    memset(active, 0, sizeof *active);
}

/* No call uses it any more. */
static void free_session(struct session *session)
{
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++) {
        active_end(&session->active[kind]);
    }
    free(session->search.handles);
    pthread_mutex_destroy(&session->lock);
    free(session);
}

static void unpin(struct session *session)
{
    tables_lock();
    bool last = --session->pins == 0;
    tables_unlock();
    if (last) {
        free_session(session);
    }
}

CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **out)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    struct session *session = find(handle);
    if (session != NULL) {
        session->pins++;
    }
    tables_unlock();
    if (session != NULL) {
        pthread_mutex_lock(&session->lock);
        tables_lock();
        bool closed = session->closed;
        tables_unlock();
        if (!closed) {
            *out = session;
            return CKR_OK;
        }
        pthread_mutex_unlock(&session->lock);
        unpin(session);
    }
    module_leave();
    return CKR_SESSION_HANDLE_INVALID;
}

void session_leave(struct session *session)
{
    pthread_mutex_unlock(&session->lock);
    unpin(session);
    module_leave();
}

CK_RV session_enter_batch(CK_SESSION_HANDLE handle, struct session **out)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    struct session *session = find(handle);
    bool taken = session != NULL && session->batching;
    if (session != NULL && !taken) {
        session->batching = true; /* the second batch is refused, not made to wait */
        session->pins++;
    }
    tables_unlock();
    if (session == NULL || taken) {
        module_leave();
        return taken ? CKR_OPERATION_ACTIVE : CKR_SESSION_HANDLE_INVALID;
    }
    pthread_mutex_lock(&session->lock);
    tables_lock();
    rv = session->closed ? CKR_SESSION_HANDLE_INVALID : CKR_OK;
    tables_unlock();
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++) {
        if (rv == CKR_OK && session->active[kind].operation != NULL) {
            rv = CKR_OPERATION_ACTIVE;
        }
    }
    if (rv == CKR_OK && session->search.active) {
        rv = CKR_OPERATION_ACTIVE;
    }
    if (rv != CKR_OK) {
        session_leave_batch(session);
        return rv;
    }
    *out = session;
    return CKR_OK;
}

void session_leave_batch(struct session *session)
{
    tables_lock();
    session->batching = false;
    tables_unlock();
    session_leave(session);
}

CK_STATE session_state(const struct session *session)
{
    switch (session->token->login) {
    case LOGIN_USER:
        return session->rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    case LOGIN_SO:
        return CKS_RW_SO_FUNCTIONS;
    case LOGIN_NONE:
        break;
    }
    return session->rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

void sessions_remove_objects(struct token *token, void (*remove)(struct object *list))
{
    for (struct session *session = token->sessions; session != NULL; session = session->next) {
        remove(session->objects);
    }
}

/* Under tables: takes it out of the tables, its objects with it; the table's pin becomes the caller's. */
static void close_session(struct session *session)
{
    struct token *token = session->token;
    while (session->objects != NULL) {
        object_remove(session->objects);
    }
    struct session **link = &buckets[session->handle % BUCKETS];
    while (*link != session) {
        link = &(*link)->next_in_bucket;
    }
    *link = session->next_in_bucket;
    for (link = &token->sessions; *link != session; link = &(*link)->next) {
    }
    *link = session->next;
    token->session_count--;
    token->rw_session_count -= session->rw ? 1u : 0u;
    session_count--;
    session->closed = true;
}

void sessions_close_all(struct token *token)
{
    for (;;) {
        tables_lock();
        struct session *session = token->sessions;
        if (session != NULL) {
            close_session(session);
        }
        tables_unlock();
        if (session == NULL) {
            return;
        }
        unpin(session);
    }
}

/* PKCS#11 3.0 section 5.6.2: the login ends with the last session. */
static void log_out_with_last(struct token *token)
{
    pthread_mutex_lock(&token->admin);
    tables_lock();
    bool last = token->session_count == 0;
    tables_unlock();
    if (last) {
        token_log_out(token);
    }
    pthread_mutex_unlock(&token->admin);
}

/* Under tables. */
static CK_RV open_session(struct token *token, bool rw, struct session *session, CK_SESSION_HANDLE *handle)
{
    if (!rw && token->login == LOGIN_SO) {
        return CKR_SESSION_READ_WRITE_SO_EXISTS;
    }
    if (session_count >= SESSION_LIMIT) {
        return CKR_SESSION_COUNT;
    }
    session->handle = ++last_handle;
    session->token = token;
    session->rw = rw;
    session->pins = 1;
    session->next_in_bucket = buckets[session->handle % BUCKETS];
    buckets[session->handle % BUCKETS] = session;
    session->next = token->sessions;
    token->sessions = session;
    token->session_count++;
    token->rw_session_count += rw ? 1u : 0u;
    session_count++;
    *handle = session->handle; /* here: as soon as it is in the tables, another thread may close it */
    return CKR_OK;
}

static CK_RV open_on(struct token *token, bool rw, CK_SESSION_HANDLE_PTR handle)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return CKR_HOST_MEMORY;
    }
    pthread_mutex_init(&session->lock, NULL);
    CK_RV rv;
    for (;;) {
        rv = token_refresh(token);
        if (rv != CKR_OK) {
            break;
        }
        tables_lock();
        bool busy = token->busy;
        if (!busy) {
            rv = open_session(token, rw, session, handle);
        }
        tables_unlock();
        if (!busy) {
            break;
        }
        pthread_mutex_lock(&token->admin); /* C_InitToken has it until it is done */
        pthread_mutex_unlock(&token->admin);
    }
    if (rv != CKR_OK) {
        free_session(session);
    }
    return rv;
}

CK_RV C_OpenSession(
    CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR handle)
{
    (void)application; /* the card has nothing to notify of */
    (void)notify;
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    enum slot_kind kind = slot_kind(slot);
    if (handle == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else if (kind == SLOT_NONE) {
        rv = CKR_SLOT_ID_INVALID;
    } else if ((flags & CKF_SERIAL_SESSION) == 0) {
        rv = CKR_SESSION_PARALLEL_NOT_SUPPORTED;
    } else if (kind == SLOT_EMPTY) {
        rv = CKR_TOKEN_NOT_RECOGNIZED;
    } else {
        rv = open_on(token_of_slot(slot), (flags & CKF_RW_SESSION) != 0, handle);
    }
    module_leave();
    return rv;
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    struct session *session = find(handle);
    bool last = false;
    if (session != NULL) {
        close_session(session);
        last = session->token->session_count == 0;
    }
    tables_unlock();
    if (session != NULL) {
        struct token *token = session->token;
        unpin(session);
        if (last) {
            log_out_with_last(token);
        }
    }
    module_leave();
    return session != NULL ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    if (slot_kind(slot) == SLOT_NONE) {
        rv = CKR_SLOT_ID_INVALID;
    } else {
        sessions_close_all(token_of_slot(slot));
        log_out_with_last(token_of_slot(slot));
    }
    module_leave();
    return rv;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO_PTR info)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    const struct session *session = find(handle);
    if (session == NULL) {
        rv = CKR_SESSION_HANDLE_INVALID;
    } else if (info == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        info->slotID = session->token->slot;
        info->state = session_state(session);
        info->flags = CKF_SERIAL_SESSION | (session->rw ? CKF_RW_SESSION : 0UL);
        info->ulDeviceError = 0;
    }
    tables_unlock();
    module_leave();
    return rv;
}

/* PKCS#11 3.0 section 5.6.8 */
CK_RV session_cancel(CK_SESSION_HANDLE handle, CK_FLAGS flags)
{
    static const CK_FLAGS kind_flags[OPERATION_KINDS] = {
        [OPERATION_DIGEST] = CKF_DIGEST,
        [OPERATION_SIGN] = CKF_SIGN,
        [OPERATION_VERIFY] = CKF_VERIFY,
        [OPERATION_ENCRYPT] = CKF_ENCRYPT,
        [OPERATION_DECRYPT] = CKF_DECRYPT};
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++) {
        if ((flags & kind_flags[kind]) != 0) {
            active_end(&session->active[kind]);
        }
    }
    if ((flags & CKF_FIND_OBJECTS) != 0) {
        free(session->search.handles);
        memset(&session->search, 0, sizeof session->search);
    }
    session_leave(session);
    return CKR_OK;
}
