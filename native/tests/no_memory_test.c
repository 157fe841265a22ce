/*
 * Memory for secrets that runs out, at every place in turn: a scenario runs over and over, and each time the n-th
 * secret_alloc() fails. Calls may fail with it, and only as calls fail for want of memory; nothing leaks (the
 * sanitizers tell), no lock stays, no half-made object shows, and the next run finds the token whole.
 *
 * The linker puts __wrap_secret_alloc in the place of every call of secret_alloc.
 */
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "batch/execute.h"
#include "check.h"
#include "pkcs11/calls.h"
#include "pkcs11/cryptoki.h"
#include "secret.h"

#define PIN ((CK_UTF8CHAR *)(uintptr_t) "246810")
#define PIN_LENGTH 6u

void *__real_secret_alloc(size_t length);
void *__wrap_secret_alloc(size_t length);

static unsigned long calls;
static unsigned long failing; /* 0: none */

void *__wrap_secret_alloc(size_t length)
{
    return ++calls == failing ? NULL : __real_secret_alloc(length);
}

static char settings[128];
static CK_BBOOL yes = CK_TRUE;
static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static unsigned long met; /* calls that failed for want of memory */

static bool went(CK_RV rv, int line)
{
    CHECK(
        rv == CKR_OK || rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_ERROR || rv == CKR_ATTRIBUTE_VALUE_INVALID ||
            rv == CKR_TOKEN_NOT_RECOGNIZED,
        "line %d with allocation %lu failing: 0x%lx", line, failing, rv);
    met += rv != CKR_OK ? 1 : 0;
    return rv == CKR_OK;
}
#define WENT(call) went((call), __LINE__)

static CK_ULONG count_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *found)
{
    CK_ULONG count = 0;
    if (WENT(C_FindObjectsInit(session, NULL, 0))) {
        CHECK(C_FindObjects(session, found, 16, &count) == CKR_OK, "C_FindObjects");
        CHECK(C_FindObjectsFinal(session) == CKR_OK, "C_FindObjectsFinal");
    }
    return count;
}

static void use_pair(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private_key)
{
    CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    uint8_t signature[64];
    CK_ULONG length = sizeof signature;
    if (WENT(C_SignInit(session, &ecdsa, private_key))) {
        CHECK(C_Sign(session, signature, 5, signature, &length) == CKR_OK, "C_Sign");
    }
    CK_OBJECT_HANDLE copy;
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, 1}};
    if (WENT(C_CopyObject(session, private_key, template, 1, &copy))) {
        WENT(C_DestroyObject(session, copy));
    }
}

static void use_batch(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private_key)
{
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_MECHANISM pair = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE curve[] = {{CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof p256}};
    CK_ATTRIBUTE ephemeral[] = {{CKA_DERIVE, &yes, 1}};
    uint8_t digest[32] = {2};
    uint8_t out[2][65];
    CK_CARDINAL_BATCH_LANE lanes[2] = {
        {.ulOperation = CKB_SIGN,
         .pMechanism = &ecdsa,
         .hKey = private_key,
         .pIn = digest,
         .ulInLen = sizeof digest,
         .pOut = out[0],
         .ulOutLen = sizeof out[0]},
        {.ulOperation = CKB_GENERATE,
         .pMechanism = &pair,
         .pTemplate = curve,
         .ulCount = 1,
         .pTemplate2 = ephemeral,
         .ulCount2 = 1,
         .pOut = out[1],
         .ulOutLen = sizeof out[1]}};
    CHECK(batch_functions.ExecuteBatch(session, lanes, 2) == CKR_OK, "ExecuteBatch");
    bool made = WENT(lanes[1].rv);
    CHECK(made == (lanes[1].hNew != 0), "an object where one was made");
    CHECK(WENT(lanes[0].rv) == (lanes[0].ulOutLen > 0), "a signature where one was made");
}

