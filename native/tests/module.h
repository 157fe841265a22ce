/* The module as its consumers load it, with a token in a folder of its own that goes when the test ends. */
#ifndef CARDINAL_MODULE_H
#define CARDINAL_MODULE_H

#include "check.h"
#include "pkcs11/cryptoki.h"

#include <dlfcn.h>
#include <ftw.h>
#include <unistd.h>

#define MODULE_PIN "246810"
#define MODULE_SO_PIN "135791"

static CK_FUNCTION_LIST *module;
static const CK_CARDINAL_BATCH_FUNCTIONS *module_batch;
static CK_SESSION_HANDLE module_session;
static char module_folder[64];

static int module_remove(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void module_discard(void)
{
    nftw(module_folder, module_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Loads the module, makes a token, and opens a session in which the user is logged in. */
static inline void module_open(void)
{
    void *library = dlopen(CARDINAL_CARD_MODULE, RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL, "%s", dlerror());
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
    CHECK(get != NULL && get(&module) == CKR_OK, "no C_GetFunctionList");
    CK_RV(*get_interface)
    (CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS) =
        (CK_RV(*)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS))dlsym(library, "C_GetInterface");
    CK_INTERFACE *found = NULL;
    CHECK(
        get_interface != NULL && get_interface((CK_UTF8CHAR *)CK_CARDINAL_BATCH_INTERFACE, NULL, &found, 0) == CKR_OK &&
            found != NULL,
        "no batch interface");
    module_batch = found->pFunctionList;

    snprintf(module_folder, sizeof module_folder, "/tmp/cardinal-test.XXXXXX");
    CHECK(mkdtemp(module_folder) != NULL, "no temporary folder");
    atexit(module_discard);
    char settings[128];
    const char *backend = getenv("CARDINAL_CARD_BACKEND");
    snprintf(
        settings, sizeof settings, "directory='%s' backend='%s'", module_folder, backend == NULL ? "auto" : backend);
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = settings};
    CK_RV rv = module->C_Initialize(&arguments);
    CHECK(rv == CKR_OK, "C_Initialize: 0x%lx", rv);
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof label);
    memcpy(label, "test", 4);
    CK_SLOT_ID slot;
    CK_ULONG slots = 1;
    CHECK(module->C_GetSlotList(CK_TRUE, &slot, &slots) == CKR_OK && slots == 1, "%lu slots", slots);
    rv = module->C_InitToken(slot, (CK_UTF8CHAR *)MODULE_SO_PIN, strlen(MODULE_SO_PIN), label);
    CHECK(rv == CKR_OK, "C_InitToken: 0x%lx", rv);
    rv = module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &module_session);
    CHECK(rv == CKR_OK, "C_OpenSession: 0x%lx", rv);
    CHECK(
        module->C_Login(module_session, CKU_SO, (CK_UTF8CHAR *)MODULE_SO_PIN, strlen(MODULE_SO_PIN)) == CKR_OK &&
            module->C_InitPIN(module_session, (CK_UTF8CHAR *)MODULE_PIN, strlen(MODULE_PIN)) == CKR_OK &&
            module->C_Logout(module_session) == CKR_OK,
        "the PIN could not be set");
    rv = module->C_Login(module_session, CKU_USER, (CK_UTF8CHAR *)MODULE_PIN, strlen(MODULE_PIN));
    CHECK(rv == CKR_OK, "C_Login: 0x%lx", rv);
}

static inline void module_close(void)
{
    CHECK(module->C_Finalize(NULL) == CKR_OK, "C_Finalize");
}

#endif
