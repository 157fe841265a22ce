#include "secret.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/*
 * AddressSanitizer knows malloc()'s memory only: it is told here which octets of ours are somebody's, and that pointers
 * in them hold on to what they point to.
 */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define WATCHED
#endif
#elif defined __SANITIZE_ADDRESS__
#define WATCHED
#endif
#ifdef WATCHED
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#define OPEN(memory, length) ASAN_UNPOISON_MEMORY_REGION(memory, length)
#define CLOSE(memory, length) ASAN_POISON_MEMORY_REGION(memory, length)
#define ROOT(memory, length) __lsan_register_root_region(memory, length)
#define NO_ROOT(memory, length) __lsan_unregister_root_region(memory, length)
#else
#define OPEN(memory, length) ((void)0)
#define CLOSE(memory, length) ((void)0)
#define ROOT(memory, length) ((void)0)
#define NO_ROOT(memory, length) ((void)0)
#endif

/*
 * Small pieces come from slabs of locked pages, a free list for each power of two: mlock works on pages, and one that
 * two secrets share must not be unlocked when the first of them goes. Slabs are kept until the process ends. Larger
 * pieces are mappings of their own.
 */
#define SMALLEST_SHIFT 6u
#define LARGEST_SHIFT 12u
#define SLAB_OCTETS 65536u

struct vacant {
    struct vacant *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct vacant *vacant[LARGEST_SHIFT + 1];

static void *map_locked(size_t length)
{
    static bool told;
    void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    madvise(memory, length, MADV_DONTDUMP);
    madvise(memory, length, MADV_WIPEONFORK); /* a lock does not come along with a fork, so the secrets must not */
    if (mlock(memory, length) != 0 && !__atomic_exchange_n(&told, true, __ATOMIC_RELAXED)) {
        fputs("cardinal-card: mlock failed: secrets may reach the swap device (raise RLIMIT_MEMLOCK)\n", stderr);
    }
    ROOT(memory, length);
    return memory;
}

static size_t mapped_length(size_t length)
{
    return (length + 4095u) & ~(size_t)4095u;
}

static unsigned shift_of(size_t length)
{
    unsigned shift = SMALLEST_SHIFT;
    while (((size_t)1 << shift) < length) {
        shift++;
    }
    return shift;
}

/* Fills the empty list of a size; under the lock. */
static void cut_slab(unsigned shift)
{
    uint8_t *slab = map_locked(SLAB_OCTETS);
    if (slab == NULL) {
        return;
    }
    for (size_t at = 0; at < SLAB_OCTETS; at += (size_t)1 << shift) {
        struct vacant *piece = (struct vacant *)(void *)(slab + at);
        piece->next = vacant[shift];
        vacant[shift] = piece;
    }
    CLOSE(slab, SLAB_OCTETS);
}

void *secret_alloc(size_t length)
{
    if (length > (size_t)1 << LARGEST_SHIFT) {
        return length > SIZE_MAX - 4095u ? NULL : map_locked(mapped_length(length));
    }
    unsigned shift = shift_of(length);
    pthread_mutex_lock(&lock);
    if (vacant[shift] == NULL) {
        cut_slab(shift);
    }
    struct vacant *piece = vacant[shift];
    if (piece != NULL) {
        OPEN(piece, length > sizeof *piece ? length : sizeof *piece);
        vacant[shift] = piece->next;
        piece->next = NULL;
    }
    pthread_mutex_unlock(&lock);
    return piece;
}

void secret_free(void *memory, size_t length)
{
    if (memory == NULL) {
        return;
    }
    secret_wipe(memory, length);
    if (length > (size_t)1 << LARGEST_SHIFT) {
        NO_ROOT(memory, mapped_length(length));
        munmap(memory, mapped_length(length));
        return;
    }
    unsigned shift = shift_of(length);
    struct vacant *piece = memory;
    pthread_mutex_lock(&lock);
    piece->next = vacant[shift];
    vacant[shift] = piece;
    CLOSE(piece, (size_t)1 << shift);
    pthread_mutex_unlock(&lock);
}

void secret_wipe(void *memory, size_t length)
{
    OPENSSL_cleanse(memory, length);
}

__attribute__((noinline)) void secret_wipe_stack(size_t octets)
{
    uint8_t stack[octets];
    secret_wipe(stack, octets);
}

void secret_after_fork(void)
{
    pthread_mutex_init(&lock, NULL);
    memset(vacant, 0, sizeof vacant);
}
