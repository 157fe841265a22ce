#include "measure.h"

#include <stdint.h>
#include <time.h>

double thread_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double window(struct subject *subject)
{
    double begin = thread_seconds();
    for (unsigned long i = 0; i < subject->calls; i++) {
        subject->run(subject->context);
    }
    return thread_seconds() - begin;
}

static void calibrate(struct subject *subject, double window_seconds)
{
    subject->calls = 1;
    double taken = window(subject); /* also warms caches and tables */
    taken = window(subject);
    while (taken < window_seconds / 4) {
        subject->calls *= 2;
        taken = window(subject);
    }
    double calls = (double)subject->calls * window_seconds / taken;
    subject->calls = calls < 1 ? 1 : (unsigned long)calls;
    subject->best = taken;
}

void measure(struct subject *subjects, size_t count, unsigned rounds, double window_seconds)
{
    for (size_t i = 0; i < count; i++) {
        calibrate(&subjects[i], window_seconds);
    }
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            double each = window(&subjects[i]) / ((double)subjects[i].calls * subjects[i].operations);
            if (round == 0 || each < subjects[i].best) {
                subjects[i].best = each;
            }
        }
    }
}

#define CHAIN 1000

static void dependent_additions(void *context)
{
    uint64_t *value = context;
    /* unrolled, so that the loop's own branch is not what is timed; opaque to the compiler, which would else fold it */
    __asm__ volatile(".rept 1000\n\tadd %1, %0\n\t.endr" : "+r"(*value) : "r"((uint64_t)3));
}

double clocks_a_second(void)
{
    uint64_t value = 1;
    struct subject additions = {.run = dependent_additions, .context = &value, .operations = CHAIN};
    measure(&additions, 1, 20, 0.005);
    return 1 / additions.best;
}
