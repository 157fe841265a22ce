#include "batch/dispatch.h"

#include <string.h>

/* More than any back-end has. */
#define MOST_LANES 64u

static const struct backend *const vector_backends[] = {
#ifndef CARDINAL_NO_IFMA
    &ifma_backend,
#endif
    NULL};

static enum dispatch_choice chosen = DISPATCH_AUTO;
static struct break_even_table points;
static bool points_given;

bool dispatch_choice_of(const char *name, enum dispatch_choice *choice)
{
    static const char *const choices[] = {
        [DISPATCH_AUTO] = "auto", [DISPATCH_PORTABLE] = "portable", [DISPATCH_IFMA] = "ifma"};
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (strcmp(choices[i], name) == 0) {
            *choice = (enum dispatch_choice)i;
            return true;
        }
    }
    return false;
}

bool dispatch_configure(enum dispatch_choice choice, const struct break_even_table *table)
{
    if (choice == DISPATCH_IFMA && (vector_backends[0] == NULL || !vector_backends[0]->available())) {
        return false;
    }
    chosen = choice;
    points = *table;
    points_given = true;
    return true;
}

/* The vector back-end for a primitive and size, NULL where none serves. */
static const struct backend *vector_backend(enum primitive primitive, unsigned bits)
{
    if (chosen == DISPATCH_PORTABLE) {
        return NULL;
    }
    for (const struct backend *const *backend = vector_backends; *backend != NULL; backend++) {
        if ((*backend)->available() && (*backend)->runs(primitive, bits)) {
            return *backend;
        }
    }
    return NULL;
}

/* How many jobs a group must have for the vector back-end. */
static size_t fewest(enum primitive primitive, unsigned bits)
{
    if (chosen == DISPATCH_IFMA) {
        return 1;
    }
    return break_even_of(points_given ? &points : &break_even_measured, primitive, bits);
}

static void run_portably(struct job *const group[], size_t count)
{
    for (size_t i = 0; i < count; i += portable_backend.lanes) {
        portable_backend.run(group[i]->primitive, &group[i], 1);
    }
}

void dispatch_run(struct job jobs[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        jobs[i].status = JOB_PENDING;
    }
    for (size_t first = 0; first < count; first++) {
        if (jobs[first].status != JOB_PENDING) {
            continue;
        }
        enum primitive primitive = jobs[first].primitive;
        unsigned bits = job_bits(&jobs[first]);
        const struct backend *backend = vector_backend(primitive, bits);
        size_t lanes = backend == NULL ? 1 : backend->lanes;
        struct job *group[MOST_LANES];
        size_t gathered = 0;
        for (size_t i = first; i < count && gathered < lanes; i++) {
            if (jobs[i].status == JOB_PENDING && jobs[i].primitive == primitive && job_bits(&jobs[i]) == bits) {
                group[gathered++] = &jobs[i];
            }
        }
        if (backend != NULL && gathered >= fewest(primitive, bits)) {
            backend->run(primitive, group, gathered);
        } else {
            run_portably(group, gathered);
        }
    }
}
