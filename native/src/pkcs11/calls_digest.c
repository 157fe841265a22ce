/* C_DigestInit to C_DigestFinal. */
#include "pkcs11/active.h"

CK_RV C_DigestInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_begin(session, OPERATION_DIGEST, mechanism, 0, 0);
    session_leave(session);
    return rv;
}

CK_RV C_Digest(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_finish(session, OPERATION_DIGEST, data, length, true, out, out_length);
    session_leave(session);
    return rv;
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_update(session, OPERATION_DIGEST, data, length);
    session_leave(session);
    return rv;
}

/* Of sensitive keys, too: what comes out is a digest, and the key stays where it is. */
CK_RV C_DigestKey(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE key)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_digest_key(session, key);
    session_leave(session);
    return rv;
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_finish(session, OPERATION_DIGEST, NULL, 0, false, out, out_length);
    session_leave(session);
    return rv;
}
