/*
 * The arithmetic under the IFMA kernels: operands with limbs at their limits, equal to BN's; and results within the
 * bounds that the next operation relies on.
 */
#include "ec_check.h"

#include <openssl/bn.h>

#ifdef CARDINAL_NO_IFMA

int main(void)
{
    printf("no IFMA kernels for this processor: nothing to test\n");
    return 0;
}

#else

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")
#include "ec/fe25519x8.h"
#include "ec/fn256x8.h"

static BIGNUM *p25519, *p256, *n256;
static BN_CTX *ctx;

static uint64_t lane_of(lanes vector, size_t lane)
{
    uint64_t word[LANE_COUNT];
    memcpy(word, &vector, sizeof word);
    return word[lane];
}

/* The number that a lane's limbs make up. */
static BIGNUM *number_of(const lanes limb[5], int radix, size_t lane)
{
    BIGNUM *number = BN_new(), *term = BN_new();
    for (int i = 4; i >= 0; i--) {
        BN_lshift(number, number, radix);
        BN_set_word(term, lane_of(limb[i], lane));
        BN_add(number, number, term);
    }
    BN_free(term);
    return number;
}

/* Each limb 0, 1, at its limit, next to it, or random. */
static lanes draw_limb(uint64_t *state, uint64_t limit)
{
    uint64_t word[LANE_COUNT];
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        uint64_t choice = random_word(state) % 8;
        word[lane] = choice == 0   ? 0
                     : choice == 1 ? 1
                     : choice <= 4 ? limit
                     : choice == 5 ? limit - 1
                                   : random_word(state) % (limit + 1);
    }
    return _mm512_loadu_si512(word);
}

static void draw_limbs(uint64_t *state, lanes limb[5], uint64_t limit, uint64_t top_limit)
{
    for (int i = 0; i < 5; i++) {
        limb[i] = draw_limb(state, i < 4 ? limit : top_limit);
    }
}

/* Whether the lane's number is congruent to expected, and not above bound_sixteenths/16 of the modulus. */
static int is(const lanes limb[5], int radix, size_t lane, const BIGNUM *expected, const BIGNUM *m, BN_ULONG sixteenths)
{
    BIGNUM *number = number_of(limb, radix, lane), *bound = BN_dup(m), *difference = BN_new();
    BN_mul_word(bound, sixteenths);
    BN_rshift(bound, bound, 4);
    int within = BN_cmp(number, bound) <= 0;
    BN_mod_sub(difference, number, expected, m, ctx);
    int equal = BN_is_zero(difference);
    BN_free(number);
    BN_free(bound);
    BN_free(difference);
    return within && equal;
}

/* Limbs of a carried element of fe25519x8.h are below this. */
#define FE_LIMIT (((uint64_t)1 << 51) + ((uint64_t)1 << 18) - 1)

static void check_fe(struct fe r, size_t lane, const BIGNUM *expected, const char *what)
{
    for (int i = 0; i < 5; i++) {
        CHECK(lane_of(r.limb[i], lane) <= FE_LIMIT, "%s: limb %d is not carried", what, i);
    }
    CHECK(is(r.limb, 51, lane, expected, p25519, 64), "%s", what);
    lanes words[4];
    uint8_t out[32];
    fe_words(words, r);
    lanes_store_little(out, words, lane);
    BIGNUM *canonical = BN_lebin2bn(out, 32, NULL), *residue = BN_new();
    BN_nnmod(residue, expected, p25519, ctx);
    CHECK(BN_cmp(canonical, residue) == 0, "%s: its residue below p", what);
    BN_free(canonical);
    BN_free(residue);
}

