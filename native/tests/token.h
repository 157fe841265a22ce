/*
 * What the tests of tokens share: the module as an application meets it, loaded from its file and driven through its
 * function lists, over a folder of its own.
 */
#ifndef CARDINAL_TOKEN_TEST_H
#define CARDINAL_TOKEN_TEST_H

#include <dlfcn.h>
#include <fcntl.h>
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

#define FLAG(type, value)                                                                                              \
    {                                                                                                                  \
        type, &(CK_BBOOL){value}, sizeof(CK_BBOOL)                                                                     \
    }
#define YES(type) FLAG(type, CK_TRUE)
#define NO(type) FLAG(type, CK_FALSE)
#define NUMBER(type, value)                                                                                            \
    {                                                                                                                  \
        type, &(CK_ULONG){value}, sizeof(CK_ULONG)                                                                     \
    }
#define VALUE(type, variable)                                                                                          \
    {                                                                                                                  \
        type, &(variable), sizeof(variable)                                                                            \
    }
#define OCTETS(type, text)                                                                                             \
    {                                                                                                                  \
        type, (void *)(uintptr_t)(text), sizeof(text) - 1                                                              \
    }

/* CKA_EC_PARAMS of P-256: the identifier of RFC 5480 section 2.1.1.1 */
#define P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"

static inline CK_MECHANISM mechanism_of(CK_MECHANISM_TYPE type)
{
    return (CK_MECHANISM){type, NULL, 0};
}

static inline void initialize(void)
{
    char text[512];
    snprintf(text, sizeof text, "directory='%s' backend=auto", directory);
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = text};
    OK(f->C_Initialize(&arguments));
}

static inline void restart(void)
{
    OK(f->C_Finalize(NULL));
    initialize();
}

static inline void init_token(CK_SLOT_ID slot)
{
    CK_UTF8CHAR label[33];
    memset(label, ' ', sizeof label);
    memcpy(label, "token \"one\"", 11);
    OK(f->C_InitToken(slot, (CK_UTF8CHAR *)SO_PIN, 8, label));
}

static inline CK_SESSION_HANDLE open_session(CK_SLOT_ID slot, CK_FLAGS flags)
{
    CK_SESSION_HANDLE session = 0;
    OK(f->C_OpenSession(slot, flags, NULL, NULL, &session));
    CHECK(session != 0, "a handle");
    return session;
}

static inline CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
    return f->C_Login(session, user, (CK_UTF8CHAR *)(uintptr_t)pin, strlen(pin));
}

static inline CK_STATE state_of(CK_SESSION_HANDLE session)
{
    CK_SESSION_INFO info;
    OK(f->C_GetSessionInfo(session, &info));
    return info.state;
}

static inline CK_FLAGS token_flags(CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;
    OK(f->C_GetTokenInfo(slot, &info));
    return info.flags;
}

static inline CK_ULONG
find_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *first)
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

static inline CK_ULONG find_label(CK_SESSION_HANDLE session, const char *label, CK_OBJECT_HANDLE *first)
{
    CK_ATTRIBUTE template[] = {{CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    return find_all(session, template, 1, first);
}

static inline bool flag_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = 77;
    CK_ATTRIBUTE attribute = VALUE(type, value);
    OK(f->C_GetAttributeValue(session, object, &attribute, 1));
    CHECK(value <= CK_TRUE && attribute.ulValueLen == 1, "a flag");
    return value == CK_TRUE;
}

static inline CK_RV set_flag(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_BBOOL value)
{
    CK_ATTRIBUTE attribute = VALUE(type, value);
    return f->C_SetAttributeValue(session, object, &attribute, 1);
}

static inline CK_OBJECT_HANDLE make_secret(CK_SESSION_HANDLE session, CK_BBOOL on_token, const char *label)
{
    CK_OBJECT_HANDLE key = 0;
    CK_MECHANISM mechanism = mechanism_of(CKM_GENERIC_SECRET_KEY_GEN);
    CK_ATTRIBUTE template[] = {
        VALUE(CKA_TOKEN, on_token),
        NUMBER(CKA_VALUE_LEN, 32),
        {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
        YES(CKA_DERIVE)};
    OK(f->C_GenerateKey(session, &mechanism, template, COUNT(template), &key));
    return key;
}

static inline void make_pair(
    CK_SESSION_HANDLE session, CK_BBOOL on_token, const char *label, CK_OBJECT_HANDLE *public_key,
    CK_OBJECT_HANDLE *private_key)
{
    CK_MECHANISM mechanism = mechanism_of(CKM_EC_KEY_PAIR_GEN);
    CK_ATTRIBUTE public_template[] = {
        OCTETS(CKA_EC_PARAMS, P256), VALUE(CKA_TOKEN, on_token), {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    CK_ATTRIBUTE private_template[] = {
        VALUE(CKA_TOKEN, on_token), {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}, YES(CKA_DERIVE)};
    OK(f->C_GenerateKeyPair(
        session, &mechanism, public_template, COUNT(public_template), private_template, COUNT(private_template),
        public_key, private_key));
}

/* Standard error goes to a file from begin_notices() to the call that counts its lines with a word in them. */
static int kept_stderr = -1;
static char notice_path[300];

static inline void begin_notices(void)
{
    snprintf(notice_path, sizeof notice_path, "%s/stderr", top);
    fflush(stderr);
    kept_stderr = dup(2);
    int file = open(notice_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(kept_stderr >= 0 && file >= 0 && dup2(file, 2) == 2, "standard error");
    close(file);
}

static inline unsigned end_notices(const char *word)
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

/* A shell command with the folder and an argument in it. */
static inline int run(const char *format, const char *argument)
{
    char command[1200];
    snprintf(command, sizeof command, format, directory, argument);
    return system(command);
}

/* Loads the module: argv[1], else the one of this build. Returns it, for symbols beside the lists. */
static inline void *load_module(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : CARDINAL_CARD_MODULE;
    if (access("/dev/shm", W_OK) != 0) {
        strcpy(top, "/tmp/cardinal-token-test-XXXXXX");
    }
    CHECK(mkdtemp(top) != NULL, "a folder");
    snprintf(directory, sizeof directory, "%s/below/card", top); /* folders are made on the way */
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(module != NULL, "%s", dlerror());
    CK_RV (*get)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS);
    *(void **)&get = dlsym(module, "C_GetInterface");
    CHECK(get != NULL, "C_GetInterface");
    CK_INTERFACE *interface = NULL;
    CK_VERSION version = {3, 0};
    OK(get(NULL, &version, &interface, 0));
    f3 = interface->pFunctionList;
    version = (CK_VERSION){2, 40};
    OK(get(NULL, &version, &interface, 0));
    f = interface->pFunctionList;
    return module;
}

/* A token in slot 0 with both PINs. */
static inline void make_token(void)
{
    initialize();
    init_token(0);
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_SO, SO_PIN));
    OK(f->C_InitPIN(session, (CK_UTF8CHAR *)(uintptr_t)USER_PIN, strlen(USER_PIN)));
    OK(f->C_Finalize(NULL));
}

/* The end of a test. */
static inline int end_test(void)
{
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", top);
    CHECK(system(command) == 0, "rm");
    return checks_done();
}

#endif
