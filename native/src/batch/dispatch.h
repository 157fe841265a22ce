/* From any mix of jobs to calls of back-ends. */
#ifndef CARDINAL_DISPATCH_H
#define CARDINAL_DISPATCH_H

#include "batch/job.h"

/*
 * Runs jobs of any mix: groups them by primitive and size, gives full vectors to the widest available back-end, and a
 * rest to it only where the rest reaches the break-even of that primitive and size, else to the portable one. Uses the
 * calling thread only; safe for use by many threads. Sets every job's status; allocates nothing that can fail.
 */
void dispatch_run(struct job jobs[], size_t count);

/*
 * Settles which back-ends serve, once before the first dispatch_run; later calls replace the settings and must not run
 * beside dispatch_run.
 *
 * backend: "auto", "portable" or "ifma" (forces every job that it has a kernel for onto it, whatever the count); NULL:
 * "auto". tuning: path of a file of break-even points as `cardinal tune` writes it, NULL for the built-in ones.
 * Returns NULL, or a message (static) that names what is wrong; the settings are then as before.
 */
const char *dispatch_configure(const char *backend, const char *tuning);

/*
 * The fewest jobs of this primitive and size at which the widest available back-end beats the portable one;
 * SIZE_MAX where it never does.
 */
size_t dispatch_break_even(enum primitive primitive, unsigned bits);

#endif
