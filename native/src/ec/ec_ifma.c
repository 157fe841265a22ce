/* From jobs to the kernels: operands checked and given to lanes, results to where they go. */
#include "ec/ec_ifma.h"
#include "ec/ec.h"
#include "secret.h"

/*
 * The kernels' variables live in registers, and where those are too few on the stack below its caller, where nobody
 * could name them. So that part of the stack is overwritten as a whole.
 */
#define KERNEL_STACK_OCTETS 16384u

static __attribute__((noinline)) void wipe_kernel_stack(void)
{
    uint8_t stack[KERNEL_STACK_OCTETS];
    secret_wipe(stack, sizeof stack);
}

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

void ec_ifma_run(enum primitive primitive, struct job *const jobs[], size_t count)
{
    switch (primitive) {
    case X25519_KEYGEN:
        x25519_keygen(jobs, count);
        break;
    case X25519_DERIVE:
        x25519_derive(jobs, count);
        break;
    default:
        ec_portable_run(primitive, jobs, count);
        break;
    }
    wipe_kernel_stack();
}

unsigned long ec_ifma_madds(enum primitive primitive)
{
    switch (primitive) {
    case X25519_KEYGEN:
        return x25519_ifma_keygen_madds;
    case X25519_DERIVE:
        return x25519_ifma_derive_madds;
    default:
        return 0;
    }
}
