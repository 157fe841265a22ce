/*
 * X25519 (RFC 7748), eight lanes. Derivation: the Montgomery ladder. Key generation: multiples of the base point out of
 * a table on the birationally equivalent twisted Edwards curve -x^2 + y^2 = 1 + d x^2 y^2, whose addition has no
 * exceptional cases, and u = (1 + y) / (1 - y) of the sum.
 */
#include "ec/ec_ifma.h"
#include "ec/fe25519x8.h"
#include "secret.h"

#include <pthread.h>

#define SCALAR_BITS 255u
/* (A + 2) / 4 of the Montgomery curve, which goes with BB where RFC 7748's (A - 2) / 4 goes with AA. */
#define A24 121666u

/* RFC 7748 section 5: the low three bits cleared, bit 254 set, bit 255 cleared */
static void load_clamped(lanes k[LANE_WORDS], const uint8_t *const scalar[LANE_COUNT])
{
    lanes_load_little(k, scalar);
    k[0] = both(k[0], splat(~(uint64_t)7));
    k[3] = either(both(k[3], splat(UINT64_MAX >> 2)), splat((uint64_t)1 << 62));
}

static __attribute__((noinline)) void square_times(struct fe *a, unsigned count)
{
    struct fe r = *a;
    for (unsigned i = 0; i < count; i++) {
        r = fe_sqr(r);
    }
    *a = r;
}

#define INVERT_SQRS 254u
#define INVERT_MULS 11u
#define INVERT_MADDS (INVERT_SQRS * (FE_SQR_MADDS + FE_CARRY_MADDS) + INVERT_MULS * (FE_MUL_MADDS + FE_CARRY_MADDS))

/* a^(p-2) = a^(2^255 - 21), which is 0 for 0. Names tell the exponent: e5 is 2^5 - 1. */
static struct fe fe_invert(struct fe a)
{
    struct fe a2 = fe_sqr(a);
    struct fe t = a2;
    square_times(&t, 2);
    struct fe a9 = fe_mul(t, a);
    struct fe a11 = fe_mul(a9, a2);
    struct fe e5 = fe_mul(fe_sqr(a11), a9);
    t = e5;
    square_times(&t, 5);
    struct fe e10 = fe_mul(t, e5);
    t = e10;
    square_times(&t, 10);
    struct fe e20 = fe_mul(t, e10);
    t = e20;
    square_times(&t, 20);
    t = fe_mul(t, e20);
    square_times(&t, 10);
    struct fe e50 = fe_mul(t, e10);
    t = e50;
    square_times(&t, 50);
    struct fe e100 = fe_mul(t, e50);
    t = e100;
    square_times(&t, 100);
    t = fe_mul(t, e100);
    square_times(&t, 50);
    t = fe_mul(t, e50);
    square_times(&t, 5);
    return fe_mul(t, a11);
}

/* A step of the ladder has 5 products, 4 squares, a scaling and 11 carries. */
#define LADDER_STEP_MADDS (5u * FE_MUL_MADDS + 4u * FE_SQR_MADDS + FE_SCALE_MADDS + 11u * FE_CARRY_MADDS)

__mmask8 x25519_ifma_derive(const uint8_t *const scalar[LANE_COUNT], const uint8_t *const peer[LANE_COUNT], lanes u[4])
{
    lanes k[LANE_WORDS];
    load_clamped(k, scalar);
    lanes peer_words[LANE_WORDS];
    lanes_load_little(peer_words, peer);
    struct fe x1 = fe_from_words(peer_words);
    /*
     * The ladder's two points, by the sum and the difference of their projective coordinates x and z. After a step the
     * first is the double of the point that the step's bit chose, the second the sum of both, whichever was chosen: so
     * the next step chooses by whether its bit differs.
     */
    struct fe plus2 = fe_small(1), minus2 = fe_small(1);
    struct fe plus3 = fe_add(x1, fe_small(1)), minus3 = fe_sub(x1, fe_small(1));
    struct fe x2 = plus2, z2 = plus2;
    __mmask8 previous = 0;
    for (unsigned i = SCALAR_BITS; i-- > 0;) {
        __mmask8 bit = _mm512_test_epi64_mask(k[i / 64], splat((uint64_t)1 << i % 64));
        __mmask8 swap = _kxor_mask8(bit, previous);
        previous = bit;
        /*
         * The sum of the points from the products' sum and difference, which may change its sign with the choice, its
         * square does not; the double from AA and BB. Written in an order in which hardly a product waits for the one
         * before it, since the processor looks ahead by little more than one.
         */
        struct fe aa = fe_sqr(fe_pick(swap, plus2, plus3));
        struct fe bb = fe_sqr(fe_pick(swap, minus2, minus3));
        struct fe_wide da = fe_mul_wide(minus3, plus2);
        struct fe_wide cb = fe_mul_wide(plus3, minus2);
        struct fe difference = fe_carry(fe_wide_sub(da, cb));
        struct fe e = fe_sub(aa, bb);
        struct fe sum = fe_carry(fe_wide_add(da, cb));
        struct fe_wide x2_wide = fe_mul_wide(aa, bb);
        struct fe difference2 = fe_sqr(difference);
        struct fe f = fe_carry(fe_scale_add(fe_widen(bb), e, A24));
        struct fe_wide x3 = fe_sqr_wide(sum);
        struct fe_wide z2_wide = fe_mul_wide(e, f);
        struct fe_wide z3 = fe_mul_wide(x1, difference2);
        plus2 = fe_carry(fe_wide_add(x2_wide, z2_wide));
        minus2 = fe_carry(fe_wide_sub(x2_wide, z2_wide));
        plus3 = fe_carry(fe_wide_add(x3, z3));
        minus3 = fe_carry(fe_wide_sub(x3, z3));
        if (i == 0) {
            /* the last bit is a clamped 0, so the double is the result */
            x2 = fe_carry(x2_wide);
            z2 = fe_carry(z2_wide);
        }
    }
    fe_words(u, fe_mul(x2, fe_invert(z2)));
    secret_wipe(k, sizeof k);
    lanes any = either(either(u[0], u[1]), either(u[2], u[3]));
    return _mm512_testn_epi64_mask(any, any);
}

