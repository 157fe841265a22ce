/* From jobs to the kernels: operands checked and given to lanes, results to where they go. */
#include "ec/ec_ifma.h"
#include "ec/ec.h"
#include "ec/p256_numbers.h"
#include "secret.h"

/* For secret_wipe_stack(). */
#define KERNEL_STACK_OCTETS 16384u
#define ANY_POINT_STACK_OCTETS 40960u /* of P-256, with its table of multiples */

static void x25519_keygen(struct job *const jobs[], size_t count)
{
    const uint8_t *scalar[LANE_COUNT];
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        scalar[lane] = jobs[lane < count ? lane : 0]->x25519.scalar;
    }
    lanes u[4];
    x25519_ifma_keygen(scalar, u);
    for (size_t lane = 0; lane < count; lane++) {
        lanes_store_little(jobs[lane]->x25519.out, u, lane);
        jobs[lane]->status = JOB_OK;
    }
}

static void x25519_derive(struct job *const jobs[], size_t count)
{
    const uint8_t *scalar[LANE_COUNT], *peer[LANE_COUNT];
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        scalar[lane] = jobs[lane < count ? lane : 0]->x25519.scalar;
        peer[lane] = jobs[lane < count ? lane : 0]->x25519.peer;
    }
    lanes u[4];
    __mmask8 zero = x25519_ifma_derive(scalar, peer, u);
    for (size_t lane = 0; lane < count; lane++) {
        /* RFC 7748 section 6.1, RFC 8031 section 3.1: a zero is no secret of two parties */
        jobs[lane]->status = (zero >> lane & 1) != 0 ? JOB_REFUSED : JOB_OK;
        if (jobs[lane]->status == JOB_OK) {
            lanes_store_little(jobs[lane]->x25519.out, u, lane);
        }
    }
    secret_wipe(u, sizeof u);
}

static const uint8_t one[P256_OCTETS] = {[P256_OCTETS - 1] = 1};

/* What a lane computes whose job is missing or refused: nothing of anybody's, and no exceptional case. */
static const struct job p256_idle = {.p256 = {one, p256_base, NULL}};
static const struct job sign_idle = {.ecdsa_sign = {one, one, one, NULL}};
static const uint8_t idle_signature[2 * P256_OCTETS] = {[P256_OCTETS - 1] = 1, [2 * P256_OCTETS - 1] = 1};
static const struct job verify_idle = {.ecdsa_verify = {p256_base, one, idle_signature}};

static bool point_in_range(const uint8_t point[2 * P256_OCTETS])
{
    return p256_coordinate_in_range(point) && p256_coordinate_in_range(point + P256_OCTETS);
}

static bool in_range(enum primitive primitive, const struct job *job)
{
    switch (primitive) {
    case P256_KEYGEN:
        return p256_scalar_in_range(job->p256.scalar);
    case P256_DERIVE:
        return p256_scalar_in_range(job->p256.scalar) && point_in_range(job->p256.peer);
    case ECDSA_P256_SIGN:
        return p256_scalar_in_range(job->ecdsa_sign.key) && p256_scalar_in_range(job->ecdsa_sign.nonce);
    default:
        return p256_scalar_in_range(job->ecdsa_verify.signature) &&
               p256_scalar_in_range(job->ecdsa_verify.signature + P256_OCTETS) &&
               point_in_range(job->ecdsa_verify.public_key);
    }
}

/* Settles which job each lane works for; refuses those out of range. */
static void assign(
    const struct job *assigned[LANE_COUNT], enum primitive primitive, struct job *const jobs[], size_t count,
    const struct job *idle)
{
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        assigned[lane] = idle;
        if (lane < count) {
            jobs[lane]->status = in_range(primitive, jobs[lane]) ? JOB_OK : JOB_REFUSED;
            assigned[lane] = jobs[lane]->status == JOB_OK ? jobs[lane] : idle;
        }
    }
}

/* Refuses the lanes that the kernel did not find good. */
static void refuse_others(struct job *const jobs[], size_t count, __mmask8 good)
{
    for (size_t lane = 0; lane < count; lane++) {
        if ((good >> lane & 1) == 0) {
            jobs[lane]->status = JOB_REFUSED;
        }
    }
}

