/*
 * Files of a token's folder as somebody may have written them. The first octet says what the rest is:
 *   a  a text of attributes; what is read must be written and read again as the same
 *   f  the two files of an object that is not encrypted: attributes up to a NUL, then material
 *   k  the class and type of a key, then its DER
 *   w  DER of octets that are no key
 *   s  an encrypted PKCS#8 file
 *   t  the file `token`
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "input.h"
#include "pkcs11/files.h"
#include "pkcs11/key.h"
#include "pkcs11/record.h"
#include "pkcs11/seal.h"
#include "pkcs11/store.h"
#include "pkcs11/token.h"
#include "secret.h"

#define NAME "0123456789abcdef"

static int folder = -1;
static char path[] = "/tmp/cardinal-fuzz-XXXXXX";

static void remove_folder(void)
{
    static const char *const names[] = {NAME ".attributes", NAME ".pem", NAME ".der", NAME ".bin", "token"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlinkat(folder, names[i], 0);
    }
    rmdir(path);
}

static void put_file(const char *name, const uint8_t *data, size_t size)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, data, size) != (ssize_t)size) {
        abort();
    }
    close(file);
}

static void fuzz_record(struct input *input)
{
    size_t length = input->left;
    char *text = (char *)input_piece(input, length + 1); /* ends with a NUL, as store_read() has it */
    struct attributes first;
    struct attributes second;
    if (record_read(text, length, &first)) {
        char *written = NULL;
        size_t written_length = 0;
        char *again = NULL;
        size_t again_length = 0;
        if (record_write(&first, &written, &written_length) != CKR_OK ||
            !record_read(written, written_length, &second) || record_write(&second, &again, &again_length) != CKR_OK ||
            again_length != written_length || memcmp(written, again, again_length) != 0) {
            abort();
        }
        attributes_clear(&first);
        attributes_clear(&second);
        free(written);
        free(again);
    }
    free(text);
}

static void fuzz_files(struct input *input)
{
    static const char *const suffixes[] = {".pem", ".der", ".bin"};
    const uint8_t *end = memchr(input->at, 0, input->left);
    size_t length = end != NULL ? (size_t)(end - input->at) : input->left;
    put_file(NAME ".attributes", input->at, length);
    for (size_t i = 0; end != NULL && i < 3; i++) {
        char name[40];
        snprintf(name, sizeof name, NAME "%s", suffixes[i]);
        put_file(name, end + 1, input->left - length - 1);
    }
    uint8_t secret[TOKEN_SECRET_OCTETS] = {7};
    struct object *object;
    bool foreign;
    for (int login = 0; login < 2; login++) {
        if (files_read(token_of_slot(0), folder, NAME, login != 0 ? secret : NULL, &object, &foreign) != CKR_OK) {
            abort();
        }
        if (object != NULL) {
            uint8_t value[64];
            CK_ULONG room = sizeof value;
            object_attribute(object, CKA_VALUE, value, &room);
            if (files_sealed(&object->attributes)) {
                abort(); /* nobody encrypted or authenticated it */
            }
            object_free(object);
        }
    }
}

static void fuzz_key(struct input *input)
{
    static const CK_KEY_TYPE types[] = {CKK_RSA,  CKK_DH, CKK_EC, CKK_EC_MONTGOMERY, CKK_EC_EDWARDS, CKK_GENERIC_SECRET,
                                        CKK_HKDF, CKK_DES};
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY + input_octet(input) % 3;
    CK_KEY_TYPE type = types[input_octet(input) % 8];
    size_t length = input->left;
    uint8_t *der = input_piece(input, length);
    struct key *key = NULL;
    if (key_from_der(class, type, der, length, &key) == CKR_OK) {
        uint8_t *again = NULL;
        size_t again_length = 0;
        struct key *same = NULL;
        if (key_to_der(key, &again, &again_length) != CKR_OK ||
            key_from_der(class, type, again, again_length, &same) != CKR_OK) {
            abort();
        }
        secret_free(again, again_length);
        key_unref(same);
    }
    key_unref(key);
    free(der);
}

static void fuzz_sealed(struct input *input, bool encrypted)
{
    size_t length = input->left;
    uint8_t *data = input_piece(input, length);
    uint8_t *octets = NULL;
    size_t octets_length = 0;
    CK_RV rv = encrypted ? unseal(data, length, "1234", 4, &octets, &octets_length)
                         : seal_unwrap_octets(data, length, &octets, &octets_length);
    if (rv == CKR_OK) {
        secret_free(octets, octets_length);
    }
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    if (folder < 0) {
        if (mkdtemp(path) == NULL || (folder = open(path, O_RDONLY | O_DIRECTORY)) < 0) {
            abort();
        }
        atexit(remove_folder);
        tokens_reset();
    }
    struct token_label label;
    switch (input_octet(&input)) {
    case 'a':
        fuzz_record(&input);
        break;
    case 'f':
        fuzz_files(&input);
        break;
    case 'k':
        fuzz_key(&input);
        break;
    case 'w':
        fuzz_sealed(&input, false);
        break;
    case 's':
        fuzz_sealed(&input, true);
        break;
    case 't':
        put_file("token", input.at, input.left);
        token_read_label(folder, &label);
        break;
    default:
        break;
    }
    return 0;
}
