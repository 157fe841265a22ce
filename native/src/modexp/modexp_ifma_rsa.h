/* RSA in lanes: keys, batches, blinding. */
#ifndef CARDINAL_MODEXP_IFMA_RSA_H
#define CARDINAL_MODEXP_IFMA_RSA_H

#include <pthread.h>

#include "batch/job.h"
#include "modexp/modexp_ifma_lanes.h"
#include "modexp/rsa_key_parts.h"

#define MAX_HALF (MAX_LIMBS / 2)

/*
 * A key's numbers in limbs, immutable. Public keys come and go with every peer, hence this part is all they have, and
 * none of it is of secret_alloc().
 */
struct rsa_ifma {
    const struct size *modulus;
    struct rsa_ifma_private *private; /* NULL: no private operations here */
    uint64_t n[MAX_LIMBS], one[MAX_LIMBS], square_of_r[MAX_LIMBS], inverse;
};

/* Secret, of secret_alloc(); immutable but for the list of blindings. */
struct rsa_ifma_private {
    const struct size *factor;
    struct {
        uint64_t n[MAX_HALF], one[MAX_HALF], cube_of_r[MAX_HALF], inverse;
        uint64_t exponent[EXPONENT_WORDS];
    } half[2];               /* of p, of q */
    uint64_t qinv[MAX_HALF]; /* q^-1 mod p in Montgomery form */
    pthread_mutex_t lock;    /* of the list */
    struct blinding *vacant; /* sets that no batch has */
};

/* A batch: its jobs' keys by lane, lanes without a job having the first one's, and its memory. */
struct batch {
    struct job *job[LANES];
    size_t count;
    const struct rsa_ifma *key[LANES];
    uint64_t e[LANES];
    const struct size *modulus, *factor;
    struct workspace *w;
    struct modulus n;
};

static inline vec lane_words(const uint64_t words[LANES])
{
    return _mm512_loadu_si512(words);
}

struct blinding;

/* The sets of blindings of a batch, one for each key in it, and which lane has which. */
struct blindings {
    struct blinding *set[LANES]; /* by lane; lanes with the same key share it */
    unsigned index[LANES];
    bool owner[LANES]; /* the lane that gives it back */
};

/* w->blind and w->unblind get the lanes' blindings. False: no memory or no randomness; then nothing is taken. */
bool blindings_take(struct batch *b, struct blindings *s);
/* Squares them for their next use, and gives them back. Uses w->t, w->blind and w->unblind. */
void blindings_refresh(struct batch *b, struct blindings *s);
void blindings_free(struct rsa_ifma_private *key);

/* -n^-1 mod 2^52 of an odd number's lowest limb. */
uint64_t negative_inverse(uint64_t n);

/* The limbs of a number of up to RSA_MAX_BITS; false where it does not fit. */
bool limbs_from_number(uint64_t *limbs, unsigned k, const BIGNUM *number);

#endif
