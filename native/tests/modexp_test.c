/* RSA and MODP arithmetic of every back-end, against libcrypto's plain BN_mod_exp. */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdint.h>

#include "check.h"
#include "modexp/modexp.h"
#include "modexp/modp_group.h"
#include "modexp/rsa_key.h"
#include "modexp/rsa_key_parts.h"

#define LANES 8u
#define MAX_OCTETS 512u

typedef void (*runner)(enum primitive, struct job *const[], size_t);

static const struct {
    const char *name;
    runner run;
    size_t lanes;
} runners[] = {{"portable", modexp_portable_run, 1}, {"ifma", modexp_ifma_run, LANES}};
static size_t runner_count = 1;

static BN_CTX *ctx;

static uint64_t random_word(void)
{
    uint64_t word;
    CHECK(RAND_bytes((unsigned char *)&word, sizeof word) == 1, "no randomness");
    return word;
}

/* Memory of the exact size, so that AddressSanitizer sees what goes past it. */
static uint8_t *exact(size_t length)
{
    uint8_t *memory = malloc(length);
    CHECK(memory != NULL, "no memory");
    memset(memory, 0xa5, length);
    return memory;
}

static uint8_t *exact_number(const BIGNUM *number, size_t length)
{
    uint8_t *octets = exact(length);
    CHECK(BN_bn2binpad(number, octets, (int)length) == (int)length, "too long");
    return octets;
}

/* ---- keys ---- */

struct test_key {
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qinv;
    struct rsa_key *key;
    unsigned bits;
};

static struct rsa_number as_number(const BIGNUM *number)
{
    int length = BN_num_bytes(number) + 2;
    return (struct rsa_number){.octets = exact_number(number, (size_t)length), .length = (size_t)length};
}

static struct rsa_key *key_of(const struct test_key *t, bool private)
{
    struct rsa_numbers numbers = {.n = as_number(t->n), .e = as_number(t->e)};
    if (private) {
        numbers.d = as_number(t->d);
        numbers.p = as_number(t->p);
        numbers.q = as_number(t->q);
        numbers.dp = as_number(t->dp);
        numbers.dq = as_number(t->dq);
        numbers.qinv = as_number(t->qinv);
    }
    struct rsa_key *key = rsa_key_new(&numbers);
    struct rsa_number *each = &numbers.n;
    for (size_t i = 0; i < sizeof numbers / sizeof *each; i++) {
        free((void *)(uintptr_t)each[i].octets);
    }
    return key;
}

/* The rest of a key from p, q and e; false where e has no inverse. */
static bool complete(struct test_key *t)
{
    BIGNUM *order = BN_new();
    BIGNUM *p1 = BN_dup(t->p);
    BIGNUM *q1 = BN_dup(t->q);
    BN_sub_word(p1, 1);
    BN_sub_word(q1, 1);
    t->n = BN_new();
    t->dp = BN_new();
    t->dq = BN_new();
    BN_mul(t->n, t->p, t->q, ctx);
    BN_mul(order, p1, q1, ctx);
    t->d = BN_mod_inverse(NULL, t->e, order, ctx);
    bool complete = t->d != NULL;
    if (complete) {
        BN_mod(t->dp, t->d, p1, ctx);
        BN_mod(t->dq, t->d, q1, ctx);
        t->qinv = BN_mod_inverse(NULL, t->q, t->p, ctx);
        t->bits = (unsigned)BN_num_bits(t->n);
    }
    BN_free(order);
    BN_free(p1);
    BN_free(q1);
    return complete;
}

static void test_key_clear(struct test_key *t)
{
    rsa_key_free(t->key);
    BIGNUM *numbers[] = {t->n, t->e, t->d, t->p, t->q, t->dp, t->dq, t->qinv};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        BN_free(numbers[i]);
    }
    memset(t, 0, sizeof *t);
}

static struct test_key random_key(unsigned bits, unsigned long e)
{
    struct test_key t = {.e = BN_new()};
    BN_set_word(t.e, e);
    RSA *rsa = RSA_new();
    CHECK(RSA_generate_key_ex(rsa, (int)bits, t.e, NULL) == 1, "key generation");
    const BIGNUM *p, *q;
    RSA_get0_factors(rsa, &p, &q);
    t.p = BN_dup(p);
    t.q = BN_dup(q);
    CHECK(complete(&t), "e has an inverse");
    RSA_free(rsa);
    t.key = key_of(&t, true);
    CHECK(t.key != NULL && rsa_key_bits(t.key) == bits && rsa_key_is_private(t.key), "%u bits", bits);
    return t;
}

