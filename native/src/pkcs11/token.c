#include "pkcs11/token.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pkcs11/files.h"
#include "pkcs11/module.h"
#include "pkcs11/notice.h"
#include "pkcs11/objects.h"
#include "pkcs11/record.h"
#include "pkcs11/sessions.h"
#include "pkcs11/store.h"
#include "secret.h"

#define LABEL_NAME "token"

/* Objects read from one token's folder; a folder with more files is not read to its end. */
#define TOKEN_OBJECT_LIMIT 100000u

static struct token tokens[SLOT_LIMIT];

struct token *token_of_slot(CK_SLOT_ID slot)
{
    return slot < SLOT_LIMIT ? &tokens[slot] : NULL;
}

void tokens_reset(void)
{
    memset(tokens, 0, sizeof tokens);
    for (CK_SLOT_ID slot = 0; slot < SLOT_LIMIT; slot++) {
        tokens[slot].slot = slot;
        pthread_mutex_init(&tokens[slot].admin, NULL);
    }
    objects_reset();
}

int token_folder(const struct token *token)
{
    return store_open(module_settings()->directory, token->slot);
}

bool token_read_label(int folder, struct token_label *label)
{
    uint8_t *text;
    size_t length;
    if (store_read(folder, LABEL_NAME, &text, &length) != STORE_READ) {
        return false;
    }
    char quoted[4 * LABEL_OCTETS + 8];
    char serial[SERIAL_DIGITS + 1];
    size_t label_length = 0;
    int end = -1;
    memset(label->label, ' ', sizeof label->label);
    bool good = sscanf(
                    (const char *)text, "cardinal-token 1\nlabel = %135[^\n]\nserial = %16[0-9a-f]\nend%n", quoted,
                    serial, &end) == 2 &&
                end > 0 && strlen(serial) == SERIAL_DIGITS &&
                record_unquote(quoted, label->label, sizeof label->label, &label_length);
    if (good) {
        memset(label->label + label_length, ' ', sizeof label->label - label_length);
        memcpy(label->serial, serial, sizeof serial);
    }
    store_release(text, length);
    return good;
}

CK_RV token_write_label(int folder, const struct token_label *label)
{
    char quoted[4 * LABEL_OCTETS + 8];
    char text[256];
    size_t length = sizeof label->label;
    while (length > 0 && label->label[length - 1] == ' ') {
        length--;
    }
    if (!record_quote(label->label, length, quoted, sizeof quoted)) {
        return CKR_GENERAL_ERROR;
    }
    int text_length =
        snprintf(text, sizeof text, "cardinal-token 1\nlabel = %s\nserial = %s\nend\n", quoted, label->serial);
    return store_write(folder, LABEL_NAME, text, (size_t)text_length);
}

void token_password(const uint8_t secret[TOKEN_SECRET_OCTETS], char password[TOKEN_PASSWORD_ROOM])
{
    EVP_EncodeBlock((unsigned char *)password, secret, TOKEN_SECRET_OCTETS);
}

/* Under tables: whether an object is one that a login opened. */
static bool opened_by_login(const struct object *object)
{
    return attributes_flag(&object->attributes, CKA_PRIVATE) ||
           (object->session == NULL && files_sealed(&object->attributes));
}

static void remove_opened(struct object *list)
{
    while (list != NULL) {
        struct object *next = list->next;
        if (opened_by_login(list)) {
            object_remove(list);
        }
        list = next;
    }
}

void token_log_out(struct token *token)
{
    tables_lock();
    if (token->login != LOGIN_NONE) {
        token->login = LOGIN_NONE;
        token->login_epoch++;
        secret_free(token->secret, TOKEN_SECRET_OCTETS);
        token->secret = NULL;
        remove_opened(token->objects);
        sessions_remove_objects(token, remove_opened);
    }
    tables_unlock();
}

void token_forget(struct token *token)
{
    token_log_out(token);
    tables_lock();
    while (token->objects != NULL) {
        object_remove(token->objects);
    }
    token->loaded = false;
    token->serial[0] = '\0';
    tables_unlock();
}

static struct object *by_name(struct token *token, const char *name)
{
    for (struct object *object = token->objects; object != NULL; object = object->next) {
        if (strcmp(object->name, name) == 0) {
            return object;
        }
    }
    return NULL;
}

/* A file that belongs to the card or is a folder's own entry. */
static bool is_furniture(const char *file)
{
    static const char *const names[] = {".", "..", "token", "tries", "lock", "generation", "user.p8", "so.p8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(file, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* One line for each file that is skipped, however often the folder is read. */
static void tell_skipped(struct token *token, const char *file)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *at = file; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
    }
    for (unsigned i = 0; i < token->told_count; i++) {
        if (token->told[i] == hash) {
            return;
        }
    }
    if (token->told_count < TOLD_LIMIT) {
        token->told[token->told_count++] = hash;
        notice("token-%lu/%s: torn or foreign; left alone", token->slot, file);
    }
}

static bool is_same_kind(const struct object *a, const struct object *b)
{
    return attributes_number(&a->attributes, CKA_CLASS) == attributes_number(&b->attributes, CKA_CLASS) &&
           attributes_number(&a->attributes, CKA_KEY_TYPE) == attributes_number(&b->attributes, CKA_KEY_TYPE) &&
           files_sealed(&a->attributes) == files_sealed(&b->attributes);
}

