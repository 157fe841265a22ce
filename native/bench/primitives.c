/*
 * Operations a second of one core, ours beside OpenSSL's in one run, for one to eight lanes; the port limit of our
 * kernels; and the break-even points that follow. Exit code 0, or 1 where something could not be measured.
 *
 *   primitives [--json] [--row NAME] [--seconds S]     the comparison
 *   primitives --tune                                  the break-even points against the portable back-end, as a file
 */
#include "batch/break_even.h"
#include "batch/job.h"
#include "ec/ec.h"
#include "measure.h"
#include "modexp/modexp_ifma.h"
#include "modexp/modp_group.h"
#include "modexp/rsa_key.h"
#include "reference.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANES 8u
#define MOST_OCTETS 512

/* What a row's two sides do. */
enum shape {
    ONE,     /* one job */
    ONESHOT, /* MODP key generation, then derivation */
    RAW      /* the RSA kernel without blinding and check */
};

struct row {
    const char *name;
    enum primitive primitive;
    unsigned bits;
    enum shape shape;
    void (*openssl)(void *reference);
};

static const struct row rows[] = {
    {"rsa2048-crt", RSA_PRIVATE, 2048, ONE, reference_rsa_private},
    {"rsa2048-crt-raw", RSA_PRIVATE, 2048, RAW, reference_rsa_private},
    {"rsa3072-crt", RSA_PRIVATE, 3072, ONE, reference_rsa_private},
    {"rsa3072-crt-raw", RSA_PRIVATE, 3072, RAW, reference_rsa_private},
    {"rsa4096-crt", RSA_PRIVATE, 4096, ONE, reference_rsa_private},
    {"rsa4096-crt-raw", RSA_PRIVATE, 4096, RAW, reference_rsa_private},
    {"rsa2048-verify", RSA_PUBLIC, 2048, ONE, reference_rsa_public},
    {"rsa3072-verify", RSA_PUBLIC, 3072, ONE, reference_rsa_public},
    {"rsa4096-verify", RSA_PUBLIC, 4096, ONE, reference_rsa_public},
    {"modp2048-keygen", MODP_KEYGEN, 2048, ONE, reference_modp_keygen},
    {"modp2048-derive", MODP_DERIVE, 2048, ONE, reference_modp_derive},
    {"modp2048-oneshot", MODP_DERIVE, 2048, ONESHOT, reference_modp_oneshot},
    {"modp3072-keygen", MODP_KEYGEN, 3072, ONE, reference_modp_keygen},
    {"modp3072-derive", MODP_DERIVE, 3072, ONE, reference_modp_derive},
    {"modp3072-oneshot", MODP_DERIVE, 3072, ONESHOT, reference_modp_oneshot},
    {"modp4096-keygen", MODP_KEYGEN, 4096, ONE, reference_modp_keygen},
    {"modp4096-derive", MODP_DERIVE, 4096, ONE, reference_modp_derive},
    {"modp4096-oneshot", MODP_DERIVE, 4096, ONESHOT, reference_modp_oneshot},
    {"x25519-keygen", X25519_KEYGEN, 0, ONE, reference_x25519_keygen},
    {"x25519-derive", X25519_DERIVE, 0, ONE, reference_x25519_derive},
    {"p256-keygen", P256_KEYGEN, 0, ONE, reference_p256_keygen},
    {"p256-ecdh", P256_DERIVE, 0, ONE, reference_p256_ecdh},
    {"ecdsa-p256-sign", ECDSA_P256_SIGN, 0, ONE, reference_p256_sign},
    {"ecdsa-p256-verify", ECDSA_P256_VERIFY, 0, ONE, reference_p256_verify},
};
#define ROWS (sizeof rows / sizeof rows[0])

/* Operands of up to eight jobs; every lane has its own. */
struct operands {
    struct rsa_key *rsa;
    const struct modp_group *group;
    struct reference *reference;
    uint8_t secret[LANES][MOST_OCTETS];
    uint8_t peer[LANES][MOST_OCTETS];
    uint8_t nonce[LANES][P256_OCTETS];
    uint8_t digest[LANES][P256_OCTETS];
    uint8_t out[LANES][MOST_OCTETS];
};

/* What one timed call does. */
struct call {
    const struct row *row;
    const struct backend *backend;
    struct operands *operands;
    size_t lanes;
    enum primitive primitive;
};

static void fill(void *memory, size_t length)
{
    if (RAND_bytes(memory, (int)length) != 1) {
        fputs("no random numbers\n", stderr);
        exit(1);
    }
}

