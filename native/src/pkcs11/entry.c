/*
 * The three symbols that the module exports, and the tables of functions that they give: "PKCS 11" 3.0 and 2.40, and
 * the batch interface.
 */
#include <string.h>

#include "batch/execute.h"
#include "pkcs11/calls.h"
#include "pkcs11/module.h"
#include "pkcs11/sessions.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count);
EXPORTED CK_RV
C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR interface, CK_FLAGS flags);
EXPORTED CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

/* the functions of 2.40, which both versions have */
#define FUNCTIONS(major_version, minor_version, info)                                                                  \
    {                                                                                                                  \
        .version = {major_version, minor_version}, .C_Initialize = C_Initialize, .C_Finalize = C_Finalize,             \
        .C_GetInfo = info, .C_GetFunctionList = C_GetFunctionList, .C_GetSlotList = C_GetSlotList,                     \
        .C_GetSlotInfo = C_GetSlotInfo, .C_GetTokenInfo = C_GetTokenInfo, .C_GetMechanismList = C_GetMechanismList,    \
        .C_GetMechanismInfo = C_GetMechanismInfo, .C_InitToken = C_InitToken, .C_InitPIN = C_InitPIN,                  \
        .C_SetPIN = C_SetPIN, .C_OpenSession = C_OpenSession, .C_CloseSession = C_CloseSession,                        \
        .C_CloseAllSessions = C_CloseAllSessions, .C_GetSessionInfo = C_GetSessionInfo,                                \
        .C_GetOperationState = C_GetOperationState, .C_SetOperationState = C_SetOperationState, .C_Login = C_Login,    \
        .C_Logout = C_Logout, .C_CreateObject = C_CreateObject, .C_CopyObject = C_CopyObject,                          \
        .C_DestroyObject = C_DestroyObject, .C_GetObjectSize = C_GetObjectSize,                                        \
        .C_GetAttributeValue = C_GetAttributeValue, .C_SetAttributeValue = C_SetAttributeValue,                        \
        .C_FindObjectsInit = C_FindObjectsInit, .C_FindObjects = C_FindObjects,                                        \
        .C_FindObjectsFinal = C_FindObjectsFinal, .C_EncryptInit = C_EncryptInit, .C_Encrypt = C_Encrypt,              \
        .C_EncryptUpdate = C_EncryptUpdate, .C_EncryptFinal = C_EncryptFinal, .C_DecryptInit = C_DecryptInit,          \
        .C_Decrypt = C_Decrypt, .C_DecryptUpdate = C_DecryptUpdate, .C_DecryptFinal = C_DecryptFinal,                  \
        .C_DigestInit = C_DigestInit, .C_Digest = C_Digest, .C_DigestUpdate = C_DigestUpdate,                          \
        .C_DigestKey = C_DigestKey, .C_DigestFinal = C_DigestFinal, .C_SignInit = C_SignInit, .C_Sign = C_Sign,        \
        .C_SignUpdate = C_SignUpdate, .C_SignFinal = C_SignFinal, .C_SignRecoverInit = C_SignRecoverInit,              \
        .C_SignRecover = C_SignRecover, .C_VerifyInit = C_VerifyInit, .C_Verify = C_Verify,                            \
        .C_VerifyUpdate = C_VerifyUpdate, .C_VerifyFinal = C_VerifyFinal, .C_VerifyRecoverInit = C_VerifyRecoverInit,  \
        .C_VerifyRecover = C_VerifyRecover, .C_DigestEncryptUpdate = C_DigestEncryptUpdate,                            \
        .C_DecryptDigestUpdate = C_DecryptDigestUpdate, .C_SignEncryptUpdate = C_SignEncryptUpdate,                    \
        .C_DecryptVerifyUpdate = C_DecryptVerifyUpdate, .C_GenerateKey = C_GenerateKey,                                \
        .C_GenerateKeyPair = C_GenerateKeyPair, .C_WrapKey = C_WrapKey, .C_UnwrapKey = C_UnwrapKey,                    \
        .C_DeriveKey = C_DeriveKey, .C_SeedRandom = C_SeedRandom, .C_GenerateRandom = C_GenerateRandom,                \
        .C_GetFunctionStatus = C_GetFunctionStatus, .C_CancelFunction = C_CancelFunction,                              \
        .C_WaitForSlotEvent = C_WaitForSlotEvent,                                                                      \
    }