/* The next prime from a start upwards, or downwards, with which e has an inverse. */
static BIGNUM *prime_from(BIGNUM *start, bool upwards, const BIGNUM *e)
{
    BIGNUM *rest = BN_new();
    if (!BN_is_odd(start)) {
        BN_add_word(start, 1);
    }
    for (;;) {
        BN_copy(rest, start);
        BN_sub_word(rest, 1);
        BN_gcd(rest, rest, e, ctx);
        if (BN_is_one(rest) && BN_check_prime(start, ctx, NULL) == 1) {
            BN_free(rest);
            return start;
        }
        if (upwards) {
            BN_add_word(start, 2);
        } else {
            BN_sub_word(start, 2);
        }
    }
}

/* p just below 2^(bits/2) (all-ones limbs), q just above 2^(bits/2)/sqrt 2 or 3/4 of it (a modulus with 0x8... or
 * 0xbf... on top). */
static struct test_key pattern_key(unsigned bits, unsigned pattern)
{
    struct test_key t = {.e = BN_new(), .p = BN_new(), .q = BN_new()};
    BN_set_word(t.e, 65537);
    BN_set_bit(t.p, (int)bits / 2);
    BN_sub_word(t.p, 1);
    t.p = prime_from(t.p, false, t.e);
    if (pattern == 0) { /* n = 0xff... */
        BN_copy(t.q, t.p);
        BN_sub_word(t.q, 2);
        t.q = prime_from(t.q, false, t.e);
    } else { /* n = 0x80..., q = 0x80...: the smallest n = 2^(bits-1) + ... that p allows */
        BN_set_bit(t.q, (int)bits / 2 - 1);
        BN_set_bit(t.q, (int)bits / 4);
        t.q = prime_from(t.q, true, t.e);
    }
    if (pattern == 2) { /* p < q */
        BIGNUM *swap = t.p;
        t.p = t.q;
        t.q = swap;
    }
    CHECK(complete(&t) && t.bits == bits, "%u bits", t.bits);
    t.key = key_of(&t, true);
    CHECK(t.key != NULL, "%u bits", bits);
    return t;
}

/* ---- RSA ---- */

/*
 * What libcrypto says the result is. Of a private operation with n's length of exponent that takes long: `quickly` has
 * its e-th power compared instead, which only the right number below n has.
 */
static void expect_rsa(
    BIGNUM *expected, const struct test_key *t, enum primitive primitive, const BIGNUM *in, const uint8_t *out,
    bool quickly)
{
    BN_mod_exp(expected, in, primitive == RSA_PRIVATE && !quickly ? t->d : t->e, t->n, ctx);
    if (primitive == RSA_PRIVATE && quickly) {
        BIGNUM *result = BN_bin2bn(out, (int)((t->bits + 7) / 8), NULL);
        BN_mod_exp(expected, result, t->e, t->n, ctx);
        CHECK(BN_cmp(result, t->n) < 0 && BN_cmp(expected, in) == 0, "%u bits: another result", t->bits);
        BN_copy(expected, result);
        BN_free(result);
    }
}

static void check_rsa_batch(
    size_t r, enum primitive primitive, struct test_key *const keys[], BIGNUM *const in[], size_t count, bool quickly)
{
    struct job jobs[LANES];
    struct job *pointers[LANES];
    BIGNUM *expected = BN_new();
    for (size_t i = 0; i < count; i++) {
        size_t octets = (keys[i]->bits + 7) / 8;
        jobs[i] = (struct job){
            .primitive = primitive,
            .status = JOB_FAULT,
            .rsa = {.key = keys[i]->key, .in = exact_number(in[i], octets), .out = exact(octets)}};
        pointers[i] = &jobs[i];
    }
    runners[r].run(primitive, pointers, count);
    for (size_t i = 0; i < count; i++) {
        size_t octets = (keys[i]->bits + 7) / 8;
        if (BN_cmp(in[i], keys[i]->n) >= 0) {
            CHECK(jobs[i].status == JOB_REFUSED, "input not below n, lane %zu", i);
            CHECK(jobs[i].rsa.out[0] == 0xa5 && jobs[i].rsa.out[octets - 1] == 0xa5, "nothing written");
        } else {
            CHECK(jobs[i].status == JOB_OK, "%s: %u bits, lane %zu of %zu", runners[r].name, keys[i]->bits, i, count);
            expect_rsa(expected, keys[i], primitive, in[i], jobs[i].rsa.out, quickly);
            uint8_t *right = exact_number(expected, octets);
            CHECK(
                memcmp(right, jobs[i].rsa.out, octets) == 0, "%s: %u bits, lane %zu of %zu", runners[r].name,
                keys[i]->bits, i, count);
            free(right);
        }
        free((void *)(uintptr_t)jobs[i].rsa.in);
        free(jobs[i].rsa.out);
    }
    BN_free(expected);
}

