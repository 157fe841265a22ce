/*
 * The folder of a token in the hands of somebody who can write it but has no PIN, and of a process that makes the token
 * anew at the wrong moment.
 */
#include <pthread.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include "token.h"

/* A shell command in the folder of the token in slot 0. */
static int in_folder(const char *command)
{
    char all[1500];
    snprintf(all, sizeof all, "cd '%s/token-0' && %s", directory, command);
    return system(all);
}

static CK_SESSION_HANDLE log_in_anew(void)
{
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    OK(login(session, CKU_USER, USER_PIN));
    return session;
}

static void name_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, char name[17])
{
    CK_ATTRIBUTE query = {CKA_UNIQUE_ID, name, 16};
    OK(f->C_GetAttributeValue(session, object, &query, 1));
    name[16] = '\0';
}

/* Something is done to the files, which the card then takes or does not; all is then as it was. */
static void check_change(const char *what, const char *a, const char *b, CK_ULONG left)
{
    char command[900];
    snprintf(command, sizeof command, "cp -a . ../../kept && A=%s B=%s && %s", a, b, what);
    CHECK(in_folder(command) == 0, "%s", what);
    begin_notices();
    CK_SESSION_HANDLE session = log_in_anew();
    CK_ULONG seen = find_label(session, "attacked", NULL);
    end_notices("left alone"); /* told once in a process for each file */
    CHECK(seen == left, "%s: %lu objects seen", what, seen);
    OK(f->C_Finalize(NULL));
    CHECK(in_folder("rm -rf ../token-0/* && cp -a ../../kept/. . && rm -r ../../kept") == 0, "the files put back");
}

static void test_changed_files(void)
{
    char a[17];
    char b[17];
    CK_SESSION_HANDLE session = log_in_anew();
    CK_OBJECT_HANDLE first = make_secret(session, CK_TRUE, "attacked");
    OK(set_flag(session, first, CKA_SENSITIVE, CK_TRUE));
    name_of(session, first, a);
    name_of(session, make_secret(session, CK_TRUE, "attacked"), b);
    OK(f->C_Finalize(NULL));
    check_change("true", a, b, 2);
    check_change("sed -i 's/^sensitive = yes/sensitive = no/' $A.attributes", a, b, 1);
    check_change("sed -i 's/^derive = .*/derive = no/' $A.attributes", a, b, 1);
    check_change("sed -i '/^sensitive/d' $A.attributes", a, b, 1);
    check_change("sed -i '/^authentication/d' $A.attributes", a, b, 1);
    check_change("cp $A.p8 $B.p8", a, b, 1);
    check_change("mv $A.p8 t && mv $B.p8 $A.p8 && mv t $B.p8", a, b, 0);
    check_change("cp $A.p8 $B.p8 && cp $A.attributes $B.attributes", a, b, 1);
    check_change("cp $A.p8 0000000000000000.p8 && mv $A.attributes 0000000000000000.attributes", a, b, 1);
    check_change("openssl pkcs8 -topk8 -in user.p8 -passin pass:1234 -passout pass:x -out $A.p8", a, b, 1);
    /* what is not to be seen: that an object is gone */
    CHECK(in_folder("true") == 0, "sh");
    char command[100];
    snprintf(command, sizeof command, "rm %s.*", a);
    CHECK(in_folder(command) == 0, "rm");
    session = log_in_anew();
    CHECK(find_label(session, "attacked", &first) == 1, "the other one");
    OK(f->C_DestroyObject(session, first));
    OK(f->C_Finalize(NULL));
}

