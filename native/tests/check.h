/*
 * The frame of the tests in C: a failing check tells its place and ends the program; the last line tells how many
 * checks passed.
 */
#ifndef CARDINAL_CHECK_H
#define CARDINAL_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long checks_passed;

#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            exit(1);                                                                                                   \
        }                                                                                                              \
        checks_passed++;                                                                                               \
    } while (0)

/* How many random operations a test runs: CARDINAL_TEST_COUNT, else the default given. */
static inline unsigned long test_count(unsigned long otherwise)
{
    const char *text = getenv("CARDINAL_TEST_COUNT");
    return text != NULL && *text != '\0' ? strtoul(text, NULL, 10) : otherwise;
}

static inline int checks_done(void)
{
    printf("%lu checks passed\n", checks_passed);
    return checks_passed > 0 ? 0 : 1;
}

#endif
