#include "pkcs11/files.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pkcs11/mechanism_hash.h"
#include "pkcs11/record.h"
#include "pkcs11/seal.h"
#include "pkcs11/store.h"
#include "secret.h"

/* The password is 256 random bits: stretching it adds nothing, and this is the least that stock openssl takes for sane.
 */
#define ITERATIONS 2048

#define AUTHENTICATION "authentication = "
#define AUTHENTICATION_DIGITS (2u * SHA256_DIGEST_LENGTH)
#define AUTHENTICATION_LINE (sizeof AUTHENTICATION - 1 + AUTHENTICATION_DIGITS + 1)

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

/* What stands behind the attributes of a sealed object; text: the attributes up to their last line. */
static void authenticate(
    const uint8_t *secret, const char *name, const uint8_t material[SHA256_DIGEST_LENGTH], const char *text,
    size_t length, char digits[AUTHENTICATION_DIGITS + 1])
{
    static const char purpose[] = "cardinal-object authentication 1";
    const struct hash *hash = &hashes[HASH_SHA256];
    uint8_t octets[SHA256_DIGEST_LENGTH];
    struct hmac hmac;
    hmac_key(&hmac, hash, secret, TOKEN_SECRET_OCTETS);
    hmac_update(&hmac, (const uint8_t *)purpose, sizeof purpose);
    hmac_end(&hmac, octets);
    hmac_key(&hmac, hash, octets, sizeof octets);
    hmac_update(&hmac, (const uint8_t *)name, OBJECT_NAME_DIGITS);
    hmac_update(&hmac, material, SHA256_DIGEST_LENGTH);
    hmac_update(&hmac, (const uint8_t *)text, length);
    hmac_end(&hmac, octets);
    for (size_t i = 0; i < sizeof octets; i++) {
        snprintf(digits + 2 * i, 3, "%02x", octets[i]);
    }
    secret_wipe(&hmac, sizeof hmac);
    secret_wipe(octets, sizeof octets);
}

