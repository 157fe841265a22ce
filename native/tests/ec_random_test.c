/*
 * Random operations of every primitive, on every back-end and with every count of lanes, equal to libcrypto's own calls
 * (EVP for X25519; EC_POINT_mul; ECDSA_do_sign and ECDSA_do_verify); then many threads at once.
 */
#include "ec_check.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <pthread.h>

#define THREADS 4

/* Operands and results of one operation; which count, the primitive says. */
struct operation {
    uint8_t scalar[32];
    uint8_t nonce[32];
    uint8_t digest[32];
    uint8_t peer[64];
    uint8_t signature[64];
    uint8_t expected[64];
    uint8_t out[64];
    enum job_status expected_status;
};

static const char *const names[PRIMITIVE_COUNT] = {
    [X25519_KEYGEN] = "x25519-keygen",     [X25519_DERIVE] = "x25519-derive",
    [P256_KEYGEN] = "p256-keygen",         [P256_DERIVE] = "p256-derive",
    [ECDSA_P256_SIGN] = "ecdsa-p256-sign", [ECDSA_P256_VERIFY] = "ecdsa-p256-verify"};

static EC_GROUP *group;

static void point_multiple(uint8_t out[64], const uint8_t scalar[32], const uint8_t peer[64])
{
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *d = BN_bin2bn(scalar, 32, NULL);
    uint8_t encoded[65] = {4};
    if (peer == NULL) {
        CHECK(EC_POINT_mul(group, point, d, NULL, NULL, NULL), "libcrypto");
    } else {
        memcpy(encoded + 1, peer, 64);
        CHECK(
            EC_POINT_oct2point(group, point, encoded, 65, NULL) && EC_POINT_mul(group, point, NULL, point, d, NULL),
            "libcrypto");
    }
    CHECK(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, encoded, 65, NULL) == 65, "libcrypto");
    memcpy(out, encoded + 1, 64);
    BN_free(d);
    EC_POINT_free(point);
}

static void expect_x25519(enum primitive primitive, struct operation *o)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, o->scalar, 32);
    size_t length = 32;
    o->expected_status = JOB_OK;
    if (primitive == X25519_KEYGEN) {
        CHECK(EVP_PKEY_get_raw_public_key(key, o->expected, &length) == 1, "libcrypto");
    } else {
        EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, o->peer, 32);
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
        CHECK(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1, "libcrypto");
        if (EVP_PKEY_derive(ctx, o->expected, &length) != 1) {
            o->expected_status = JOB_REFUSED;
        }
        EVP_PKEY_CTX_free(ctx);
        EVP_PKEY_free(peer);
    }
    EVP_PKEY_free(key);
}

static EC_KEY *ecdsa_key(const uint8_t scalar[32], const uint8_t public_key[64])
{
    uint8_t encoded[65] = {4};
    memcpy(encoded + 1, public_key, 64);
    EC_KEY *key = EC_KEY_new();
    CHECK(
        EC_KEY_set_group(key, group) && EC_KEY_oct2priv(key, scalar, 32) && EC_KEY_oct2key(key, encoded, 65, NULL),
        "libcrypto");
    return key;
}

/* A signature of libcrypto's own, in half of the cases spoiled by one bit of it or of the digest. */
static void expect_verify(struct operation *o, uint64_t *state)
{
    point_multiple(o->peer, o->scalar, NULL);
    EC_KEY *key = ecdsa_key(o->scalar, o->peer);
    ECDSA_SIG *signature = ECDSA_do_sign(o->digest, 32, key);
    CHECK(
        signature != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(signature), o->signature, 32) == 32 &&
            BN_bn2binpad(ECDSA_SIG_get0_s(signature), o->signature + 32, 32) == 32,
        "libcrypto");
    o->expected_status = JOB_OK;
    uint64_t choice = random_word(state);
    if (choice % 2 == 0) {
        uint8_t *spoiled = choice % 4 == 0 ? o->digest : o->signature;
        size_t bit = choice / 4 % (choice % 4 == 0 ? 256 : 512);
        spoiled[bit / 8] ^= (uint8_t)(1u << bit % 8);
        o->expected_status = JOB_REFUSED;
    }
    ECDSA_SIG_free(signature);
    EC_KEY_free(key);
}