static void job_of(struct job *job, const struct call *call, size_t lane)
{
    struct operands *operands = call->operands;
    *job = (struct job){.primitive = call->primitive};
    switch (call->primitive) {
    case RSA_PRIVATE:
    case RSA_PUBLIC:
        job->rsa.key = operands->rsa;
        job->rsa.in = operands->peer[lane];
        job->rsa.out = operands->out[lane];
        break;
    case MODP_KEYGEN:
    case MODP_DERIVE:
        job->modp.group = operands->group;
        job->modp.exponent = operands->secret[lane];
        job->modp.peer = operands->peer[lane];
        job->modp.out = operands->out[lane];
        break;
    case X25519_KEYGEN:
    case X25519_DERIVE:
        job->x25519.scalar = operands->secret[lane];
        job->x25519.peer = operands->peer[lane];
        job->x25519.out = operands->out[lane];
        break;
    case P256_KEYGEN:
    case P256_DERIVE:
        job->p256.scalar = operands->secret[lane];
        job->p256.peer = operands->peer[lane];
        job->p256.out = operands->out[lane];
        break;
    case ECDSA_P256_SIGN:
        /* OpenSSL's side draws its nonce within the operation, hence so does ours */
        fill(operands->nonce[lane], P256_OCTETS);
        operands->nonce[lane][0] &= 0x7f;
        job->ecdsa_sign.key = operands->secret[lane];
        job->ecdsa_sign.nonce = operands->nonce[lane];
        job->ecdsa_sign.digest = operands->digest[lane];
        job->ecdsa_sign.signature = operands->out[lane];
        break;
    case ECDSA_P256_VERIFY:
        job->ecdsa_verify.public_key = operands->peer[lane];
        job->ecdsa_verify.digest = operands->digest[lane];
        job->ecdsa_verify.signature = operands->secret[lane];
        break;
    case PRIMITIVE_COUNT:
        break;
    }
}

static void run_call(void *context)
{
    const struct call *call = context;
    struct job jobs[LANES];
    struct job *pointers[LANES];
    for (size_t lane = 0; lane < call->lanes; lane++) {
        job_of(&jobs[lane], call, lane);
        pointers[lane] = &jobs[lane];
    }
    for (size_t done = 0; done < call->lanes; done += call->backend->lanes) {
        size_t count = call->lanes - done < call->backend->lanes ? call->lanes - done : call->backend->lanes;
        call->backend->run(call->primitive, &pointers[done], count);
    }
    for (size_t lane = 0; lane < call->lanes; lane++) {
        if (jobs[lane].status != JOB_OK) {
            fprintf(stderr, "%s: lane %zu was not done\n", call->row->name, lane);
            exit(1);
        }
    }
}

static void run_oneshot(void *context)
{
    struct call call = *(const struct call *)context;
    call.primitive = MODP_KEYGEN;
    run_call(&call);
    call.primitive = MODP_DERIVE;
    run_call(&call);
}

static void run_raw(void *context)
{
    const struct call *call = context;
    struct job jobs[LANES];
    struct job *pointers[LANES];
    for (size_t lane = 0; lane < call->lanes; lane++) {
        job_of(&jobs[lane], call, lane);
        pointers[lane] = &jobs[lane];
    }
    rsa_ifma_private_raw(pointers, call->lanes);
}

