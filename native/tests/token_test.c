/*
 * The module as an application meets it: loaded from its file, driven through its function lists. Everything here is
 * about tokens, sessions, objects and PINs; that signatures are right is the business of other tests.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "pkcs11/cryptoki.h"

#define SO_PIN "87654321"
#define USER_PIN "1234"
#define RW (CKF_SERIAL_SESSION | CKF_RW_SESSION)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static CK_FUNCTION_LIST_3_0 *f3;
static CK_FUNCTION_LIST *f;
static char top[] = "/dev/shm/cardinal-token-test-XXXXXX"; /* memory: the test writes and syncs much */
static char directory[256];

/* A call and what it must return. */
#define IS(call, expected)                                                                                             \
    do {                                                                                                               \
        CK_RV is_rv = (call);                                                                                          \
        CHECK(is_rv == (expected), #call " gave 0x%lx", is_rv);                                                        \
    } while (0)
#define OK(call) IS(call, CKR_OK)

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
#define YES(type)                                                                                                      \
    {                                                                                                                  \
        type, &yes, sizeof yes                                                                                         \
    }
#define NO(type)                                                                                                       \
    {                                                                                                                  \
        type, &no, sizeof no                                                                                           \
    }
#define VALUE(type, variable)                                                                                          \
    {                                                                                                                  \
        type, &(variable), sizeof(variable)                                                                            \
    }
#define OCTETS(type, text)                                                                                             \
    {                                                                                                                  \
        type, (void *)(uintptr_t)(text), sizeof(text) - 1                                                              \
    }

static CK_OBJECT_CLASS class_data = CKO_DATA;
static CK_OBJECT_CLASS class_certificate = CKO_CERTIFICATE;
static CK_OBJECT_CLASS class_public = CKO_PUBLIC_KEY;
static CK_OBJECT_CLASS class_private = CKO_PRIVATE_KEY;
static CK_OBJECT_CLASS class_secret = CKO_SECRET_KEY;
static CK_KEY_TYPE type_generic = CKK_GENERIC_SECRET;
static CK_ULONG length_32 = 32;
/* RFC 5480: the named curves' identifiers */
static uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

static CK_MECHANISM mechanism_of(CK_MECHANISM_TYPE type)
{
    return (CK_MECHANISM){type, NULL, 0};
}

static void initialize(void)
{
    char text[512];
    snprintf(text, sizeof text, "directory='%s' backend=auto", directory);
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = text};
    OK(f->C_Initialize(&arguments));
}

static void restart(void)
{
    OK(f->C_Finalize(NULL));
    initialize();
}

static void init_token(CK_SLOT_ID slot)
{
    CK_UTF8CHAR label[33];
    memset(label, ' ', sizeof label);
    memcpy(label, "token \"one\"", 11);
    OK(f->C_InitToken(slot, (CK_UTF8CHAR *)SO_PIN, 8, label));
}

static CK_SESSION_HANDLE open_session(CK_SLOT_ID slot, CK_FLAGS flags)
{
    CK_SESSION_HANDLE session = 0;
    OK(f->C_OpenSession(slot, flags, NULL, NULL, &session));
    CHECK(session != 0, "a handle");
    return session;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
    return f->C_Login(session, user, (CK_UTF8CHAR *)(uintptr_t)pin, strlen(pin));
}

static CK_STATE state_of(CK_SESSION_HANDLE session)
{
    CK_SESSION_INFO info;
    OK(f->C_GetSessionInfo(session, &info));
    return info.state;
}

static CK_FLAGS token_flags(CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;
    OK(f->C_GetTokenInfo(slot, &info));
    return info.flags;
}

static CK_ULONG find_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *first)
{
    CK_OBJECT_HANDLE found[64];
    CK_ULONG number = 0;
    CK_ULONG sum = 0;
    OK(f->C_FindObjectsInit(session, template, count));
    do {
        OK(f->C_FindObjects(session, found, COUNT(found), &number));
        if (sum == 0 && number > 0 && first != NULL) {
            *first = found[0];
        }
        sum += number;
    } while (number > 0);
    OK(f->C_FindObjectsFinal(session));
    return sum;
}

