/* C_Encrypt and C_Decrypt: RSA, which has no multi-part form. */
#include "pkcs11/active.h"

CK_RV C_EncryptInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_begin(session, OPERATION_ENCRYPT, mechanism, key, CKA_ENCRYPT);
    session_leave(session);
    return rv;
}

CK_RV C_Encrypt(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_finish(session, OPERATION_ENCRYPT, data, length, true, out, out_length);
    session_leave(session);
    return rv;
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_begin(session, OPERATION_DECRYPT, mechanism, key, CKA_DECRYPT);
    session_leave(session);
    return rv;
}

CK_RV C_Decrypt(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = active_finish(session, OPERATION_DECRYPT, data, length, true, out, out_length);
    session_leave(session);
    return rv;
}