/* Makes the operands valid: signatures that verify, points on the curve, peers that are public values. */
static void prepare(struct operands *operands, const struct row *row)
{
    memset(operands, 0, sizeof *operands);
    for (size_t lane = 0; lane < LANES; lane++) {
        fill(operands->secret[lane], MOST_OCTETS);
        fill(operands->digest[lane], P256_OCTETS);
    }
    switch (row->primitive) {
    case RSA_PRIVATE:
    case RSA_PUBLIC:
        operands->reference = reference_rsa(row->bits);
        operands->rsa = rsa_key_new(reference_rsa_numbers(operands->reference));
        if (operands->rsa == NULL) {
            fputs("an RSA key was refused\n", stderr);
            exit(1);
        }
        for (size_t lane = 0; lane < LANES; lane++) {
            fill(operands->peer[lane], row->bits / 8);
            operands->peer[lane][0] = 0;
        }
        break;
    case MODP_KEYGEN:
    case MODP_DERIVE: {
        operands->group = modp_group_of_bits(row->bits);
        size_t octets = modp_group_octets(operands->group);
        operands->reference = reference_modp(
            modp_group_prime(operands->group), octets, operands->secret[0],
            modp_group_exponent_octets(operands->group));
        for (size_t lane = 0; lane < LANES; lane++) {
            fill(operands->peer[lane], octets);
            operands->peer[lane][0] &= 0x7f;
        }
        break;
    }
    case X25519_KEYGEN:
    case X25519_DERIVE:
        operands->reference = reference_x25519();
        for (size_t lane = 0; lane < LANES; lane++) {
            fill(operands->peer[lane], X25519_OCTETS);
        }
        break;
    case P256_KEYGEN:
    case P256_DERIVE:
    case ECDSA_P256_SIGN:
    case ECDSA_P256_VERIFY: {
        operands->reference = reference_p256();
        struct row keygen = {.name = row->name, .primitive = P256_KEYGEN};
        struct call call = {
            .row = &keygen,
            .backend = &portable_backend,
            .operands = operands,
            .lanes = LANES,
            .primitive = P256_KEYGEN};
        for (size_t lane = 0; lane < LANES; lane++) {
            operands->secret[lane][0] &= 0x7f;
        }
        run_call(&call);
        memcpy(operands->peer, operands->out, sizeof operands->peer);
        if (row->primitive == ECDSA_P256_VERIFY) {
            call.primitive = ECDSA_P256_SIGN;
            run_call(&call);
            memcpy(operands->secret, operands->out, sizeof operands->secret);
        }
        break;
    }
    case PRIMITIVE_COUNT:
        break;
    }
}

/* vpmadd52 that our kernels execute for eight lanes of a row. */
static double madds_of(const struct row *row)
{
    switch (row->primitive) {
    case RSA_PRIVATE:
        return (
            double)(row->shape == RAW ? rsa_ifma_private_raw_count(row->bits) : modexp_ifma_count(RSA_PRIVATE, row->bits));
    case RSA_PUBLIC:
    case MODP_KEYGEN:
        return (double)modexp_ifma_count(row->primitive, row->bits);
    case MODP_DERIVE:
        return (
            double)(modexp_ifma_count(MODP_DERIVE, row->bits) + (row->shape == ONESHOT ? modexp_ifma_count(MODP_KEYGEN, row->bits) : 0));
    default:
        return (double)ec_ifma_madds(row->primitive);
    }
}

struct outcome {
    double ours[LANES + 1]; /* operations a second, by lanes */
    double other;           /* OpenSSL's at its best, or the portable back-end's */
    double limit;           /* operations a second of eight lanes if nothing but vpmadd52 took time */
};

static void compare(const struct row *row, double seconds, bool portably, double madd_rate, struct outcome *outcome)
{
    static struct operands operands;
    prepare(&operands, row);
    struct call calls[LANES + 1];
    struct subject subjects[LANES + 2];
    size_t count = 0;
    for (size_t lanes = 1; lanes <= LANES; lanes++) {
        calls[lanes] = (struct call){
            .row = row, .backend = &ifma_backend, .operands = &operands, .lanes = lanes, .primitive = row->primitive};
        subjects[count++] = (struct subject){
            .run = row->shape == RAW       ? run_raw
                   : row->shape == ONESHOT ? run_oneshot
                                           : run_call,
            .context = &calls[lanes],
            .operations = (double)lanes};
    }
    struct call portable = {
        .row = row, .backend = &portable_backend, .operands = &operands, .lanes = 1, .primitive = row->primitive};
    if (portably) {
        subjects[count++] = (struct subject){.run = run_call, .context = &portable, .operations = 1};
    } else {
        subjects[count++] = (struct subject){.run = row->openssl, .context = operands.reference, .operations = 1};
    }
    measure(subjects, count, 9, seconds);
    for (size_t lanes = 1; lanes <= LANES; lanes++) {
        outcome->ours[lanes] = 1 / subjects[lanes - 1].best;
    }
    outcome->other = 1 / subjects[LANES].best;
    outcome->limit = LANES * madd_rate / madds_of(row);
    rsa_key_free(operands.rsa);
    reference_free(operands.reference);
}

static size_t first_worth(const struct outcome *outcome)
{
    for (size_t lanes = 1; lanes <= LANES; lanes++) {
        if (outcome->ours[lanes] > outcome->other) {
            return lanes;
        }
    }
    return BREAK_EVEN_NEVER;
}

