/* C_InitToken, C_InitPIN, C_SetPIN, C_Login, C_Logout. */
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "pkcs11/calls.h"
#include "pkcs11/files.h"
#include "pkcs11/module.h"
#include "pkcs11/pin.h"
#include "pkcs11/sessions.h"
#include "pkcs11/slots.h"
#include "pkcs11/store.h"
#include "pkcs11/token.h"
#include "secret.h"

/* The files that make a token of a folder: its SO PIN, its name. */
static CK_RV write_token(int folder, const uint8_t *pin, CK_ULONG pin_length, const uint8_t *label)
{
    struct token_label written;
    uint64_t serial;
    uint8_t *secret = secret_alloc(TOKEN_SECRET_OCTETS);
    if (secret == NULL || RAND_priv_bytes(secret, TOKEN_SECRET_OCTETS) != 1 ||
        RAND_bytes((unsigned char *)&serial, sizeof serial) != 1) {
        secret_free(secret, TOKEN_SECRET_OCTETS);
        return CKR_DEVICE_ERROR;
    }
    snprintf(written.serial, sizeof written.serial, "%016" PRIx64, serial);
    memcpy(written.label, label, sizeof written.label);
    CK_RV rv = pin_set(folder, PIN_SO, pin, pin_length, secret);
    secret_free(secret, TOKEN_SECRET_OCTETS);
    if (rv == CKR_OK) {
        rv = token_write_label(folder, &written);
    }
    if (rv == CKR_OK) {
        store_bump(folder);
    }
    return rv;
}

static CK_RV make_token(const struct token *token, const uint8_t *pin, CK_ULONG length, const uint8_t *label)
{
    const char *directory = module_settings()->directory;
    char name[32];
    int folder = -1;
    CK_RV rv = store_prepare(directory, name, &folder);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = write_token(folder, pin, length, label);
    if (rv == CKR_OK) {
        rv = store_adopt(directory, name, token->slot);
    }
    if (rv != CKR_OK) {
        store_discard(directory, name, folder);
    }
    close(folder);
    return rv;
}

/* Removes the files of all objects; files that are not the card's stay. */
static CK_RV remove_objects(int folder)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again >= 0 ? fdopendir(again) : NULL;
    if (entries == NULL) {
        if (again >= 0) {
            close(again);
        }
        return CKR_DEVICE_ERROR;
    }
    CK_RV rv = CKR_OK;
    const struct dirent *entry;
    while (rv == CKR_OK && (entry = readdir(entries)) != NULL) {
        char name[OBJECT_NAME_DIGITS + 1];
        bool material;
        if (files_object_name(entry->d_name, name, &material) || material || store_is_temporary(entry->d_name)) {
            rv = store_remove(folder, entry->d_name);
        }
    }
    closedir(entries);
    store_sync(folder);
    return rv;
}

/*
 * In this order, so that the process may end at any step and the SO's PIN still opens what is there: the user loses the
 * PIN, the objects go, a new secret comes, the new name.
 */
static CK_RV make_anew(int folder, const uint8_t *pin, CK_ULONG length, const uint8_t *label)
{
    uint8_t secret[TOKEN_SECRET_OCTETS];
    CK_RV rv = pin_check(folder, PIN_SO, pin, length, secret);
    secret_wipe(secret, sizeof secret);
    if (rv == CKR_OK) {
        rv = pin_remove(folder, PIN_USER);
    }
    if (rv == CKR_OK) {
        rv = remove_objects(folder);
    }
    return rv == CKR_OK ? write_token(folder, pin, length, label) : rv;
}

