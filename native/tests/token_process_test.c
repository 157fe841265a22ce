/* Several processes and several threads. */
#include <pthread.h>
#include <signal.h>

#include "token.h"

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

/* The right PIN counts as a wrong one until it was found right: a process that is killed meanwhile gains no free try.
 */
static void test_killed_login(void)
{
    bool seen = false;
    for (unsigned attempt = 0; attempt < 8 && !seen; attempt++) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            initialize();
            login(open_session(0, RW), CKU_USER, USER_PIN);
            _exit(0);
        }
        initialize();
        while (!seen && waitpid(child, NULL, WNOHANG) == 0) {
            seen = (token_flags(0) & CKF_USER_PIN_COUNT_LOW) != 0;
        }
        if (seen) {
            kill(child, SIGKILL);
            int status = 0;
            CHECK(waitpid(child, &status, 0) == child, "the child");
            seen = WIFSIGNALED(status); /* else it was done before the signal came: once more */
        }
        if (seen) {
            CHECK((token_flags(0) & CKF_USER_PIN_COUNT_LOW) != 0, "the try stays counted");
        }
        CK_SESSION_HANDLE session = open_session(0, RW);
        OK(login(session, CKU_USER, USER_PIN)); /* the lock went with the process, and the count goes with this */
        CHECK((token_flags(0) & CKF_USER_PIN_COUNT_LOW) == 0, "cleared");
        OK(f->C_Finalize(NULL));
    }
    CHECK(seen, "no login was caught in the act");
}

/* Processes killed in the midst of writing: what is on the token afterwards is whole. */
static void test_killed_writer(void)
{
    unsigned seed = 1;
    for (unsigned i = 0; i < test_count(12); i++) {
        int ready[2];
        CHECK(pipe(ready) == 0, "a pipe");
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            CHECK(freopen("/dev/null", "w", stderr) != NULL, "quiet"); /* it tells of what its forerunners left */
            initialize();
            CK_SESSION_HANDLE mine = open_session(0, RW);
            OK(login(mine, CKU_USER, USER_PIN));
            CHECK(write(ready[1], "x", 1) == 1, "the pipe");
            for (;;) {
                CK_OBJECT_HANDLE key = make_secret(mine, CK_TRUE, "short-lived");
                OK(set_flag(mine, key, CKA_SENSITIVE, CK_TRUE));
                OK(f->C_DestroyObject(mine, key));
            }
        }
        char octet;
        CHECK(read(ready[0], &octet, 1) == 1, "the child is at work");
        usleep((useconds_t)(rand_r(&seed) % 20000));
        kill(child, SIGKILL);
        CHECK(waitpid(child, NULL, 0) == child, "the child");
        close(ready[0]);
        close(ready[1]);
    }
    begin_notices(); /* of files under their temporary names */
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    CHECK(end_notices(".attributes: torn") == 0, "no object is torn");
    CHECK(run("cd '%s/token-0' && rm -f .new-*%s", "") == 0, "rm");
    CK_OBJECT_HANDLE key = 0;
    while (find_label(session, "short-lived", &key) > 0) {
        uint8_t value[32];
        CK_ATTRIBUTE query = VALUE(CKA_VALUE, value);
        CK_RV rv = f->C_GetAttributeValue(session, key, &query, 1);
        CHECK(rv == CKR_OK || rv == CKR_ATTRIBUTE_SENSITIVE, "0x%lx", rv);
        OK(f->C_DestroyObject(session, key));
    }
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
        CK_ATTRIBUTE data[] = {NUMBER(CKA_CLASS, CKO_DATA), VALUE(CKA_VALUE, signature)};
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
#ifdef __SANITIZE_ADDRESS__
    puts("fork beside other threads: not run, the sanitizer's own allocator lock does not survive it");
    return;
#endif
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

int main(int argc, char **argv)
{
    load_module(argc, argv);
    make_token();
    test_fork();
    test_killed_login();
    test_killed_writer();
    test_threads();
    test_fork_under_load();
    return end_test();
}