static void draw(enum primitive primitive, struct operation *o, uint64_t *state)
{
    uint8_t scalar[32];
    memset(o->out, 0xa5, sizeof o->out);
    o->expected_status = JOB_OK;
    switch (primitive) {
    case X25519_KEYGEN:
    case X25519_DERIVE:
        random_or_runs(state, o->scalar);
        random_or_runs(state, o->peer);
        expect_x25519(primitive, o);
        break;
    case P256_KEYGEN:
        random_scalar(state, o->scalar);
        point_multiple(o->expected, o->scalar, NULL);
        break;
    case P256_DERIVE:
        random_scalar(state, o->scalar);
        random_scalar(state, scalar);
        point_multiple(o->peer, scalar, NULL);
        point_multiple(o->expected, o->scalar, o->peer);
        break;
    case ECDSA_P256_SIGN:
        random_scalar(state, o->scalar);
        random_scalar(state, o->nonce);
        random_or_runs(state, o->digest);
        break;
    default:
        random_scalar(state, o->scalar);
        random_or_runs(state, o->digest);
        expect_verify(o, state);
        break;
    }
}

static struct job job_of(enum primitive primitive, struct operation *o)
{
    struct job job = {.primitive = primitive, .status = (enum job_status)99};
    switch (primitive) {
    case X25519_KEYGEN:
    case X25519_DERIVE:
        job.x25519.scalar = o->scalar;
        job.x25519.peer = o->peer;
        job.x25519.out = o->out;
        break;
    case P256_KEYGEN:
    case P256_DERIVE:
        job.p256.scalar = o->scalar;
        job.p256.peer = o->peer;
        job.p256.out = o->out;
        break;
    case ECDSA_P256_SIGN:
        job.ecdsa_sign.key = o->scalar;
        job.ecdsa_sign.nonce = o->nonce;
        job.ecdsa_sign.digest = o->digest;
        job.ecdsa_sign.signature = o->out;
        break;
    default:
        job.ecdsa_verify.public_key = o->peer;
        job.ecdsa_verify.digest = o->digest;
        job.ecdsa_verify.signature = o->signature;
        break;
    }
    return job;
}

/* A signature verifies and its r is the nonce's; s follows from r, digest and key, up to a sign that verifies too. */
static int right_signature(const struct operation *o)
{
    uint8_t public_key[64], point[64];
    point_multiple(public_key, o->scalar, NULL);
    point_multiple(point, o->nonce, NULL);
    EC_KEY *key = ecdsa_key(o->scalar, public_key);
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *n = BN_bin2bn(p256_order, 32, NULL), *x = BN_bin2bn(point, 32, NULL);
    BN_CTX *ctx = BN_CTX_new();
    BN_nnmod(x, x, n, ctx);
    ECDSA_SIG_set0(signature, BN_bin2bn(o->out, 32, NULL), BN_bin2bn(o->out + 32, 32, NULL));
    /* and the sign of s: s * k = e + r * d */
    BIGNUM *left = BN_bin2bn(o->nonce, 32, NULL), *right = BN_bin2bn(o->scalar, 32, NULL),
           *e = BN_bin2bn(o->digest, 32, NULL);
    BN_mod_mul(left, left, ECDSA_SIG_get0_s(signature), n, ctx);
    BN_mod_mul(right, right, x, n, ctx);
    BN_mod_add(right, right, e, n, ctx);
    int right_one = BN_cmp(x, ECDSA_SIG_get0_r(signature)) == 0 && BN_cmp(left, right) == 0 &&
                    ECDSA_do_verify(o->digest, 32, signature, key) == 1;
    BN_free(left);
    BN_free(right);
    BN_free(e);
    BN_free(n);
    BN_free(x);
    BN_CTX_free(ctx);
    ECDSA_SIG_free(signature);
    EC_KEY_free(key);
    return right_one;
}

static size_t octets_out(enum primitive primitive)
{
    return primitive == P256_KEYGEN || primitive == ECDSA_P256_SIGN ? 64 : primitive == ECDSA_P256_VERIFY ? 0 : 32;
}

