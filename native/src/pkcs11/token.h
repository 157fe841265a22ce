/*
 * A token in memory: who is logged in, its secret while someone is, and the objects that were read from its folder. The
 * folder is the truth; other processes may change it, and token_refresh() follows.
 */
#ifndef CARDINAL_TOKEN_H
#define CARDINAL_TOKEN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "pkcs11/cryptoki.h"
#include "pkcs11/pin.h"

#define SLOT_LIMIT 64u
#define SESSION_OBJECT_LIMIT 10000u /* of one token */
#define SERIAL_DIGITS 16u
#define LABEL_OCTETS 32u
#define TOLD_LIMIT 64u

enum login { LOGIN_NONE, LOGIN_USER, LOGIN_SO };

struct session;
struct object;

struct token {
    CK_SLOT_ID slot;
    pthread_mutex_t admin;

    /* under tables; what reads files has admin as well when it changes them */
    enum login login;
    unsigned login_epoch; /* counts logouts: keys in use by an operation are good for one epoch only */
    uint8_t *secret;      /* TOKEN_SECRET_OCTETS while someone is logged in, else NULL */
    unsigned session_count;
    unsigned rw_session_count;
    unsigned session_object_count;
    bool busy; /* C_InitToken is at work: no session may be opened */
    struct session *sessions;
    struct object *objects; /* the token's own; session objects hang on their sessions */
    bool loaded;
    uint64_t generation; /* of the folder when objects was read */
    char serial[SERIAL_DIGITS + 1];

    /* under admin: files that were told of as torn or foreign, by a hash of their names; more are not told of */
    uint64_t told[TOLD_LIMIT];
    unsigned told_count;
};

/* What the file `token` of its folder holds. */
struct token_label {
    char serial[SERIAL_DIGITS + 1];
    uint8_t label[LABEL_OCTETS]; /* padded with blanks */
};

struct token *token_of_slot(CK_SLOT_ID slot); /* NULL: no such number */

/* At start and in the child of a fork: forgets all without looking at it. */
void tokens_reset(void);

/* The end: forgets objects and login, wiping; no session is open. */
void token_forget(struct token *token);

/* The token's folder, opened; -1: the slot has no token. */
int token_folder(const struct token *token);

bool token_read_label(int folder, struct token_label *label);
CK_RV token_write_label(int folder, const struct token_label *label);

/*
 * Reads what changed in the folder since the last time: nothing where its counter tells so. A token that another
 * process initialised anew logs everyone out. CKR_TOKEN_NOT_PRESENT: the folder is gone, and the objects with it.
 */
CK_RV token_refresh(struct token *token);

/*
 * Around whatever changes the folder's files or rests on them, under admin: opens and locks the folder, with what is in
 * memory brought to what the folder has. Between a refresh and a lock another process could make the token anew, and
 * what is then written would be under a secret that is no more. After CKR_OK, token_end_change() must follow, which
 * tells other processes of what changed. CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED, CKR_DEVICE_ERROR.
 */
struct token_change {
    struct token *token;
    int folder;
    int lock;
};
CK_RV token_begin_change(struct token *token, struct token_change *change);
void token_end_change(struct token_change *change, bool changed);

/* Within a change: puts a login into force, and reads what it opens; secret: copied. */
CK_RV token_log_in(struct token_change *change, enum login login, const uint8_t secret[TOKEN_SECRET_OCTETS]);

/* Under admin: ends a login, and with it all private objects and everything that the secret opened. */
void token_log_out(struct token *token);

/* The password of object files: the secret in base64. */
#define TOKEN_PASSWORD_ROOM 45u
void token_password(const uint8_t secret[TOKEN_SECRET_OCTETS], char password[TOKEN_PASSWORD_ROOM]);

#endif
