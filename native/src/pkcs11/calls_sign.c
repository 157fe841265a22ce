/* C_SignInit to C_VerifyFinal. */
#include "pkcs11/active.h"

CK_RV C_SignInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_begin(session, OPERATION_SIGN, mechanism, key, CKA_SIGN);
    session_leave(session);
    return rv;
}

CK_RV C_Sign(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_finish(session, OPERATION_SIGN, data, length, true, out, out_length);
    session_leave(session);
    return rv;
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_update(session, OPERATION_SIGN, data, length);
    session_leave(session);
    return rv;
}

CK_RV C_SignFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_finish(session, OPERATION_SIGN, NULL, 0, false, out, out_length);
    session_leave(session);
    return rv;
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_begin(session, OPERATION_VERIFY, mechanism, key, CKA_VERIFY);
    session_leave(session);
    return rv;
}

CK_RV C_Verify(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR signature, CK_ULONG signature_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_verify(session, data, length, true, signature, signature_length);
    session_leave(session);
    return rv;
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_update(session, OPERATION_VERIFY, data, length);
    session_leave(session);
    return rv;
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR signature, CK_ULONG signature_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_verify(session, NULL, 0, false, signature, signature_length);
    session_leave(session);
    return rv;
}