static BIGNUM *random_below(const BIGNUM *n)
{
    BIGNUM *number = BN_new();
    BN_rand_range(number, n);
    return number;
}

/* An input at the edge of what is allowed, or past it. */
static BIGNUM *edge_input(const struct test_key *t, unsigned which)
{
    BIGNUM *x = BN_new();
    switch (which) {
    case 0:
    case 1:
        BN_set_word(x, which);
        break;
    case 2:
        BN_sub(x, t->n, BN_value_one());
        break;
    case 3:
        BN_copy(x, t->p);
        break;
    case 4:
        BN_copy(x, t->q);
        break;
    case 5: /* all-ones limbs */
        BN_set_bit(x, (int)t->bits - 1);
        BN_sub_word(x, 1);
        break;
    case 6:
        BN_copy(x, t->n);
        break;
    case 7:
        BN_set_bit(x, (int)t->bits);
        BN_sub_word(x, 1);
        break;
    case 8:
        BN_sub(x, t->p, BN_value_one());
        break;
    case 9: /* p*(q-1), a multiple of p at the top */
        BN_sub(x, t->n, t->p);
        break;
    case 10: /* a power of two */
        BN_set_bit(x, (int)t->bits / 2);
        break;
    default:
        BN_rand_range(x, t->n);
        break;
    }
    return x;
}

#define EDGES 12u
#define SLOW_ENOUGH 50u
#define PORTABLE_ENOUGH 1000u

/* A great number of operations is for the kernels: the portable back-end is libcrypto, compared with itself. */
static unsigned long operations_of(size_t r, unsigned long operations)
{
    return runners[r].lanes == 1 && operations > PORTABLE_ENOUGH ? PORTABLE_ENOUGH : operations;
}

static void check_rsa(unsigned bits, unsigned long operations)
{
    /* the long ones take long to make: one of each kind at 2048 bits, two at the others */
    struct test_key keys[6] = {random_key(bits, 65537), pattern_key(bits, bits / 1024 % 3)};
    size_t key_count = 2;
    if (bits == RSA_MIN_BITS) {
        keys[key_count++] = random_key(bits, 3);
        keys[key_count++] = random_key(bits, 0x8000000000000001u);
        keys[key_count++] = pattern_key(bits, 0);
        keys[key_count++] = pattern_key(bits, 1);
    }
    for (size_t r = 0; r < runner_count; r++) {
        for (int private = 0; private < 2; private ++) {
            enum primitive primitive = private ? RSA_PRIVATE : RSA_PUBLIC;
            /* every lane count, one key and mixed */
            unsigned long done = 0;
            for (unsigned long batch = 0; done < operations_of(r, operations); batch++) {
                size_t count = runners[r].lanes == 1 ? 1 : 1 + batch % LANES;
                struct test_key *chosen[LANES];
                BIGNUM *in[LANES];
                for (size_t i = 0; i < count; i++) {
                    chosen[i] = &keys[batch % 3 == 0 ? random_word() % key_count : batch % key_count];
                    in[i] = random_below(chosen[i]->n);
                }
                check_rsa_batch(r, primitive, chosen, in, count, done >= SLOW_ENOUGH);
                for (size_t i = 0; i < count; i++) {
                    BN_free(in[i]);
                }
                done += count;
            }
            for (size_t k = 0; k < key_count; k++) {
                for (unsigned edge = 0; edge < EDGES;) {
                    size_t count = 0;
                    struct test_key *chosen[LANES];
                    BIGNUM *in[LANES];
                    while (count < runners[r].lanes && edge < EDGES) {
                        chosen[count] = &keys[k];
                        in[count++] = edge_input(&keys[k], edge++);
                    }
                    check_rsa_batch(r, primitive, chosen, in, count, false);
                    for (size_t i = 0; i < count; i++) {
                        BN_free(in[i]);
                    }
                }
            }
        }
    }
    for (size_t k = 0; k < key_count; k++) {
        test_key_clear(&keys[k]);
    }
}

/* ---- faults ---- */

enum outcome { RIGHT, FAULT, WRONG };

