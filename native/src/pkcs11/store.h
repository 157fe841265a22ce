/*
 * The files of one token: a folder of mode 0700 with files of mode 0600. A file appears whole or not at all: it is
 * written under another name, synced, and renamed. Writers of several processes take turns by flock; a counter file
 * tells readers that something changed. All failures but "not there" are told on standard error where they happen.
 */
#ifndef CARDINAL_STORE_H
#define CARDINAL_STORE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkcs11/cryptoki.h"

/* The largest file that is read: an attribute's value of 64 KiB in hexadecimal or base64, and its surroundings. */
#define STORE_FILE_LIMIT (512u * 1024u)

/* Opens the folder token-N below the directory; -1 where there is none. The caller closes it with close(). */
int store_open(const char *directory, CK_SLOT_ID number);

/*
 * The highest N of the folders token-N, or -1; bits: which N are there, 0 to 63. Anything else that lies in the
 * directory is no concern of the card's.
 */
int store_scan(const char *directory, uint64_t *bits);

/*
 * Makes a new folder, under a name of its own below the directory (which is made, too), to be filled and then turned
 * into token-N by store_adopt(). name: 32 octets.
 */
CK_RV store_prepare(const char *directory, char name[32], int *folder);
CK_RV store_adopt(const char *directory, const char *name, CK_SLOT_ID number);
/* Removes a prepared folder that is not to become a token, with the files that are in it. */
void store_discard(const char *directory, const char *name, int folder);

/* Writes or replaces a file, atomically and durably. More than STORE_FILE_LIMIT octets: CKR_DEVICE_MEMORY. */
CK_RV store_write(int folder, const char *name, const void *data, size_t length);

/*
 * Reads a file, to memory of secret_alloc() that is one octet longer than the length, with a NUL there; the caller
 * frees it by store_release(). What cannot be read now must not pass for what is not there.
 */
enum store_outcome {
    STORE_READ,
    STORE_UNFIT, /* missing, empty, too large, no plain file, not ours to read */
    STORE_FAILED /* no memory, no descriptor, a failing disk */
};
enum store_outcome store_read(int folder, const char *name, uint8_t **data, size_t *length);
void store_release(uint8_t *data, size_t length);

/* Whether a name is one under which a file is written before it is renamed: a process was ended while it wrote. */
bool store_is_temporary(const char *name);

/* Removes a file; one that is not there is no error. store_sync makes removals durable. */
CK_RV store_remove(int folder, const char *name);
void store_sync(int folder);

/* Waits for the folder's lock, shared or exclusive; returns a descriptor for store_unlock, -1 on failure. */
int store_lock(int folder, bool exclusive);
void store_unlock(int lock);

/* The counter of changes; 0 where it cannot be read. store_bump needs the exclusive lock, and returns the new value. */
uint64_t store_generation(int folder);
uint64_t store_bump(int folder);

#endif
