/* The operations of a session from C_XxxInit to their end; the caller is within session_enter(). */
#ifndef CARDINAL_ACTIVE_H
#define CARDINAL_ACTIVE_H

#include "pkcs11/sessions.h"

/*
 * C_XxxInit: usage: the attribute that permits it. A mechanism of NULL_PTR ends an operation that is there
 * (PKCS#11 3.0). CKR_OPERATION_ACTIVE, CKR_KEY_HANDLE_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_INVALID,
 * ...
 */
CK_RV active_begin(
    struct session *session, enum operation_kind kind, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
    CK_ATTRIBUTE_TYPE usage);

/*
 * The rest of an operation. CKR_OPERATION_NOT_INITIALIZED; CKR_USER_NOT_LOGGED_IN where the key's login has ended
 * (which ends the operation) or its PIN was not given yet (which does not). Any error but these and
 * CKR_BUFFER_TOO_SMALL ends the operation. single: the single-part function, which may not follow an update.
 */
CK_RV active_update(struct session *session, enum operation_kind kind, const uint8_t *data, CK_ULONG length);
CK_RV active_digest_key(struct session *session, CK_OBJECT_HANDLE key);
CK_RV active_finish(
    struct session *session, enum operation_kind kind, const uint8_t *data, CK_ULONG length, bool single, uint8_t *out,
    CK_ULONG *out_length);
CK_RV active_verify(
    struct session *session, const uint8_t *data, CK_ULONG length, bool single, const uint8_t *signature,
    CK_ULONG signature_length);

#endif