static enum outcome private_outcome(runner run, struct test_key *t)
{
    size_t octets = t->bits / 8;
    BIGNUM *x = random_below(t->n);
    uint8_t *in = exact_number(x, octets);
    uint8_t *out = exact(octets);
    struct job job = {.primitive = RSA_PRIVATE, .rsa = {.key = t->key, .in = in, .out = out}};
    struct job *pointer = &job;
    run(RSA_PRIVATE, &pointer, 1);
    enum outcome outcome = WRONG;
    if (job.status == JOB_FAULT) {
        CHECK(out[0] == 0xa5 && out[octets - 1] == 0xa5, "a fault writes nothing");
        outcome = FAULT;
    } else if (job.status == JOB_OK) {
        BN_mod_exp(x, x, t->d, t->n, ctx);
        uint8_t *right = exact_number(x, octets);
        outcome = memcmp(right, out, octets) == 0 ? RIGHT : WRONG;
        free(right);
    }
    BN_free(x);
    free(in);
    free(out);
    return outcome;
}

/*
 * A secret number of a prepared key turns wrong, first in the vector form alone, then in libcrypto's form too: nothing
 * but the right result may leave. (A wrong one, with the right one or the input, tells the factors.)
 */
static void check_faults(unsigned bits)
{
    struct test_key t = random_key(bits, 65537);
    const BIGNUM *secret[6];
    RSA_get0_factors(t.key->rsa, &secret[0], &secret[1]);
    RSA_get0_crt_params(t.key->rsa, &secret[2], &secret[3], &secret[4]);
    RSA_get0_key(t.key->rsa, NULL, NULL, &secret[5]);
    for (unsigned i = 2; i < 5; i++) {
        BIGNUM *number = (BIGNUM *)(uintptr_t)secret[i];
        BIGNUM *saved = BN_dup(number);
        for (unsigned bit = 0; bit < bits / 2; bit += 401) {
            if (BN_is_bit_set(number, (int)bit)) {
                BN_clear_bit(number, (int)bit);
            } else {
                BN_set_bit(number, (int)bit);
            }
            if (runner_count > 1) {
                rsa_ifma_free(t.key->ifma);
                t.key->ifma = rsa_ifma_new(t.key->rsa);
                CHECK(t.key->ifma != NULL, "vector form of a corrupted key");
                CHECK(private_outcome(modexp_ifma_run, &t) != WRONG, "both forms wrong, number %u, bit %u", i, bit);
                BIGNUM *d = (BIGNUM *)(uintptr_t)secret[5];
                BN_add_word(d, 2);
                CHECK(private_outcome(modexp_ifma_run, &t) == FAULT, "nothing is right, number %u, bit %u", i, bit);
                BN_sub_word(d, 2);
            }
            CHECK(private_outcome(modexp_portable_run, &t) != WRONG, "portable, number %u, bit %u", i, bit);
            BN_copy(number, saved);
            if (runner_count > 1) {
                CHECK(private_outcome(modexp_ifma_run, &t) == RIGHT, "vector form wrong, number %u, bit %u", i, bit);
            }
        }
        BN_free(saved);
    }
    test_key_clear(&t);
}

/* ---- refused keys ---- */

static void check_refused_keys(void)
{
    struct test_key t = random_key(2048, 65537);
    BIGNUM *numbers[] = {t.n, t.e, t.d, t.p, t.q, t.dp, t.dq, t.qinv};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        BN_add_word(numbers[i], 2);
        CHECK(key_of(&t, true) == NULL, "number %zu is wrong by 2", i);
        BN_sub_word(numbers[i], 2);
    }
    struct rsa_key *public = key_of(&t, false);
    CHECK(public != NULL && !rsa_key_is_private(public), "a public key");
    uint8_t in[256] = {0}, out[256];
    struct job job = {.primitive = RSA_PRIVATE, .rsa = {.key = public, .in = in, .out = out}};
    struct job *pointer = &job;
    for (size_t r = 0; r < runner_count; r++) {
        job.status = JOB_OK;
        runners[r].run(RSA_PRIVATE, &pointer, 1);
        CHECK(job.status == JOB_REFUSED, "a private operation of a public key");
    }
    rsa_key_free(public);
    BN_ULONG e[] = {1, 2, 65536};
    for (size_t i = 0; i < sizeof e / sizeof *e; i++) {
        BN_set_word(t.e, e[i]);
        CHECK(key_of(&t, false) == NULL, "e %lu", (unsigned long)e[i]);
    }
    BN_set_word(t.e, 3);
    BN_lshift(t.e, t.e, 64);
    BN_add_word(t.e, 1);
    CHECK(key_of(&t, false) == NULL, "e of 66 bits");
    BN_set_word(t.e, 3);
    BN_add_word(t.n, 1);
    CHECK(key_of(&t, false) == NULL, "n even");
    BN_rshift1(t.n, t.n);
    BN_set_bit(t.n, 0);
    CHECK(key_of(&t, false) == NULL, "n of 2047 bits");
    test_key_clear(&t);
}

