/*
 * A search for timing leaks in the manner of dudect (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?",
 * 2017): each kernel runs on secrets of two classes, one fixed and one random, in random order; Welch's t-test tells
 * whether their times have different means. |t| below 4.5 is what equal distributions give; a leak grows with the
 * square root of the number of samples. The first row is a control that does leak: a search that misses it is worth
 * nothing.
 *
 *   timing_leak [--samples N] [--limit T] [--row NAME]
 *
 * Exit code 0; 1 where a kernel's |t| is above the limit (10) in two runs, or the control's is not.
 */
#include "batch/job.h"
#include "modexp/modp_group.h"
#include "modexp/rsa_key.h"
#include "reference.h"

#include <math.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#define LANES 8u
#define MOST_OCTETS 512
#define KEYS 4
#define CROPS 5

/* What differs between the classes. */
enum secret { EXPONENT, CIPHERTEXT, KEY, NONCE, CONTROL };

struct row {
    const char *name;
    enum primitive primitive;
    unsigned bits;
    enum secret secret;
};

static const struct row rows[] = {
    {"control", PRIMITIVE_COUNT, 0, CONTROL},         {"rsa2048 ciphertext", RSA_PRIVATE, 2048, CIPHERTEXT},
    {"rsa2048 key", RSA_PRIVATE, 2048, KEY},          {"rsa3072 ciphertext", RSA_PRIVATE, 3072, CIPHERTEXT},
    {"rsa3072 key", RSA_PRIVATE, 3072, KEY},          {"rsa4096 ciphertext", RSA_PRIVATE, 4096, CIPHERTEXT},
    {"rsa4096 key", RSA_PRIVATE, 4096, KEY},          {"modp2048-keygen", MODP_KEYGEN, 2048, EXPONENT},
    {"modp2048-derive", MODP_DERIVE, 2048, EXPONENT}, {"modp3072-keygen", MODP_KEYGEN, 3072, EXPONENT},
    {"modp3072-derive", MODP_DERIVE, 3072, EXPONENT}, {"modp4096-keygen", MODP_KEYGEN, 4096, EXPONENT},
    {"modp4096-derive", MODP_DERIVE, 4096, EXPONENT}, {"x25519-keygen", X25519_KEYGEN, 0, EXPONENT},
    {"x25519-derive", X25519_DERIVE, 0, EXPONENT},    {"p256-keygen", P256_KEYGEN, 0, EXPONENT},
    {"p256-ecdh", P256_DERIVE, 0, EXPONENT},          {"ecdsa-p256 key", ECDSA_P256_SIGN, 0, KEY},
    {"ecdsa-p256 nonce", ECDSA_P256_SIGN, 0, NONCE},
};
#define ROWS (sizeof rows / sizeof rows[0])

/* One set of inputs; both classes are copied into the same memory before the clock starts. */
struct inputs {
    uint8_t secret[LANES][MOST_OCTETS];
    uint8_t nonce[LANES][P256_OCTETS];
    struct rsa_key *key;
};

static struct inputs in_use;
static uint8_t peers[LANES][MOST_OCTETS];
static uint8_t out[LANES][MOST_OCTETS];
static struct rsa_key *keys[KEYS];

static void fill(void *memory, size_t length)
{
    if (RAND_bytes(memory, (int)length) != 1) {
        fputs("timing_leak: no random numbers\n", stderr);
        exit(1);
    }
}

static unsigned pick(unsigned below)
{
    uint8_t octet;
    fill(&octet, 1);
    return octet % below;
}

/* The fixed class: what a leaking kernel treats unlike a random number: the smallest legal secret. */
static void fixed_inputs(const struct row *row, struct inputs *inputs)
{
    memset(inputs, 0, sizeof *inputs);
    inputs->key = keys[0];
    for (size_t lane = 0; lane < LANES; lane++) {
        switch (row->secret) {
        case EXPONENT:
            inputs->secret[lane]
                          [row->primitive == X25519_KEYGEN || row->primitive == X25519_DERIVE ? 0
                           : row->bits != 0 ? modp_group_exponent_octets(modp_group_of_bits(row->bits)) - 1
                                            : P256_OCTETS - 1] = 1;
            break;
        case CIPHERTEXT:
            inputs->secret[lane][row->bits / 8 - 1] = 2;
            break;
        case KEY:
        case NONCE:
            inputs->secret[lane][P256_OCTETS - 1] = 1;
            inputs->nonce[lane][P256_OCTETS - 1] = 1;
            break;
        case CONTROL:
            break;
        }
    }
    if (row->secret == KEY && row->primitive == RSA_PRIVATE) {
        memset(inputs->secret, 0x11, sizeof inputs->secret);
        for (size_t lane = 0; lane < LANES; lane++) {
            inputs->secret[lane][0] = 0;
        }
    }
    if (row->secret == KEY && row->primitive == ECDSA_P256_SIGN) {
        for (size_t lane = 0; lane < LANES; lane++) {
            fill(inputs->nonce[lane], P256_OCTETS);
            inputs->nonce[lane][0] &= 0x7f;
        }
    }
}

