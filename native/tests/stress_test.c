/*
 * Eight threads that call whatever comes, on sessions and objects that belong to all of them: nothing they do may take
 * the module's memory apart (the sanitizers tell), hang it, or make it report a broken device. The module is linked in,
 * so that a build with -fsanitize=thread sees all of it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "batch/execute.h"
#include "check.h"
#include "pkcs11/calls.h"
#include "pkcs11/cryptoki.h"
#include "pkcs11/sessions.h"

#define THREADS 8u
#define POOL 32u
#define PIN ((CK_UTF8CHAR *)(uintptr_t) "246810")
#define SO_PIN ((CK_UTF8CHAR *)(uintptr_t) "135791")
#define PIN_LENGTH 6u
#define FEWEST 1500u

static _Atomic CK_SESSION_HANDLE sessions[POOL];
static _Atomic CK_OBJECT_HANDLE objects[POOL];
static atomic_ulong done[4]; /* signatures, keys, batches, logins: that the test does not run idle */
static atomic_bool finalizing;
static char settings[128];

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

static CK_RV initialize(void)
{
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = settings};
    return C_Initialize(&arguments);
}

/* Whether a call may answer so: in what state it meets the token nobody knows, but nothing here is broken. */
static void expect_sane(CK_RV rv, unsigned action)
{
    if (rv == CKR_GENERAL_ERROR || rv == CKR_DEVICE_ERROR || rv == CKR_FUNCTION_FAILED || rv == CKR_HOST_MEMORY ||
        rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED) {
        CHECK(false, "action %u gave 0x%lx", action, rv);
    }
}

static void keep(_Atomic CK_OBJECT_HANDLE *pool, unsigned *seed, CK_RV rv, CK_OBJECT_HANDLE handle)
{
    if (rv == CKR_OK) {
        pool[(unsigned)rand_r(seed) % POOL] = handle;
    }
}

static CK_RV generate_pair(CK_SESSION_HANDLE session, unsigned *seed, CK_BBOOL *on_token)
{
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_template[] = {
        {CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof p256}, {CKA_TOKEN, on_token, sizeof *on_token}};
    CK_ATTRIBUTE private_template[] = {{CKA_DERIVE, &yes, 1}, {CKA_TOKEN, on_token, sizeof *on_token}};
    CK_OBJECT_HANDLE made[2];
    CK_RV rv = C_GenerateKeyPair(session, &mechanism, public_template, 2, private_template, 2, &made[0], &made[1]);
    keep(objects, seed, rv, made[0]);
    keep(objects, seed, rv, made[1]);
    done[1] += rv == CKR_OK ? 1 : 0;
    return rv;
}

static CK_RV generate_secret(CK_SESSION_HANDLE session, unsigned *seed, CK_BBOOL *on_token)
{
    CK_MECHANISM mechanism = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};
    CK_ULONG length = 32;
    CK_ATTRIBUTE template[] = {
        {CKA_VALUE_LEN, &length, sizeof length}, {CKA_DERIVE, &yes, 1}, {CKA_TOKEN, on_token, 1}};
    CK_OBJECT_HANDLE made;
    CK_RV rv = C_GenerateKey(session, &mechanism, template, 3, &made);
    keep(objects, seed, rv, made);
    return rv;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    uint8_t digest[32] = {1};
    uint8_t signature[64];
    CK_ULONG length = sizeof signature;
    CK_RV rv = C_SignInit(session, &mechanism, key);
    if (rv == CKR_OK) {
        rv = C_Sign(session, digest, sizeof digest, signature, &length);
        done[0] += rv == CKR_OK ? 1 : 0;
    }
    return rv;
}

static CK_RV look_at(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_VALUE,    CKA_LABEL,     CKA_PUBLIC_KEY_INFO,
                                              CKA_EC_POINT, CKA_UNIQUE_ID, CKA_ALLOWED_MECHANISMS};
    uint8_t room[6][200];
    CK_ATTRIBUTE template[6];
    CK_ULONG size;
    for (size_t i = 0; i < 6; i++) {
        template[i] = (CK_ATTRIBUTE){types[i], room[i], sizeof room[i]};
    }
    C_GetObjectSize(session, object, &size);
    return C_GetAttributeValue(session, object, template, 6);
}

