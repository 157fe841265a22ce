#include "pkcs11/slots.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pkcs11/mechanism.h"
#include "pkcs11/module.h"
#include "pkcs11/sessions.h"
#include "pkcs11/store.h"
#include "pkcs11/token.h"

void pad_text(CK_UTF8CHAR *out, size_t room, const char *text)
{
    size_t length = strnlen(text, room);
    memcpy(out, text, length);
    memset(out + length, ' ', room - length);
}

/* Bits of the slots that have a token, and the number of the one that waits (SLOT_LIMIT: none). */
static uint64_t scan(CK_SLOT_ID *empty)
{
    uint64_t bits;
    int highest = store_scan(module_settings()->directory, &bits);
    *empty = (CK_SLOT_ID)(highest + 1);
    return bits;
}

enum slot_kind slot_kind(CK_SLOT_ID slot)
{
    CK_SLOT_ID empty;
    uint64_t bits = scan(&empty);
    if (slot >= SLOT_LIMIT) {
        return SLOT_NONE;
    }
    if ((bits >> slot & 1u) != 0) {
        return SLOT_TOKEN;
    }
    return slot == empty ? SLOT_EMPTY : SLOT_NONE;
}

CK_RV C_GetSlotList(CK_BBOOL present, CK_SLOT_ID_PTR list, CK_ULONG_PTR count)
{
    (void)present; /* every slot has a token in it, be it a blank one */
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    if (count == NULL) {
        module_leave();
        return CKR_ARGUMENTS_BAD;
    }
    CK_SLOT_ID empty;
    uint64_t bits = scan(&empty);
    CK_ULONG found = 0;
    for (CK_SLOT_ID slot = 0; slot < SLOT_LIMIT; slot++) {
        if ((bits >> slot & 1u) == 0 && slot != empty) {
            continue;
        }
        if (list != NULL && found < *count) {
            list[found] = slot;
        }
        found++;
    }
    if (list != NULL && found > *count) {
        rv = CKR_BUFFER_TOO_SMALL;
    }
    *count = found;
    module_leave();
    return rv;
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    if (info == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else if (slot_kind(slot) == SLOT_NONE) {
        rv = CKR_SLOT_ID_INVALID;
    } else {
        char text[sizeof info->slotDescription];
        memset(info, 0, sizeof *info);
        snprintf(text, sizeof text, "Cardinal crypto card, slot %lu", slot);
        pad_text(info->slotDescription, sizeof info->slotDescription, text);
        pad_text(info->manufacturerID, sizeof info->manufacturerID, "Cardinal");
        info->flags = CKF_TOKEN_PRESENT;
        info->firmwareVersion.minor = 1;
    }
    module_leave();
    return rv;
}

static CK_FLAGS pin_flags(unsigned tries, CK_FLAGS low, CK_FLAGS last, CK_FLAGS locked)
{
    return (tries > 0 ? low : 0UL) | (tries == PIN_TRIES - 1 ? last : 0UL) | (tries >= PIN_TRIES ? locked : 0UL);
}

static void tell_token(int folder, const struct token_label *label, CK_TOKEN_INFO_PTR info)
{
    memcpy(info->label, label->label, sizeof info->label);
    memcpy(info->serialNumber, label->serial, sizeof info->serialNumber);
    info->flags |= CKF_TOKEN_INITIALIZED;
    if (pin_exists(folder, PIN_USER)) {
        info->flags |= CKF_USER_PIN_INITIALIZED;
    }
    info->flags |= pin_flags(
        pin_wrong_tries(folder, PIN_USER), CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED);
    info->flags |=
        pin_flags(pin_wrong_tries(folder, PIN_SO), CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED);
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    enum slot_kind kind = slot_kind(slot);
    if (info == NULL || kind == SLOT_NONE) {
        module_leave();
        return info == NULL ? CKR_ARGUMENTS_BAD : CKR_SLOT_ID_INVALID;
    }
    struct token *token = token_of_slot(slot);
    memset(info, 0, sizeof *info);
    pad_text(info->label, sizeof info->label, "");
    pad_text(info->manufacturerID, sizeof info->manufacturerID, "Cardinal");
    pad_text(info->model, sizeof info->model, "Crypto card");
    pad_text(info->serialNumber, sizeof info->serialNumber, "");
    pad_text((CK_UTF8CHAR *)info->utcTime, sizeof info->utcTime, "");
    info->flags = CKF_RNG | CKF_LOGIN_REQUIRED;
    info->ulMaxSessionCount = SESSION_LIMIT;
    info->ulMaxRwSessionCount = SESSION_LIMIT;
    info->ulMinPinLen = PIN_SHORTEST;
    info->ulMaxPinLen = PIN_LONGEST;
    info->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->firmwareVersion.minor = 1;
    tables_lock();
    info->ulSessionCount = token->session_count;
    info->ulRwSessionCount = token->rw_session_count;
    tables_unlock();
    if (kind == SLOT_TOKEN) {
        struct token_label label;
        int folder = token_folder(token);
        if (folder < 0) {
            rv = CKR_TOKEN_NOT_PRESENT;
        } else {
            rv = token_read_label(folder, &label) ? CKR_OK : CKR_TOKEN_NOT_RECOGNIZED;
            if (rv == CKR_OK) {
                tell_token(folder, &label, info);
            }
            close(folder);
        }
    }
    module_leave();
    return rv;
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved)
{
    (void)slot;
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    module_leave();
    if (reserved != NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    return (flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    if (count == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else if (slot_kind(slot) == SLOT_NONE) {
        rv = CKR_SLOT_ID_INVALID;
    } else {
        if (list != NULL && *count < mechanism_row_count) {
            rv = CKR_BUFFER_TOO_SMALL;
        }
        for (size_t i = 0; rv == CKR_OK && list != NULL && i < mechanism_row_count; i++) {
            list[i] = mechanism_rows[i].type;
        }
        *count = mechanism_row_count;
    }
    module_leave();
    return rv;
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    if (info == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else if (slot_kind(slot) == SLOT_NONE) {
        rv = CKR_SLOT_ID_INVALID;
    } else {
        rv = CKR_MECHANISM_INVALID;
        for (size_t i = 0; i < mechanism_row_count; i++) {
            if (mechanism_rows[i].type == type) {
                *info = mechanism_rows[i].info;
                rv = CKR_OK;
            }
        }
    }
    module_leave();
    return rv;
}