/* A point of the Edwards curve: x = X/Z, y = Y/Z, xy = T/Z, kept as what an addition reads. */
struct edwards {
    struct fe minus; /* Y - X */
    struct fe plus;  /* Y + X */
    struct fe t;
    struct fe z;
};

/* The second operand of an addition: Y - X, Y + X, 2 d T; and 2 Z where it is not 2. */
struct edwards_term {
    struct fe minus;
    struct fe plus;
    struct fe t2d;
};

#define EDWARDS_ADD_MADDS (7u * FE_MUL_MADDS + 8u * FE_CARRY_MADDS)

/* p + q, z2 being 2 Z(p) Z(q). Complete, since -1 is a square and d none (RFC 8032 section 5.1.4): any two points do.
 */
static inline struct edwards edwards_add(struct edwards p, struct edwards_term q, struct fe_wide z2)
{
    struct fe_wide a = fe_mul_wide(p.minus, q.minus);
    struct fe_wide b = fe_mul_wide(p.plus, q.plus);
    struct fe_wide c = fe_mul_wide(p.t, q.t2d);
    struct fe e = fe_carry(fe_wide_sub(b, a));
    struct fe h = fe_carry(fe_wide_add(b, a));
    struct fe f = fe_carry(fe_wide_sub(z2, c));
    struct fe g = fe_carry(fe_wide_add(z2, c));
    struct fe_wide x = fe_mul_wide(e, f);
    struct fe_wide y = fe_mul_wide(g, h);
    struct edwards r;
    r.minus = fe_carry(fe_wide_sub(y, x));
    r.plus = fe_carry(fe_wide_add(y, x));
    r.t = fe_mul(e, h);
    r.z = fe_mul(f, g);
    return r;
}

/*
 * The table: for window i of WINDOW bits the points j * 2^(WINDOW*i) * B, j = 1 to 32, each as a term with Z = 1. Entry
 * j - 1 of a limb lies in lane (j - 1) % 8 of vector (j - 1) / 8. Public; made at first use, then read by all threads.
 */
#define WINDOW 6u
#define WINDOWS (SCALAR_BITS / WINDOW + 1u)
#define ENTRIES 32u

static struct {
    lanes minus[FE_LIMBS][ENTRIES / LANE_COUNT];
    lanes plus[FE_LIMBS][ENTRIES / LANE_COUNT];
    lanes t2d[FE_LIMBS][ENTRIES / LANE_COUNT];
} base_table[WINDOWS];

static pthread_once_t base_table_once = PTHREAD_ONCE_INIT;

static struct fe edwards_2d(void)
{
    /* d = -121665/121666 (RFC 7748 section 4.1) */
    struct fe d = fe_mul(fe_sub(fe_small(0), fe_small(121665)), fe_invert(fe_small(121666)));
    return fe_add(d, d);
}

/* p + q for any two points, as the table's making needs it. */
static __attribute__((noinline)) void edwards_add_any(struct edwards *p, const struct edwards *q)
{
    struct edwards_term term = {q->minus, q->plus, fe_mul(q->t, edwards_2d())};
    struct fe_wide z = fe_mul_wide(p->z, q->z);
    *p = edwards_add(*p, term, fe_wide_add(z, z));
}

