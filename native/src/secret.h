/* Memory for secrets. */
#ifndef CARDINAL_SECRET_H
#define CARDINAL_SECRET_H

#include <stddef.h>

/*
 * Zeroed memory, 64-octet aligned, locked into RAM where the system allows it (a failing mlock is told once on standard
 * error and is no error) and left out of core dumps. NULL where there is none.
 */
void *secret_alloc(size_t length);

/* Wipes and frees; NULL is allowed. */
void secret_free(void *memory, size_t length);

/* Overwrites with zeros; never optimised away. */
void secret_wipe(void *memory, size_t length);

/*
 * Overwrites the stack below the caller's frame, this many octets of it (up to 64 KiB). A kernel's variables live in
 * registers, and where those are too few on the stack, where nobody can name them: so that part is overwritten as a
 * whole, somewhat more than the kernel's frames take.
 */
void secret_wipe_stack(size_t octets);

/*
 * In the child of a fork, before the first use there: memory for secrets does not come along (it reads as zeros, pieces
 * from before the fork must not be freed), and the parent's locks may be held by threads that are not here.
 */
void secret_after_fork(void);

#endif
