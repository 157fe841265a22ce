#include "pkcs11/module.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "batch/dispatch.h"
#include "pkcs11/notice.h"
#include "pkcs11/sessions.h"
#include "pkcs11/slots.h"
#include "pkcs11/token.h"
#include "secret.h"

/* The process whose locks and tables these are; negative while they are made anew. */
static _Atomic pid_t process;
/* The process that called C_Initialize, 0 after C_Finalize. */
static _Atomic pid_t owner;

static pthread_mutex_t lifecycle;
static pthread_rwlock_t calls;
static pthread_mutex_t tables;
static struct settings settings;

/*
 * What a fork copied is of no use in the child: locks may be held by threads that are not there, sessions and logins
 * are the parent's, memory for secrets reads as zeros. So nothing of it is looked at; all is made anew.
 */
static void adopt_process(void)
{
    pid_t self = getpid();
    for (;;) {
        pid_t seen = atomic_load(&process);
        if (seen == self) {
            return;
        }
        if (seen == -self) {
            sched_yield();
            continue;
        }
        if (atomic_compare_exchange_strong(&process, &seen, -self)) {
            pthread_mutex_init(&lifecycle, NULL);
            pthread_rwlock_init(&calls, NULL);
            pthread_mutex_init(&tables, NULL);
            if (seen != 0) {
                secret_after_fork();
            }
            sessions_reset();
            tokens_reset();
            atomic_store(&process, self);
            return;
        }
    }
}

CK_RV module_enter(void)
{
    pid_t self = getpid();
    if (atomic_load(&owner) != self) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    pthread_rwlock_rdlock(&calls);
    if (atomic_load(&owner) != self) {
        pthread_rwlock_unlock(&calls);
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    return CKR_OK;
}

void module_leave(void)
{
    pthread_rwlock_unlock(&calls);
}

void tables_lock(void)
{
    pthread_mutex_lock(&tables);
}

void tables_unlock(void)
{
    pthread_mutex_unlock(&tables);
}

const struct settings *module_settings(void)
{
    return &settings;
}

/* PKCS#11 3.0 section 5.4.1: the four callbacks come together or not at all; without OS locking they would be used. */
static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *arguments)
{
    int callbacks = (arguments->CreateMutex != NULL) + (arguments->DestroyMutex != NULL) +
                    (arguments->LockMutex != NULL) + (arguments->UnlockMutex != NULL);
    if (callbacks != 0 && callbacks != 4) {
        return CKR_ARGUMENTS_BAD;
    }
    if (callbacks == 4 && (arguments->flags & CKF_OS_LOCKING_OK) == 0) {
        return CKR_CANT_LOCK;
    }
    return CKR_OK;
}

/* What the settings say of back-ends; one line on standard error where it cannot be done. */
static bool configure_back_ends(void)
{
    enum dispatch_choice choice = DISPATCH_AUTO;
    struct break_even_table table = break_even_measured;
    if (*settings.backend != '\0' && !dispatch_choice_of(settings.backend, &choice)) {
        notice("backend: '%s' is none of auto, portable, ifma", settings.backend);
        return false;
    }
    if (*settings.tuning != '\0') {
        unsigned line = 0;
        const char *wrong = break_even_read(settings.tuning, &table, &line);
        if (wrong != NULL) {
            notice("tuning: %.300s, line %u: %s", settings.tuning, line, wrong);
            return false;
        }
    }
    if (!dispatch_configure(choice, &table)) {
        notice("backend: this processor cannot run '%s'", settings.backend);
        return false;
    }
    return true;
}

static CK_RV start(const CK_C_INITIALIZE_ARGS *arguments)
{
    CK_RV rv = arguments != NULL ? check_arguments(arguments) : CKR_OK;
    if (rv != CKR_OK) {
        return rv;
    }
    if (!settings_read(arguments != NULL ? arguments->pReserved : NULL, &settings) || !configure_back_ends()) {
        return CKR_ARGUMENTS_BAD;
    }
    return CKR_OK;
}

CK_RV C_Initialize(CK_VOID_PTR arguments)
{
    adopt_process();
    pthread_mutex_lock(&lifecycle);
    CK_RV rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;
    if (atomic_load(&owner) != getpid()) {
        rv = start(arguments);
        if (rv == CKR_OK) {
            atomic_store(&owner, getpid());
        }
    }
    pthread_mutex_unlock(&lifecycle);
    return rv;
}

CK_RV C_Finalize(CK_VOID_PTR reserved)
{
    if (reserved != NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    pid_t self = getpid();
    if (atomic_load(&owner) != self) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    pthread_mutex_lock(&lifecycle);
    CK_RV rv = CKR_CRYPTOKI_NOT_INITIALIZED;
    if (atomic_load(&owner) == self) {
        atomic_store(&owner, 0); /* new calls are refused; the ones under way are waited for */
        pthread_rwlock_wrlock(&calls);
        for (CK_SLOT_ID slot = 0; slot < SLOT_LIMIT; slot++) {
            sessions_close_all(token_of_slot(slot));
            token_forget(token_of_slot(slot));
        }
        pthread_rwlock_unlock(&calls);
        rv = CKR_OK;
    }
    pthread_mutex_unlock(&lifecycle);
    return rv;
}

static CK_RV tell_info(CK_INFO_PTR info, CK_BYTE major, CK_BYTE minor)
{
    CK_RV rv = module_enter();
    if (rv != CKR_OK) {
        return rv;
    }
    if (info != NULL) {
        memset(info, 0, sizeof *info);
        info->cryptokiVersion.major = major;
        info->cryptokiVersion.minor = minor;
        pad_text(info->manufacturerID, sizeof info->manufacturerID, "Cardinal");
        pad_text(info->libraryDescription, sizeof info->libraryDescription, "Cardinal crypto card");
        info->libraryVersion.major = 0;
        info->libraryVersion.minor = 1;
    }
    module_leave();
    return info != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;
}

CK_RV C_GetInfo(CK_INFO_PTR info)
{
    return tell_info(info, 3, 0);
}

CK_RV module_info_2_40(CK_INFO_PTR info)
{
    return tell_info(info, 2, 40);
}
