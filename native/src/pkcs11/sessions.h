/* Sessions: who may do what, and the operations in progress. */
#ifndef CARDINAL_SESSIONS_H
#define CARDINAL_SESSIONS_H

#include <pthread.h>
#include <stdbool.h>

#include "pkcs11/mechanism.h"
#include "pkcs11/objects.h"
#include "pkcs11/token.h"

#define SESSION_LIMIT 1024u
#define OPERATION_KINDS 5u

/* An operation from C_XxxInit to its end. */
struct active {
    struct operation *operation; /* NULL: none */
    bool awaits_pin;             /* the key is CKA_ALWAYS_AUTHENTICATE, and its PIN was not given yet */
    bool updated;                /* C_XxxUpdate came: the single-part function may not end it */
    bool needs_login;            /* its key is private: it ends with the login of this epoch */
    unsigned login_epoch;
};

/* C_FindObjects: what was found at C_FindObjectsInit. */
struct search {
    bool active;
    CK_OBJECT_HANDLE *handles;
    size_t count;
    size_t next;
};

struct session {
    CK_SESSION_HANDLE handle;
    struct token *token;
    bool rw;

    /* under tables */
    unsigned pins; /* calls that use it, and the table */
    bool closed;
    bool batching;
    struct object *objects;
    struct session *next_in_bucket;
    struct session *next; /* of the token */

    /* its calls one after another */
    pthread_mutex_t lock;
    struct active active[OPERATION_KINDS];
    struct search search;
};

void sessions_reset(void);

/*
 * Enters a call of a session: module_enter(), finds it, keeps it from being freed, and waits for its turn. After
 * CKR_OK, session_leave() must follow. CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID.
 */
CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **out);
void session_leave(struct session *session);

/* Closes all sessions of a token, without its login. */
void sessions_close_all(struct token *token);

/* Under tables: runs over the objects of each of the token's sessions. */
void sessions_remove_objects(struct token *token, void (*remove)(struct object *list));

CK_STATE session_state(const struct session *session); /* under tables */

/* C_SessionCancel. */
CK_RV session_cancel(CK_SESSION_HANDLE handle, CK_FLAGS flags);

/* Ends an operation. */
void active_end(struct active *active);

#endif