static void print_table(const struct row *row, const struct outcome *outcome)
{
    size_t worth = first_worth(outcome);
    printf(
        "%-18s %9.0f %9.0f %6.2f %9.0f %5.1f%%  ", row->name, outcome->other, outcome->ours[LANES],
        outcome->ours[LANES] / outcome->other, outcome->limit, 100 * outcome->ours[LANES] / outcome->limit);
    for (size_t lanes = 1; lanes <= LANES; lanes++) {
        printf(" %5.2f%s", outcome->ours[lanes] / outcome->other, lanes == worth ? "*" : " ");
    }
    putchar('\n');
    fflush(stdout);
}

static void print_json(const struct row *row, const struct outcome *outcome, bool first)
{
    for (size_t lanes = 1; lanes <= LANES; lanes++) {
        printf(
            "%s{\"name\": \"%s\", \"lanes\": %zu, \"ours_ops_s\": %.1f, \"openssl_ops_s\": %.1f, \"ratio\": %.3f, "
            "\"port_limit_ops_s\": %.1f}",
            first && lanes == 1 ? "[\n  " : ",\n  ", row->name, lanes, outcome->ours[lanes], outcome->other,
            outcome->ours[lanes] / outcome->other, outcome->limit * (double)lanes / LANES);
    }
}

/* A line of the file that the module's setting "tuning" names. */
static void print_point(const struct row *row, const struct outcome *outcome)
{
    size_t worth = first_worth(outcome);
    printf("%s %u ", primitive_name(row->primitive), row->bits);
    if (worth == BREAK_EVEN_NEVER) {
        printf("never");
    } else {
        printf("%zu", worth);
    }
    printf(" # 8 lanes: %.2f times the portable back-end\n", outcome->ours[LANES] / outcome->other);
    fflush(stdout);
}

static bool row_exists(const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int usage(void)
{
    fputs(
        "Usage: primitives [--json | --tune] [--row NAME] [--seconds S]\n"
        "  --json       an array of one object per row and number of lanes\n"
        "  --tune       the break-even points against the portable back-end, as the module's setting \"tuning\" reads "
        "them\n"
        "  --row NAME   this row only\n"
        "  --seconds S  length of a timing window, 0.001 to 10 (0.01); each is the shortest of nine\n",
        stderr);
    return 2;
}

int main(int argc, char **argv)
{
    enum { TABLE, JSON, TUNE } form = TABLE;
    const char *only = NULL;
    double seconds = 0.01;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            form = JSON;
        } else if (strcmp(argv[i], "--tune") == 0) {
            form = TUNE;
        } else if (strcmp(argv[i], "--row") == 0 && i + 1 < argc) {
            only = argv[++i];
        } else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            seconds = strtod(argv[++i], NULL);
        } else {
            return usage();
        }
    }
    if (!(seconds >= 0.001 && seconds <= 10)) {
        return usage();
    }
    if (only != NULL && !row_exists(only)) {
        fprintf(stderr, "primitives: no row is named %s\n", only);
        return 2;
    }
    if (!ifma_backend.available()) {
        fputs("primitives: this processor has no AVX-512 IFMA: the portable back-end serves at any number\n", stderr);
        if (form == JSON) {
            puts("[]");
        }
        return form == TUNE ? 0 : 1;
    }
    double clocks = clocks_a_second();
    double madds = madds_a_second();
    if (form == TABLE) {
        printf("one core, %.2f GHz; vpmadd52 (512 bits): %.3f a clock\n\n", clocks / 1e9, madds / clocks);
        printf(
            "%-18s %9s %9s %6s %9s %6s   ratio with 1 to 8 lanes (* break-even)\n", "operation", "OpenSSL/s",
            "8 lanes/s", "ratio", "limit/s", "reached");
    } else if (form == TUNE) {
        puts("# from how many operations on the vector kernels are worth while: NAME BITS OPERATIONS");
    }
    size_t shown = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if ((only != NULL && strcmp(only, rows[i].name) != 0) || (form == TUNE && rows[i].shape != ONE)) {
            continue;
        }
        struct outcome outcome;
        compare(&rows[i], seconds, form == TUNE, madds, &outcome);
        switch (form) {
        case TABLE:
            print_table(&rows[i], &outcome);
            break;
        case JSON:
            print_json(&rows[i], &outcome, shown == 0);
            break;
        case TUNE:
            print_point(&rows[i], &outcome);
            break;
        }
        shown++;
    }
    if (form == JSON && shown > 0) {
        puts("\n]");
    }
    return 0;
}