/* ---- threads ---- */

#define THREADS 4u
#define BATCHES_OF_A_THREAD 12u /* more than one blinding lives for */

struct shared {
    struct test_key *key;
    uint8_t *in, *right;
    unsigned wrong;
};

static void *sign_repeatedly(void *argument)
{
    struct shared *s = argument;
    size_t octets = s->key->bits / 8;
    uint8_t *out = malloc(LANES * octets);
    for (unsigned batch = 0; batch < BATCHES_OF_A_THREAD; batch++) {
        struct job jobs[LANES];
        struct job *pointers[LANES];
        size_t count = 8 - batch % 3;
        memset(out, 0, LANES * octets);
        for (size_t i = 0; i < count; i++) {
            jobs[i] = (struct job){
                .primitive = RSA_PRIVATE, .rsa = {.key = s->key->key, .in = s->in, .out = out + i * octets}};
            pointers[i] = &jobs[i];
        }
        runners[runner_count - 1].run(RSA_PRIVATE, pointers, count);
        for (size_t i = 0; i < count; i++) {
            if (jobs[i].status != JOB_OK || memcmp(out + i * octets, s->right, octets) != 0) {
                __atomic_add_fetch(&s->wrong, 1, __ATOMIC_RELAXED);
            }
        }
    }
    free(out);
    return NULL;
}

/* Threads share a key, its blindings, and the memory that batches work in. */
static void check_threads(void)
{
    struct test_key t = random_key(2048, 65537);
    BIGNUM *x = random_below(t.n);
    struct shared s = {.key = &t, .in = exact_number(x, 256)};
    BN_mod_exp(x, x, t.d, t.n, ctx);
    s.right = exact_number(x, 256);
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, sign_repeatedly, &s) == 0, "thread %u", i);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(s.wrong == 0, "%u wrong results", s.wrong);
    free(s.in);
    free(s.right);
    BN_free(x);
    test_key_clear(&t);
}

/* A blinding is made anew after so many uses: one key, past that. */
static void check_long_use(void)
{
    struct test_key t = random_key(2048, 65537);
    for (unsigned i = 0; i < 70; i++) {
        struct test_key *keys[LANES] = {&t, &t, &t, &t, &t, &t, &t, &t};
        BIGNUM *in[LANES];
        for (unsigned lane = 0; lane < LANES; lane++) {
            in[lane] = random_below(t.n);
        }
        check_rsa_batch(runner_count - 1, RSA_PRIVATE, keys, in, runners[runner_count - 1].lanes, false);
        for (unsigned lane = 0; lane < LANES; lane++) {
            BN_free(in[lane]);
        }
    }
    test_key_clear(&t);
}

/* ---- MODP ---- */

/* Fills an exponent or a peer's value by kind: 0 zeros, 1 ones, 2 one, 3 top bit, 4 long runs, else random. */
static void fill(uint8_t *octets, size_t length, uint64_t kind)
{
    memset(octets, kind == 1 ? 0xff : 0, length);
    if (kind == 2) {
        octets[length - 1] = 1;
    } else if (kind == 3) {
        octets[0] = 0x80;
    } else if (kind == 4) {
        memset(octets, 0xff, (size_t)(random_word() % length));
    } else if (kind > 4) {
        CHECK(RAND_bytes(octets, (int)length) == 1, "no randomness");
    }
}

/* Peers by kind: 0 to 4: 0, 1, 2, p-2, p-1; 5, 6: p, p+1; 7, 8: all ones, ones with top bits clear; else random below
 * p. */
static void fill_peer(const struct modp_group *group, const BIGNUM *p, uint8_t *peer, uint64_t kind)
{
    size_t octets = modp_group_octets(group);
    BIGNUM *y = BN_new();
    if (kind < 3) {
        BN_set_word(y, kind);
    } else if (kind < 7) {
        BN_copy(y, p);
        BN_add_word(y, kind);
        BN_sub_word(y, 5);
    } else if (kind < 9) {
        BN_set_bit(y, (int)octets * 8 - (kind == 7 ? 0 : 1));
        BN_sub_word(y, 1);
    } else {
        BN_rand_range(y, p);
    }
    CHECK(BN_bn2binpad(y, peer, (int)octets) == (int)octets, "peer");
    BN_free(y);
}