/* Under admin, the token marked as busy. */
static CK_RV init_token(struct token *token, const uint8_t *pin, CK_ULONG length, const uint8_t *label)
{
    enum slot_kind kind = slot_kind(token->slot);
    if (kind == SLOT_NONE) {
        return CKR_SLOT_ID_INVALID;
    }
    if (kind == SLOT_EMPTY) {
        return length < PIN_SHORTEST || length > PIN_LONGEST ? CKR_PIN_LEN_RANGE
                                                             : make_token(token, pin, length, label);
    }
    int folder = token_folder(token);
    int lock = folder >= 0 ? store_lock(folder, true) : -1;
    CK_RV rv = lock >= 0 ? make_anew(folder, pin, length, label) : CKR_DEVICE_ERROR;
    store_unlock(lock);
    if (folder >= 0) {
        close(folder);
    }
    token_forget(token);
    return rv;
}

CK_RV C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG length, CK_UTF8CHAR_PTR label)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    struct token *token = token_of_slot(slot);
    if (token == NULL) {
        rv = CKR_SLOT_ID_INVALID;
    } else if (pin == NULL || label == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        pthread_mutex_lock(&token->admin);
        tables_lock();
        rv = token->session_count > 0 ? CKR_SESSION_EXISTS : CKR_OK;
        token->busy = rv == CKR_OK;
        tables_unlock();
        if (rv == CKR_OK) {
            rv = init_token(token, pin, length, label);
            tables_lock();
            token->busy = false;
            tables_unlock();
        }
        pthread_mutex_unlock(&token->admin);
    }
    module_leave();
    return rv;
}

struct pin_change {
    struct session *session;
    const uint8_t *pin;
    CK_ULONG length;
    const uint8_t *new_pin;
    CK_ULONG new_length;
};

/* Runs something about a token's PINs within a change of its folder. */
static CK_RV locked(struct pin_change *pins, CK_RV (*work)(int folder, struct pin_change *pins))
{
    struct token *token = pins->session->token;
    struct token_change change;
    pthread_mutex_lock(&token->admin);
    CK_RV rv = token_begin_change(token, &change);
    if (rv == CKR_OK) {
        rv = work(change.folder, pins);
        token_end_change(&change, false);
    }
    pthread_mutex_unlock(&token->admin);
    return rv;
}

static CK_RV init_pin(int folder, struct pin_change *change)
{
    const struct token *token = change->session->token;
    tables_lock();
    CK_RV rv = session_state(change->session) == CKS_RW_SO_FUNCTIONS ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
    tables_unlock();
    return rv == CKR_OK ? pin_set(folder, PIN_USER, change->new_pin, change->new_length, token->secret) : rv;
}

CK_RV C_InitPIN(CK_SESSION_HANDLE handle, CK_UTF8CHAR_PTR pin, CK_ULONG length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    struct pin_change change = {.session = session, .new_pin = pin, .new_length = length};
    rv = pin != NULL ? locked(&change, init_pin) : CKR_ARGUMENTS_BAD;
    session_leave(session);
    return rv;
}

static CK_RV set_pin(int folder, struct pin_change *change)
{
    uint8_t secret[TOKEN_SECRET_OCTETS];
    tables_lock();
    CK_STATE state = session_state(change->session);
    tables_unlock();
    if (!change->session->rw) {
        return CKR_SESSION_READ_ONLY;
    }
    if (change->new_length < PIN_SHORTEST || change->new_length > PIN_LONGEST) {
        return CKR_PIN_LEN_RANGE;
    }
    enum pin_role role = state == CKS_RW_SO_FUNCTIONS ? PIN_SO : PIN_USER;
    CK_RV rv = pin_check(folder, role, change->pin, change->length, secret);
    if (rv == CKR_OK) {
        rv = pin_set(folder, role, change->new_pin, change->new_length, secret);
    }
    secret_wipe(secret, sizeof secret);
    return rv;
}

CK_RV C_SetPIN(
    CK_SESSION_HANDLE handle, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_length, CK_UTF8CHAR_PTR new_pin,
    CK_ULONG new_length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    struct pin_change change = {session, old_pin, old_length, new_pin, new_length};
    rv = old_pin != NULL && new_pin != NULL ? locked(&change, set_pin) : CKR_ARGUMENTS_BAD;
    session_leave(session);
    return rv;
}

