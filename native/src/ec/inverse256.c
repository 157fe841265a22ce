/*
 * Bernstein and Yang, "Fast constant-time gcd computation and modular inversion" (2019): a fixed count of division
 * steps takes f = modulus, g = a to f = +1 or -1, g = 0, whatever a is. 590 steps suffice for 256 bits where delta
 * starts at 1/2 (their count for hull-based bounds, as computed by Wuille). Steps look at the lowest bits alone, so 59
 * of them are made on single words and come out as a 2x2 matrix, which is then applied to f and g, and modulo the
 * modulus to d and e, that is to the factors of a in f and g.
 */
#include "ec/inverse256.h"
#include "secret.h"

#include <stddef.h>

#define LIMBS 5
#define LIMB_BITS 62
#define LIMB_MASK (UINT64_MAX >> (64 - LIMB_BITS))
#define STEPS 59
#define ROUNDS 10

__extension__ typedef __int128 wide;

/* Signed: the top limb carries the sign, the others are in [0, 2^62). */
struct number {
    int64_t limb[LIMBS];
};

/* 2^62 times what the steps of a round do: (f, g) becomes (uf + vg, qf + rg) / 2^62. */
struct matrix {
    int64_t u, v, q, r;
};

static void from_words(struct number *r, const uint64_t words[4])
{
    r->limb[0] = (int64_t)(words[0] & LIMB_MASK);
    r->limb[1] = (int64_t)((words[0] >> 62 | words[1] << 2) & LIMB_MASK);
    r->limb[2] = (int64_t)((words[1] >> 60 | words[2] << 4) & LIMB_MASK);
    r->limb[3] = (int64_t)((words[2] >> 58 | words[3] << 6) & LIMB_MASK);
    r->limb[4] = (int64_t)(words[3] >> 56);
}

static void to_words(uint64_t words[4], const struct number *a)
{
    words[0] = (uint64_t)a->limb[0] | (uint64_t)a->limb[1] << 62;
    words[1] = (uint64_t)a->limb[1] >> 2 | (uint64_t)a->limb[2] << 60;
    words[2] = (uint64_t)a->limb[2] >> 4 | (uint64_t)a->limb[3] << 58;
    words[3] = (uint64_t)a->limb[3] >> 6 | (uint64_t)a->limb[4] << 56;
}

void inverse256_modulus(struct odd_modulus *modulus, const uint64_t words[4])
{
    struct number m;
    from_words(&m, words);
    for (size_t i = 0; i < LIMBS; i++) {
        modulus->limb[i] = m.limb[i];
    }
    /* Newton: each round doubles the right bits, of which an odd number's own square has three */
    uint64_t inverse = words[0];
    for (int i = 0; i < 5; i++) {
        inverse *= 2 - words[0] * inverse;
    }
    modulus->negative_inverse = (0 - inverse) & LIMB_MASK;
}

/* All ones where the number is negative, else 0. */
static uint64_t sign(int64_t a)
{
    return (uint64_t)(a >> 63);
}

/*
 * A round of steps from the lowest words of f and g. eta is -(delta + 1/2): where it is negative and g odd, f and g
 * change places first. Unsigned words stand for signed ones modulo 2^64.
 */