/* Another object under the name of one that is in use: the handle of the old one must not serve the new one's rules. */
static void test_other_kind(void)
{
    CK_SESSION_HANDLE session = log_in_anew();
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    char victim[17];
    char donor[17];
    char command[900];
    make_pair(session, CK_TRUE, "pair", &public_key, &private_key);
    name_of(session, private_key, victim);
    name_of(session, public_key, donor);
    snprintf(
        command, sizeof command,
        "cp %s.pem %s.pem && sed 's/^derive = no/derive = yes/; s/\"pair\"/\"new\"/' %s.attributes > t && "
        "mv t %s.attributes && echo 99999999999999999999 > generation",
        donor, victim, donor, victim);
    CHECK(in_folder(command) == 0, "another object in its place");
    CHECK(find_label(session, "new", NULL) == 1, "the new one is seen");
    OK(f->C_Logout(session));
    uint8_t point[65] = {4};
    CK_ECDH1_DERIVE_PARAMS parameters = {CKD_NULL, 0, NULL, sizeof point, point};
    CK_MECHANISM ecdh = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    CK_ATTRIBUTE template[] = {NO(CKA_PRIVATE)};
    CK_OBJECT_HANDLE made;
    IS(f->C_DeriveKey(session, &ecdh, private_key, template, 1, &made), CKR_KEY_HANDLE_INVALID);
    OK(f->C_Finalize(NULL));
    CHECK(in_folder("rm -f [0-9a-f]*.*") == 0, "rm");
}

/* A child without a terminal, a line on its standard input: whether anybody read it. */
static void check_no_question(CK_RV expected)
{
    int input[2];
    int status;
    CHECK(pipe(input) == 0 && write(input[1], "secret\n", 7) == 7, "a pipe");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int left = 0;
        setsid();
        dup2(input[0], 0);
        alarm(20);
        CHECK(freopen("/dev/null", "w", stderr) != NULL, "quiet");
        initialize();
        CK_SESSION_HANDLE session = open_session(0, RW);
        CK_RV rv = login(session, CKU_USER, USER_PIN);
        _exit(ioctl(0, FIONREAD, &left) != 0 || left != 7 ? 2 : rv != expected);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status), "the child");
    CHECK(WEXITSTATUS(status) == 0, "%s", WEXITSTATUS(status) == 2 ? "a password was asked for" : "C_Login");
    close(input[0]);
    close(input[1]);
}

static void test_encrypted_pem(void)
{
    static const char headers[] = "sed -e '1a Proc-Type: 4,ENCRYPTED\\nDEK-Info: AES-256-CBC,"
                                  "000102030405060708090A0B0C0D0E0F\\n' user.p8 ";
    char command[600];
    snprintf(
        command, sizeof command,
        "%s | sed 's/ENCRYPTED PRIVATE KEY/PUBLIC KEY/' > 00000000000000aa.pem && "
        "printf 'cardinal-object 1\\nclass = public-key\\nkey-type = ec\\nend\\n' > 00000000000000aa.attributes",
        headers);
    CHECK(in_folder(command) == 0, "a public key");
    check_no_question(CKR_OK);
    snprintf(
        command, sizeof command, "rm 00000000000000aa.* && cp user.p8 ../../kept && %s > t && mv t user.p8", headers);
    CHECK(in_folder(command) == 0, "a PIN file");
    check_no_question(CKR_DEVICE_ERROR);
    CHECK(in_folder("mv ../../kept user.p8") == 0, "mv");
}

/* A count of wrong PINs that is there and cannot be read gives no new tries. */
static void test_unreadable_count(void)
{
    begin_notices();
    initialize();
    CK_SESSION_HANDLE session = open_session(0, RW);
    IS(login(session, CKU_USER, "0000"), CKR_PIN_INCORRECT);
    CHECK(in_folder("mv tries t && ln -s t tries") == 0, "a link");
    IS(login(session, CKU_USER, "0000"), CKR_DEVICE_ERROR);
    IS(login(session, CKU_USER, USER_PIN), CKR_DEVICE_ERROR);
    CHECK((token_flags(0) & CKF_USER_PIN_LOCKED) != 0, "as good as locked");
    CHECK(in_folder("test -L tries && mv t tries && grep -q 'user 1' tries") == 0, "the count is as it was");
    OK(login(session, CKU_USER, USER_PIN));
    OK(f->C_Finalize(NULL));
    CHECK(end_notices("tries") > 0, "told");
}

