/*
 * What the batch interface needs of sessions and objects. (The rest of this room's types live in its own files.)
 */
#ifndef CARDINAL_OBJECT_H
#define CARDINAL_OBJECT_H

#include "pkcs11/key.h"

/* A session in use by the calling thread. */
struct session;

/*
 * Enters a session for a batch: CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID, CKR_OPERATION_ACTIVE. Until
 * session_leave no other call, C_CloseSession and C_Logout included, takes effect on what the batch uses: the session
 * stays allocated, and keys already looked up stay usable.
 */
CK_RV session_enter_batch(CK_SESSION_HANDLE handle, struct session **out);
void session_leave_batch(struct session *session);

/*
 * The key of an object for one use: checks that the object is visible under the session's login
 * (CKR_KEY_HANDLE_INVALID), its class (CKR_KEY_TYPE_INCONSISTENT), the usage flag, CKA_SIGN, CKA_DECRYPT, CKA_DERIVE or
 * CKA_VERIFY (CKR_KEY_FUNCTION_NOT_PERMITTED), CKA_ALLOWED_MECHANISMS (CKR_MECHANISM_INVALID), and
 * CKA_ALWAYS_AUTHENTICATE (refused with CKR_USER_NOT_LOGGED_IN). Returns a reference.
 */
CK_RV session_key(
    struct session *session, CK_OBJECT_HANDLE handle, CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE usage,
    CK_MECHANISM_TYPE mechanism, struct key **key);

/*
 * Makes a session object from key material (takes its own reference of the key) and a template, by the rules of
 * generation (pairs) or derivation (secret keys) for defaults and consistency; base is the object derived from, 0 for
 * none.
 */
CK_RV session_make_object(
    struct session *session, struct key *key, const CK_ATTRIBUTE *template, CK_ULONG count, CK_MECHANISM_TYPE mechanism,
    CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE *out);

void session_destroy_object(struct session *session, CK_OBJECT_HANDLE handle);

#endif
