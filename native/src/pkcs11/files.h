/*
 * An object of a token on disk: NAME.attributes (record.h), written last and removed first, so that it alone decides
 * whether the object is there; and its material:
 *   NAME.p8    private and secret keys, private data: encrypted PKCS#8 under the token's secret
 *   NAME.pem   public keys: SubjectPublicKeyInfo
 *   NAME.der   certificates
 *   NAME.bin   public data
 * Attributes lie in clear even for private objects: the folder is its owner's alone, and what must stay secret is the
 * material.
 *
 * What an attacker gets who can write the folder but has no PIN. Encrypted objects are authenticated: behind their
 * attributes stands a line `authentication = ` with an HMAC-SHA-256 under a key of the token's secret, of the name, of
 * the file of the material and of the attributes. So a key that this token did not encrypt, a changed one, one under
 * another one's name, and attributes that were changed (CKA_SENSITIVE, CKA_ALLOWED_MECHANISMS, ...) count as foreign.
 * Not to be seen are: that objects were removed; that an object's two files are older ones of this token; that public
 * objects, certificates and their CKA_TRUSTED among them, the token's name, or the counts of wrong PINs were changed;
 * nor that a PIN's file was garbled so that it opens to other octets, under which all objects count as foreign.
 * The folder's mode is what protects those.
 */
#ifndef CARDINAL_FILES_H
#define CARDINAL_FILES_H

#include "pkcs11/objects.h"

/* Whether the material lies encrypted, so that the object can be read and written during a login only. */
bool files_sealed(const struct attributes *attributes);

/* Writes an object's material and attributes; secret: NULL where files_sealed() is false. */
CK_RV files_write(int folder, struct object *object, const uint8_t *secret);

/* Writes attributes that changed; secret: as above. */
CK_RV files_write_attributes(
    int folder, struct object *object, const struct attributes *attributes, const uint8_t *secret);

CK_RV files_remove(int folder, const struct object *object);

/*
 * Reads the object of a name. secret: NULL: no login. *object is NULL where it needs one, and where its files are torn
 * or foreign, which *foreign tells. CKR_HOST_MEMORY: they could not be read now.
 */
CK_RV files_read(
    struct token *token, int folder, const char *name, const uint8_t *secret, struct object **object, bool *foreign);

/* Whether the file of an object's attributes is another one now. */
bool files_changed(int folder, const struct object *object);

/* The name of an object, from that of a file of attributes; false: it is another file. known: it is one of the card's.
 */
bool files_object_name(const char *file, char name[OBJECT_NAME_DIGITS + 1], bool *known);

#endif