#define EXPONENT_KINDS 6u
#define PEER_KINDS 10u

static void check_modp(unsigned bits, unsigned long operations)
{
    const struct modp_group *group = modp_group_of_bits(bits);
    CHECK(group != NULL, "%u bits", bits);
    const size_t octets = modp_group_octets(group);
    const size_t exponent_octets = modp_group_exponent_octets(group);
    BIGNUM *p = BN_bin2bn(modp_group_prime(group), (int)octets, NULL);
    BIGNUM *last = BN_dup(p);
    BN_sub_word(last, 1);
    BN_MONT_CTX *mont = BN_MONT_CTX_new();
    BN_MONT_CTX_set(mont, p, ctx);
    for (size_t r = 0; r < runner_count; r++) {
        if (r == 1 && !modexp_ifma_runs(MODP_DERIVE, bits)) {
            continue;
        }
        for (int derive = 0; derive < 2; derive++) {
            enum primitive primitive = derive ? MODP_DERIVE : MODP_KEYGEN;
            const unsigned long edges = EXPONENT_KINDS * (derive ? PEER_KINDS : 1);
            unsigned long done = 0;
            for (unsigned long batch = 0; done < operations_of(r, operations) + edges; batch++) {
                size_t count = runners[r].lanes == 1 ? 1 : 1 + batch % LANES;
                struct job jobs[LANES];
                struct job *pointers[LANES];
                for (size_t i = 0; i < count; i++) {
                    uint8_t *exponent = exact(exponent_octets);
                    uint8_t *peer = exact(octets);
                    unsigned long edge = done + i;
                    fill(exponent, exponent_octets, edge < edges ? edge % EXPONENT_KINDS : EXPONENT_KINDS);
                    fill_peer(group, p, peer, edge < edges ? edge / EXPONENT_KINDS : PEER_KINDS);
                    jobs[i] = (struct job){
                        .primitive = primitive,
                        .status = JOB_FAULT,
                        .modp = {.group = group, .exponent = exponent, .peer = peer, .out = exact(octets)}};
                    pointers[i] = &jobs[i];
                }
                runners[r].run(primitive, pointers, count);
                for (size_t i = 0; i < count; i++) {
                    BIGNUM *x = BN_bin2bn(jobs[i].modp.exponent, (int)exponent_octets, NULL);
                    BIGNUM *y = BN_bin2bn(jobs[i].modp.peer, (int)octets, NULL);
                    if (!derive) {
                        BN_set_word(y, 2);
                    }
                    if (BN_is_zero(y) || BN_is_one(y) || BN_cmp(y, last) >= 0) {
                        CHECK(jobs[i].status == JOB_REFUSED, "peer out of range");
                        CHECK(jobs[i].modp.out[0] == 0xa5 && jobs[i].modp.out[octets - 1] == 0xa5, "nothing written");
                    } else {
                        BN_mod_exp_mont(y, y, x, p, ctx, mont);
                        uint8_t *right = exact_number(y, octets);
                        CHECK(jobs[i].status == JOB_OK, "%s: %u bits, lane %zu", runners[r].name, bits, i);
                        CHECK(
                            memcmp(right, jobs[i].modp.out, octets) == 0,
                            "%s: %u bits, %s, operation %lu, lane %zu of %zu", runners[r].name, bits,
                            derive ? "derive" : "keygen", done + i, i, count);
                        free(right);
                    }
                    BN_free(x);
                    BN_free(y);
                    free((void *)(uintptr_t)jobs[i].modp.exponent);
                    free((void *)(uintptr_t)jobs[i].modp.peer);
                    free(jobs[i].modp.out);
                }
                done += count;
            }
        }
    }
    BN_MONT_CTX_free(mont);
    BN_free(p);
    BN_free(last);
}

int main(void)
{
    ctx = BN_CTX_new();
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512ifma")) {
        runner_count = 2;
    } else {
        puts("no AVX-512 IFMA here: the portable back-end alone");
    }
    const unsigned long operations = test_count(16);
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        check_modp(bits, operations);
        check_rsa(bits, operations);
    }
    check_faults(2048);
    check_refused_keys();
    check_threads();
    check_long_use();
    BN_CTX_free(ctx);
    return checks_done();
}
