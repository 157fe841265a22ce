/* From any mix of jobs to calls of back-ends. */
#ifndef CARDINAL_DISPATCH_H
#define CARDINAL_DISPATCH_H

#include "batch/break_even.h"
#include "batch/job.h"

/*
 * Runs jobs of any mix: groups them by primitive and size, gives full vectors to the widest available back-end, and a
 * rest to it only where the rest reaches the break-even of that primitive and size, else to the portable one. Uses the
 * calling thread only; safe for use by many threads. Sets every job's status; allocates nothing.
 */
void dispatch_run(struct job jobs[], size_t count);

/* Which back-ends may serve. */
enum dispatch_choice {
    DISPATCH_AUTO,     /* what the processor has, from the break-even on */
    DISPATCH_PORTABLE, /* libcrypto alone */
    DISPATCH_IFMA      /* every job that the IFMA back-end has a kernel for goes there, whatever the count */
};

/*
 * Settles how dispatch_run chooses; must not run beside it. The table is copied. False where the choice is
 * DISPATCH_IFMA and this processor cannot: the settings are then as before.
 */
bool dispatch_configure(enum dispatch_choice choice, const struct break_even_table *table);

/* The choice that a setting names, "auto", "portable" or "ifma"; false where it names none. */
bool dispatch_choice_of(const char *name, enum dispatch_choice *choice);

#endif
