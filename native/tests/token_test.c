/* The module, its settings, slots, PINs and sessions. */
#include "token.h"

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
    CHECK(count == 4, "%lu interfaces", count);
    count = 2;
    IS(get_list(list, &count), CKR_BUFFER_TOO_SMALL);
    CHECK(count == 4, "%lu interfaces", count);
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
    OK(get(batch, NULL, &interface, 0));
    functions = interface->pFunctionList;
    CHECK(
        functions->version.major == 1 && functions->version.minor == CK_CARDINAL_BATCH_VERSION_MINOR,
        "the current batch interface");
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
    CK_ATTRIBUTE data[] = {NUMBER(CKA_CLASS, CKO_DATA), YES(CKA_TOKEN)};
    CK_OBJECT_HANDLE object;
    OK(f->C_CreateObject(session, data, COUNT(data), &object));
    CHECK(find_all(session, NULL, 0, NULL) == 1, "an object is there");
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
    void *module = load_module(argc, argv);
    test_interfaces(module);
    test_initialize();
    test_slots();
    test_pins();
    test_sessions();
    test_init_again();
    return end_test();
}
