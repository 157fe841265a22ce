/* What the function lists name beside the C_ functions of 2.40, which the PKCS#11 header declares. */
#ifndef CARDINAL_CALLS_H
#define CARDINAL_CALLS_H

#include "pkcs11/cryptoki.h"

CK_RV calls_login_user(
    CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length, CK_UTF8CHAR_PTR name,
    CK_ULONG name_length);

/* The message functions of 3.0, none of which the card has. */
CK_RV calls_no_message_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
CK_RV calls_no_message_final(CK_SESSION_HANDLE session);
CK_RV calls_no_message_begin(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_length);
CK_RV calls_no_crypt_message(
    CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR associated,
    CK_ULONG associated_length, CK_BYTE_PTR in, CK_ULONG in_length, CK_BYTE_PTR out, CK_ULONG_PTR out_length);
CK_RV calls_no_crypt_message_begin(
    CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR associated,
    CK_ULONG associated_length);
CK_RV calls_no_crypt_message_next(
    CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR in, CK_ULONG in_length,
    CK_BYTE_PTR out, CK_ULONG_PTR out_length, CK_FLAGS flags);
CK_RV calls_no_sign_message(
    CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR data, CK_ULONG data_length,
    CK_BYTE_PTR signature, CK_ULONG_PTR signature_length);
CK_RV calls_no_verify_message(
    CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR data, CK_ULONG data_length,
    CK_BYTE_PTR signature, CK_ULONG signature_length);

#endif