static int64_t divide_steps(struct matrix *t, int64_t eta, uint64_t f, uint64_t g)
{
    /* the matrix is scaled by 2^62 in all, of which the steps make 2^59 */
    uint64_t u = 1u << (LIMB_BITS - STEPS), v = 0, q = 0, r = u;
    uint64_t e = (uint64_t)eta;
    for (int i = 0; i < STEPS; i++) {
        uint64_t negative = sign((int64_t)e);
        uint64_t odd = 0 - (g & 1);
        g += ((f ^ negative) - negative) & odd;
        q += ((u ^ negative) - negative) & odd;
        r += ((v ^ negative) - negative) & odd;
        uint64_t change = negative & odd;
        e = (e ^ change) - 1;
        f += g & change;
        u += q & change;
        v += r & change;
        g >>= 1;
        u <<= 1;
        v <<= 1;
    }
    *t = (struct matrix){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
    return (int64_t)e;
}

static void apply(struct number *f, struct number *g, const struct matrix *t)
{
    wide cf = 0, cg = 0;
    for (int i = 0; i < LIMBS; i++) {
        int64_t fi = f->limb[i], gi = g->limb[i];
        cf += (wide)t->u * fi + (wide)t->v * gi;
        cg += (wide)t->q * fi + (wide)t->r * gi;
        if (i > 0) {
            f->limb[i - 1] = (int64_t)((uint64_t)cf & LIMB_MASK);
            g->limb[i - 1] = (int64_t)((uint64_t)cg & LIMB_MASK);
        } /* the lowest 62 bits are zero */
        cf >>= LIMB_BITS;
        cg >>= LIMB_BITS;
    }
    f->limb[LIMBS - 1] = (int64_t)cf;
    g->limb[LIMBS - 1] = (int64_t)cg;
}

/* The same modulo m: multiples of m are added that clear the lowest 62 bits. d and e stay in (-2m, m). */
static void apply_modular(struct number *d, struct number *e, const struct matrix *t, const struct odd_modulus *m)
{
    uint64_t d_sign = sign(d->limb[LIMBS - 1]), e_sign = sign(e->limb[LIMBS - 1]);
    /* m once for what is negative, so that the sum is in range again */
    uint64_t md = ((uint64_t)t->u & d_sign) + ((uint64_t)t->v & e_sign);
    uint64_t me = ((uint64_t)t->q & d_sign) + ((uint64_t)t->r & e_sign);
    wide cd = (wide)t->u * d->limb[0] + (wide)t->v * e->limb[0];
    wide ce = (wide)t->q * d->limb[0] + (wide)t->r * e->limb[0];
    md -= (md - m->negative_inverse * (uint64_t)cd) & LIMB_MASK;
    me -= (me - m->negative_inverse * (uint64_t)ce) & LIMB_MASK;
    cd = (cd + (wide)m->limb[0] * (int64_t)md) >> LIMB_BITS;
    ce = (ce + (wide)m->limb[0] * (int64_t)me) >> LIMB_BITS;
    for (int i = 1; i < LIMBS; i++) {
        int64_t di = d->limb[i], ei = e->limb[i];
        cd += (wide)t->u * di + (wide)t->v * ei + (wide)m->limb[i] * (int64_t)md;
        ce += (wide)t->q * di + (wide)t->r * ei + (wide)m->limb[i] * (int64_t)me;
        d->limb[i - 1] = (int64_t)((uint64_t)cd & LIMB_MASK);
        e->limb[i - 1] = (int64_t)((uint64_t)ce & LIMB_MASK);
        cd >>= LIMB_BITS;
        ce >>= LIMB_BITS;
    }
    d->limb[LIMBS - 1] = (int64_t)cd;
    e->limb[LIMBS - 1] = (int64_t)ce;
}

/* a * (+1 or -1, as the mask says) + m where the mask says, carried. */
static void adjust(struct number *a, uint64_t negate, uint64_t add_m, const struct odd_modulus *m)
{
    int64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        int64_t limb = (int64_t)(((uint64_t)a->limb[i] ^ negate) - negate);
        limb += (int64_t)((uint64_t)m->limb[i] & add_m) + carry;
        carry = limb >> LIMB_BITS;
        a->limb[i] = i < LIMBS - 1 ? (int64_t)((uint64_t)limb & LIMB_MASK) : limb;
    }
}

void inverse256(uint64_t a[4], const struct odd_modulus *modulus)
{
    struct {
        struct number f, g, d, e;
        struct matrix t;
    } s = {.e = {{1}}};
    for (int i = 0; i < LIMBS; i++) {
        s.f.limb[i] = modulus->limb[i];
    }
    from_words(&s.g, a);
    int64_t eta = -1;
    for (int round = 0; round < ROUNDS; round++) {
        eta = divide_steps(
            &s.t, eta, (uint64_t)s.f.limb[0] | (uint64_t)s.f.limb[1] << LIMB_BITS,
            (uint64_t)s.g.limb[0] | (uint64_t)s.g.limb[1] << LIMB_BITS);
        apply_modular(&s.d, &s.e, &s.t, modulus);
        apply(&s.f, &s.g, &s.t);
    }
    /* f is 1 or -1, and d its factor: in (-2m, m) */
    adjust(&s.d, 0, sign(s.d.limb[LIMBS - 1]), modulus);
    adjust(&s.d, sign(s.f.limb[LIMBS - 1]), 0, modulus);
    adjust(&s.d, 0, sign(s.d.limb[LIMBS - 1]), modulus);
    to_words(a, &s.d);
    secret_wipe(&s, sizeof s);
}