static void fields_25519(uint64_t *state)
{
    struct fe a, b;
    draw_limbs(state, a.limb, FE_LIMIT, FE_LIMIT);
    draw_limbs(state, b.limb, FE_LIMIT, FE_LIMIT);
    struct fe product = fe_mul(a, b), square = fe_sqr(a), sum = fe_add(a, b), difference = fe_sub(a, b);
    struct fe scaled = fe_carry(fe_scale_add(fe_widen(b), a, 121666));
    struct fe wide_sum = fe_carry(fe_wide_add(fe_mul_wide(a, b), fe_sqr_wide(a)));
    struct fe wide_difference = fe_carry(fe_wide_sub(fe_sqr_wide(b), fe_mul_wide(a, b)));
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        BIGNUM *x = number_of(a.limb, 51, lane), *y = number_of(b.limb, 51, lane), *expected = BN_new(), *t = BN_new();
        check_fe(a, lane, x, "itself");
        BN_mul(expected, x, y, ctx);
        check_fe(product, lane, expected, "product");
        BN_sqr(t, x, ctx);
        check_fe(square, lane, t, "square");
        BN_add(t, t, expected);
        check_fe(wide_sum, lane, t, "sum of products");
        BN_sqr(t, y, ctx);
        BN_sub(t, t, expected);
        check_fe(wide_difference, lane, t, "difference of products");
        BN_add(expected, x, y);
        check_fe(sum, lane, expected, "sum");
        BN_sub(expected, x, y);
        check_fe(difference, lane, expected, "difference");
        BN_mul_word(x, 121666);
        BN_add(expected, x, y);
        check_fe(scaled, lane, expected, "scaled");
        BN_free(x);
        BN_free(y);
        BN_free(expected);
        BN_free(t);
    }
}

/* p, p - 1, p + 1, 2^255 - 1 and 0 in limbs: where the residue is about to change. */
static void canonical_25519(void)
{
    for (uint64_t low = 0; low < 64; low++) {
        uint64_t ones = ((uint64_t)1 << 51) - 1;
        struct fe a = fe_splat((const uint64_t[5]){ones - 63 + low, ones, ones, ones, ones});
        BIGNUM *x = number_of(a.limb, 51, 0);
        check_fe(a, 0, x, "about p");
        a = fe_splat((const uint64_t[5]){ones + low, ones, ones, ones, FE_LIMIT});
        BN_free(x);
        x = number_of(a.limb, 51, 0);
        check_fe(a, 0, x, "above 2^255");
        BN_free(x);
    }
}

/* Replaces a number by its product with 2^-260 mod m. */
static void out_of_montgomery(BIGNUM *number, const BIGNUM *m)
{
    BIGNUM *factor = BN_new();
    BN_set_bit(factor, 260);
    BN_mod_inverse(factor, factor, m, ctx);
    BN_mod_mul(number, number, factor, m, ctx);
    BN_free(factor);
}

/* r * 2^260 = a * b, + c * d mod m, r at most sixteenths/16 of m */
static void check_product(
    struct fp r, struct fp a, struct fp b, const struct fp *c, const struct fp *d, const BIGNUM *m, BN_ULONG sixteenths,
    const char *what)
{
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        BIGNUM *x = number_of(a.limb, 52, lane), *y = number_of(b.limb, 52, lane), *expected = BN_new();
        BN_mul(expected, x, y, ctx);
        if (c != NULL) {
            BIGNUM *z = number_of(c->limb, 52, lane), *w = number_of(d->limb, 52, lane), *second = BN_new();
            BN_mul(second, z, w, ctx);
            BN_add(expected, expected, second);
            BN_free(z);
            BN_free(w);
            BN_free(second);
        }
        out_of_montgomery(expected, m);
        for (int i = 0; i < 5; i++) {
            CHECK(lane_of(r.limb[i], lane) >> 52 == 0, "%s: limb %d is not carried", what, i);
        }
        CHECK(is(r.limb, 52, lane, expected, m, sixteenths), "%s", what);
        BN_free(x);
        BN_free(y);
        BN_free(expected);
    }
}

static void check_number(struct fp r, size_t lane, const BIGNUM *expected, BN_ULONG sixteenths, const char *what)
{
    CHECK(is(r.limb, 52, lane, expected, p256, sixteenths), "%s", what);
}