/* Under tables. */
static CK_RV may_log_in(const struct token *token, enum login login)
{
    if (token->login == login) {
        return CKR_USER_ALREADY_LOGGED_IN;
    }
    if (token->login != LOGIN_NONE) {
        return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
    }
    if (login == LOGIN_SO && token->rw_session_count < token->session_count) {
        return CKR_SESSION_READ_ONLY_EXISTS;
    }
    return CKR_OK;
}

/* Under admin. Sessions may come and go meanwhile: the rules are asked again before the login holds. */
static CK_RV log_in(struct session *session, enum login login, const uint8_t *pin, CK_ULONG length)
{
    struct token *token = session->token;
    struct token_change change;
    uint8_t secret[TOKEN_SECRET_OCTETS];
    CK_RV rv = token_begin_change(token, &change);
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    rv = may_log_in(token, login);
    tables_unlock();
    if (rv == CKR_OK) {
        rv = pin_check(change.folder, login == LOGIN_SO ? PIN_SO : PIN_USER, pin, length, secret);
    }
    if (rv == CKR_OK) {
        tables_lock();
        rv = session->closed ? CKR_SESSION_HANDLE_INVALID : may_log_in(token, login);
        tables_unlock();
    }
    if (rv == CKR_OK) {
        rv = token_log_in(&change, login, secret);
    }
    token_end_change(&change, false);
    secret_wipe(secret, sizeof secret);
    return rv;
}

/* CKU_CONTEXT_SPECIFIC: the PIN for the one use of a CKA_ALWAYS_AUTHENTICATE key that was begun. */
static CK_RV log_in_for_use(struct session *session, const uint8_t *pin, CK_ULONG length)
{
    struct token *token = session->token;
    uint8_t secret[TOKEN_SECRET_OCTETS];
    struct active *waiting = NULL;
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++) {
        if (session->active[kind].operation != NULL && session->active[kind].awaits_pin) {
            waiting = &session->active[kind];
        }
    }
    if (waiting == NULL) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    struct token_change change;
    CK_RV rv = token_begin_change(token, &change);
    if (rv != CKR_OK) {
        return rv;
    }
    tables_lock();
    rv = token->login == LOGIN_USER ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
    tables_unlock();
    if (rv == CKR_OK) {
        rv = pin_check(change.folder, PIN_USER, pin, length, secret);
        secret_wipe(secret, sizeof secret);
    }
    token_end_change(&change, false);
    if (rv == CKR_OK) {
        waiting->awaits_pin = false;
    }
    return rv;
}

CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    if (user != CKU_SO && user != CKU_USER && user != CKU_CONTEXT_SPECIFIC) {
        rv = CKR_USER_TYPE_INVALID;
    } else if (pin == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        pthread_mutex_lock(&session->token->admin);
        if (user == CKU_CONTEXT_SPECIFIC) {
            rv = log_in_for_use(session, pin, length);
        } else {
            rv = log_in(session, user == CKU_SO ? LOGIN_SO : LOGIN_USER, pin, length);
        }
        pthread_mutex_unlock(&session->token->admin);
    }
    session_leave(session);
    return rv;
}

/* The card knows no users by name. */
CK_RV calls_login_user(
    CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length, CK_UTF8CHAR_PTR name,
    CK_ULONG name_length)
{
    (void)name;
    return name_length == 0 ? C_Login(handle, user, pin, length) : CKR_ARGUMENTS_BAD;
}

CK_RV C_Logout(CK_SESSION_HANDLE handle)
{
    struct session *session;
    CK_RV rv = session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    struct token *token = session->token;
    pthread_mutex_lock(&token->admin);
    tables_lock();
    rv = token->login != LOGIN_NONE ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
    tables_unlock();
    if (rv == CKR_OK) {
        token_log_out(token);
    }
    pthread_mutex_unlock(&token->admin);
    session_leave(session);
    return rv;
}