static void store_entries(unsigned window, unsigned vector, const struct edwards *p)
{
    struct fe inverse = fe_invert(p->z);
    struct fe minus = fe_canonical(fe_mul(p->minus, inverse));
    struct fe plus = fe_canonical(fe_mul(p->plus, inverse));
    struct fe t2d = fe_canonical(fe_mul(fe_mul(p->t, inverse), edwards_2d()));
    for (int i = 0; i < FE_LIMBS; i++) {
        base_table[window].minus[i][vector] = minus.limb[i];
        base_table[window].plus[i][vector] = plus.limb[i];
        base_table[window].t2d[i][vector] = t2d.limb[i];
    }
}

static void make_base_table(void)
{
    /* B (RFC 7748 section 4.1), X(P) and Y(P) of edwards25519 in limbs */
    struct fe x = fe_splat((const uint64_t[FE_LIMBS]){
        0x62d608f25d51a, 0x412a4b4f6592a, 0x75b7171a4b31d, 0x1ff60527118fe, 0x216936d3cd6e5});
    struct fe y = fe_splat((const uint64_t[FE_LIMBS]){
        0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666});
    struct edwards step = {fe_sub(y, x), fe_add(y, x), fe_mul(x, y), fe_small(1)};
    for (unsigned window = 0; window < WINDOWS; window++) {
        /* lane j - 1 gets j times the step of this window, then all go on by eight steps */
        struct edwards p = step, next = step;
        for (unsigned lane = 1; lane < LANE_COUNT; lane++) {
            edwards_add_any(&next, &step);
            __mmask8 from = (__mmask8)(0xffu << lane);
            p.minus = fe_pick(from, p.minus, next.minus);
            p.plus = fe_pick(from, p.plus, next.plus);
            p.t = fe_pick(from, p.t, next.t);
            p.z = fe_pick(from, p.z, next.z);
        }
        for (unsigned vector = 0; vector < ENTRIES / LANE_COUNT; vector++) {
            store_entries(window, vector, &p);
            edwards_add_any(&p, &next);
        }
        for (unsigned bit = 0; bit < WINDOW; bit++) {
            struct edwards same = step;
            edwards_add_any(&step, &same);
        }
    }
}

static inline struct fe lookup(lanes table[FE_LIMBS][ENTRIES / LANE_COUNT], lanes at)
{
    struct fe r;
    for (int i = 0; i < FE_LIMBS; i++) {
        r.limb[i] = lookup32(table[i], at);
    }
    return r;
}

/* digit * 2^(WINDOW*window) * B; zero gives the neutral element. Every entry is read, whatever the digit. */
static inline struct edwards_term base_multiple(unsigned window, struct digit digit)
{
    __mmask8 zero = _mm512_testn_epi64_mask(digit.magnitude, digit.magnitude);
    lanes at = sub(digit.magnitude, splat(1)); /* all ones for zero, of which lookup32 reads five */
    struct fe minus = fe_pick(zero, lookup(base_table[window].minus, at), fe_small(1));
    struct fe plus = fe_pick(zero, lookup(base_table[window].plus, at), fe_small(1));
    struct fe t2d = fe_pick(zero, lookup(base_table[window].t2d, at), fe_small(0));
    /* -(x, y) = (-x, y); the entries are canonical, so 2p - t2d has no limb below zero nor above 52 bits */
    struct fe negated;
    for (int i = 0; i < FE_LIMBS; i++) {
        negated.limb[i] = sub(splat(((uint64_t)1 << 52) - (i == 0 ? 38 : 2)), t2d.limb[i]);
    }
    return (struct edwards_term){
        fe_pick(digit.negative, minus, plus), fe_pick(digit.negative, plus, minus),
        fe_pick(digit.negative, t2d, negated)};
}

void x25519_ifma_keygen(const uint8_t *const scalar[LANE_COUNT], lanes u[4])
{
    pthread_once(&base_table_once, make_base_table);
    lanes k[LANE_WORDS];
    load_clamped(k, scalar);
    struct edwards p = {fe_small(1), fe_small(1), fe_small(0), fe_small(1)};
    for (unsigned window = 0; window < WINDOWS; window++) {
        struct fe_wide z = fe_widen(p.z);
        p = edwards_add(p, base_multiple(window, signed_window(k, WINDOW, window)), fe_wide_add(z, z));
    }
    /*
     * u = (Z + Y) / (Z - Y). Z = Y only at the neutral element, which a clamped scalar cannot reach: it would be a
     * multiple of 8 and of the group's prime order, 2^255 at the least.
     */
    struct fe y2 = fe_add(p.minus, p.plus);
    struct fe z2 = fe_add(p.z, p.z);
    fe_words(u, fe_mul(fe_add(z2, y2), fe_invert(fe_sub(z2, y2))));
    secret_wipe(k, sizeof k);
}

const unsigned long x25519_ifma_derive_madds = SCALAR_BITS * LADDER_STEP_MADDS + INVERT_MADDS + FE_MUL_MADDS;
const unsigned long x25519_ifma_keygen_madds = WINDOWS * EDWARDS_ADD_MADDS + INVERT_MADDS + FE_MUL_MADDS;
