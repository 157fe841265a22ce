/*
 * Blinding of RSA's private operation: pairs r^e and r^-1, a set of eight for each batch that works with a key at a
 * time, so that threads do not wait for each other.
 */
#include <openssl/bn.h>
#include <string.h>

#include "modexp/modexp_ifma_rsa.h"
#include "secret.h"

/* Uses of a blinding, each followed by squaring it, before it is made anew; 32 as in libcrypto. */
#define BLINDING_USES 32u

/*
 * Eight blindings of a key, r^e and r^-1 in Montgomery form, held as lanes, though each serves whichever lane of a
 * batch. Who has taken the set works on it alone.
 */
struct blinding {
    struct blinding *next;
    unsigned first;     /* the one to use first, the others follow in turn */
    unsigned long uses; /* of all eight; 0: not made yet */
    _Alignas(64) vec blind[MAX_LIMBS], unblind[MAX_LIMBS];
};

/* Inverses of eight numbers by one inversion, which a ninth random factor hides from its own varying time. */
static bool invert_all(BIGNUM *inverse[LANES], BIGNUM *const number[LANES], const BIGNUM *n, BN_CTX *ctx)
{
    BIGNUM *all = BN_CTX_get(ctx);
    bool done = all != NULL && BN_priv_rand_range(all, n) == 1;
    for (unsigned i = 0; i < LANES && done; i++) {
        done = BN_copy(inverse[i], all) != NULL && BN_mod_mul(all, all, number[i], n, ctx) == 1;
    }
    done = done && BN_mod_inverse(all, all, n, ctx) != NULL;
    for (unsigned i = LANES; i-- > 0 && done;) {
        done = BN_mod_mul(inverse[i], inverse[i], all, n, ctx) == 1 && BN_mod_mul(all, all, number[i], n, ctx) == 1;
    }
    return done;
}

/* Random numbers below n and their inverses, into lanes. */
static bool draw(vec *random, vec *inverse, const struct rsa_key *key)
{
    const BIGNUM *n;
    RSA_get0_key(key->rsa, &n, NULL, NULL);
    BN_CTX *ctx = BN_CTX_secure_new();
    if (ctx == NULL) {
        return false;
    }
    BN_CTX_start(ctx);
    BIGNUM *r[LANES], *r_inverse[LANES];
    bool done = true;
    for (unsigned i = 0; i < LANES; i++) {
        r[i] = BN_CTX_get(ctx);
        r_inverse[i] = BN_CTX_get(ctx);
        done = done && r_inverse[i] != NULL && BN_priv_rand_range(r[i], n) == 1;
    }
    done = done && invert_all(r_inverse, r, n, ctx);
    uint64_t limbs[MAX_LIMBS];
    const unsigned k = key->ifma->modulus->limbs;
    for (unsigned i = 0; i < LANES && done; i++) {
        done = limbs_from_number(limbs, k, r[i]);
        lane_set(random, i, limbs, k);
        done = done && limbs_from_number(limbs, k, r_inverse[i]);
        lane_set(inverse, i, limbs, k);
    }
    secret_wipe(limbs, sizeof limbs);
    BN_CTX_end(ctx);
    BN_CTX_free(ctx);
    return done;
}

/* Makes a set's blindings anew, in memory of its own: the batch's is in use. */
static bool blinding_renew(struct blinding *set, const struct rsa_key *key)
{
    const struct rsa_ifma *ifma = key->ifma;
    struct workspace *w = workspace_take(ifma->modulus->limbs);
    if (w == NULL) {
        return false;
    }
    const unsigned k = ifma->modulus->limbs;
    uint64_t e[LANES], inverse[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        lane_set(w->n, lane, ifma->n, k);
        lane_set(w->one, lane, ifma->one, k);
        lane_set(w->square_of_r, lane, ifma->square_of_r, k);
        e[lane] = key->e;
        inverse[lane] = ifma->inverse;
    }
    struct modulus n = {.n = w->n, .inverse = lane_words(inverse)};
    bool done = draw(w->input, set->unblind, key);
    if (done) {
        ifma->modulus->multiply(set->unblind, set->unblind, w->square_of_r, &n, w->t);
        lanes_power_public(ifma->modulus, set->blind, w->input, &n, w->one, w->square_of_r, e, w);
        ifma->modulus->multiply(set->blind, set->blind, w->square_of_r, &n, w->t);
        set->first = 0;
        set->uses = 0;
    }
    workspace_give(w, WIPE_NUMBERS);
    return done;
}