static CK_FUNCTION_LIST functions_2_40 = FUNCTIONS(2, 40, module_info_2_40);

static CK_FUNCTION_LIST_3_0 functions_3_0 = {
    .base = FUNCTIONS(3, 0, C_GetInfo),
    .C_GetInterfaceList = C_GetInterfaceList,
    .C_GetInterface = C_GetInterface,
    .C_LoginUser = calls_login_user,
    .C_SessionCancel = session_cancel,
    .C_MessageEncryptInit = calls_no_message_init,
    .C_EncryptMessage = calls_no_crypt_message,
    .C_EncryptMessageBegin = calls_no_crypt_message_begin,
    .C_EncryptMessageNext = calls_no_crypt_message_next,
    .C_MessageEncryptFinal = calls_no_message_final,
    .C_MessageDecryptInit = calls_no_message_init,
    .C_DecryptMessage = calls_no_crypt_message,
    .C_DecryptMessageBegin = calls_no_crypt_message_begin,
    .C_DecryptMessageNext = calls_no_crypt_message_next,
    .C_MessageDecryptFinal = calls_no_message_final,
    .C_MessageSignInit = calls_no_message_init,
    .C_SignMessage = calls_no_sign_message,
    .C_SignMessageBegin = calls_no_message_begin,
    .C_SignMessageNext = calls_no_sign_message,
    .C_MessageSignFinal = calls_no_message_final,
    .C_MessageVerifyInit = calls_no_message_init,
    .C_VerifyMessage = calls_no_verify_message,
    .C_VerifyMessageBegin = calls_no_message_begin,
    .C_VerifyMessageNext = calls_no_verify_message,
    .C_MessageVerifyFinal = calls_no_message_final,
};

static CK_UTF8CHAR standard_name[] = "PKCS 11";
static CK_UTF8CHAR batch_name[] = CK_CARDINAL_BATCH_INTERFACE;

/* The first is the default. None is fork-safe: a child must call C_Initialize itself. */
static CK_INTERFACE interfaces[] = {
    {standard_name, &functions_3_0, 0},
    {standard_name, &functions_2_40, 0},
    {batch_name, (CK_VOID_PTR)(uintptr_t)&batch_functions, 0},
    {batch_name, (CK_VOID_PTR)(uintptr_t)&batch_functions_1_0, 0},
};
#define INTERFACE_COUNT (sizeof interfaces / sizeof interfaces[0])

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
    if (list == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    *list = &functions_2_40;
    return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count)
{
    if (count == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    CK_RV rv = CKR_OK;
    if (list != NULL && *count < INTERFACE_COUNT) {
        rv = CKR_BUFFER_TOO_SMALL;
    } else if (list != NULL) {
        memcpy(list, interfaces, sizeof interfaces);
    }
    *count = INTERFACE_COUNT;
    return rv;
}

/* PKCS#11 3.0 section 5.4.5: what is not named does not matter, and the first that fits is given. */
CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR interface, CK_FLAGS flags)
{
    if (interface == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    for (size_t i = 0; i < INTERFACE_COUNT; i++) {
        const CK_VERSION *offered = interfaces[i].pFunctionList; /* each table begins with its version */
        if ((name == NULL || strcmp((const char *)name, (const char *)interfaces[i].pInterfaceName) == 0) &&
            (version == NULL || (version->major == offered->major && version->minor == offered->minor)) &&
            (interfaces[i].flags & flags) == flags) {
            *interface = &interfaces[i];
            return CKR_OK;
        }
    }
    *interface = NULL;
    return CKR_FUNCTION_FAILED;
}
