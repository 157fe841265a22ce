/* Slots: number N is the folder token-N, and one more behind the last waits for C_InitToken. */
#ifndef CARDINAL_SLOTS_H
#define CARDINAL_SLOTS_H

#include <stddef.h>

#include "pkcs11/cryptoki.h"

enum slot_kind { SLOT_NONE, SLOT_EMPTY, SLOT_TOKEN };

enum slot_kind slot_kind(CK_SLOT_ID slot);

/* The standard's fixed-length texts: padded with blanks, no NUL. */
void pad_text(CK_UTF8CHAR *out, size_t room, const char *text);

#endif
