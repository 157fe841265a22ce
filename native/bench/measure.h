/* Timing on one core: CPU time of the calling thread, shortest of several windows. */
#ifndef CARDINAL_MEASURE_H
#define CARDINAL_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

/* CPU time of the calling thread in seconds. */
double thread_seconds(void);

/* Something to time: run() does it `operations` times in all, in one call. */
struct subject {
    void (*run)(void *context);
    void *context;
    double operations;
    double best;         /* out: the shortest time of one operation seen, seconds */
    unsigned long calls; /* calls a window makes; 0 before the first round */
};

/*
 * Times the subjects in turns, `rounds` windows each of about window_seconds, so that what disturbs the machine
 * disturbs all of them alike.
 */
void measure(struct subject *subjects, size_t count, unsigned rounds, double window_seconds);

/* Clocks a second of this core, by a chain of dependent additions (one a clock on every x86-64 of the last decades). */
double clocks_a_second(void);

/* 512-bit vpmadd52 a second, by independent chains; 0 where the processor has none. */
double madds_a_second(void);

#endif
