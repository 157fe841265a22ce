/* From how many operations on a vector back-end is worth while. */
#ifndef CARDINAL_BREAK_EVEN_H
#define CARDINAL_BREAK_EVEN_H

#include "batch/job.h"

/* The most rows of a table: every primitive and size that a vector back-end may have a kernel for. */
#define BREAK_EVEN_ROWS 32u

/* The row says: from this many operations on; NEVER: the portable back-end is faster at any number. */
#define BREAK_EVEN_NEVER ((size_t)-1)

struct break_even {
    enum primitive primitive;
    unsigned bits; /* as backend.runs takes it */
    size_t jobs;   /* 1 to 8, or BREAK_EVEN_NEVER */
};

struct break_even_table {
    struct break_even rows[BREAK_EVEN_ROWS];
    size_t count;
};

/* The points measured on a Zen 4 core; what `cardinal tune` prints replaces them for another processor. */
extern const struct break_even_table break_even_measured;

/* The point of a primitive and size; 1 where the table has none: a kernel nobody measured is used. */
size_t break_even_of(const struct break_even_table *table, enum primitive primitive, unsigned bits);

/*
 * Reads a file of lines "NAME BITS JOBS" (NAME of primitive_name, JOBS 1 to 8 or "never"; "#" begins a comment).
 * Returns NULL, or what is wrong with it: a static text; *line is then the line's number, 0 where the file itself
 * cannot be read. The table is written only on success.
 */
const char *break_even_read(const char *path, struct break_even_table *table, unsigned *line);

/* "rsa-private", "modp-derive", ...: the name in files and reports. */
const char *primitive_name(enum primitive primitive);

#endif
