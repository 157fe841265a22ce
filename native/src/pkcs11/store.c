#include "pkcs11/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pkcs11/notice.h"
#include "secret.h"

#define LOCK_NAME "lock"
#define GENERATION_NAME "generation"
#define TEMPORARY_PREFIX ".new-"
#define TEMPORARY_DIGITS 16u

static CK_RV failure(const char *what, const char *name)
{
    int error = errno;
    notice("%s %s: %s", what, name, strerror(error));
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return CKR_DEVICE_MEMORY;
    case EACCES:
    case EPERM:
    case EROFS:
        return CKR_TOKEN_WRITE_PROTECTED;
    default:
        return CKR_DEVICE_ERROR;
    }
}

static bool random_name(char *out, size_t room, const char *prefix)
{
    uint8_t random[8];
    if (RAND_bytes(random, sizeof random) != 1) {
        return false;
    }
    uint64_t number;
    memcpy(&number, random, sizeof number);
    snprintf(out, room, "%s%016" PRIx64, prefix, number);
    return true;
}

static void token_path(char *out, size_t room, const char *directory, CK_SLOT_ID number)
{
    snprintf(out, room, "%s/token-%lu", directory, number);
}

int store_open(const char *directory, CK_SLOT_ID number)
{
    char path[PATH_MAX];
    token_path(path, sizeof path, directory, number);
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int store_scan(const char *directory, uint64_t *bits)
{
    *bits = 0;
    int highest = -1;
    DIR *entries = opendir(directory);
    if (entries == NULL) {
        return highest;
    }
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        int number;
        char again[16];
        if (sscanf(entry->d_name, "token-%2d", &number) != 1 || number < 0 || number > 63) {
            continue;
        }
        snprintf(again, sizeof again, "token-%d", number);
        struct stat status;
        if (strcmp(again, entry->d_name) != 0 ||
            fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode)) {
            continue;
        }
        *bits |= (uint64_t)1 << number;
        highest = number > highest ? number : highest;
    }
    closedir(entries);
    return highest;
}

/* mkdir -p, each new folder for the owner alone. */
static bool make_folders(const char *directory)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", directory);
    for (char *at = path + 1;; at++) {
        if (*at != '/' && *at != '\0') {
            continue;
        }
        char kept = *at;
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return false;
        }
        if (kept == '\0') {
            return true;
        }
        *at = kept;
    }
}

CK_RV store_prepare(const char *directory, char name[32], int *folder)
{
    if (!make_folders(directory)) {
        return failure("cannot make the folder", directory);
    }
    char path[PATH_MAX];
    if (!random_name(name, 32, TEMPORARY_PREFIX)) {
        return CKR_DEVICE_ERROR;
    }
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (mkdir(path, 0700) != 0) {
        return failure("cannot make the folder", path);
    }
    *folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *folder >= 0 ? CKR_OK : failure("cannot open the folder", path);
}

CK_RV store_adopt(const char *directory, const char *name, CK_SLOT_ID number)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    snprintf(from, sizeof from, "%s/%s", directory, name);
    token_path(to, sizeof to, directory, number);
    if (rename(from, to) != 0) {
        return failure("cannot make the folder", to);
    }
    int above = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above >= 0) {
        store_sync(above);
        close(above);
    }
    return CKR_OK;
}

void store_discard(const char *directory, const char *name, int folder)
{
    DIR *entries = fdopendir(dup(folder));
    if (entries != NULL) {
        const struct dirent *entry;
        while ((entry = readdir(entries)) != NULL) {
            unlinkat(folder, entry->d_name, 0);
        }
        closedir(entries);
    }
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    rmdir(path);
}

static bool write_all(int file, const uint8_t *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, data, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        data += written;
        length -= (size_t)written;
    }
    return true;
}