static CK_RV change(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, unsigned *seed)
{
    uint8_t label[100];
    memset(label, 'a' + rand_r(seed) % 26, sizeof label);
    CK_ATTRIBUTE template[] = {
        {CKA_LABEL, label, (CK_ULONG)(rand_r(seed) % 100)}, {CKA_SENSITIVE, &yes, 1}, {CKA_ID, label, 8}};
    return C_SetAttributeValue(session, object, template, 1 + (CK_ULONG)(rand_r(seed) % 3));
}

static CK_RV copy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, unsigned *seed)
{
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, rand_r(seed) % 4 == 0 ? &yes : &no, 1}};
    CK_OBJECT_HANDLE made;
    CK_RV rv = C_CopyObject(session, object, template, 1, &made);
    keep(objects, seed, rv, made);
    return rv;
}

static CK_RV derive(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE other, unsigned *seed)
{
    CK_MECHANISM mechanism = {CKM_CONCATENATE_BASE_AND_KEY, &other, sizeof other};
    CK_ULONG length = 16;
    CK_ATTRIBUTE template[] = {{CKA_VALUE_LEN, &length, sizeof length}, {CKA_DERIVE, &yes, 1}};
    CK_OBJECT_HANDLE made;
    CK_RV rv = C_DeriveKey(session, &mechanism, base, template, 2, &made);
    keep(objects, seed, rv, made);
    return rv;
}

static CK_RV find(CK_SESSION_HANDLE session, unsigned *seed)
{
    CK_OBJECT_HANDLE found[8];
    CK_ULONG count = 0;
    CK_ATTRIBUTE template[] = {{CKA_DERIVE, &yes, 1}};
    CK_RV rv = C_FindObjectsInit(session, template, (CK_ULONG)(rand_r(seed) % 2));
    if (rv == CKR_OK) {
        rv = C_FindObjects(session, found, 8, &count);
        C_FindObjectsFinal(session);
    }
    keep(objects, seed, count > 0 ? CKR_OK : CKR_CANCEL, found[0]);
    return rv;
}

static CK_RV batch(CK_SESSION_HANDLE session, unsigned *seed)
{
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_MECHANISM pair = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE curve[] = {{CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof p256}};
    CK_ATTRIBUTE ephemeral[] = {{CKA_DERIVE, &yes, 1}};
    uint8_t digest[32] = {2};
    uint8_t out[12][80];
    CK_CARDINAL_BATCH_LANE lanes[12];
    memset(lanes, 0, sizeof lanes);
    CK_ULONG count = 1 + (CK_ULONG)(rand_r(seed) % 12);
    for (CK_ULONG i = 0; i < count; i++) {
        lanes[i].pOut = out[i];
        lanes[i].ulOutLen = sizeof out[i];
        if (rand_r(seed) % 3 == 0) {
            lanes[i].ulOperation = CKB_GENERATE;
            lanes[i].pMechanism = &pair;
            lanes[i].pTemplate = curve;
            lanes[i].ulCount = 1;
            lanes[i].pTemplate2 = ephemeral;
            lanes[i].ulCount2 = 1;
        } else {
            lanes[i].ulOperation = CKB_SIGN;
            lanes[i].pMechanism = &ecdsa;
            lanes[i].hKey = objects[(unsigned)rand_r(seed) % POOL];
            lanes[i].pIn = digest;
            lanes[i].ulInLen = sizeof digest;
        }
    }
    CK_RV rv = batch_functions.ExecuteBatch(session, lanes, count);
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        expect_sane(lanes[i].rv, 100);
        keep(objects, seed, lanes[i].hNew != 0 ? CKR_OK : CKR_CANCEL, lanes[i].hNew);
        done[2] += lanes[i].rv == CKR_OK ? 1 : 0;
    }
    return rv;
}