static void fields_256(uint64_t *state)
{
    const uint64_t limit = ((uint64_t)1 << 52) - 1;
    struct fp a, b, c, d;
    /* top limbs of 50 bits: numbers up to 2^258, just above 4p: u*v = 16 */
    draw_limbs(state, a.limb, limit, limit >> 2);
    draw_limbs(state, b.limb, limit, limit >> 2);
    draw_limbs(state, c.limb, limit, limit >> 2);
    draw_limbs(state, d.limb, limit, limit >> 2);
    check_product(fp_mul(a, b), a, b, NULL, NULL, p256, 33, "product mod p");
    check_product(fp_sqr(a), a, a, NULL, NULL, p256, 33, "square mod p");
    check_product(fp_carry(fp_mul2_wide(a, b, c, d)), a, b, &c, &d, p256, 49, "sum of products mod p");
    check_product(fn_mul(a, b), a, b, NULL, NULL, n256, 33, "product mod n");
    check_product(fn_sqr(a), a, a, NULL, NULL, n256, 33, "square mod n");
    struct fp_wide first, second;
    fp_mul_mul(&first, a, b, &second, c, d);
    check_product(fp_carry(first), a, b, NULL, NULL, p256, 33, "first of two products");
    check_product(fp_carry(second), c, d, NULL, NULL, p256, 33, "second of two products");
    fp_sqr_mul(&first, a, &second, c, d);
    check_product(fp_carry(first), a, a, NULL, NULL, p256, 33, "square beside a product");
    check_product(fp_carry(second), c, d, NULL, NULL, p256, 33, "product beside a square");
    fp_sqr_sqr(&first, a, &second, c);
    check_product(fp_carry(first), a, a, NULL, NULL, p256, 33, "first of two squares");
    check_product(fp_carry(second), c, c, NULL, NULL, p256, 33, "second of two squares");
    struct fp reduced = fp_carry_reduced(fp_wide_sub(fp_wide_shl(fp_widen(a), 1), fp_widen(b), 5));
    struct fp canonical = fp_canonical(a);
    struct fp out_of = fp_from_montgomery(a), fn_out_of = fn_from_montgomery(a);
    for (size_t lane = 0; lane < LANE_COUNT; lane++) {
        BIGNUM *x = number_of(a.limb, 52, lane), *y = number_of(b.limb, 52, lane), *expected = BN_new();
        BN_lshift1(expected, x);
        BN_sub(expected, expected, y);
        check_number(reduced, lane, expected, 17, "reduced difference");
        BN_nnmod(expected, x, p256, ctx);
        BIGNUM *r = number_of(canonical.limb, 52, lane);
        CHECK(BN_cmp(r, expected) == 0, "residue below p");
        BN_free(r);
        BN_copy(expected, x);
        out_of_montgomery(expected, p256);
        r = number_of(out_of.limb, 52, lane);
        CHECK(BN_cmp(r, expected) == 0, "out of Montgomery form mod p");
        BN_free(r);
        BN_copy(expected, x);
        out_of_montgomery(expected, n256);
        r = number_of(fn_out_of.limb, 52, lane);
        CHECK(BN_cmp(r, expected) == 0, "out of Montgomery form mod n");
        BN_free(r);
        BN_free(x);
        BN_free(y);
        BN_free(expected);
    }
}

/* Multiples of p and their neighbours: where the residue is about to change. */
static void canonical_256(void)
{
    for (BN_ULONG multiple = 0; multiple < 15; multiple++) {
        for (int offset = -3; offset <= 3; offset++) {
            BIGNUM *x = BN_dup(p256), *expected = BN_new();
            BN_mul_word(x, multiple);
            offset < 0 ? BN_sub_word(x, (BN_ULONG)-offset) : BN_add_word(x, (BN_ULONG)offset);
            if (!BN_is_negative(x)) {
                uint64_t limb[5];
                BIGNUM *rest = BN_dup(x), *low = BN_new();
                for (int i = 0; i < 5; i++) {
                    BN_copy(low, rest);
                    BN_mask_bits(low, 52);
                    limb[i] = BN_get_word(low);
                    BN_rshift(rest, rest, 52);
                }
                struct fp r = fp_canonical(fp_splat(limb));
                BN_nnmod(expected, x, p256, ctx);
                BIGNUM *number = number_of(r.limb, 52, 7);
                CHECK(BN_cmp(number, expected) == 0, "%lu p %+d", (unsigned long)multiple, offset);
                BN_free(number);
                BN_free(rest);
                BN_free(low);
            }
            BN_free(x);
            BN_free(expected);
        }
    }
}

static void run(void)
{
    uint64_t state = test_seed();
    unsigned long count = test_count(500);
    ctx = BN_CTX_new();
    p25519 = BN_new();
    BN_set_bit(p25519, 255);
    BN_sub_word(p25519, 19);
    p256 = BN_bin2bn(p256_prime, 32, NULL);
    n256 = BN_bin2bn(p256_order, 32, NULL);
    canonical_25519();
    canonical_256();
    for (unsigned long i = 0; i < count; i++) {
        fields_25519(&state);
        fields_256(&state);
    }
    BN_free(p25519);
    BN_free(p256);
    BN_free(n256);
    BN_CTX_free(ctx);
}
#pragma GCC pop_options

int main(void)
{
    struct runner found[2];
    if (runners(found) == 2) {
        run();
        return checks_done();
    }
    return 0;
}

#endif