static void
check(const struct runner *runner, enum primitive primitive, const struct operation *o, const struct job *job)
{
    CHECK(job->status == o->expected_status, "%s: %s: status %d", runner->name, names[primitive], job->status);
    if (job->status != JOB_OK || primitive == ECDSA_P256_VERIFY) {
        return;
    }
    size_t length = octets_out(primitive);
    CHECK(
        primitive == ECDSA_P256_SIGN ? right_signature(o) : memcmp(o->out, o->expected, length) == 0,
        "%s: %s: another result", runner->name, names[primitive]);
    for (size_t i = length; i < sizeof o->out; i++) {
        CHECK(o->out[i] == 0xa5, "%s: %s: octet %zu was written", runner->name, names[primitive], i);
    }
}

static void random_operations(
    const struct runner found[], size_t runner_count, enum primitive primitive, unsigned long count, uint64_t *state)
{
    struct operation operation[LANES];
    struct job job[LANES], *jobs[LANES];
    size_t lanes = 1;
    for (unsigned long done = 0; done < count; done += lanes, lanes = lanes % LANES + 1) {
        for (size_t i = 0; i < lanes; i++) {
            draw(primitive, &operation[i], state);
            jobs[i] = &job[i];
        }
        for (size_t r = 0; r < runner_count; r++) {
            for (size_t i = 0; i < lanes; i++) {
                memset(operation[i].out, 0xa5, sizeof operation[i].out);
                job[i] = job_of(primitive, &operation[i]);
            }
            found[r].run(primitive, jobs, lanes);
            for (size_t i = 0; i < lanes; i++) {
                check(&found[r], primitive, &operation[i], &job[i]);
            }
        }
    }
}

static const enum primitive threaded[] = {X25519_KEYGEN, X25519_DERIVE, P256_KEYGEN, P256_DERIVE, ECDSA_P256_VERIFY};
#define THREADED (sizeof threaded / sizeof *threaded)

struct thread {
    pthread_t id;
    struct runner runner;
    struct operation operation[THREADED][LANES];
    unsigned long wrong;
};

/* Known results over and over, while other threads do the same with theirs. */
static void *thread_main(void *argument)
{
    struct thread *thread = argument;
    for (int round = 0; round < 20; round++) {
        for (size_t p = 0; p < THREADED; p++) {
            struct operation *operation = thread->operation[p];
            struct job job[LANES], *jobs[LANES];
            for (size_t i = 0; i < LANES; i++) {
                memset(operation[i].out, 0xa5, sizeof operation[i].out);
                job[i] = job_of(threaded[p], &operation[i]);
                jobs[i] = &job[i];
            }
            thread->runner.run(threaded[p], jobs, LANES);
            for (size_t i = 0; i < LANES; i++) {
                thread->wrong += job[i].status != operation[i].expected_status ||
                                 (job[i].status == JOB_OK &&
                                  memcmp(operation[i].out, operation[i].expected, octets_out(threaded[p])) != 0);
            }
        }
    }
    return NULL;
}

/* Run first, so that the threads meet while the tables are made. */
static void threads(const struct runner *runner, uint64_t *state)
{
    static struct thread thread[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        thread[i].runner = *runner;
        for (size_t p = 0; p < THREADED; p++) {
            for (size_t lane = 0; lane < LANES; lane++) {
                draw(threaded[p], &thread[i].operation[p][lane], state);
            }
        }
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&thread[i].id, NULL, thread_main, &thread[i]) == 0, "pthread_create");
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(thread[i].id, NULL);
        CHECK(thread[i].wrong == 0, "%s: thread %zu: %lu wrong results", runner->name, i, thread[i].wrong);
    }
}

int main(void)
{
    struct runner found[2];
    size_t runner_count = runners(found);
    uint64_t state = test_seed();
    unsigned long count = test_count(1500);
    group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    for (size_t i = 0; i < runner_count; i++) {
        threads(&found[i], &state);
    }
    for (enum primitive primitive = X25519_KEYGEN; primitive <= ECDSA_P256_VERIFY; primitive++) {
        random_operations(found, runner_count, primitive, count, &state);
    }
    EC_GROUP_free(group);
    return checks_done();
}