/* Cuts such a line off the end of a text; digits is then what it says, or empty. */
static void cut_authentication(char *text, size_t *length, char digits[AUTHENTICATION_DIGITS + 1])
{
    const size_t head = sizeof AUTHENTICATION - 1;
    digits[0] = '\0';
    if (*length <= AUTHENTICATION_LINE) {
        return;
    }
    char *line = text + *length - AUTHENTICATION_LINE;
    if (line[-1] == '\n' && memcmp(line, AUTHENTICATION, head) == 0 && line[AUTHENTICATION_LINE - 1] == '\n') {
        memcpy(digits, line + head, AUTHENTICATION_DIGITS);
        digits[AUTHENTICATION_DIGITS] = '\0';
        *line = '\0';
        *length -= AUTHENTICATION_LINE;
    }
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
        SHA256(octets, length, object->material);
    }
    secret_free(octets, length);
    if (rv == CKR_OK) {
        rv = files_write_attributes(folder, object, &object->attributes, secret);
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

/* Appends the line to a text of malloc(). */
static CK_RV append_authentication(const struct object *object, const uint8_t *secret, char **text, size_t *length)
{
    char digits[AUTHENTICATION_DIGITS + 1];
    char *longer = realloc(*text, *length + AUTHENTICATION_LINE + 1);
    if (longer == NULL) {
        return CKR_HOST_MEMORY;
    }
    *text = longer;
    authenticate(secret, object->name, object->material, longer, *length, digits);
    snprintf(longer + *length, AUTHENTICATION_LINE + 1, AUTHENTICATION "%s\n", digits);
    *length += AUTHENTICATION_LINE;
    return CKR_OK;
}

CK_RV files_write_attributes(
    int folder, struct object *object, const struct attributes *attributes, const uint8_t *secret)
{
    char name[FILE_NAME_ROOM];
    char *text = NULL;
    size_t length = 0;
    CK_RV rv = record_write(attributes, &text, &length);
    if (rv == CKR_OK && files_sealed(attributes)) {
        rv = secret != NULL ? append_authentication(object, secret, &text, &length) : CKR_USER_NOT_LOGGED_IN;
    }
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
        if (bio != NULL &&
            PEM_bytes_read_bio(&der, &der_length, NULL, public_key_label, bio, seal_no_password, NULL) == 1) {
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

/* An object's files while they are read. */
struct reading {
    int folder;
    const char *name;
    const uint8_t *secret; /* NULL: no login */
    char *text;            /* the attributes, up to their last line, in memory of store_read() */
    size_t length;
    size_t file_length; /* with what was cut off */
    char authentication[AUTHENTICATION_DIGITS + 1];
    uint8_t material[SHA256_DIGEST_LENGTH];
};

static bool is_authentic(struct reading *reading, const uint8_t *file, size_t file_length)
{
    char digits[AUTHENTICATION_DIGITS + 1];
    SHA256(file, file_length, reading->material);
    authenticate(reading->secret, reading->name, reading->material, reading->text, reading->length, digits);
    return CRYPTO_memcmp(digits, reading->authentication, sizeof digits) == 0;
}

static CK_RV read_material(struct reading *reading, struct attributes *attributes, struct key **key)
{
    char name[FILE_NAME_ROOM];
    uint8_t *file = NULL;
    size_t file_length = 0;
    uint8_t *octets = NULL;
    size_t length = 0;
    CK_OBJECT_CLASS class = attributes_number(attributes, CKA_CLASS);
    file_name(name, reading->name, material_suffix(attributes));
    enum store_outcome outcome = store_read(reading->folder, name, &file, &file_length);
    if (outcome == STORE_FAILED) {
        return CKR_HOST_MEMORY;
    }
    if (outcome == STORE_UNFIT) {
        struct stat status;
        bool is_empty = !files_sealed(attributes) &&
                        fstatat(reading->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
                        status.st_size == 0;
        /* public data of no octets has a file of none */
        return class == CKO_DATA && is_empty ? attributes_put(attributes, CKA_VALUE, "", 0)
                                             : CKR_ENCRYPTED_DATA_INVALID;
    }
    CK_RV rv = CKR_ENCRYPTED_DATA_INVALID;
    if (!files_sealed(attributes) || is_authentic(reading, file, file_length)) {
        rv = read_substance(attributes, file, file_length, reading->secret, &octets, &length);
    }
    store_release(file, file_length);
    if (rv == CKR_OK && class >= CKO_PUBLIC_KEY) {
        rv = key_from_der(class, attributes_number(attributes, CKA_KEY_TYPE), octets, length, key);
    } else if (rv == CKR_OK) {
        rv = attributes_put(attributes, CKA_VALUE, octets, length);
    }
    secret_free(octets, length);
    return rv;
}

/* CKR_ENCRYPTED_DATA_INVALID: torn or foreign. */
static CK_RV read_attributes(struct reading *reading, struct attributes *attributes)
{
    char file[FILE_NAME_ROOM];
    uint8_t *text;
    file_name(file, reading->name, ATTRIBUTES_SUFFIX);
    enum store_outcome outcome = store_read(reading->folder, file, &text, &reading->file_length);
    if (outcome != STORE_READ) {
        return outcome == STORE_FAILED ? CKR_HOST_MEMORY : CKR_ENCRYPTED_DATA_INVALID;
    }
    reading->text = (char *)text;
    reading->length = reading->file_length;
    cut_authentication(reading->text, &reading->length, reading->authentication);
    bool good = record_read(reading->text, reading->length, attributes) &&
                attributes_put_flag(attributes, CKA_TOKEN, true) == CKR_OK &&
                attributes_complete(attributes) == CKR_OK &&
                files_sealed(attributes) == (reading->authentication[0] != '\0');
    return good ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID;
}

static CK_RV read_object(struct token *token, struct reading *reading, struct object **object)
{
    struct attributes attributes = {.count = 0};
    struct key *key = NULL;
    CK_RV rv = read_attributes(reading, &attributes);
    if (rv == CKR_OK && reading->secret == NULL && files_sealed(&attributes)) {
        attributes_clear(&attributes);
        return CKR_OK; /* for another time */
    }
    if (rv == CKR_OK) {
        rv = read_material(reading, &attributes, &key);
    }
    if (rv != CKR_OK) {
        attributes_clear(&attributes);
        return rv;
    }
    *object = object_new(token, &attributes, key);
    key_unref(key);
    if (*object == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy((*object)->name, reading->name, sizeof(*object)->name);
    memcpy((*object)->material, reading->material, sizeof(*object)->material);
    remember_file(reading->folder, *object);
    return CKR_OK;
}

CK_RV files_read(
    struct token *token, int folder, const char *name, const uint8_t *secret, struct object **object, bool *foreign)
{
    struct reading reading = {.folder = folder, .name = name, .secret = secret};
    *object = NULL;
    *foreign = false;
    CK_RV rv = read_object(token, &reading, object);
    if (reading.text != NULL) {
        store_release((uint8_t *)reading.text, reading.file_length);
    }
    *foreign = rv != CKR_OK && rv != CKR_HOST_MEMORY;
    return *foreign ? CKR_OK : rv;
}
