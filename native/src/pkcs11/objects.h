/*
 * Objects in memory: attributes, and for keys their material. Counted: an object that goes away while an operation uses
 * it lives until the operation lets go; its handle is invalid at once, and is never given to another object.
 */
#ifndef CARDINAL_OBJECTS_H
#define CARDINAL_OBJECTS_H

#include <stdbool.h>
#include <time.h>
#include <sys/types.h>

#include "pkcs11/attributes.h"
#include "pkcs11/key.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"

#define OBJECT_NAME_DIGITS 16u

struct object {
    CK_OBJECT_HANDLE handle;
    struct token *token;
    struct session *session; /* NULL: an object of the token */
    struct attributes attributes;
    struct key *key;                   /* NULL: no key */
    char name[OBJECT_NAME_DIGITS + 1]; /* CKA_UNIQUE_ID, and the name of its files */
    unsigned references;               /* under tables */
    struct object *next_in_bucket;
    struct object *next;
    struct object **link; /* what points to this one in the list of its owner */
    uint8_t material[32]; /* sealed objects of the token: SHA-256 of the file of their material */
    /* an object of the token: which file its attributes were read from */
    ino_t inode;
    struct timespec changed;
    bool seen; /* while the folder is read */
};

/* A new one with a handle and a name, in no table; takes attributes (which are moved) and its own reference of key. */
struct object *object_new(struct token *token, struct attributes *attributes, struct key *key);

/* Under tables: into the tables, on the list of its session or token. The tables' reference is the caller's. */
void object_insert(struct object *object, struct session *session);

/* Under tables: out of them, and without their reference. */
void object_remove(struct object *object);

void object_unref(struct object *object); /* under tables */
void object_free(struct object *object);  /* one that was never inserted */

void objects_reset(void);

/* Under tables: the object of a handle as a session sees it; NULL: none. Not counted. */
struct object *object_find(const struct session *session, CK_OBJECT_HANDLE handle);

/*
 * One attribute by C_GetAttributeValue's rules, under tables: CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID,
 * CKR_BUFFER_TOO_SMALL, each with the length unavailable.
 */
CK_RV object_attribute(const struct object *object, CK_ATTRIBUTE_TYPE type, CK_VOID_PTR value, CK_ULONG *length);

/* What an object is made by. */
enum origin { ORIGIN_CREATED, ORIGIN_GENERATED, ORIGIN_DERIVED };

struct making {
    enum origin origin;
    CK_MECHANISM_TYPE mechanism; /* generated: CKA_KEY_GEN_MECHANISM */
    /* derived: of the base keys, of all of them where there are several */
    bool base_always_sensitive;
    bool base_never_extractable;
    bool base_sensitive; /* of any of them */
    bool base_unextractable;
    bool carries_base; /* mechanism_carries_base(): the new key must be no more open than its bases */
};

/*
 * What can be said of a template before the key is there: whether the session may make such an object at all
 * (CKR_USER_NOT_LOGGED_IN, CKR_SESSION_READ_ONLY), and the rules of attributes. *out: cleared or inserted by the
 * caller.
 */
CK_RV object_prepare(
    struct session *session, CK_OBJECT_CLASS class, CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count,
    const struct making *making, struct attributes *out);

/*
 * Puts a prepared object into the session, or onto the token and its disk; takes the attributes in any case, and its
 * own reference of key. CKR_DEVICE_MEMORY: too many session objects.
 */
CK_RV object_place(struct session *session, struct attributes *attributes, struct key *key, CK_OBJECT_HANDLE *handle);

/* Removes an object that the session sees, from the disk too. */
CK_RV object_destroy(struct session *session, CK_OBJECT_HANDLE handle, bool forced);

/* What a use of a key comes with. */
struct key_use {
    bool always_authenticate; /* the PIN at each use */
    bool private;             /* for as long as the login lasts */
    unsigned login_epoch;
};

/*
 * The key of an object for one use; see session_key(). use: NULL refuses keys that ask for a PIN at each use. class:
 * CK_UNAVAILABLE_INFORMATION: any. usage: CK_UNAVAILABLE_INFORMATION: none is asked for.
 */
CK_RV object_key(
    struct session *session, CK_OBJECT_HANDLE handle, CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE usage,
    CK_MECHANISM_TYPE mechanism, struct key_use *use, struct key **key);

/* A derivation without bases yet, to be given to object_inheritance() for each. */
#define MAKING_DERIVED                                                                                                 \
    {                                                                                                                  \
        .origin = ORIGIN_DERIVED, .base_always_sensitive = true, .base_never_extractable = true                        \
    }

/* What derivation inherits from one of its bases. CKR_KEY_HANDLE_INVALID. */
CK_RV object_inheritance(struct session *session, CK_OBJECT_HANDLE base, struct making *making);

#endif