static void random_inputs(const struct row *row, const struct inputs *fixed, struct inputs *inputs)
{
    *inputs = *fixed;
    for (size_t lane = 0; lane < LANES; lane++) {
        if (row->secret == NONCE || (row->secret == KEY && row->primitive == ECDSA_P256_SIGN)) {
            fill(inputs->nonce[lane], P256_OCTETS);
            inputs->nonce[lane][0] &= 0x7f;
        }
        if (row->secret == EXPONENT || row->secret == CIPHERTEXT || row->secret == CONTROL ||
            (row->secret == KEY && row->primitive == ECDSA_P256_SIGN)) {
            fill(inputs->secret[lane], MOST_OCTETS);
            inputs->secret[lane][0] &= 0x7f;
        }
        if (row->secret == CIPHERTEXT) {
            inputs->secret[lane][0] = 0;
        }
    }
    if (row->secret == KEY && row->primitive == RSA_PRIVATE) {
        inputs->key = keys[1 + pick(KEYS - 1)];
    }
}

static void job_of(const struct row *row, size_t lane, struct job *job)
{
    *job = (struct job){.primitive = row->primitive};
    switch (row->primitive) {
    case RSA_PRIVATE:
    case RSA_PUBLIC:
        job->rsa.key = in_use.key;
        job->rsa.in = in_use.secret[lane];
        job->rsa.out = out[lane];
        break;
    case MODP_KEYGEN:
    case MODP_DERIVE:
        job->modp.group = modp_group_of_bits(row->bits);
        job->modp.exponent = in_use.secret[lane];
        job->modp.peer = peers[lane];
        job->modp.out = out[lane];
        break;
    case X25519_KEYGEN:
    case X25519_DERIVE:
        job->x25519.scalar = in_use.secret[lane];
        job->x25519.peer = peers[lane];
        job->x25519.out = out[lane];
        break;
    case P256_KEYGEN:
    case P256_DERIVE:
        job->p256.scalar = in_use.secret[lane];
        job->p256.peer = peers[lane];
        job->p256.out = out[lane];
        break;
    case ECDSA_P256_SIGN:
    case ECDSA_P256_VERIFY:
        job->ecdsa_sign.key = in_use.secret[lane];
        job->ecdsa_sign.nonce = in_use.nonce[lane];
        job->ecdsa_sign.digest = peers[lane];
        job->ecdsa_sign.signature = out[lane];
        break;
    case PRIMITIVE_COUNT:
        break;
    }
}

/* A comparison that stops at the first difference: what no kernel may be like. */
static int leaky_compare(const uint8_t *left, const uint8_t *right, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (*(const volatile uint8_t *)&left[i] != right[i]) {
            return 1;
        }
    }
    return 0;
}

static uint64_t begin_clock(void)
{
    _mm_lfence();
    uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
}

static uint64_t end_clock(void)
{
    unsigned processor;
    uint64_t now = __rdtscp(&processor);
    _mm_lfence();
    return now;
}

static double time_once(const struct row *row)
{
    static const uint8_t zeros[MOST_OCTETS];
    static volatile int sink;
    if (row->secret == CONTROL) {
        uint64_t begin = begin_clock();
        sink = leaky_compare(in_use.secret[0], zeros, sizeof zeros);
        uint64_t taken = end_clock() - begin;
        (void)sink;
        return (double)taken;
    }
    struct job jobs[LANES];
    struct job *pointers[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
        job_of(row, lane, &jobs[lane]);
        pointers[lane] = &jobs[lane];
    }
    uint64_t begin = begin_clock();
    ifma_backend.run(row->primitive, pointers, LANES);
    uint64_t end = end_clock();
    for (size_t lane = 0; lane < LANES; lane++) {
        if (jobs[lane].status != JOB_OK) {
            fprintf(stderr, "timing_leak: %s: lane %zu was not done\n", row->name, lane);
            exit(1);
        }
    }
    return (double)(end - begin);
}

/* Mean and variance of a class, as samples come in (Welford). */
struct moments {
    double count, mean, squares;
};

static void add(struct moments *moments, double value)
{
    moments->count++;
    double delta = value - moments->mean;
    moments->mean += delta / moments->count;
    moments->squares += delta * (value - moments->mean);
}

static double welch(const struct moments *a, const struct moments *b)
{
    if (a->count < 2 || b->count < 2) {
        return 0;
    }
    double spread = a->squares / (a->count - 1) / a->count + b->squares / (b->count - 1) / b->count;
    return spread > 0 ? (a->mean - b->mean) / sqrt(spread) : 0;
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

struct sample {
    double clocks;
    int random;
};

/*
 * The largest |t| over all samples and over those below several percentiles: interrupts make a long tail in which a
 * leak would drown.
 */
static double largest_t(const struct sample *samples, size_t count)
{
    static const double crops[CROPS] = {0.5, 0.75, 0.9, 0.97, 1.0};
    double *sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL) {
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = samples[i].clocks;
    }
    qsort(sorted, count, sizeof *sorted, ascending);
    double largest = 0;
    for (size_t crop = 0; crop < CROPS; crop++) {
        double below = sorted[(size_t)((double)(count - 1) * crops[crop])];
        struct moments classes[2] = {{0, 0, 0}, {0, 0, 0}};
        for (size_t i = 0; i < count; i++) {
            if (samples[i].clocks <= below) {
                add(&classes[samples[i].random], samples[i].clocks);
            }
        }
        double t = fabs(welch(&classes[0], &classes[1]));
        if (t > largest) {
            largest = t;
        }
    }
    free(sorted);
    return largest;
}

