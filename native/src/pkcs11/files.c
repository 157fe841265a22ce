#include "pkcs11/files.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pkcs11/record.h"
#include "pkcs11/seal.h"
#include "pkcs11/store.h"
#include "secret.h"

/* The password is 256 random bits: stretching it adds nothing, and this is the least that stock openssl takes for sane.
 */
#define ITERATIONS 2048

#define FILE_NAME_ROOM 40u
#define ATTRIBUTES_SUFFIX ".attributes"

static const char public_key_label[] = "PUBLIC KEY";

bool files_sealed(const struct attributes *attributes)
{
    CK_OBJECT_CLASS class = attributes_number(attributes, CKA_CLASS);
    return class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY || attributes_flag(attributes, CKA_PRIVATE);
}

static const char *material_suffix(const struct attributes *attributes)
{
    if (files_sealed(attributes)) {
        return ".p8";
    }
    switch (attributes_number(attributes, CKA_CLASS)) {
    case CKO_PUBLIC_KEY:
        return ".pem";
    case CKO_CERTIFICATE:
        return ".der";
    default:
        return ".bin";
    }
}

static void file_name(char out[FILE_NAME_ROOM], const char *name, const char *suffix)
{
    snprintf(out, FILE_NAME_ROOM, "%s%s", name, suffix);
}

bool files_object_name(const char *file, char name[OBJECT_NAME_DIGITS + 1], bool *known)
{
    static const char *const others[] = {".p8", ".pem", ".der", ".bin"};
    *known = false;
    size_t digits = strspn(file, "0123456789abcdef");
    if (digits != OBJECT_NAME_DIGITS) {
        return false;
    }
    memcpy(name, file, digits);
    name[digits] = '\0';
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        *known = *known || strcmp(file + digits, others[i]) == 0;
    }
    return strcmp(file + digits, ATTRIBUTES_SUFFIX) == 0;
}

