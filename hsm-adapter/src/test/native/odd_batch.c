/*
 * A module with nothing but the batch interface, which tells what it was handed and misbehaves on request. Compiled by the
 * test; INTERFACE_MAJOR is the version it claims.
 */
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <string.h>

#include <cardinal/batch.h>

static void append(CK_CARDINAL_BATCH_LANE *lane, CK_ULONG room, const void *octets, CK_ULONG length)
{
    if (lane->ulOutLen + length <= room) {
        memcpy(lane->pOut + lane->ulOutLen, octets, length);
        lane->ulOutLen += length;
    }
}

static void append_template(CK_CARDINAL_BATCH_LANE *lane, CK_ULONG room, const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    for (CK_ULONG i = 0; i < count; i++) {
        CK_BYTE type = (CK_BYTE)attributes[i].type;
        append(lane, room, &type, 1);
        append(lane, room, attributes[i].pValue, attributes[i].ulValueLen);
    }
}

/* Everything the lane was handed goes to pOut, in the order of the fields. */
static void tell(CK_CARDINAL_BATCH_LANE *lane)
{
    CK_ULONG room = lane->ulOutLen;
    CK_BYTE numbers[] = {(CK_BYTE)lane->ulOperation, (CK_BYTE)lane->pMechanism->mechanism};
    lane->ulOutLen = 0;
    append(lane, room, numbers, sizeof numbers);
    append(lane, room, lane->pMechanism->pParameter, lane->pMechanism->ulParameterLen);
    append_template(lane, room, lane->pTemplate, lane->ulCount);
    append_template(lane, room, lane->pTemplate2, lane->ulCount2);
    append(lane, room, lane->pIn, lane->ulInLen);
    if (lane->pDerivation != NULL) {
        CK_BYTE kind[] = {(CK_BYTE)lane->pDerivation->ulKind, (CK_BYTE)lane->pDerivation->ulLength};
        append(lane, room, kind, sizeof kind);
        append(lane, room, lane->pDerivation->pKey, lane->pDerivation->ulKeyLen);
        append(lane, room, lane->pDerivation->pSuffix, lane->pDerivation->ulSuffixLen);
    }
    if (lane->pPublic != NULL) {
        memset(lane->pPublic, 0x5a, lane->ulPublicLen);
        lane->ulPublicLen--;
    }
    lane->hNew = lane->pTemplate2 == NULL ? 0 : 77;
    lane->rv = CKR_OK;
}

/* Good is what was handed over whole: the data is also the key's second attribute, the signature its beginning. */
static CK_RV judge(const CK_CARDINAL_BATCH_LANE *lane)
{
    bool whole = lane->hKey == 0 && lane->pOut == NULL && lane->ulCount == 2 && lane->pTemplate2 == NULL &&
                 lane->pTemplate[1].type == CKA_MODULUS && lane->pTemplate[1].ulValueLen == lane->ulInLen &&
                 memcmp(lane->pTemplate[1].pValue, lane->pIn, lane->ulInLen) == 0 && lane->ulIn2Len < lane->ulInLen;
    if (!whole) {
        return CKR_ARGUMENTS_BAD;
    }
    return memcmp(lane->pIn2, lane->pIn, lane->ulIn2Len) == 0 ? CKR_OK : CKR_SIGNATURE_INVALID;
}

static CK_RV execute_batch(CK_SESSION_HANDLE session, CK_CARDINAL_BATCH_LANE *lanes, CK_ULONG count)
{
    if (session == 13) {
        return CKR_SESSION_HANDLE_INVALID;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        if (lanes[i].ulOperation == CKB_VERIFY) {
            lanes[i].rv = judge(&lanes[i]);
            continue;
        }
        switch (lanes[i].hKey) {
        case 1: /* claims more than there is room for */
            lanes[i].ulOutLen++;
            lanes[i].rv = CKR_OK;
            break;
        case 2: /* forgets the lane */
            break;
        case 3:
            lanes[i].ulOutLen = 1000;
            lanes[i].rv = CKR_BUFFER_TOO_SMALL;
            break;
        case 4: /* writes over what is not its own */
            tell(&lanes[i]);
            lanes[i].pOut = NULL;
            break;
        case 5:
            lanes[i].ulOutLen = (CK_ULONG)-1;
            lanes[i].rv = CKR_OK;
            break;
        default:
            tell(&lanes[i]);
        }
    }
    return CKR_OK;
}

static CK_CARDINAL_BATCH_FUNCTIONS batch = {{INTERFACE_MAJOR, 7}, execute_batch};
static struct {
    const char *name;
    void *functions;
    CK_ULONG flags;
} batch_interface = {CK_CARDINAL_BATCH_INTERFACE, &batch, 0};
static CK_FUNCTION_LIST functions = {.version = {2, 40}};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
    *list = &functions;
    return CKR_OK;
}

CK_RV C_GetInterface(const char *name, CK_VERSION *version, void **interface, CK_ULONG flags)
{
    if (name == NULL || strcmp(name, CK_CARDINAL_BATCH_INTERFACE) != 0 || version != NULL || flags != 0) {
        return CKR_ARGUMENTS_BAD;
    }
    *interface = &batch_interface;
    return CKR_OK;
}
