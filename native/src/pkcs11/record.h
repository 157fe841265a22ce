/*
 * The text file beside each object of a token, NAME.attributes: a line `name = value` for each attribute, for the
 * operator to read as well. Flags are yes or no, numbers decimal or the name of a class or key type, octets
 * hexadecimal, texts quoted. The first line names the format and the last one is `end`, so that a torn file is known as
 * such.
 */
#ifndef CARDINAL_RECORD_H
#define CARDINAL_RECORD_H

#include "pkcs11/attributes.h"

/* Writes attributes; CKA_TOKEN and CKA_UNIQUE_ID, which the place tells, and CKA_VALUE are left out. free() frees. */
CK_RV record_write(const struct attributes *attributes, char **text, size_t *length);

/* Reads them; false where the text is torn or foreign, *attributes then being empty. text ends with a NUL. */
bool record_read(const char *text, size_t length, struct attributes *attributes);

/* A quoted text, escaped; false where it does not fit. And back, from the quote on; false where it is not one. */
bool record_quote(const uint8_t *octets, size_t length, char *out, size_t room);
bool record_unquote(const char *text, uint8_t *out, size_t room, size_t *length);

#endif