CK_RV store_write(int folder, const char *name, const void *data, size_t length)
{
    char temporary[32];
    if (length > STORE_FILE_LIMIT) {
        return CKR_DEVICE_MEMORY;
    }
    if (!random_name(temporary, sizeof temporary, TEMPORARY_PREFIX)) {
        return CKR_DEVICE_ERROR;
    }
    int file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) {
        return failure("cannot write", name);
    }
    bool written = write_all(file, data, length) && fsync(file) == 0;
    int error = errno;
    if (close(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (!written || renameat(folder, temporary, folder, name) != 0) {
        error = written ? errno : error;
        unlinkat(folder, temporary, 0);
        errno = error;
        return failure("cannot write", name);
    }
    store_sync(folder);
    return CKR_OK;
}

enum store_outcome store_read(int folder, const char *name, uint8_t **data, size_t *length)
{
    /* O_NONBLOCK: a pipe put in a file's place must not hold the card up */
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        bool unfit = errno == ENOENT || errno == ELOOP || errno == EACCES || errno == EPERM || errno == ENXIO;
        return unfit ? STORE_UNFIT : STORE_FAILED;
    }
    enum store_outcome outcome = STORE_UNFIT;
    struct stat status;
    uint8_t *content = NULL;
    size_t size = 0;
    size_t got = 0;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
        status.st_size <= (off_t)STORE_FILE_LIMIT) {
        size = (size_t)status.st_size;
        content = secret_alloc(size + 1);
        outcome = STORE_FAILED;
    }
    while (content != NULL && got < size) {
        ssize_t part = read(file, content + got, size - got);
        if (part < 0 && errno == EINTR) {
            continue;
        }
        if (part <= 0) {
            break;
        }
        got += (size_t)part;
    }
    close(file);
    if (content == NULL || got < size) {
        secret_free(content, size + 1);
        return outcome;
    }
    content[size] = '\0';
    *data = content;
    *length = size;
    return STORE_READ;
}

void store_release(uint8_t *data, size_t length)
{
    secret_free(data, length + 1);
}

CK_RV store_remove(int folder, const char *name)
{
    if (unlinkat(folder, name, 0) != 0 && errno != ENOENT) {
        return failure("cannot remove", name);
    }
    return CKR_OK;
}

bool store_is_temporary(const char *name)
{
    size_t prefix = strlen(TEMPORARY_PREFIX);
    return strncmp(name, TEMPORARY_PREFIX, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == TEMPORARY_DIGITS && name[prefix + TEMPORARY_DIGITS] == '\0';
}

void store_sync(int folder)
{
    if (fsync(folder) != 0) {
        notice("cannot sync a folder: %s", strerror(errno));
    }
}

int store_lock(int folder, bool exclusive)
{
    int lock = openat(folder, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0 && !exclusive) { /* a folder that may be read only */
        lock = openat(folder, LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    }
    if (lock < 0) {
        failure("cannot open", LOCK_NAME);
        return -1;
    }
    while (flock(lock, exclusive ? LOCK_EX : LOCK_SH) != 0) {
        if (errno != EINTR) {
            failure("cannot lock", LOCK_NAME);
            close(lock);
            return -1;
        }
    }
    return lock;
}

void store_unlock(int lock)
{
    if (lock >= 0) {
        /* said aloud: a child forked meanwhile shares the descriptor, and its copy would keep the lock */
        flock(lock, LOCK_UN);
        close(lock);
    }
}

uint64_t store_generation(int folder)
{
    int file = openat(folder, GENERATION_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    char text[32] = "";
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    close(file);
    uint64_t value = 0;
    if (length <= 0 || sscanf(text, "%" SCNu64, &value) != 1) {
        return 0;
    }
    return value;
}

uint64_t store_bump(int folder)
{
    /* written in place: it means something only to processes that live now */
    uint64_t value = store_generation(folder) + 1;
    char text[32];
    int length = snprintf(text, sizeof text, "%020" PRIu64 "\n", value);
    int file = openat(folder, GENERATION_NAME, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (file < 0 || pwrite(file, text, (size_t)length, 0) != length) {
        failure("cannot write", GENERATION_NAME);
    }
    if (file >= 0) {
        close(file);
    }
    return value;
}