static CK_RV rarely(CK_SESSION_HANDLE session, unsigned *seed)
{
    CK_TOKEN_INFO info;
    switch (rand_r(seed) % 40) {
    case 0:
        return C_Logout(session);
    case 1:
        return C_CloseAllSessions(0);
    case 2:
        return C_Login(session, CKU_SO, SO_PIN, PIN_LENGTH);
    case 3:
        return C_InitPIN(session, PIN, PIN_LENGTH);
    case 4:
        return C_GetTokenInfo(0, &info);
    case 5:
        /* one at a time, so that nobody is caught between the two of another */
        if (!atomic_exchange(&finalizing, true)) {
            C_Finalize(NULL);
            CK_RV rv = initialize();
            finalizing = false;
            return rv;
        }
        return CKR_OK;
    default: {
        CK_RV rv = C_Login(session, CKU_USER, PIN, PIN_LENGTH);
        done[3] += rv == CKR_OK ? 1 : 0;
        return rv;
    }
    }
}

static void *act(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;
    /* below the floor chance may leave out a kind of work, which the end would take for a fault */
    unsigned long count = test_count(4000);
    count = count < FEWEST ? FEWEST : count;
    for (unsigned long i = 0; i < count; i++) {
        unsigned which = (unsigned)rand_r(&seed) % POOL;
        CK_SESSION_HANDLE session = sessions[which];
        CK_OBJECT_HANDLE object = objects[(unsigned)rand_r(&seed) % POOL];
        CK_BBOOL on_token = rand_r(&seed) % 16 == 0 ? CK_TRUE : CK_FALSE;
        unsigned action = (unsigned)rand_r(&seed) % 20;
        CK_SESSION_INFO info;
        CK_RV rv = CKR_OK;
        switch (action) {
        case 0:
        case 1:
            rv = C_OpenSession(0, CKF_SERIAL_SESSION | (i % 8 != 0 ? CKF_RW_SESSION : 0), NULL, NULL, &session);
            keep(sessions, &seed, rv, session);
            break;
        case 2:
            rv = C_CloseSession(session);
            break;
        case 3:
            rv = i % 3 == 0 ? rarely(session, &seed) : C_GetSessionInfo(session, &info);
            break;
        case 4:
        case 5:
            rv = generate_pair(session, &seed, &on_token);
            break;
        case 6:
            rv = generate_secret(session, &seed, &on_token);
            break;
        case 7:
            rv = C_DestroyObject(session, object);
            break;
        case 8:
        case 9:
            rv = look_at(session, object);
            break;
        case 10:
            rv = change(session, object, &seed);
            break;
        case 11:
            rv = copy(session, object, &seed);
            break;
        case 12:
            rv = derive(session, object, objects[which], &seed);
            break;
        case 13:
            rv = find(session, &seed);
            break;
        case 14:
            rv = session_cancel(session, CKF_SIGN | CKF_DIGEST | CKF_FIND_OBJECTS);
            break;
        case 15:
            rv = sign(session, object, CKM_SHA256_HMAC);
            break;
        case 16:
        case 17:
            rv = sign(session, object, CKM_ECDSA);
            break;
        default:
            rv = batch(session, &seed);
            break;
        }
        expect_sane(rv, action);
    }
    return NULL;
}

int main(void)
{
    char folder[] = "/dev/shm/cardinal-stress-XXXXXX";
    char command[100];
    CHECK(mkdtemp(folder) != NULL, "a folder");
    snprintf(settings, sizeof settings, "directory='%s'", folder);
    CHECK(freopen("/dev/null", "w", stdin) != NULL, "no input");
    CK_UTF8CHAR label[32];
    CK_SESSION_HANDLE session;
    memset(label, ' ', sizeof label);
    CHECK(initialize() == CKR_OK && C_InitToken(0, SO_PIN, PIN_LENGTH, label) == CKR_OK, "a token");
    CHECK(C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) == CKR_OK, "a session");
    CHECK(
        C_Login(session, CKU_SO, SO_PIN, PIN_LENGTH) == CKR_OK && C_InitPIN(session, PIN, PIN_LENGTH) == CKR_OK, "PIN");
    CHECK(C_Logout(session) == CKR_OK && C_Login(session, CKU_USER, PIN, PIN_LENGTH) == CKR_OK, "login");
    sessions[0] = session;
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, act, (void *)(i + 1)) == 0, "a thread");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%lu signatures, %lu pairs, %lu lanes, %lu logins\n", done[0], done[1], done[2], done[3]);
    CHECK(done[0] > 0 && done[1] > 0 && done[2] > 0, "work was done");
    CHECK(C_Finalize(NULL) == CKR_OK, "C_Finalize");
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    CHECK(system(command) == 0, "rm");
    return checks_done();
}
