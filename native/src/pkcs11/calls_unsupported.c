/* What the card does not do: it says so, and touches nothing. */
#include "pkcs11/calls.h"

CK_RV C_GetOperationState(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_SetOperationState(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_OBJECT_HANDLE encryption_key,
    CK_OBJECT_HANDLE authentication_key)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)encryption_key;
    (void)authentication_key;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_EncryptUpdate(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_DecryptUpdate(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_SignRecoverInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    (void)handle;
    (void)mechanism;
    (void)key;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_SignRecover(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    (void)handle;
    (void)mechanism;
    (void)key;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_VerifyRecover(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_DigestEncryptUpdate(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_DecryptDigestUpdate(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_SignEncryptUpdate(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_DecryptVerifyUpdate(
    CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_WrapKey(
    CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key,
    CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)mechanism;
    (void)wrapping_key;
    (void)key;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_UnwrapKey(
    CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key, CK_BYTE_PTR data, CK_ULONG length,
    CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR out)
{
    (void)handle;
    (void)mechanism;
    (void)key;
    (void)data;
    (void)length;
    (void)template;
    (void)count;
    (void)out;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

/* The message functions of 3.0 */

CK_RV calls_no_message_init(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    (void)handle;
    (void)mechanism;
    (void)key;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV calls_no_message_final(CK_SESSION_HANDLE handle)
{
    (void)handle;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV calls_no_message_begin(CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_length)
{
    (void)handle;
    (void)parameter;
    (void)parameter_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV calls_no_crypt_message(
    CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR associated,
    CK_ULONG associated_length, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)parameter;
    (void)parameter_length;
    (void)associated;
    (void)associated_length;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV calls_no_crypt_message_begin(
    CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR associated,
    CK_ULONG associated_length)
{
    (void)handle;
    (void)parameter;
    (void)parameter_length;
    (void)associated;
    (void)associated_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV calls_no_crypt_message_next(
    CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR data, CK_ULONG length,
    CK_BYTE_PTR out, CK_ULONG_PTR out_length, CK_FLAGS flags)
{
    (void)handle;
    (void)parameter;
    (void)parameter_length;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    (void)flags;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV calls_no_sign_message(
    CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR data, CK_ULONG length,
    CK_BYTE_PTR out, CK_ULONG_PTR out_length)
{
    (void)handle;
    (void)parameter;
    (void)parameter_length;
    (void)data;
    (void)length;
    (void)out;
    (void)out_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV calls_no_verify_message(
    CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE_PTR data, CK_ULONG length,
    CK_BYTE_PTR signature, CK_ULONG signature_length)
{
    (void)handle;
    (void)parameter;
    (void)parameter_length;
    (void)data;
    (void)length;
    (void)signature;
    (void)signature_length;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

/* PKCS#11 3.0 section 5.21: functions of a time when calls could be parallel. */
CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE handle)
{
    (void)handle;
    return CKR_FUNCTION_NOT_PARALLEL;
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE handle)
{
    (void)handle;
    return CKR_FUNCTION_NOT_PARALLEL;
}