static void p256_keygen(struct job *const jobs[], size_t count)
{
    const struct job *assigned[LANE_COUNT];
    const uint8_t *scalar[LANE_COUNT];
    assign(assigned, P256_KEYGEN, jobs, count, &p256_idle);
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        scalar[lane] = assigned[lane]->p256.scalar;
    }
    lanes x[4], y[4];
    p256_ifma_keygen(scalar, x, y);
    for (size_t lane = 0; lane < count; lane++) {
        if (jobs[lane]->status == JOB_OK) {
            lanes_store_big(jobs[lane]->p256.out, x, lane);
            lanes_store_big(jobs[lane]->p256.out + P256_OCTETS, y, lane);
        }
    }
}

static void p256_derive(struct job *const jobs[], size_t count)
{
    const struct job *assigned[LANE_COUNT];
    const uint8_t *scalar[LANE_COUNT], *peer[LANE_COUNT];
    assign(assigned, P256_DERIVE, jobs, count, &p256_idle);
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        scalar[lane] = assigned[lane]->p256.scalar;
        peer[lane] = assigned[lane]->p256.peer;
    }
    lanes x[4];
    refuse_others(jobs, count, p256_ifma_derive(scalar, peer, x));
    for (size_t lane = 0; lane < count; lane++) {
        if (jobs[lane]->status == JOB_OK) {
            lanes_store_big(jobs[lane]->p256.out, x, lane);
        }
    }
    secret_wipe(x, sizeof x);
}

static void ecdsa_sign(struct job *const jobs[], size_t count)
{
    const struct job *assigned[LANE_COUNT];
    const uint8_t *key[LANE_COUNT], *nonce[LANE_COUNT], *digest[LANE_COUNT];
    assign(assigned, ECDSA_P256_SIGN, jobs, count, &sign_idle);
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        key[lane] = assigned[lane]->ecdsa_sign.key;
        nonce[lane] = assigned[lane]->ecdsa_sign.nonce;
        digest[lane] = assigned[lane]->ecdsa_sign.digest;
    }
    lanes r[4], s[4];
    refuse_others(jobs, count, p256_ifma_sign(key, nonce, digest, r, s));
    for (size_t lane = 0; lane < count; lane++) {
        if (jobs[lane]->status == JOB_OK) {
            lanes_store_big(jobs[lane]->ecdsa_sign.signature, r, lane);
            lanes_store_big(jobs[lane]->ecdsa_sign.signature + P256_OCTETS, s, lane);
        }
    }
}

static void ecdsa_verify(struct job *const jobs[], size_t count)
{
    const struct job *assigned[LANE_COUNT];
    const uint8_t *public_key[LANE_COUNT], *digest[LANE_COUNT], *signature[LANE_COUNT];
    assign(assigned, ECDSA_P256_VERIFY, jobs, count, &verify_idle);
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        public_key[lane] = assigned[lane]->ecdsa_verify.public_key;
        digest[lane] = assigned[lane]->ecdsa_verify.digest;
        signature[lane] = assigned[lane]->ecdsa_verify.signature;
    }
    refuse_others(jobs, count, p256_ifma_verify(public_key, digest, signature));
}

void ec_ifma_run(enum primitive primitive, struct job *const jobs[], size_t count)
{
    switch (primitive) {
    case X25519_KEYGEN:
        x25519_keygen(jobs, count);
        break;
    case X25519_DERIVE:
        x25519_derive(jobs, count);
        break;
    case P256_KEYGEN:
        p256_keygen(jobs, count);
        break;
    case P256_DERIVE:
        p256_derive(jobs, count);
        break;
    case ECDSA_P256_SIGN:
        ecdsa_sign(jobs, count);
        break;
    case ECDSA_P256_VERIFY:
        ecdsa_verify(jobs, count);
        break;
    default:
        break;
    }
    bool any_point = primitive == P256_DERIVE || primitive == ECDSA_P256_VERIFY;
    secret_wipe_stack(any_point ? ANY_POINT_STACK_OCTETS : KERNEL_STACK_OCTETS);
}

unsigned long ec_ifma_madds(enum primitive primitive)
{
    switch (primitive) {
    case X25519_KEYGEN:
        return x25519_ifma_keygen_madds;
    case X25519_DERIVE:
        return x25519_ifma_derive_madds;
    case P256_KEYGEN:
        return p256_ifma_keygen_madds;
    case P256_DERIVE:
        return p256_ifma_derive_madds;
    case ECDSA_P256_SIGN:
        return p256_ifma_sign_madds;
    case ECDSA_P256_VERIFY:
        return p256_ifma_verify_madds;
    default:
        return 0;
    }
}