static struct blinding *blinding_take(const struct rsa_key *key)
{
    struct rsa_ifma_private *private = key->ifma->private;
    pthread_mutex_lock(&private->lock);
    struct blinding *set = private->vacant;
    if (set != NULL) {
        private->vacant = set->next;
    }
    pthread_mutex_unlock(&private->lock);
    bool made = set != NULL;
    if (!made) {
        set = secret_alloc(sizeof *set);
    }
    if (set != NULL && (!made || set->uses > LANES * (BLINDING_USES - 1)) && !blinding_renew(set, key)) {
        secret_free(set, sizeof *set);
        set = NULL;
    }
    return set;
}

static void blinding_give(struct rsa_ifma_private *private, struct blinding *set)
{
    pthread_mutex_lock(&private->lock);
    set->next = private->vacant;
    private->vacant = set;
    pthread_mutex_unlock(&private->lock);
}

static void blindings_give(struct batch *b, struct blindings *s)
{
    for (unsigned lane = 0; lane < LANES; lane++) {
        if (s->owner[lane]) {
            blinding_give(b->job[lane < b->count ? lane : 0]->rsa.key->ifma->private, s->set[lane]);
        }
    }
}

bool blindings_take(struct batch *b, struct blindings *s)
{
    const unsigned k = b->modulus->limbs;
    memset(s, 0, sizeof *s);
    for (unsigned lane = 0; lane < LANES; lane++) {
        for (unsigned other = 0; other < lane && s->set[lane] == NULL; other++) {
            if (b->key[other] == b->key[lane]) {
                s->set[lane] = s->set[other];
            }
        }
        if (s->set[lane] == NULL) {
            s->set[lane] = blinding_take(b->job[lane < b->count ? lane : 0]->rsa.key);
            s->owner[lane] = s->set[lane] != NULL;
        }
        if (s->set[lane] == NULL) {
            blindings_give(b, s);
            return false;
        }
        struct blinding *set = s->set[lane];
        s->index[lane] = set->first;
        set->first = (set->first + 1) % LANES;
        set->uses++;
        uint64_t limbs[MAX_LIMBS];
        lane_get(limbs, set->blind, s->index[lane], k);
        lane_set(b->w->blind, lane, limbs, k);
        lane_get(limbs, set->unblind, s->index[lane], k);
        lane_set(b->w->unblind, lane, limbs, k);
        explicit_bzero(limbs, sizeof limbs);
    }
    return true;
}

void blindings_refresh(struct batch *b, struct blindings *s)
{
    const unsigned k = b->modulus->limbs;
    b->modulus->square(b->w->blind, b->w->blind, &b->n, b->w->t);
    b->modulus->square(b->w->unblind, b->w->unblind, &b->n, b->w->t);
    for (unsigned lane = 0; lane < LANES; lane++) {
        uint64_t limbs[MAX_LIMBS];
        lane_get(limbs, b->w->blind, lane, k);
        lane_set(s->set[lane]->blind, s->index[lane], limbs, k);
        lane_get(limbs, b->w->unblind, lane, k);
        lane_set(s->set[lane]->unblind, s->index[lane], limbs, k);
        explicit_bzero(limbs, sizeof limbs);
    }
    blindings_give(b, s);
}

void blindings_free(struct rsa_ifma_private *key)
{
    while (key->vacant != NULL) {
        struct blinding *set = key->vacant;
        key->vacant = set->next;
        secret_free(set, sizeof *set);
    }
}