/* The octets that are the object's substance: DER of a key, or CKA_VALUE. */
static CK_RV substance(const struct object *object, uint8_t **octets, size_t *length)
{
    if (object->key != NULL) {
        return key_to_der(object->key, octets, length);
    }
    const struct attribute *value = attributes_find(&object->attributes, CKA_VALUE);
    if (files_sealed(&object->attributes)) {
        return seal_wrap_octets(attribute_value(value), value->length, octets, length);
    }
    *octets = secret_alloc(value->length);
    if (*octets == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy(*octets, attribute_value(value), value->length);
    *length = value->length;
    return CKR_OK;
}

static CK_RV seal_substance(const uint8_t *secret, uint8_t **octets, size_t *length)
{
    char password[TOKEN_PASSWORD_ROOM];
    uint8_t *pem = NULL;
    size_t pem_length = 0;
    token_password(secret, password);
    CK_RV rv = seal(*octets, *length, password, strlen(password), ITERATIONS, &pem, &pem_length);
    secret_wipe(password, sizeof password);
    if (rv == CKR_OK) {
        secret_free(*octets, *length);
        *octets = pem;
        *length = pem_length;
    }
    return rv;
}

static CK_RV public_pem(uint8_t **octets, size_t *length)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    uint8_t *pem = NULL;
    long pem_length = 0;
    if (bio != NULL && PEM_write_bio(bio, public_key_label, "", *octets, (long)*length) > 0) {
        pem_length = BIO_get_mem_data(bio, &text);
        pem = secret_alloc((size_t)pem_length);
    }
    if (pem != NULL) {
        memcpy(pem, text, (size_t)pem_length);
        secret_free(*octets, *length);
        *octets = pem;
        *length = (size_t)pem_length;
    }
    BIO_free(bio);
    return pem != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV files_write(int folder, struct object *object, const uint8_t *secret)
{
    char name[FILE_NAME_ROOM];
    uint8_t *octets = NULL;
    size_t length = 0;
    CK_RV rv = substance(object, &octets, &length);
    if (rv == CKR_OK && files_sealed(&object->attributes)) {
        rv = secret != NULL ? seal_substance(secret, &octets, &length) : CKR_USER_NOT_LOGGED_IN;
    } else if (rv == CKR_OK && object->key != NULL) {
        rv = public_pem(&octets, &length);
    }
    if (rv == CKR_OK) {
        file_name(name, object->name, material_suffix(&object->attributes));
        rv = store_write(folder, name, octets, length);
    }
    secret_free(octets, length);
    if (rv == CKR_OK) {
        rv = files_write_attributes(folder, object, &object->attributes);
        if (rv != CKR_OK) {
            store_remove(folder, name);
        }
    }
    return rv;
}

static bool file_status(int folder, const char *object_name, struct stat *status)
{
    char name[FILE_NAME_ROOM];
    file_name(name, object_name, ATTRIBUTES_SUFFIX);
    return fstatat(folder, name, status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void remember_file(int folder, struct object *object)
{
    struct stat status;
    if (file_status(folder, object->name, &status)) {
        object->inode = status.st_ino;
        object->changed = status.st_mtim;
    }
}

bool files_changed(int folder, const struct object *object)
{
    struct stat status;
    return !file_status(folder, object->name, &status) || object->inode != status.st_ino ||
           object->changed.tv_sec != status.st_mtim.tv_sec || object->changed.tv_nsec != status.st_mtim.tv_nsec;
}

CK_RV files_write_attributes(int folder, struct object *object, const struct attributes *attributes)
{
    char name[FILE_NAME_ROOM];
    char *text = NULL;
    size_t length = 0;
    CK_RV rv = record_write(attributes, &text, &length);
    if (rv == CKR_OK) {
        file_name(name, object->name, ATTRIBUTES_SUFFIX);
        rv = store_write(folder, name, text, length);
    }
    free(text);
    if (rv == CKR_OK) {
        remember_file(folder, object);
    }
    return rv;
}

CK_RV files_remove(int folder, const struct object *object)
{
    char name[FILE_NAME_ROOM];
    file_name(name, object->name, ATTRIBUTES_SUFFIX);
    CK_RV rv = store_remove(folder, name);
    if (rv == CKR_OK) {
        store_sync(folder); /* attributes first: material alone is no object */
        file_name(name, object->name, material_suffix(&object->attributes));
        rv = store_remove(folder, name);
        store_sync(folder);
    }
    return rv;
}

/* The substance of an object from its file. */
static CK_RV read_substance(
    const struct attributes *attributes, const uint8_t *file, size_t file_length, const uint8_t *secret,
    uint8_t **octets, size_t *length)
{
    if (files_sealed(attributes)) {
        char password[TOKEN_PASSWORD_ROOM];
        token_password(secret, password);
        CK_RV rv = unseal(file, file_length, password, strlen(password), octets, length);
        secret_wipe(password, sizeof password);
        if (rv == CKR_OK && attributes_number(attributes, CKA_CLASS) < CKO_PUBLIC_KEY) {
            uint8_t *inner = NULL;
            size_t inner_length = 0;
            rv = seal_unwrap_octets(*octets, *length, &inner, &inner_length);
            secret_free(*octets, *length);
            *octets = inner;
            *length = inner_length;
        }
        return rv;
    }
    if (attributes_number(attributes, CKA_CLASS) == CKO_PUBLIC_KEY) {
        CK_RV rv = CKR_ENCRYPTED_DATA_INVALID;
        BIO *bio = BIO_new_mem_buf(file, (int)file_length);
        unsigned char *der = NULL;
        long der_length = 0;
        if (bio != NULL && PEM_bytes_read_bio(&der, &der_length, NULL, public_key_label, bio, NULL, NULL) == 1) {
            *octets = secret_alloc((size_t)der_length);
            rv = *octets != NULL ? CKR_OK : CKR_HOST_MEMORY;
            if (rv == CKR_OK) {
                memcpy(*octets, der, (size_t)der_length);
                *length = (size_t)der_length;
            }
        }
        OPENSSL_free(der);
        BIO_free(bio);
        ERR_clear_error();
        return rv;
    }
    *octets = secret_alloc(file_length);
    if (*octets == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy(*octets, file, file_length);
    *length = file_length;
    return CKR_OK;
}

static CK_RV read_material(
    int folder, const char *object_name, struct attributes *attributes, const uint8_t *secret, struct key **key)
{
    char name[FILE_NAME_ROOM];
    uint8_t *file = NULL;
    size_t file_length = 0;
    uint8_t *octets = NULL;
    size_t length = 0;
    CK_OBJECT_CLASS class = attributes_number(attributes, CKA_CLASS);
    file_name(name, object_name, material_suffix(attributes));
    if (!store_read(folder, name, &file, &file_length)) {
        struct stat status;
        bool is_empty = !files_sealed(attributes) && fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                        status.st_size == 0;
        /* public data of no octets has a file of none */
        return class == CKO_DATA && is_empty ? attributes_put(attributes, CKA_VALUE, "", 0)
                                             : CKR_ENCRYPTED_DATA_INVALID;
    }
    CK_RV rv = read_substance(attributes, file, file_length, secret, &octets, &length);
    store_release(file, file_length);
    if (rv == CKR_OK && class >= CKO_PUBLIC_KEY) {
        rv = key_from_der(class, attributes_number(attributes, CKA_KEY_TYPE), octets, length, key);
    } else if (rv == CKR_OK) {
        rv = attributes_put(attributes, CKA_VALUE, octets, length);
    }
    secret_free(octets, length);
    return rv;
}

CK_RV files_read(
    struct token *token, int folder, const char *name, const uint8_t *secret, struct object **object, bool *foreign)
{
    char file[FILE_NAME_ROOM];
    uint8_t *text;
    size_t length;
    struct attributes attributes = {.count = 0};
    struct key *key = NULL;
    *object = NULL;
    *foreign = false;
    file_name(file, name, ATTRIBUTES_SUFFIX);
    bool good = store_read(folder, file, &text, &length);
    if (good) {
        good = record_read((const char *)text, length, &attributes) &&
               attributes_put_flag(&attributes, CKA_TOKEN, true) == CKR_OK &&
               attributes_complete(&attributes) == CKR_OK;
        store_release(text, length);
    }
    if (!good || (secret == NULL && files_sealed(&attributes))) {
        attributes_clear(&attributes);
        *foreign = !good;
        return CKR_OK;
    }
    CK_RV rv = read_material(folder, name, &attributes, secret, &key);
    if (rv != CKR_OK) {
        attributes_clear(&attributes);
        *foreign = rv != CKR_HOST_MEMORY;
        return *foreign ? CKR_OK : rv;
    }
    *object = object_new(token, &attributes, key);
    key_unref(key);
    if (*object == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy((*object)->name, name, sizeof(*object)->name);
    remember_file(folder, *object);
    return CKR_OK;
}