/* A pipe in the place of a file holds nobody up. */
static void test_pipes(void)
{
    static const char *const names[] = {"generation", "lock", "tries", "token"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char command[200];
        int status;
        snprintf(
            command, sizeof command, "(test ! -e %s || mv %s ../../kept) && mkfifo %s", names[i], names[i], names[i]);
        CHECK(in_folder(command) == 0, "a pipe");
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            CK_SESSION_HANDLE session;
            CK_OBJECT_HANDLE object;
            CK_ATTRIBUTE data[] = {NUMBER(CKA_CLASS, CKO_DATA), YES(CKA_TOKEN)};
            alarm(20);
            CHECK(freopen("/dev/null", "w", stderr) != NULL, "quiet");
            initialize();
            if (f->C_OpenSession(0, RW, NULL, NULL, &session) == CKR_OK) {
                login(session, CKU_USER, USER_PIN);
                f->C_CreateObject(session, data, COUNT(data), &object);
                f->C_FindObjectsInit(session, NULL, 0);
            }
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status), "%s is a pipe, and the card waits", names[i]);
        snprintf(command, sizeof command, "rm %s && (test ! -e ../../kept || mv ../../kept %s)", names[i], names[i]);
        CHECK(in_folder(command) == 0, "the file put back");
    }
    CHECK(in_folder("rm -f [0-9a-f]*.*") == 0, "rm");
}

static CK_SESSION_HANDLE so_session;

static void *set_user_pin(void *result)
{
    *(CK_RV *)result = f->C_InitPIN(so_session, (CK_UTF8CHAR *)(uintptr_t) "9999", 4);
    return NULL;
}

/* The SO of the old token sets a PIN while another process, which has the folder's lock, makes the token anew. */
static void test_made_anew_meanwhile(void)
{
    char path[400];
    pthread_t thread;
    CK_RV rv = 77;
    initialize();
    init_token(1);
    so_session = open_session(0, RW);
    OK(login(so_session, CKU_SO, SO_PIN));
    find_all(so_session, NULL, 0, NULL); /* what is in memory is the folder's newest */
    snprintf(path, sizeof path, "%s/token-0/lock", directory);
    int lock = open(path, O_RDWR | O_CLOEXEC);
    CHECK(lock >= 0 && flock(lock, LOCK_EX) == 0, "the lock");
    CHECK(pthread_create(&thread, NULL, set_user_pin, &rv) == 0, "a thread");
    usleep(300000);
    CHECK(
        in_folder("rm user.p8 && cp ../token-1/so.p8 ../token-1/token . && echo 00000000000000001000 > generation") ==
            0,
        "another token");
    CHECK(flock(lock, LOCK_UN) == 0, "the lock");
    pthread_join(thread, NULL);
    CHECK(rv == CKR_USER_NOT_LOGGED_IN, "C_InitPIN: 0x%lx", rv);
    CHECK(in_folder("test ! -e user.p8") == 0, "the old secret is not the new token's");
    close(lock);
    OK(f->C_Finalize(NULL));
}

/* C_InitToken takes away what killed writers left, and nothing else. */
static void test_remains(void)
{
    CHECK(in_folder("echo x > .new-0123456789abcdef && echo x > .new-mine && echo x > 00112233445566ff.p8") == 0, "sh");
    initialize();
    init_token(0);
    OK(f->C_Finalize(NULL));
    CHECK(
        in_folder("test ! -e .new-0123456789abcdef && test ! -e 00112233445566ff.p8 && test -e .new-mine") == 0, "rm");
}

int main(int argc, char **argv)
{
    load_module(argc, argv);
    make_token();
    test_changed_files();
    test_other_kind();
    test_encrypted_pem();
    test_unreadable_count();
    test_pipes();
    test_made_anew_meanwhile();
    test_remains();
    return end_test();
}