static CK_ULONG find_label(CK_SESSION_HANDLE session, const char *label, CK_OBJECT_HANDLE *first)
{
    CK_ATTRIBUTE template[] = {{CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    return find_all(session, template, 1, first);
}

static bool flag_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = 77;
    CK_ATTRIBUTE attribute = VALUE(type, value);
    OK(f->C_GetAttributeValue(session, object, &attribute, 1));
    CHECK(value <= CK_TRUE && attribute.ulValueLen == 1, "a flag");
    return value == CK_TRUE;
}

static CK_RV set_flag(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_BBOOL value)
{
    CK_ATTRIBUTE attribute = VALUE(type, value);
    return f->C_SetAttributeValue(session, object, &attribute, 1);
}

static CK_OBJECT_HANDLE make_secret(CK_SESSION_HANDLE session, CK_BBOOL on_token, const char *label)
{
    CK_OBJECT_HANDLE key = 0;
    CK_MECHANISM mechanism = mechanism_of(CKM_GENERIC_SECRET_KEY_GEN);
    CK_ATTRIBUTE template[] = {
        VALUE(CKA_TOKEN, on_token),
        VALUE(CKA_VALUE_LEN, length_32),
        {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
        YES(CKA_DERIVE)};
    OK(f->C_GenerateKey(session, &mechanism, template, COUNT(template), &key));
    return key;
}

static void make_pair(
    CK_SESSION_HANDLE session, CK_BBOOL on_token, const char *label, CK_OBJECT_HANDLE *public_key,
    CK_OBJECT_HANDLE *private_key)
{
    CK_MECHANISM mechanism = mechanism_of(CKM_EC_KEY_PAIR_GEN);
    CK_ATTRIBUTE public_template[] = {
        VALUE(CKA_EC_PARAMS, p256), VALUE(CKA_TOKEN, on_token), {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    CK_ATTRIBUTE private_template[] = {
        VALUE(CKA_TOKEN, on_token), {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}, YES(CKA_DERIVE)};
    OK(f->C_GenerateKeyPair(
        session, &mechanism, public_template, COUNT(public_template), private_template, COUNT(private_template),
        public_key, private_key));
}

/* Standard error goes to a file from begin_notices() to the call that counts its lines with a word in them. */
static int kept_stderr = -1;
static char notice_path[300];

static void begin_notices(void)
{
    snprintf(notice_path, sizeof notice_path, "%s/stderr", top);
    fflush(stderr);
    kept_stderr = dup(2);
    int file = open(notice_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(kept_stderr >= 0 && file >= 0 && dup2(file, 2) == 2, "standard error");
    close(file);
}

static unsigned end_notices(const char *word)
{
    fflush(stderr);
    dup2(kept_stderr, 2);
    close(kept_stderr);
    FILE *file = fopen(notice_path, "r");
    CHECK(file != NULL, "the notices");
    unsigned lines = 0;
    char line[2048];
    while (fgets(line, sizeof line, file) != NULL) {
        lines += strstr(line, word) != NULL ? 1 : 0;
    }
    fclose(file);
    unlink(notice_path);
    return lines;
}

static void test_interfaces(void *module)
{
    CK_RV (*get_list)(CK_INTERFACE *, CK_ULONG *);
    CK_RV (*get)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS);
    CK_RV (*get_functions)(CK_FUNCTION_LIST **);
    *(void **)&get_list = dlsym(module, "C_GetInterfaceList");
    *(void **)&get = dlsym(module, "C_GetInterface");
    *(void **)&get_functions = dlsym(module, "C_GetFunctionList");
    CHECK(get_list != NULL && get != NULL && get_functions != NULL, "the three symbols");
    CHECK(dlsym(module, "C_Initialize") == NULL && dlsym(module, "module_enter") == NULL, "and no other");

    IS(get_functions(NULL), CKR_ARGUMENTS_BAD);
    OK(get_functions(&f));
    CHECK(f->version.major == 2 && f->version.minor == 40, "2.40");

    CK_INTERFACE list[8];
    CK_ULONG count = 0;
    IS(get_list(NULL, NULL), CKR_ARGUMENTS_BAD);
    OK(get_list(NULL, &count));
    CHECK(count == 3, "%lu interfaces", count);
    count = 2;
    IS(get_list(list, &count), CKR_BUFFER_TOO_SMALL);
    CHECK(count == 3, "%lu interfaces", count);
    OK(get_list(list, &count));

    CK_INTERFACE *interface = NULL;
    CK_VERSION version_2_40 = {2, 40};
    CK_VERSION version_3_0 = {3, 0};
    CK_VERSION version_3_1 = {3, 1};
    CK_VERSION version_1_0 = {1, 0};
    CK_UTF8CHAR standard[] = "PKCS 11";
    CK_UTF8CHAR batch[] = CK_CARDINAL_BATCH_INTERFACE;
    CK_UTF8CHAR other[] = "Vendor Nobody";
    IS(get(NULL, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
    OK(get(NULL, NULL, &interface, 0));
    f3 = interface->pFunctionList;
    CHECK(f3->base.version.major == 3 && f3->base.version.minor == 0, "the default is 3.0");
    CHECK(f3->C_GetInterface == get && f3->C_GetInterfaceList == get_list, "the order of the list");
    CHECK(f3->base.C_GetFunctionList == (CK_C_GetFunctionList)get_functions, "the order of the list");
    OK(get(standard, &version_2_40, &interface, 0));
    CHECK(interface->pFunctionList == f, "2.40's list");
    OK(get(standard, &version_3_0, &interface, 0));
    CHECK(interface->pFunctionList == f3, "3.0's list");
    IS(get(standard, &version_3_1, &interface, 0), CKR_FUNCTION_FAILED);
    IS(get(other, NULL, &interface, 0), CKR_FUNCTION_FAILED);
    IS(get(NULL, NULL, &interface, CKF_INTERFACE_FORK_SAFE), CKR_FUNCTION_FAILED);
    OK(get(batch, &version_1_0, &interface, 0));
    const CK_CARDINAL_BATCH_FUNCTIONS *functions = interface->pFunctionList;
    CHECK(functions->version.major == 1 && functions->version.minor == 0, "the batch interface");
    IS(functions->ExecuteBatch(1, NULL, 0), CKR_CRYPTOKI_NOT_INITIALIZED);
    /* every place of both lists is filled */
    void *const *places = (void *const *)(void *)&f3->base.C_Initialize;
    for (size_t i = 0; i < (sizeof *f3 - offsetof(CK_FUNCTION_LIST_3_0, base.C_Initialize)) / sizeof *places; i++) {
        CHECK(places[i] != NULL, "place %zu of the list", i);
    }
}

static CK_RV create_mutex(void **mutex)
{
    *mutex = NULL;
    return CKR_OK;
}

static CK_RV use_mutex(void *mutex)
{
    (void)mutex;
    return CKR_OK;
}

static CK_RV initialize_with(const char *text)
{
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = (void *)(uintptr_t)text};
    return f->C_Initialize(&arguments);
}

static void test_initialize(void)
{
    CK_INFO info;
    CK_ULONG count;
    CK_SESSION_HANDLE session;
    IS(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    IS(f->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
    IS(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_CRYPTOKI_NOT_INITIALIZED);
    IS(f->C_OpenSession(0, RW, NULL, NULL, &session), CKR_CRYPTOKI_NOT_INITIALIZED);
    IS(f->C_CloseSession(1), CKR_CRYPTOKI_NOT_INITIALIZED);
    IS(f->C_GenerateRandom(1, (CK_BYTE *)&count, 1), CKR_CRYPTOKI_NOT_INITIALIZED);
    IS(f3->C_SessionCancel(1, 0), CKR_CRYPTOKI_NOT_INITIALIZED);

    static const char *const bad[] = {
        "directory",
        "directory=",
        "directory='/tmp",
        "place='/tmp'",
        "backend='quick'",
        "directory='/tmp' directory='/tmp'",
        "tuning='/nonexistent/tuning'",
        "directory='/etc/passwd'",
        "=x"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        begin_notices();
        CK_RV rv = initialize_with(bad[i]);
        unsigned lines = end_notices("cardinal-card: ");
        CHECK(rv == CKR_ARGUMENTS_BAD && lines == 1, "%s gave 0x%lx and %u lines", bad[i], rv, lines);
    }
    char *long_text = malloc(10001);
    memset(long_text, 'a', 10000);
    long_text[10000] = '\0';
    begin_notices();
    IS(initialize_with(long_text), CKR_ARGUMENTS_BAD);
    CHECK(end_notices("too long") == 1, "one line");
    free(long_text);

    CK_C_INITIALIZE_ARGS arguments = {.CreateMutex = create_mutex, .DestroyMutex = use_mutex, .LockMutex = use_mutex};
    IS(f->C_Initialize(&arguments), CKR_ARGUMENTS_BAD); /* three of four */
    arguments.UnlockMutex = use_mutex;
    IS(f->C_Initialize(&arguments), CKR_CANT_LOCK);
    setenv("CARDINAL_CARD_DIR", directory, 1);
    arguments.flags = CKF_OS_LOCKING_OK;
    OK(f->C_Initialize(&arguments));
    IS(f->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    OK(f->C_GetInfo(&info));
    CHECK(info.cryptokiVersion.major == 2 && info.cryptokiVersion.minor == 40, "asked by 2.40");
    OK(f3->base.C_GetInfo(&info));
    CHECK(info.cryptokiVersion.major == 3 && info.cryptokiVersion.minor == 0, "asked by 3.0");
    IS(f->C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_Finalize(&info), CKR_ARGUMENTS_BAD);
    OK(f->C_Finalize(NULL));
    IS(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);

    /* no place at all */
    char *home = getenv("HOME") != NULL ? strdup(getenv("HOME")) : NULL;
    unsetenv("CARDINAL_CARD_DIR");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    begin_notices();
    IS(f->C_Initialize(NULL), CKR_ARGUMENTS_BAD);
    CHECK(end_notices("CARDINAL_CARD_DIR") == 1, "one line");
    if (home != NULL) {
        setenv("HOME", home, 1);
    }
    free(home);
}

static void test_slots(void)
{
    struct stat status;
    CK_SLOT_ID list[70];
    CK_ULONG count = COUNT(list);
    CK_TOKEN_INFO info;
    CK_SLOT_INFO slot_info;
    CK_SESSION_HANDLE session;
    initialize();
    OK(f->C_GetSlotList(CK_TRUE, list, &count));
    CHECK(count == 1 && list[0] == 0, "one blank slot");
    CHECK(stat(directory, &status) != 0, "nothing is made before C_InitToken");
    OK(f->C_GetTokenInfo(0, &info));
    CHECK((info.flags & CKF_TOKEN_INITIALIZED) == 0, "blank");
    IS(f->C_GetTokenInfo(1, &info), CKR_SLOT_ID_INVALID);
    IS(f->C_GetTokenInfo(~0UL, &info), CKR_SLOT_ID_INVALID);
    IS(f->C_GetTokenInfo(0, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_GetSlotInfo(~0UL, &slot_info), CKR_SLOT_ID_INVALID);
    OK(f->C_GetSlotInfo(0, &slot_info));
    IS(f->C_OpenSession(0, RW, NULL, NULL, &session), CKR_TOKEN_NOT_RECOGNIZED);
    IS(f->C_OpenSession(5, RW, NULL, NULL, &session), CKR_SLOT_ID_INVALID);
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof label);
    IS(f->C_InitToken(0, (CK_UTF8CHAR *)"123", 3, label), CKR_PIN_LEN_RANGE);
    IS(f->C_InitToken(0, (CK_UTF8CHAR *)SO_PIN, ~0UL, label), CKR_PIN_LEN_RANGE);
    IS(f->C_InitToken(0, NULL, 8, label), CKR_ARGUMENTS_BAD);
    IS(f->C_InitToken(0, (CK_UTF8CHAR *)SO_PIN, 8, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_InitToken(64, (CK_UTF8CHAR *)SO_PIN, 8, label), CKR_SLOT_ID_INVALID);

    init_token(0);
    init_token(1);
    init_token(2);
    OK(f->C_GetSlotList(CK_FALSE, NULL, &count));
    CHECK(count == 4, "%lu slots", count);
    count = 3;
    IS(f->C_GetSlotList(CK_FALSE, list, &count), CKR_BUFFER_TOO_SMALL);
    CHECK(count == 4, "%lu slots", count);
    OK(f->C_GetTokenInfo(0, &info));
    CHECK(memcmp(info.label, "token \"one\"                     ", 32) == 0, "the label");
    CHECK(
        (info.flags & (CKF_TOKEN_INITIALIZED | CKF_RNG | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED)) ==
            (CKF_TOKEN_INITIALIZED | CKF_RNG | CKF_LOGIN_REQUIRED),
        "flags 0x%lx", info.flags);
    char serial[16];
    memcpy(serial, info.serialNumber, sizeof serial);
    OK(f->C_GetTokenInfo(1, &info));
    CHECK(memcmp(serial, info.serialNumber, sizeof serial) != 0, "serial numbers differ");

    /* the number of a slot is its folder's, whatever becomes of the others */
    char path[400];
    snprintf(path, sizeof path, "rm -r '%s/token-1'", directory);
    CHECK(system(path) == 0, "rm");
    count = COUNT(list);
    OK(f->C_GetSlotList(CK_TRUE, list, &count));
    CHECK(count == 3 && list[0] == 0 && list[1] == 2 && list[2] == 3, "stable numbers");
    snprintf(path, sizeof path, "%s/token-0", directory);
    CHECK(stat(directory, &status) == 0 && (status.st_mode & 0777) == 0700, "mode of the folder");
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0700, "mode of the token's folder");

    IS(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, list, NULL), CKR_NO_EVENT);
    OK(f->C_GetMechanismList(0, NULL, &count));
    CHECK(count > 20, "%lu mechanisms", count);
    CK_MECHANISM_TYPE types[200];
    CK_MECHANISM_INFO mechanism_info;
    CK_ULONG small = 1;
    IS(f->C_GetMechanismList(0, types, &small), CKR_BUFFER_TOO_SMALL);
    CHECK(small == count && count <= COUNT(types), "the count");
    OK(f->C_GetMechanismList(0, types, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        OK(f->C_GetMechanismInfo(0, types[i], &mechanism_info));
        CHECK(mechanism_info.flags != 0, "mechanism 0x%lx does something", types[i]);
    }
    IS(f->C_GetMechanismInfo(0, CKM_RC4, &mechanism_info), CKR_MECHANISM_INVALID);
    OK(f->C_Finalize(NULL));
}

static void test_pins(void)
{
    initialize();
    CK_SESSION_HANDLE rw = open_session(0, RW);
    CK_SESSION_HANDLE ro = open_session(0, CKF_SERIAL_SESSION);
    IS(login(rw, CKU_USER, USER_PIN), CKR_USER_PIN_NOT_INITIALIZED);
    IS(login(rw, 17, USER_PIN), CKR_USER_TYPE_INVALID);
    IS(f->C_Login(rw, CKU_USER, NULL, 4), CKR_ARGUMENTS_BAD);
    IS(login(rw, CKU_SO, SO_PIN), CKR_SESSION_READ_ONLY_EXISTS);
    OK(f->C_CloseSession(ro));
    IS(f->C_InitPIN(rw, (CK_UTF8CHAR *)USER_PIN, 4), CKR_USER_NOT_LOGGED_IN);
    OK(login(rw, CKU_SO, SO_PIN));
    CHECK(state_of(rw) == CKS_RW_SO_FUNCTIONS, "state");
    IS(f->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro), CKR_SESSION_READ_WRITE_SO_EXISTS);
    IS(f->C_InitPIN(rw, (CK_UTF8CHAR *)"123", 3), CKR_PIN_LEN_RANGE);
    IS(f->C_InitPIN(rw, (CK_UTF8CHAR *)"123", ~0UL), CKR_PIN_LEN_RANGE);
    IS(f->C_InitPIN(rw, NULL, 4), CKR_ARGUMENTS_BAD);
    OK(f->C_InitPIN(rw, (CK_UTF8CHAR *)USER_PIN, 4));
    IS(login(rw, CKU_SO, SO_PIN), CKR_USER_ALREADY_LOGGED_IN);
    IS(login(rw, CKU_USER, USER_PIN), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    OK(f->C_Logout(rw));
    IS(f->C_Logout(rw), CKR_USER_NOT_LOGGED_IN);
    CHECK((token_flags(0) & CKF_USER_PIN_INITIALIZED) != 0, "flag");

    ro = open_session(0, CKF_SERIAL_SESSION);
    CHECK(state_of(ro) == CKS_RO_PUBLIC_SESSION && state_of(rw) == CKS_RW_PUBLIC_SESSION, "states");
    IS(f3->C_LoginUser(ro, CKU_USER, (CK_UTF8CHAR *)USER_PIN, 4, (CK_UTF8CHAR *)"me", 2), CKR_ARGUMENTS_BAD);
    OK(f3->C_LoginUser(ro, CKU_USER, (CK_UTF8CHAR *)USER_PIN, 4, NULL, 0));
    CHECK(state_of(ro) == CKS_RO_USER_FUNCTIONS && state_of(rw) == CKS_RW_USER_FUNCTIONS, "states");
    IS(login(ro, CKU_USER, USER_PIN), CKR_USER_ALREADY_LOGGED_IN);
    IS(login(rw, CKU_CONTEXT_SPECIFIC, USER_PIN), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_SetPIN(ro, (CK_UTF8CHAR *)USER_PIN, 4, (CK_UTF8CHAR *)"56789", 5), CKR_SESSION_READ_ONLY);
    IS(f->C_SetPIN(rw, (CK_UTF8CHAR *)"4321", 4, (CK_UTF8CHAR *)"56789", 5), CKR_PIN_INCORRECT);
    IS(f->C_SetPIN(rw, (CK_UTF8CHAR *)USER_PIN, 4, (CK_UTF8CHAR *)"567", 3), CKR_PIN_LEN_RANGE);
    OK(f->C_SetPIN(rw, (CK_UTF8CHAR *)USER_PIN, 4, (CK_UTF8CHAR *)"56789", 5));
    OK(f->C_Logout(rw));
    IS(login(rw, CKU_USER, USER_PIN), CKR_PIN_INCORRECT);
    CHECK((token_flags(0) & CKF_USER_PIN_COUNT_LOW) != 0, "flag");
    OK(login(rw, CKU_USER, "56789"));
    CHECK((token_flags(0) & CKF_USER_PIN_COUNT_LOW) == 0, "flag");
    OK(f->C_Logout(rw));
    /* absurd lengths: not looked at, counted */
    IS(f->C_Login(rw, CKU_USER, (CK_UTF8CHAR *)"1", ~0UL), CKR_PIN_INCORRECT);
    IS(f->C_Login(rw, CKU_USER, (CK_UTF8CHAR *)"", 0), CKR_PIN_INCORRECT);
    for (int i = 2; i < 9; i++) {
        IS(f->C_Login(rw, CKU_USER, (CK_UTF8CHAR *)SO_PIN, 65), CKR_PIN_INCORRECT);
    }
    CHECK((token_flags(0) & CKF_USER_PIN_FINAL_TRY) != 0, "flag");
    /* the count outlives the process's state */
    restart();
    rw = open_session(0, RW);
    IS(login(rw, CKU_USER, "00000"), CKR_PIN_INCORRECT);
    CHECK((token_flags(0) & CKF_USER_PIN_LOCKED) != 0, "flag");
    IS(login(rw, CKU_USER, "56789"), CKR_PIN_LOCKED);
    IS(f->C_SetPIN(rw, (CK_UTF8CHAR *)"56789", 5, (CK_UTF8CHAR *)USER_PIN, 4), CKR_PIN_LOCKED);
    OK(login(rw, CKU_SO, SO_PIN));
    OK(f->C_SetPIN(rw, (CK_UTF8CHAR *)SO_PIN, 8, (CK_UTF8CHAR *)"another", 7));
    OK(f->C_SetPIN(rw, (CK_UTF8CHAR *)"another", 7, (CK_UTF8CHAR *)SO_PIN, 8));
    OK(f->C_InitPIN(rw, (CK_UTF8CHAR *)USER_PIN, 4));
    OK(f->C_Logout(rw));
    CHECK((token_flags(0) & CKF_USER_PIN_LOCKED) == 0, "flag");
    OK(login(rw, CKU_USER, USER_PIN));
    /* the login ends with the last session */
    OK(f->C_CloseSession(rw));
    rw = open_session(0, RW);
    CHECK(state_of(rw) == CKS_RW_PUBLIC_SESSION, "state");
    OK(login(rw, CKU_USER, USER_PIN));
    OK(f->C_CloseAllSessions(0));
    IS(f->C_CloseSession(rw), CKR_SESSION_HANDLE_INVALID);
    rw = open_session(0, RW);
    CHECK(state_of(rw) == CKS_RW_PUBLIC_SESSION, "state");
    OK(f->C_Finalize(NULL));
}

static void test_sessions(void)
{
    initialize();
    CK_SESSION_HANDLE session;
    CK_SESSION_INFO info;
    CK_TOKEN_INFO token_info;
    IS(f->C_OpenSession(0, CKF_RW_SESSION, NULL, NULL, &session), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    IS(f->C_OpenSession(0, RW, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_CloseSession(0), CKR_SESSION_HANDLE_INVALID);
    IS(f->C_CloseSession(~0UL), CKR_SESSION_HANDLE_INVALID);
    IS(f->C_CloseAllSessions(63), CKR_SLOT_ID_INVALID);
    CK_SESSION_HANDLE first = open_session(0, RW);
    IS(f->C_GetSessionInfo(first, NULL), CKR_ARGUMENTS_BAD);
    OK(f->C_GetSessionInfo(first, &info));
    CHECK(info.slotID == 0 && info.flags == RW && info.ulDeviceError == 0, "info");
    CK_UTF8CHAR label[32] = {' '};
    IS(f->C_InitToken(0, (CK_UTF8CHAR *)SO_PIN, 8, label), CKR_SESSION_EXISTS);
    CK_SESSION_HANDLE last = first;
    for (unsigned i = 1; i < 1024; i++) {
        session = open_session(i % 2 == 0 ? 0 : 2, CKF_SERIAL_SESSION);
        CHECK(session != last, "a new handle");
        last = session;
    }
    IS(f->C_OpenSession(0, RW, NULL, NULL, &session), CKR_SESSION_COUNT);
    OK(f->C_GetTokenInfo(0, &token_info));
    CHECK(token_info.ulSessionCount == 512 && token_info.ulRwSessionCount == 1, "counts");
    OK(f->C_CloseAllSessions(2));
    OK(f->C_GetTokenInfo(2, &token_info));
    CHECK(token_info.ulSessionCount == 0, "count");
    OK(f->C_CloseAllSessions(0));
    session = open_session(0, RW);
    CHECK(session > last, "handles are never used again");
    restart();
    IS(f->C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID);
    CHECK(open_session(0, RW) > session, "nor after C_Initialize");
    OK(f->C_Finalize(NULL));
}

static CK_RV create(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_OBJECT_HANDLE object = 0;
    CK_RV rv = f->C_CreateObject(session, template, count, &object);
    CHECK((rv == CKR_OK) == (object != 0), "a handle comes with success only");
    return rv;
}

static void test_templates(CK_SESSION_HANDLE session)
{
    CK_ULONG bad_class = 99;
    CK_BBOOL two = 2;
    static uint8_t large[65537];
    CK_ATTRIBUTE nothing[] = {OCTETS(CKA_LABEL, "x")};
    IS(create(session, nothing, 1), CKR_TEMPLATE_INCOMPLETE);
    CK_ATTRIBUTE unknown_class[] = {VALUE(CKA_CLASS, bad_class)};
    IS(create(session, unknown_class, 1), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE twice[] = {VALUE(CKA_CLASS, class_data), OCTETS(CKA_LABEL, "x"), OCTETS(CKA_LABEL, "x")};
    IS(create(session, twice, 3), CKR_TEMPLATE_INCONSISTENT);
    CK_ATTRIBUTE odd_flag[] = {VALUE(CKA_CLASS, class_data), VALUE(CKA_TOKEN, two)};
    IS(create(session, odd_flag, 2), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE no_value[] = {VALUE(CKA_CLASS, class_data), {CKA_LABEL, NULL, 5}};
    IS(create(session, no_value, 2), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE absurd[] = {VALUE(CKA_CLASS, class_data), {CKA_LABEL, large, ~0UL}};
    IS(create(session, absurd, 2), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE too_large[] = {VALUE(CKA_CLASS, class_data), VALUE(CKA_VALUE, large)};
    IS(create(session, too_large, 2), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE foreign[] = {VALUE(CKA_CLASS, class_data), OCTETS(CKA_MODULUS, "x")};
    IS(create(session, foreign, 2), CKR_ATTRIBUTE_TYPE_INVALID);
    CK_ATTRIBUTE read_only[] = {VALUE(CKA_CLASS, class_data), OCTETS(CKA_UNIQUE_ID, "x")};
    IS(create(session, read_only, 2), CKR_ATTRIBUTE_READ_ONLY);
    CK_ATTRIBUTE bad_date[] = {
        VALUE(CKA_CLASS, class_secret), VALUE(CKA_KEY_TYPE, type_generic), OCTETS(CKA_VALUE, "0123456789abcdef"),
        OCTETS(CKA_START_DATE, "2026-1-1")};
    IS(create(session, bad_date, 4), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_ATTRIBUTE no_type[] = {VALUE(CKA_CLASS, class_secret), OCTETS(CKA_VALUE, "0123456789abcdef")};
    IS(create(session, no_type, 2), CKR_TEMPLATE_INCOMPLETE);
    CK_ATTRIBUTE trusted[] = {
        VALUE(CKA_CLASS, class_secret), VALUE(CKA_KEY_TYPE, type_generic), OCTETS(CKA_VALUE, "0123456789abcdef"),
        YES(CKA_TRUSTED)};
    IS(create(session, trusted, 4), CKR_ATTRIBUTE_READ_ONLY);
    CK_ATTRIBUTE many[65];
    for (CK_ULONG i = 0; i < COUNT(many); i++) {
        many[i] = (CK_ATTRIBUTE)VALUE(CKA_CLASS, class_data);
        many[i].type = 0x80000000UL + i;
    }
    IS(create(session, many, COUNT(many)), CKR_ARGUMENTS_BAD);
    IS(create(session, NULL, 1), CKR_ARGUMENTS_BAD);
    IS(create(session, NULL, ~0UL), CKR_ARGUMENTS_BAD);
    IS(f->C_CreateObject(session, twice, 2, NULL), CKR_ARGUMENTS_BAD);
    CK_ATTRIBUTE no_subject[] = {VALUE(CKA_CLASS, class_certificate), OCTETS(CKA_VALUE, "x")};
    IS(create(session, no_subject, 2), CKR_TEMPLATE_INCOMPLETE);
    CK_ULONG x509 = CKC_X_509;
    CK_ATTRIBUTE no_certificate[] = {
        VALUE(CKA_CLASS, class_certificate), VALUE(CKA_CERTIFICATE_TYPE, x509), OCTETS(CKA_VALUE, "\x30\x00"),
        OCTETS(CKA_SUBJECT, "\x30\x00")};
    IS(create(session, no_certificate, 4), CKR_ATTRIBUTE_VALUE_INVALID);
}

/* A certificate made here, so that nothing is copied from elsewhere. */
static uint8_t *make_certificate(int *length)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    uint8_t *der = NULL;
    CHECK(key != NULL && certificate != NULL, "libcrypto");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    CHECK(X509_sign(certificate, key, EVP_sha256()) > 0, "libcrypto");
    *length = i2d_X509(certificate, &der);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return der;
}

static void test_attributes(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE object = 0;
    CK_ATTRIBUTE secret[] = {VALUE(CKA_CLASS, class_secret),        VALUE(CKA_KEY_TYPE, type_generic),
                             OCTETS(CKA_VALUE, "0123456789abcdef"), OCTETS(CKA_ID, "\x01\x02"),
                             OCTETS(CKA_LABEL, "attributes"),       OCTETS(CKA_START_DATE, "20260101")};
    OK(f->C_CreateObject(session, secret, COUNT(secret), &object));
    CHECK(flag_of(session, object, CKA_PRIVATE), "secret keys are private");
    CHECK(!flag_of(session, object, CKA_SENSITIVE) && flag_of(session, object, CKA_EXTRACTABLE), "defaults");
    CHECK(
        !flag_of(session, object, CKA_ALWAYS_SENSITIVE) && !flag_of(session, object, CKA_NEVER_EXTRACTABLE),
        "made outside");
    CHECK(!flag_of(session, object, CKA_LOCAL) && !flag_of(session, object, CKA_DERIVE), "defaults");

    /* several attributes at once: each gets its own answer */
    uint8_t value[16];
    uint8_t label[4];
    uint8_t unique[64];
    CK_ATTRIBUTE query[] = {
        VALUE(CKA_VALUE, value),
        VALUE(CKA_LABEL, label),
        {CKA_MODULUS, NULL, 0},
        {CKA_ID, NULL, 0},
        VALUE(CKA_UNIQUE_ID, unique)};
    CK_RV rv = f->C_GetAttributeValue(session, object, query, COUNT(query));
    CHECK(rv == CKR_BUFFER_TOO_SMALL || rv == CKR_ATTRIBUTE_TYPE_INVALID, "0x%lx", rv);
    CHECK(query[0].ulValueLen == 16 && memcmp(value, "0123456789abcdef", 16) == 0, "the value");
    CHECK(query[1].ulValueLen == CK_UNAVAILABLE_INFORMATION, "too small");
    CHECK(query[2].ulValueLen == CK_UNAVAILABLE_INFORMATION, "no such attribute");
    CHECK(query[3].ulValueLen == 2, "a length");
    CHECK(query[4].ulValueLen == 16, "a unique identifier");
    IS(f->C_GetAttributeValue(session, object, NULL, 1), CKR_ARGUMENTS_BAD);
    IS(f->C_GetAttributeValue(session, object, query, ~0UL), CKR_ARGUMENTS_BAD);
    IS(f->C_GetAttributeValue(session, 0, query, 1), CKR_OBJECT_HANDLE_INVALID);
    CK_ULONG size = 0;
    OK(f->C_GetObjectSize(session, object, &size));
    CHECK(size > 16, "%lu octets", size);
    IS(f->C_GetObjectSize(session, object, NULL), CKR_ARGUMENTS_BAD);

    /* matching over components, as long as they may be read */
    CK_ATTRIBUTE by_value[] = {OCTETS(CKA_VALUE, "0123456789abcdef"), OCTETS(CKA_LABEL, "attributes")};
    CHECK(find_all(session, by_value, 2, NULL) == 1, "found by its value");
    OK(set_flag(session, object, CKA_SENSITIVE, CK_TRUE));
    CHECK(find_all(session, by_value, 2, NULL) == 0, "a sensitive value cannot be guessed by searching");
    query[0].ulValueLen = sizeof value;
    IS(f->C_GetAttributeValue(session, object, query, 1), CKR_ATTRIBUTE_SENSITIVE);
    CHECK(query[0].ulValueLen == CK_UNAVAILABLE_INFORMATION, "no length either");
    IS(set_flag(session, object, CKA_SENSITIVE, CK_FALSE), CKR_ATTRIBUTE_READ_ONLY);
    OK(set_flag(session, object, CKA_EXTRACTABLE, CK_FALSE));
    IS(set_flag(session, object, CKA_EXTRACTABLE, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY);
    IS(set_flag(session, object, CKA_LOCAL, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY);
    IS(set_flag(session, object, CKA_TOKEN, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY);
    IS(set_flag(session, object, CKA_TRUSTED, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY);
    IS(set_flag(session, object, CKA_MODULUS, CK_TRUE), CKR_ATTRIBUTE_TYPE_INVALID);
    /* all or nothing */
    CK_ATTRIBUTE half[] = {OCTETS(CKA_LABEL, "other"), YES(CKA_LOCAL)};
    IS(f->C_SetAttributeValue(session, object, half, 2), CKR_ATTRIBUTE_READ_ONLY);
    CHECK(find_label(session, "other", NULL) == 0, "nothing was changed");
    OK(f->C_SetAttributeValue(session, object, half, 1));
    CHECK(find_label(session, "other", NULL) == 1, "changed");

    /* copies keep what the original is, and may only become stricter */
    CK_OBJECT_HANDLE copy = 0;
    CK_ATTRIBUTE looser[] = {NO(CKA_SENSITIVE)};
    CK_ATTRIBUTE exposed[] = {NO(CKA_PRIVATE)};
    CK_ATTRIBUTE fixed[] = {NO(CKA_MODIFIABLE), NO(CKA_COPYABLE), NO(CKA_DESTROYABLE), OCTETS(CKA_LABEL, "copy")};
    IS(f->C_CopyObject(session, object, looser, 1, &copy), CKR_ATTRIBUTE_READ_ONLY);
    IS(f->C_CopyObject(session, object, exposed, 1, &copy), CKR_ATTRIBUTE_READ_ONLY);
    IS(f->C_CopyObject(session, object, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_CopyObject(session, ~0UL, NULL, 0, &copy), CKR_OBJECT_HANDLE_INVALID);
    OK(f->C_CopyObject(session, object, fixed, COUNT(fixed), &copy));
    CHECK(copy != object && flag_of(session, copy, CKA_SENSITIVE), "a copy");
    IS(set_flag(session, copy, CKA_DERIVE, CK_TRUE), CKR_ACTION_PROHIBITED);
    IS(f->C_CopyObject(session, copy, NULL, 0, &object), CKR_ACTION_PROHIBITED);
    IS(f->C_DestroyObject(session, copy), CKR_ACTION_PROHIBITED);
    OK(f->C_DestroyObject(session, object));
    IS(f->C_DestroyObject(session, object), CKR_OBJECT_HANDLE_INVALID);

    /* private keys are sensitive unless created otherwise */
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_FALSE, "pair", &public_key, &private_key);
    CHECK(flag_of(session, private_key, CKA_SENSITIVE) && !flag_of(session, private_key, CKA_EXTRACTABLE), "defaults");
    CHECK(flag_of(session, private_key, CKA_ALWAYS_SENSITIVE), "always sensitive");
    CHECK(flag_of(session, private_key, CKA_NEVER_EXTRACTABLE), "never extractable");
    CHECK(flag_of(session, private_key, CKA_LOCAL) && flag_of(session, public_key, CKA_LOCAL), "made here");
    CHECK(flag_of(session, private_key, CKA_PRIVATE) && !flag_of(session, public_key, CKA_PRIVATE), "private");
    CK_ULONG number = 0;
    CK_ATTRIBUTE mechanism = VALUE(CKA_KEY_GEN_MECHANISM, number);
    OK(f->C_GetAttributeValue(session, private_key, &mechanism, 1));
    CHECK(number == CKM_EC_KEY_PAIR_GEN, "0x%lx", number);
    CK_ATTRIBUTE sensitive = {CKA_VALUE, NULL, 0};
    IS(f->C_GetAttributeValue(session, private_key, &sensitive, 1), CKR_ATTRIBUTE_SENSITIVE);
    CK_ATTRIBUTE curve[] = {VALUE(CKA_EC_PARAMS, p256), VALUE(CKA_CLASS, class_public)};
    CHECK(find_all(session, curve, 2, NULL) == 1, "found by the curve");
    CK_ATTRIBUTE pair_template[] = {OCTETS(CKA_LABEL, "pair"), VALUE(CKA_CLASS, class_private)};
    CHECK(find_all(session, pair_template, 2, NULL) == 1, "found by its class");
    OK(f->C_DestroyObject(session, public_key));
    OK(f->C_DestroyObject(session, private_key));
    IS(f->C_FindObjects(session, &object, 1, &size), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_FindObjectsInit(session, NULL, 0));
    IS(f->C_FindObjectsInit(session, NULL, 0), CKR_OPERATION_ACTIVE);
    IS(f->C_FindObjects(session, NULL, 1, &size), CKR_ARGUMENTS_BAD);
    IS(f->C_FindObjects(session, &object, 1, NULL), CKR_ARGUMENTS_BAD);
    OK(f3->C_SessionCancel(session, CKF_FIND_OBJECTS));
    IS(f->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_FindObjectsInit(session, NULL, 3), CKR_ARGUMENTS_BAD);
}

static void test_objects(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    CK_SESSION_HANDLE ro = open_session(0, CKF_SERIAL_SESSION);
    CK_OBJECT_HANDLE object = 0;
    CK_OBJECT_HANDLE other = 0;
    CK_MECHANISM generic = mechanism_of(CKM_GENERIC_SECRET_KEY_GEN);
    CK_ATTRIBUTE secret[] = {VALUE(CKA_VALUE_LEN, length_32)};
    CK_ATTRIBUTE public_secret[] = {VALUE(CKA_VALUE_LEN, length_32), NO(CKA_PRIVATE), YES(CKA_TOKEN)};
    IS(f->C_GenerateKey(session, &generic, secret, 1, &object), CKR_USER_NOT_LOGGED_IN);
    IS(f->C_GenerateKey(session, &generic, public_secret, 3, &object), CKR_USER_NOT_LOGGED_IN);
    OK(f->C_GenerateKey(session, &generic, public_secret, 2, &object));
    OK(f->C_DestroyObject(session, object));
    OK(login(session, CKU_USER, USER_PIN));
    test_templates(session);
    test_attributes(session);

    /* a read-only session makes and destroys no objects of the token */
    CK_ATTRIBUTE data[] = {
        VALUE(CKA_CLASS, class_data), OCTETS(CKA_LABEL, "data"), OCTETS(CKA_VALUE, "content"),
        OCTETS(CKA_APPLICATION, "test \\ \"of\"\n quoting"), YES(CKA_TOKEN)};
    IS(create(ro, data, COUNT(data)), CKR_SESSION_READ_ONLY);
    OK(f->C_CreateObject(session, data, COUNT(data), &object));
    IS(f->C_DestroyObject(ro, object), CKR_SESSION_READ_ONLY);
    IS(set_flag(ro, object, CKA_COPYABLE, CK_FALSE), CKR_SESSION_READ_ONLY);
    OK(create(ro, data, COUNT(data) - 1));
    CHECK(find_label(session, "data", NULL) == 2, "seen from the other session");

    /* session objects die with their session, private ones with the login */
    OK(f->C_CloseSession(ro));
    CHECK(find_label(session, "data", NULL) == 1, "gone with its session");
    CK_ATTRIBUTE private_data[] = {
        VALUE(CKA_CLASS, class_data), OCTETS(CKA_LABEL, "private data"), OCTETS(CKA_VALUE, "hidden"), YES(CKA_PRIVATE),
        YES(CKA_TOKEN)};
    OK(f->C_CreateObject(session, private_data, COUNT(private_data), &object));
    OK(f->C_CreateObject(session, private_data, COUNT(private_data) - 1, &other));
    CHECK(find_label(session, "private data", NULL) == 2, "both");
    OK(f->C_Logout(session));
    CHECK(find_label(session, "private data", NULL) == 0, "hidden");
    CK_ATTRIBUTE label = {CKA_LABEL, NULL, 0};
    IS(f->C_GetAttributeValue(session, object, &label, 1), CKR_OBJECT_HANDLE_INVALID);
    IS(f->C_DestroyObject(session, other), CKR_OBJECT_HANDLE_INVALID);
    IS(create(session, private_data, COUNT(private_data) - 1), CKR_USER_NOT_LOGGED_IN);
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(find_label(session, "private data", &other) == 1 && other != object, "back, under another handle");
    uint8_t content[16];
    CK_ATTRIBUTE value = VALUE(CKA_VALUE, content);
    OK(f->C_GetAttributeValue(session, other, &value, 1));
    CHECK(value.ulValueLen == 6 && memcmp(content, "hidden", 6) == 0, "the content");

    /* certificates, and an object of another token is none of this one's */
    int length = 0;
    uint8_t *der = make_certificate(&length);
    CK_ULONG x509 = CKC_X_509;
    CK_ATTRIBUTE certificate[] = {
        VALUE(CKA_CLASS, class_certificate), VALUE(CKA_CERTIFICATE_TYPE, x509),  YES(CKA_TOKEN),
        OCTETS(CKA_SUBJECT, "\x30\x00"),     {CKA_VALUE, der, (CK_ULONG)length}, OCTETS(CKA_LABEL, "certificate")};
    OK(f->C_CreateObject(session, certificate, COUNT(certificate), &object));
    CK_SESSION_HANDLE elsewhere = open_session(2, RW);
    IS(f->C_GetAttributeValue(elsewhere, object, &label, 1), CKR_OBJECT_HANDLE_INVALID);
    CK_ATTRIBUTE by_value[] = {{CKA_VALUE, der, (CK_ULONG)length}};
    CHECK(find_all(session, by_value, 1, NULL) == 1, "found by its octets");

    /* what the token has outlives the process */
    make_secret(session, CK_TRUE, "stored secret");
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_TRUE, "stored pair", &public_key, &private_key);
    uint8_t point[200];
    uint8_t again[200];
    CK_ATTRIBUTE point_query = VALUE(CKA_EC_POINT, point);
    CK_ATTRIBUTE again_query = VALUE(CKA_EC_POINT, again);
    OK(f->C_GetAttributeValue(session, public_key, &point_query, 1));
    restart();
    session = open_session(0, RW);
    CHECK(find_label(session, "stored pair", &public_key) == 1, "the public half");
    OK(f->C_GetAttributeValue(session, public_key, &again_query, 1));
    CHECK(
        again_query.ulValueLen == point_query.ulValueLen && memcmp(point, again, point_query.ulValueLen) == 0,
        "the same");
    CHECK(find_label(session, "certificate", NULL) == 1 && find_label(session, "data", &object) == 1, "the others");
    uint8_t text[64];
    CK_ATTRIBUTE application = VALUE(CKA_APPLICATION, text);
    OK(f->C_GetAttributeValue(session, object, &application, 1));
    CHECK(application.ulValueLen == 20 && memcmp(text, "test \\ \"of\"\n quoting", 20) == 0, "quoting");
    CHECK(find_label(session, "stored secret", NULL) == 0, "private");
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(find_label(session, "stored secret", &object) == 1 && find_label(session, "stored pair", NULL) == 2, "all");
    OK(set_flag(session, object, CKA_SENSITIVE, CK_TRUE));
    restart();
    session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(find_label(session, "stored secret", &object) == 1, "the secret");
    CHECK(flag_of(session, object, CKA_SENSITIVE) && flag_of(session, object, CKA_LOCAL), "what was set was stored");
    OPENSSL_free(der);

    /* a token has room for so many session objects */
    CK_ATTRIBUTE small[] = {VALUE(CKA_CLASS, class_data)};
    for (unsigned i = 0; i < 10000; i++) {
        OK(f->C_CreateObject(session, small, 1, &object));
    }
    IS(create(session, small, 1), CKR_DEVICE_MEMORY);
    OK(f->C_DestroyObject(session, object));
    OK(create(session, small, 1));
    OK(f->C_Finalize(NULL));
}

static void test_operations(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_MECHANISM sha256 = mechanism_of(CKM_SHA256);
    CK_MECHANISM hmac = mechanism_of(CKM_SHA256_HMAC);
    CK_MECHANISM ecdsa = mechanism_of(CKM_ECDSA_SHA256);
    uint8_t out[64];
    uint8_t parts[64];
    CK_ULONG length = 0;
    CK_ULONG parts_length = sizeof parts;
    CK_BYTE data[] = "abcdef";

    /* digests: a length, too small a buffer, single and in parts */
    IS(f->C_Digest(session, data, 6, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_DigestInit(session, &sha256));
    IS(f->C_DigestInit(session, &sha256), CKR_OPERATION_ACTIVE);
    OK(f->C_Digest(session, data, 6, NULL, &length));
    CHECK(length == 32, "%lu", length);
    length = 31;
    IS(f->C_Digest(session, data, 6, out, &length), CKR_BUFFER_TOO_SMALL);
    CHECK(length == 32, "%lu", length);
    OK(f->C_Digest(session, data, 6, out, &length));
    IS(f->C_Digest(session, data, 6, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_DigestUpdate(session, data, 3));
    OK(f->C_DigestUpdate(session, data + 3, 3));
    OK(f->C_DigestFinal(session, parts, &parts_length));
    CHECK(parts_length == 32 && memcmp(out, parts, 32) == 0, "the same digest");
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_DigestUpdate(session, data, 3));
    IS(f->C_Digest(session, data, 6, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_DigestFinal(session, out, &length), CKR_OPERATION_NOT_INITIALIZED); /* that ended it */
    OK(f->C_DigestInit(session, &sha256));
    IS(f->C_DigestUpdate(session, NULL, 6), CKR_ARGUMENTS_BAD);
    IS(f->C_DigestUpdate(session, data, 6), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_DigestInit(session, NULL)); /* PKCS#11 3.0: given up */
    IS(f->C_DigestInit(session, NULL), CKR_ARGUMENTS_BAD);
    CK_MECHANISM torn = {CKM_SHA256, NULL, 5};
    IS(f->C_DigestInit(session, &torn), CKR_MECHANISM_PARAM_INVALID);

    /* one operation of each kind at a time, and C_SessionCancel picks */
    CK_OBJECT_HANDLE key = make_secret(session, CK_FALSE, "mac");
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_SignInit(session, &hmac, key));
    OK(f->C_VerifyInit(session, &hmac, key));
    IS(f->C_SignInit(session, &hmac, key), CKR_OPERATION_ACTIVE);
    OK(f3->C_SessionCancel(session, CKF_SIGN | CKF_DIGEST));
    IS(f->C_SignUpdate(session, data, 6), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_DigestUpdate(session, data, 6), CKR_OPERATION_NOT_INITIALIZED);
    OK(f->C_VerifyUpdate(session, data, 6));
    OK(f->C_SignInit(session, &hmac, key));
    length = sizeof out;
    OK(f->C_Sign(session, data, 6, out, &length));
    OK(f->C_VerifyFinal(session, out, length));
    OK(f->C_VerifyInit(session, &hmac, key));
    out[0] ^= 1;
    IS(f->C_Verify(session, data, 6, out, length), CKR_SIGNATURE_INVALID);
    IS(f->C_Verify(session, data, 6, out, length), CKR_OPERATION_NOT_INITIALIZED);

    /* C_DigestKey takes sensitive secrets, and nothing but secrets */
    OK(set_flag(session, key, CKA_SENSITIVE, CK_TRUE));
    OK(f->C_DigestInit(session, &sha256));
    OK(f->C_DigestKey(session, key));
    OK(f->C_DigestFinal(session, out, &length));
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_FALSE, "signer", &public_key, &private_key);
    OK(f->C_DigestInit(session, &sha256));
    IS(f->C_DigestKey(session, private_key), CKR_KEY_INDIGESTIBLE);
    OK(f->C_DigestInit(session, &sha256));
    IS(f->C_DigestKey(session, 0), CKR_KEY_HANDLE_INVALID);

    /* keys do what their flags say */
    IS(f->C_SignInit(session, &ecdsa, ~0UL), CKR_KEY_HANDLE_INVALID);
    IS(f->C_SignInit(session, &ecdsa, public_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    IS(f->C_SignInit(session, NULL, private_key), CKR_ARGUMENTS_BAD);
    IS(f->C_DecryptInit(session, &ecdsa, private_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    OK(set_flag(session, private_key, CKA_SIGN, CK_FALSE));
    IS(f->C_SignInit(session, &ecdsa, private_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    OK(set_flag(session, private_key, CKA_SIGN, CK_TRUE));
    CK_MECHANISM_TYPE allowed[] = {CKM_SHA512_HMAC};
    CK_ATTRIBUTE limited[] = {VALUE(CKA_VALUE_LEN, length_32), VALUE(CKA_ALLOWED_MECHANISMS, allowed)};
    CK_MECHANISM generic = mechanism_of(CKM_GENERIC_SECRET_KEY_GEN);
    OK(f->C_GenerateKey(session, &generic, limited, 2, &key));
    IS(f->C_SignInit(session, &hmac, key), CKR_MECHANISM_INVALID);

    /* an operation with a private key ends with the login */
    OK(f->C_SignInit(session, &ecdsa, private_key));
    length = sizeof out;
    OK(f->C_Sign(session, data, 6, out, &length));
    OK(f->C_VerifyInit(session, &ecdsa, public_key));
    OK(f->C_Verify(session, data, 6, out, length));
    OK(f->C_SignInit(session, &ecdsa, private_key));
    OK(f->C_Logout(session));
    IS(f->C_Sign(session, data, 6, out, &length), CKR_USER_NOT_LOGGED_IN);
    IS(f->C_Sign(session, data, 6, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    IS(f->C_SignInit(session, &ecdsa, private_key), CKR_KEY_HANDLE_INVALID);
    OK(login(session, CKU_USER, USER_PIN));

    /* a key that asks for the PIN at each use */
    CK_MECHANISM pair = mechanism_of(CKM_EC_KEY_PAIR_GEN);
    CK_ATTRIBUTE curve[] = {VALUE(CKA_EC_PARAMS, p256)};
    CK_ATTRIBUTE always[] = {YES(CKA_ALWAYS_AUTHENTICATE), NO(CKA_PRIVATE)};
    IS(f->C_GenerateKeyPair(session, &pair, curve, 1, always, 2, &public_key, &private_key), CKR_TEMPLATE_INCONSISTENT);
    OK(f->C_GenerateKeyPair(session, &pair, curve, 1, always, 1, &public_key, &private_key));
    OK(f->C_SignInit(session, &ecdsa, private_key));
    length = sizeof out;
    IS(f->C_Sign(session, data, 6, out, &length), CKR_USER_NOT_LOGGED_IN);
    IS(login(session, CKU_CONTEXT_SPECIFIC, "4321"), CKR_PIN_INCORRECT);
    IS(f->C_Sign(session, data, 6, out, &length), CKR_USER_NOT_LOGGED_IN);
    OK(login(session, CKU_CONTEXT_SPECIFIC, USER_PIN));
    OK(f->C_Sign(session, data, 6, out, &length));
    OK(f->C_SignInit(session, &ecdsa, private_key));
    IS(f->C_Sign(session, data, 6, out, &length), CKR_USER_NOT_LOGGED_IN);

    OK(f->C_SeedRandom(session, data, 6));
    OK(f->C_GenerateRandom(session, out, sizeof out));
    IS(f->C_GenerateRandom(session, NULL, 1), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateRandom(session, out, ~0UL), CKR_ARGUMENTS_BAD);
    IS(f->C_SeedRandom(session, NULL, 1), CKR_ARGUMENTS_BAD);
    IS(f->C_WrapKey(session, &hmac, 0, 0, NULL, &length), CKR_FUNCTION_NOT_SUPPORTED);
    IS(f3->C_MessageSignInit(session, &hmac, key), CKR_FUNCTION_NOT_SUPPORTED);
    IS(f->C_GetFunctionStatus(session), CKR_FUNCTION_NOT_PARALLEL);
    OK(f->C_Finalize(NULL));
}

/* What a derived key inherits: the template decides, the history is told truly. */
static void test_derivation(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    CK_OBJECT_HANDLE derived = 0;
    make_pair(session, CK_FALSE, "agree", &public_key, &private_key);
    uint8_t point[100];
    CK_ATTRIBUTE query = VALUE(CKA_EC_POINT, point);
    OK(f->C_GetAttributeValue(session, public_key, &query, 1));
    CK_ECDH1_DERIVE_PARAMS parameters = {CKD_NULL, 0, NULL, query.ulValueLen - 2, point + 2};
    CK_MECHANISM ecdh = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    CK_ATTRIBUTE open_template[] = {VALUE(CKA_CLASS, class_secret), VALUE(CKA_KEY_TYPE, type_generic)};
    OK(f->C_DeriveKey(session, &ecdh, private_key, open_template, 2, &derived));
    CHECK(!flag_of(session, derived, CKA_SENSITIVE) && flag_of(session, derived, CKA_EXTRACTABLE), "defaults");
    CHECK(
        !flag_of(session, derived, CKA_ALWAYS_SENSITIVE) && !flag_of(session, derived, CKA_NEVER_EXTRACTABLE),
        "history");
    CHECK(!flag_of(session, derived, CKA_LOCAL), "derived keys are not local");
    CK_ATTRIBUTE closed[] = {YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE), YES(CKA_DERIVE)};
    OK(f->C_DeriveKey(session, &ecdh, private_key, closed, 3, &derived));
    CHECK(
        flag_of(session, derived, CKA_ALWAYS_SENSITIVE) && flag_of(session, derived, CKA_NEVER_EXTRACTABLE), "history");
    IS(f->C_DeriveKey(session, &ecdh, public_key, closed, 3, &derived), CKR_KEY_FUNCTION_NOT_PERMITTED);
    IS(f->C_DeriveKey(session, &ecdh, 0, closed, 3, &derived), CKR_KEY_HANDLE_INVALID);
    IS(f->C_DeriveKey(session, &ecdh, private_key, closed, 3, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_DeriveKey(session, NULL, private_key, closed, 3, &derived), CKR_ARGUMENTS_BAD);
    CK_MECHANISM wrong = mechanism_of(CKM_SHA256);
    IS(f->C_DeriveKey(session, &wrong, private_key, closed, 3, &derived), CKR_MECHANISM_INVALID);
    /* from a key whose history is not clean nothing clean comes */
    CK_OBJECT_HANDLE base = 0;
    CK_ATTRIBUTE imported[] = {
        VALUE(CKA_CLASS, class_secret),
        VALUE(CKA_KEY_TYPE, type_generic),
        OCTETS(CKA_VALUE, "0123456789abcdef0123456789abcdef"),
        YES(CKA_DERIVE),
        YES(CKA_SENSITIVE),
        NO(CKA_EXTRACTABLE)};
    OK(f->C_CreateObject(session, imported, COUNT(imported), &base));
    CK_HKDF_PARAMS hkdf = {
        .bExtract = CK_TRUE, .bExpand = CK_TRUE, .prfHashMechanism = CKM_SHA256, .ulSaltType = CKF_HKDF_SALT_NULL};
    CK_MECHANISM hkdf_derive = {CKM_HKDF_DERIVE, &hkdf, sizeof hkdf};
    CK_ATTRIBUTE from_imported[] = {YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE), VALUE(CKA_VALUE_LEN, length_32)};
    OK(f->C_DeriveKey(session, &hkdf_derive, base, from_imported, 3, &derived));
    CHECK(
        !flag_of(session, derived, CKA_ALWAYS_SENSITIVE) && !flag_of(session, derived, CKA_NEVER_EXTRACTABLE),
        "history");
    CK_MECHANISM hkdf_data = {CKM_HKDF_DATA, &hkdf, sizeof hkdf};
    CK_ATTRIBUTE as_data[] = {VALUE(CKA_CLASS, class_data), VALUE(CKA_VALUE_LEN, length_32)};
    OK(f->C_DeriveKey(session, &hkdf_data, base, as_data, 2, &derived));
    CK_ATTRIBUTE value = {CKA_VALUE, NULL, 0};
    OK(f->C_GetAttributeValue(session, derived, &value, 1));
    CHECK(value.ulValueLen == 32, "%lu octets", value.ulValueLen);
    OK(f->C_Finalize(NULL));
}

static int run(const char *format, const char *argument)
{
    char command[1200];
    snprintf(command, sizeof command, format, directory, argument);
    return system(command);
}

/* The files: modes, what stock openssl makes of them, and what the card makes of torn and foreign ones. */
static void test_files(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/token-0", directory);
    DIR *entries = opendir(path);
    CHECK(entries != NULL, "the folder");
    const struct dirent *entry;
    unsigned objects = 0;
    char any[300] = "";
    while ((entry = readdir(entries)) != NULL) {
        struct stat status;
        if (entry->d_name[0] == '.') {
            CHECK(strlen(entry->d_name) <= 2, "nothing is left over: %s", entry->d_name);
            continue;
        }
        CHECK(fstatat(dirfd(entries), entry->d_name, &status, 0) == 0, "a file");
        CHECK((status.st_mode & 0777) == 0600, "%s has mode %o", entry->d_name, status.st_mode & 0777);
        if (strlen(entry->d_name) == 16 + 11 && strcmp(entry->d_name + 16, ".attributes") == 0) {
            snprintf(path, sizeof path, "%s/token-0/%.16s.p8", directory, entry->d_name);
            if (access(path, R_OK) == 0) {
                snprintf(any, sizeof any, "%.16s", entry->d_name);
            }
            objects++;
        }
    }
    closedir(entries);
    CHECK(objects == 6 && *any != '\0', "%u objects", objects);

    CHECK(system("command -v openssl >/dev/null") == 0, "openssl");
    CHECK(run("openssl pkcs8 -in '%s/token-0/user.p8' -passin pass:%s -out /dev/null", USER_PIN) == 0, "user.p8");
    CHECK(run("openssl pkcs8 -in '%s/token-0/so.p8' -passin pass:%s -out /dev/null", SO_PIN) == 0, "so.p8");
    CHECK(
        run("openssl pkcs8 -in '%s/token-0/user.p8' -passin pass:%s -out /dev/null 2>/dev/null", "4321") != 0,
        "user.p8");
    CHECK(
        run("cd '%s/token-0' && PW=$(openssl pkcs8 -in user.p8 -passin pass:%s | openssl pkey -outform DER | tail -c "
            "32 | "
            "base64) && n=0 && for f in $(grep -l 'class = private-key' *.attributes); do "
            "openssl pkcs8 -in ${f%%.attributes}.p8 -passin pass:$PW | openssl ec -noout 2>/dev/null || exit 1; n=1; "
            "done; "
            "[ $n = 1 ]",
            USER_PIN) == 0,
        "openssl reads the private keys");
    CHECK(
        run("cd '%s/token-0' && for f in *.pem; do openssl pkey -pubin -in $f -noout || exit 1; done%s", "") == 0,
        "openssl reads the public keys");
    CHECK(
        run("cd '%s/token-0' && for f in *.der; do openssl x509 -inform DER -in $f -noout || exit 1; done%s", "") == 0,
        "openssl reads the certificates");

    /* torn and foreign files: told once, left alone, and the rest goes on */
    CHECK(run("cd '%s/token-0' && head -c 50 %s.attributes > 00112233445566ff.attributes", any) == 0, "a torn file");
    CHECK(
        run("cd '%s/token-0' && cp %s.attributes 0011223344556677.attributes && : > 0011223344556677.p8", any) == 0,
        "torn");
    CHECK(run("cd '%s/token-0' && cp %s.attributes 0011223344556688.attributes", any) == 0, "without material");
    CHECK(run("cd '%s/token-0' && : > 0011223344556699.attributes%s", "") == 0, "an empty one");
    CHECK(run("cd '%s/token-0' && echo hello > notes.txt && mkfifo 00112233445566aa.attributes%s", "") == 0, "foreign");
    CHECK(run("cd '%s/token-0' && ln -s /etc/passwd 00112233445566bb.attributes%s", "") == 0, "a link");
    begin_notices();
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(find_label(session, "stored pair", NULL) == 2 && find_label(session, "certificate", NULL) == 1, "the rest");
    CHECK(find_all(session, NULL, 0, NULL) == objects, "and nothing else");
    find_all(session, NULL, 0, NULL);
    unsigned lines = end_notices("left alone"); /* once, however often the folder is read */
    CHECK(lines == 7, "%u lines", lines);
    static const char *const left[] = {
        "00112233445566ff.attributes", "0011223344556677.p8", "0011223344556688.attributes",
        "0011223344556699.attributes", "notes.txt",           "00112233445566aa.attributes"};
    for (size_t i = 0; i < COUNT(left); i++) {
        snprintf(path, sizeof path, "%s/token-0/%s", directory, left[i]);
        CHECK(access(path, F_OK) == 0, "%s is still there", left[i]);
        unlink(path);
    }
    CHECK(run("cd '%s/token-0' && rm -f 00112233445566* %s", "0011223344556677.attributes") == 0, "rm");
    OK(f->C_Finalize(NULL));

    /* a torn PIN file is no wrong PIN */
    CHECK(run("cd '%s/token-2' && head -c 100 so.p8 > t && cat t > so.p8 && rm t%s", "") == 0, "torn");
    begin_notices();
    initialize();
    session = open_session(2, RW);
    IS(login(session, CKU_SO, SO_PIN), CKR_DEVICE_ERROR);
    CHECK(end_notices("so.p8") == 1, "one line");
    CHECK((token_flags(2) & CKF_SO_PIN_COUNT_LOW) == 0, "not counted as a wrong PIN");
    OK(f->C_Finalize(NULL));
}

static void wait_for(pid_t child)
{
    int status = 0;
    CHECK(
        waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child: 0x%x",
        status);
}

static void test_fork(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_OBJECT_HANDLE key = make_secret(session, CK_FALSE, "before the fork");
    CK_ULONG before = find_all(session, NULL, 0, NULL);
    CHECK(find_label(session, "from the child", NULL) == 0, "not yet");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        CK_ULONG count;
        CK_SESSION_INFO info;
        IS(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_CRYPTOKI_NOT_INITIALIZED);
        IS(f->C_GetSessionInfo(session, &info), CKR_CRYPTOKI_NOT_INITIALIZED);
        IS(f->C_DestroyObject(session, key), CKR_CRYPTOKI_NOT_INITIALIZED);
        IS(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
        initialize();
        IS(f->C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID);
        CK_SESSION_HANDLE mine = open_session(0, RW);
        CHECK(state_of(mine) == CKS_RW_PUBLIC_SESSION, "the login is the parent's");
        OK(login(mine, CKU_USER, USER_PIN));
        CHECK(find_label(mine, "before the fork", NULL) == 0, "so are its session objects");
        make_secret(mine, CK_TRUE, "from the child");
        OK(f->C_Finalize(NULL));
        _exit(0);
    }
    wait_for(child);
    CHECK(find_label(session, "from the child", &key) == 1, "what another process made is seen");
    CHECK(find_all(session, NULL, 0, NULL) == before + 1, "beside all else");
    CHECK(flag_of(session, key, CKA_EXTRACTABLE), "as it was made");

    /* another process changes it, then destroys it */
    fflush(NULL);
    child = fork();
    if (child == 0) {
        initialize();
        CK_SESSION_HANDLE mine = open_session(0, RW);
        CK_OBJECT_HANDLE found;
        OK(login(mine, CKU_USER, USER_PIN));
        CHECK(find_label(mine, "from the child", &found) == 1, "there");
        OK(set_flag(mine, found, CKA_EXTRACTABLE, CK_FALSE));
        _exit(0); /* without C_Finalize, as crashing processes do */
    }
    wait_for(child);
    CK_OBJECT_HANDLE again;
    CHECK(find_label(session, "from the child", &again) == 1 && again == key, "the handle stays");
    CHECK(!flag_of(session, key, CKA_EXTRACTABLE), "the change is seen");
    fflush(NULL);
    child = fork();
    if (child == 0) {
        initialize();
        CK_SESSION_HANDLE mine = open_session(0, RW);
        CK_OBJECT_HANDLE found;
        OK(login(mine, CKU_USER, USER_PIN));
        CHECK(find_label(mine, "from the child", &found) == 1, "there");
        OK(f->C_DestroyObject(mine, found));
        _exit(0);
    }
    wait_for(child);
    CHECK(find_label(session, "from the child", NULL) == 0, "gone");
    CK_ATTRIBUTE label = {CKA_LABEL, NULL, 0};
    IS(f->C_GetAttributeValue(session, key, &label, 1), CKR_OBJECT_HANDLE_INVALID);
    OK(f->C_Finalize(NULL));
}

/* NULL_PTR, handles that are none and lengths that cannot be, at every function that takes a session. */
static void test_hostile(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_FALSE, "hostile", &public_key, &private_key);
    CK_MECHANISM ecdsa = mechanism_of(CKM_ECDSA_SHA256);
    CK_MECHANISM unknown = mechanism_of(~0UL);
    CK_OBJECT_HANDLE out;
    CK_ULONG length = 64;
    uint8_t data[64] = {0};
    CK_SESSION_HANDLE bad[] = {0, ~0UL, session + 1};
    for (size_t i = 0; i < COUNT(bad); i++) {
        IS(f->C_CreateObject(bad[i], NULL, 0, &out), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_FindObjectsInit(bad[i], NULL, 0), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_SignInit(bad[i], &ecdsa, private_key), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_Sign(bad[i], data, 1, data, &length), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_VerifyFinal(bad[i], data, 64), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_GenerateRandom(bad[i], data, 1), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_Logout(bad[i]), CKR_SESSION_HANDLE_INVALID);
        IS(f->C_InitPIN(bad[i], data, 4), CKR_SESSION_HANDLE_INVALID);
        IS(f3->C_SessionCancel(bad[i], ~0UL), CKR_SESSION_HANDLE_INVALID);
    }
    IS(f->C_SignInit(session, &unknown, private_key), CKR_MECHANISM_INVALID);
    IS(f->C_GenerateKey(session, NULL, NULL, 0, &out), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateKey(session, &unknown, NULL, 0, &out), CKR_MECHANISM_INVALID);
    IS(f->C_GenerateKeyPair(session, NULL, NULL, 0, NULL, 0, &out, &out), CKR_ARGUMENTS_BAD);
    CK_MECHANISM pair = mechanism_of(CKM_EC_KEY_PAIR_GEN);
    IS(f->C_GenerateKeyPair(session, &pair, NULL, 0, NULL, 0, NULL, &out), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateKeyPair(session, &pair, NULL, 0, NULL, 0, &out, NULL), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateKeyPair(session, &pair, NULL, 1, NULL, 0, &out, &out), CKR_ARGUMENTS_BAD);
    IS(f->C_GenerateKeyPair(session, &pair, NULL, ~0UL, NULL, ~0UL, &out, &out), CKR_ARGUMENTS_BAD);
    OK(f->C_SignInit(session, &ecdsa, private_key));
    IS(f->C_Sign(session, NULL, 64, data, &length), CKR_ARGUMENTS_BAD);
    OK(f->C_SignInit(session, &ecdsa, private_key));
    IS(f->C_Sign(session, data, 64, data, NULL), CKR_ARGUMENTS_BAD);
    OK(f->C_SignInit(session, &ecdsa, private_key));
    length = 0;
    IS(f->C_Sign(session, data, 64, data, &length), CKR_BUFFER_TOO_SMALL);
    OK(f->C_SignInit(session, NULL, 0));
    OK(f->C_VerifyInit(session, &ecdsa, public_key));
    IS(f->C_Verify(session, data, 64, NULL, 64), CKR_ARGUMENTS_BAD);
    OK(f->C_VerifyInit(session, &ecdsa, public_key));
    IS(f->C_Verify(session, data, 64, data, ~0UL), CKR_SIGNATURE_LEN_RANGE);
    IS(f->C_SetPIN(session, NULL, 4, NULL, 4), CKR_ARGUMENTS_BAD);
    IS(f->C_SetAttributeValue(session, private_key, NULL, 0), CKR_ARGUMENTS_BAD);
    IS(f->C_SetAttributeValue(session, private_key, NULL, 7), CKR_ARGUMENTS_BAD);
    OK(f->C_Finalize(NULL));
}

#define THREADS 4

struct worker {
    unsigned number;
    unsigned rounds;
    CK_OBJECT_HANDLE private_key;
    CK_OBJECT_HANDLE public_key;
    unsigned failures;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    CK_MECHANISM ecdsa = mechanism_of(CKM_ECDSA_SHA256);
    for (unsigned round = 0; round < worker->rounds; round++) {
        CK_SESSION_HANDLE session = 0;
        CK_BYTE signature[64];
        CK_ULONG length = sizeof signature;
        CK_OBJECT_HANDLE object = 0;
        CK_ATTRIBUTE data[] = {VALUE(CKA_CLASS, class_data), VALUE(CKA_VALUE, signature)};
        bool good = f->C_OpenSession(0, RW, NULL, NULL, &session) == CKR_OK &&
                    f->C_SignInit(session, &ecdsa, worker->private_key) == CKR_OK &&
                    f->C_Sign(session, (CK_BYTE *)"x", 1, signature, &length) == CKR_OK &&
                    f->C_VerifyInit(session, &ecdsa, worker->public_key) == CKR_OK &&
                    f->C_Verify(session, (CK_BYTE *)"x", 1, signature, length) == CKR_OK &&
                    f->C_CreateObject(session, data, 2, &object) == CKR_OK &&
                    f->C_FindObjectsInit(session, NULL, 0) == CKR_OK && f->C_CloseSession(session) == CKR_OK;
        worker->failures += good ? 0 : 1;
    }
    return NULL;
}

/* Signs in a session that another thread may close at any moment: what comes back must be one of these. */
static CK_SESSION_HANDLE contested;
static CK_OBJECT_HANDLE contested_key;

static void *use_contested(void *argument)
{
    CK_MECHANISM ecdsa = mechanism_of(CKM_ECDSA_SHA256);
    unsigned *surprises = argument;
    for (;;) {
        CK_BYTE signature[64];
        CK_ULONG length = sizeof signature;
        CK_SESSION_HANDLE session = __atomic_load_n(&contested, __ATOMIC_ACQUIRE);
        if (session == 0) {
            return NULL;
        }
        CK_RV rv = f->C_SignInit(session, &ecdsa, contested_key);
        if (rv == CKR_OK) {
            rv = f->C_Sign(session, (CK_BYTE *)"x", 1, signature, &length);
        }
        if (rv != CKR_OK && rv != CKR_SESSION_HANDLE_INVALID && rv != CKR_OPERATION_ACTIVE &&
            rv != CKR_OPERATION_NOT_INITIALIZED && rv != CKR_USER_NOT_LOGGED_IN && rv != CKR_KEY_HANDLE_INVALID) {
            ++*surprises;
        }
    }
}

static void test_threads(void)
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    unsigned surprises[THREADS] = {0};
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    make_pair(session, CK_FALSE, "threads", &public_key, &private_key);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){i, (unsigned)test_count(200), private_key, public_key, 0};
        CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0, "a thread");
    }
    for (unsigned i = 0; i < 5; i++) { /* meanwhile the token is written to */
        CK_OBJECT_HANDLE key = make_secret(session, CK_TRUE, "while others sign");
        OK(set_flag(session, key, CKA_SENSITIVE, CK_TRUE));
        OK(f->C_DestroyObject(session, key));
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(workers[i].failures == 0, "%u failures", workers[i].failures);
    }
    CK_TOKEN_INFO info;
    OK(f->C_GetTokenInfo(0, &info));
    CHECK(info.ulSessionCount == 1, "%lu sessions", info.ulSessionCount);

    contested_key = private_key;
    __atomic_store_n(&contested, open_session(0, RW), __ATOMIC_RELEASE);
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, use_contested, &surprises[i]) == 0, "a thread");
    }
    for (unsigned i = 0; i < 200; i++) {
        CK_SESSION_HANDLE old = contested;
        __atomic_store_n(&contested, open_session(0, RW), __ATOMIC_RELEASE);
        OK(f->C_CloseSession(old));
    }
    OK(f->C_Logout(session)); /* the key goes away under their hands */
    OK(f->C_CloseAllSessions(0));
    __atomic_store_n(&contested, 0, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(surprises[i] == 0, "%u surprises", surprises[i]);
    }
    OK(f->C_Finalize(NULL));
}

/* A fork while other threads hold locks: the child starts from nothing. */
static volatile bool forking;

static void *keep_busy(void *argument)
{
    CK_SESSION_HANDLE session = 0;
    (void)argument;
    while (forking) {
        CK_SESSION_INFO info;
        if (f->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK) {
            f->C_GetSessionInfo(session, &info);
            f->C_CloseSession(session);
        }
    }
    return NULL;
}

static void test_fork_under_load(void)
{
    pthread_t thread;
    initialize();
    forking = true;
    CHECK(pthread_create(&thread, NULL, keep_busy, NULL) == 0, "a thread");
    for (unsigned i = 0; i < 50; i++) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            alarm(20); /* a lock that nobody frees would hold it for ever */
            initialize();
            open_session(0, RW);
            OK(f->C_Finalize(NULL));
            _exit(0);
        }
        wait_for(child);
    }
    forking = false;
    pthread_join(thread, NULL);
    OK(f->C_Finalize(NULL));
}

static void test_init_again(void)
{
    initialize();
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof label);
    memcpy(label, "anew", 4);
    CK_TOKEN_INFO before;
    CK_TOKEN_INFO after;
    OK(f->C_GetTokenInfo(0, &before));
    IS(f->C_InitToken(0, (CK_UTF8CHAR *)"wrong pin", 9, label), CKR_PIN_INCORRECT);
    OK(f->C_GetTokenInfo(0, &after));
    CHECK((after.flags & CKF_SO_PIN_COUNT_LOW) != 0, "counted");
    CHECK(memcmp(before.label, after.label, sizeof before.label) == 0, "nothing was done");
    CK_SESSION_HANDLE session = open_session(0, RW);
    CHECK(find_label(session, "data", NULL) == 1, "the objects are there");
    OK(f->C_CloseSession(session));
    OK(f->C_InitToken(0, (CK_UTF8CHAR *)SO_PIN, 8, label));
    OK(f->C_GetTokenInfo(0, &after));
    CHECK(memcmp(after.label, "anew  ", 6) == 0, "the new label");
    CHECK(memcmp(before.serialNumber, after.serialNumber, 16) != 0, "a new serial number");
    CHECK((after.flags & (CKF_USER_PIN_INITIALIZED | CKF_SO_PIN_COUNT_LOW)) == 0, "flags 0x%lx", after.flags);
    session = open_session(0, RW);
    CHECK(find_all(session, NULL, 0, NULL) == 0, "the objects are gone");
    IS(login(session, CKU_USER, USER_PIN), CKR_USER_PIN_NOT_INITIALIZED);

    /* a token that goes away under a session */
    CHECK(run("rm -r '%s/token-0'%s", "") == 0, "rm");
    IS(f->C_FindObjectsInit(session, NULL, 0), CKR_TOKEN_NOT_PRESENT);
    IS(login(session, CKU_SO, SO_PIN), CKR_TOKEN_NOT_PRESENT);
    OK(f->C_CloseSession(session));
    OK(f->C_Finalize(NULL));
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : CARDINAL_CARD_MODULE;
    if (access("/dev/shm", W_OK) != 0) {
        strcpy(top, "/tmp/cardinal-token-test-XXXXXX");
    }
    CHECK(mkdtemp(top) != NULL, "a folder");
    snprintf(directory, sizeof directory, "%s/below/card", top); /* folders are made on the way */
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(module != NULL, "%s", dlerror());
    test_interfaces(module);
    test_initialize();
    test_slots();
    test_pins();
    test_sessions();
    test_objects();
    test_operations();
    test_derivation();
    test_files();
    test_fork();
    test_hostile();
    test_threads();
    test_fork_under_load();
    test_init_again();
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", top);
    CHECK(system(command) == 0, "rm");
    return checks_done();
}