/* Of two sets of inputs, by masks: what is read and written, and in which order, is the same for both. */
static void choose(const struct inputs *fixed, const struct inputs *fresh, int random)
{
    const uint8_t mask = (uint8_t)-random;
    const uint8_t *a = (const uint8_t *)fixed;
    const uint8_t *b = (const uint8_t *)fresh;
    uint8_t *to = (uint8_t *)&in_use;
    for (size_t i = 0; i < sizeof in_use; i++) {
        to[i] = (uint8_t)((a[i] & (uint8_t)~mask) | (b[i] & mask));
    }
}

static double search(const struct row *row, size_t count)
{
    static struct inputs fixed, fresh;
    struct sample *samples = calloc(count, sizeof *samples);
    if (samples == NULL) {
        exit(1);
    }
    fixed_inputs(row, &fixed);
    in_use = fixed;
    for (int warm = 0; warm < 3; warm++) {
        time_once(row);
    }
    for (size_t i = 0; i < count; i++) {
        samples[i].random = (int)pick(2);
        /* the same work on the same memory for both classes: even which copy is warm would be told from the time */
        random_inputs(row, &fixed, &fresh);
        choose(&fixed, &fresh, samples[i].random);
        samples[i].clocks = time_once(row);
    }
    double t = largest_t(samples, count);
    free(samples);
    return t;
}

static void prepare(const struct row *row)
{
    for (size_t lane = 0; lane < LANES; lane++) {
        fill(peers[lane], MOST_OCTETS);
        peers[lane][0] &= 0x7f;
    }
    if (row->primitive == RSA_PRIVATE && (keys[0] == NULL || rsa_key_bits(keys[0]) != row->bits)) {
        for (size_t i = 0; i < KEYS; i++) {
            rsa_key_free(keys[i]);
            struct reference *reference = reference_rsa(row->bits);
            keys[i] = rsa_key_new(reference_rsa_numbers(reference));
            reference_free(reference);
            if (keys[i] == NULL) {
                fputs("timing_leak: an RSA key was refused\n", stderr);
                exit(1);
            }
        }
    }
    if (row->primitive == P256_DERIVE) {
        struct row keygen = {.name = row->name, .primitive = P256_KEYGEN, .secret = EXPONENT};
        memset(&in_use, 0, sizeof in_use);
        for (size_t lane = 0; lane < LANES; lane++) {
            in_use.secret[lane][P256_OCTETS - 1] = (uint8_t)(lane + 2);
        }
        time_once(&keygen);
        memcpy(peers, out, sizeof peers);
    }
}

static int usage(void)
{
    fputs("Usage: timing_leak [--samples N] [--limit T] [--row NAME]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    size_t count = 20000;
    double limit = 10;
    const char *only = NULL;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            return usage();
        }
        if (strcmp(argv[i], "--samples") == 0) {
            count = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--limit") == 0) {
            limit = strtod(argv[i + 1], NULL);
        } else if (strcmp(argv[i], "--row") == 0) {
            only = argv[i + 1];
        } else {
            return usage();
        }
    }
    if (count < 100 || count > 10000000 || !(limit > 0)) {
        return usage();
    }
    if (!ifma_backend.available()) {
        puts("timing_leak: this processor has no AVX-512 IFMA: there is no kernel of ours to search");
        return 0;
    }
    int leaks = 0;
    size_t shown = 0;
    printf("%-20s %9s %8s\n", "kernel, secret", "samples", "|t|");
    for (size_t i = 0; i < ROWS; i++) {
        if (only != NULL && strcmp(only, rows[i].name) != 0) {
            continue;
        }
        prepare(&rows[i]);
        double t = search(&rows[i], count);
        printf("%-20s %9zu %8.2f", rows[i].name, count, t);
        bool wrong = rows[i].secret == CONTROL ? t <= limit : t > limit;
        if (wrong) {
            /* one run in many is disturbed; a leak comes again */
            t = search(&rows[i], count);
            printf(" then %.2f", t);
            wrong = rows[i].secret == CONTROL ? t <= limit : t > limit;
        }
        puts(rows[i].secret == CONTROL ? (wrong ? "  NOT SEEN" : "  a leak, as it must be") : wrong ? "  LEAK" : "");
        fflush(stdout);
        leaks += wrong;
        shown++;
    }
    if (shown == 0) {
        return usage();
    }
    return leaks == 0 ? 0 : 1;
}