/* Leaves the token as it was, or with objects that it tells of. */
static void scenario(void)
{
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = settings};
    CK_SESSION_HANDLE session;
    CHECK(C_Initialize(&arguments) == CKR_OK, "C_Initialize");
    if (!WENT(C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session))) {
        CHECK(C_Finalize(NULL) == CKR_OK, "C_Finalize");
        return;
    }
    if (WENT(C_Login(session, CKU_USER, PIN, PIN_LENGTH))) {
        CK_OBJECT_HANDLE found[16];
        CK_OBJECT_HANDLE keys[2];
        CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
        CK_ATTRIBUTE public_template[] = {{CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof p256}, {CKA_TOKEN, &yes, 1}};
        CK_ATTRIBUTE data[] = {
            {CKA_CLASS, &(CK_OBJECT_CLASS){CKO_DATA}, sizeof(CK_OBJECT_CLASS)},
            {CKA_VALUE, found, sizeof found},
            {CKA_TOKEN, &yes, 1},
            {CKA_PRIVATE, &yes, 1}};
        CK_ULONG before = count_objects(session, found);
        if (WENT(C_GenerateKeyPair(session, &mechanism, public_template, 2, NULL, 0, &keys[0], &keys[1]))) {
            use_pair(session, keys[1]);
            use_batch(session, keys[1]);
            WENT(C_SetAttributeValue(session, keys[0], &(CK_ATTRIBUTE){CKA_LABEL, found, 20}, 1));
            WENT(C_DestroyObject(session, keys[0]));
        } else if (failing < calls) { /* the search itself was not what failed */
            CHECK(count_objects(session, found) <= before + 1, "no half of a pair");
        }
        CK_OBJECT_HANDLE object;
        if (WENT(C_CreateObject(session, data, 4, &object))) {
            WENT(C_DestroyObject(session, object));
        }
    }
    CHECK(C_Finalize(NULL) == CKR_OK, "C_Finalize");
}

/* What each login reads. */
static void store_objects(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE made;
    CK_MECHANISM mechanism = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};
    CK_ULONG length = 32;
    CK_ATTRIBUTE secret[] = {{CKA_VALUE_LEN, &length, sizeof length}, {CKA_TOKEN, &yes, 1}};
    CK_ATTRIBUTE data[] = {
        {CKA_CLASS, &(CK_OBJECT_CLASS){CKO_DATA}, sizeof(CK_OBJECT_CLASS)},
        {CKA_VALUE, (void *)(uintptr_t)p256, sizeof p256},
        {CKA_TOKEN, &yes, 1},
        {CKA_PRIVATE, &yes, 1}};
    CHECK(C_GenerateKey(session, &mechanism, secret, 2, &made) == CKR_OK, "C_GenerateKey");
    CHECK(C_CreateObject(session, data, 4, &made) == CKR_OK, "C_CreateObject");
}

int main(void)
{
    char folder[] = "/dev/shm/cardinal-no-memory-XXXXXX";
    char command[100];
    CHECK(mkdtemp(folder) != NULL, "a folder");
    snprintf(settings, sizeof settings, "directory='%s'", folder);
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = settings};
    CK_UTF8CHAR label[32];
    CK_SESSION_HANDLE session;
    memset(label, ' ', sizeof label);
    CHECK(C_Initialize(&arguments) == CKR_OK && C_InitToken(0, PIN, PIN_LENGTH, label) == CKR_OK, "a token");
    CHECK(C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) == CKR_OK, "a session");
    CHECK(C_Login(session, CKU_SO, PIN, PIN_LENGTH) == CKR_OK && C_InitPIN(session, PIN, PIN_LENGTH) == CKR_OK, "PINs");
    CHECK(C_Logout(session) == CKR_OK && C_Login(session, CKU_USER, PIN, PIN_LENGTH) == CKR_OK, "C_Login");
    store_objects(session);
    CHECK(C_Finalize(NULL) == CKR_OK, "C_Finalize");
    CHECK(freopen("/dev/null", "w", stderr) != NULL, "quiet"); /* it tells of files that it could not read */
    for (failing = 1;; failing++) {
        calls = 0;
        scenario();
        if (calls < failing) {
            break; /* it ran to its end without reaching the one that fails */
        }
        CHECK(met >= failing, "allocation %lu failed, and nobody was told", failing);
    }
    printf("%lu allocations, %lu calls that failed for want of one\n", failing - 1, met);
    CHECK(failing > 20, "allocations were made to fail");
    /* the token is whole: an untouched run succeeds in everything */
    met = 0;
    failing = 0;
    scenario();
    CHECK(met == 0, "%lu calls failed with all memory there", met);
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    CHECK(system(command) == 0, "rm");
    return checks_done();
}