/* One file of the folder: an object that is new, or changed, or as it was. Under admin and the folder's lock. */
static CK_RV read_entry(struct token *token, int folder, const char *file, const uint8_t *secret)
{
    char name[OBJECT_NAME_DIGITS + 1];
    bool material;
    if (!files_object_name(file, name, &material)) {
        if (!material && !is_furniture(file)) {
            tell_skipped(token, file);
        }
        return CKR_OK;
    }
    struct object *old = by_name(token, name);
    if (old != NULL && !files_changed(folder, old)) {
        old->seen = true;
        return CKR_OK;
    }
    struct object *object;
    bool foreign;
    CK_RV rv = files_read(token, folder, name, secret, &object, &foreign);
    if (foreign) {
        tell_skipped(token, file);
    }
    if (rv != CKR_OK || object == NULL) {
        return rv;
    }
    tables_lock();
    if (old != NULL && !is_same_kind(old, object)) {
        object_remove(old); /* somebody put another object in its place: nothing of the old one may serve it */
        old = NULL;
    }
    if (old != NULL) {
        /* the handle stays; only attributes of an object ever change */
        struct attributes attributes = old->attributes;
        old->attributes = object->attributes;
        object->attributes = attributes;
        old->inode = object->inode;
        old->changed = object->changed;
        old->seen = true;
    } else {
        object->seen = true;
        object_insert(object, NULL);
    }
    tables_unlock();
    if (old != NULL) {
        object_free(object);
    }
    return CKR_OK;
}

static CK_RV read_entries(struct token *token, int folder, const uint8_t *secret)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again >= 0 ? fdopendir(again) : NULL;
    if (entries == NULL) {
        if (again >= 0) {
            close(again);
        }
        return CKR_DEVICE_ERROR;
    }
    for (struct object *object = token->objects; object != NULL; object = object->next) {
        object->seen = false;
    }
    CK_RV rv = CKR_OK;
    const struct dirent *entry;
    for (unsigned count = 0; rv == CKR_OK && count < TOKEN_OBJECT_LIMIT && (entry = readdir(entries)) != NULL;
         count++) {
        rv = read_entry(token, folder, entry->d_name, secret);
    }
    closedir(entries);
    tables_lock();
    for (struct object *object = token->objects, *next; object != NULL; object = next) {
        next = object->next;
        if (!object->seen && rv == CKR_OK) {
            object_remove(object);
        }
    }
    tables_unlock();
    return rv;
}

/* Under admin and the folder's lock: reads the folder. */
static CK_RV reread(struct token *token, int folder)
{
    struct token_label label;
    uint64_t generation = store_generation(folder);
    CK_RV rv = token_read_label(folder, &label) ? CKR_OK : CKR_TOKEN_NOT_RECOGNIZED;
    if (rv == CKR_OK && strcmp(label.serial, token->serial) != 0) {
        token_log_out(token);
        tables_lock();
        while (token->objects != NULL) {
            object_remove(token->objects);
        }
        memcpy(token->serial, label.serial, sizeof token->serial);
        token->loaded = false;
        tables_unlock();
    }
    if (rv == CKR_OK) {
        uint8_t *secret = token->login == LOGIN_USER ? token->secret : NULL; /* changes under admin only */
        rv = read_entries(token, folder, secret);
    }
    if (rv == CKR_OK) {
        tables_lock();
        token->generation = generation;
        token->loaded = true;
        tables_unlock();
    }
    return rv;
}

static bool is_current(struct token *token, int folder)
{
    uint64_t generation = store_generation(folder);
    tables_lock();
    bool current = token->loaded && token->generation == generation;
    tables_unlock();
    return current;
}

static CK_RV not_present(struct token *token)
{
    token_forget(token);
    return CKR_TOKEN_NOT_PRESENT;
}

/* Under admin: reads the folder if its counter moved. */
static CK_RV follow(struct token *token, int folder)
{
    if (is_current(token, folder)) {
        return CKR_OK;
    }
    int lock = store_lock(folder, false);
    CK_RV rv = lock >= 0 ? reread(token, folder) : CKR_DEVICE_ERROR;
    store_unlock(lock);
    return rv;
}

CK_RV token_refresh(struct token *token)
{
    int folder = token_folder(token);
    CK_RV rv = CKR_OK;
    if (folder < 0 || !is_current(token, folder)) {
        pthread_mutex_lock(&token->admin);
        rv = folder >= 0 ? follow(token, folder) : not_present(token);
        pthread_mutex_unlock(&token->admin);
    }
    if (folder >= 0) {
        close(folder);
    }
    return rv;
}

CK_RV token_begin_change(struct token *token, struct token_change *change)
{
    int folder = token_folder(token);
    if (folder < 0) {
        return not_present(token);
    }
    *change = (struct token_change){token, folder, store_lock(folder, true)};
    CK_RV rv = CKR_OK;
    if (change->lock < 0) {
        rv = CKR_DEVICE_ERROR;
    } else if (!is_current(token, folder)) {
        rv = reread(token, folder);
    }
    if (rv != CKR_OK) {
        token_end_change(change, false);
    }
    return rv;
}

void token_end_change(struct token_change *change, bool changed)
{
    if (changed) {
        uint64_t generation = store_bump(change->folder);
        tables_lock();
        change->token->generation = generation;
        tables_unlock();
    }
    store_unlock(change->lock);
    close(change->folder);
}

CK_RV token_log_in(struct token_change *change, enum login login, const uint8_t secret[TOKEN_SECRET_OCTETS])
{
    struct token *token = change->token;
    uint8_t *copy = secret_alloc(TOKEN_SECRET_OCTETS);
    if (copy == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy(copy, secret, TOKEN_SECRET_OCTETS);
    tables_lock();
    token->login = login;
    token->secret = copy;
    tables_unlock();
    CK_RV rv = login == LOGIN_USER ? reread(token, change->folder) : CKR_OK;
    if (rv != CKR_OK) {
        token_log_out(token);
    }
    return rv;
}
