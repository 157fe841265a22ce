/* Operands at the edges of X25519 and P-256, and what must be refused, on every back-end. */
#include "ec_check.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

static const char *const order_minus_1 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
static const char *const all_ones = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

/*
 * The points of order 1, 2, 4 and 8 of Curve25519 and its twist, as u-coordinates, canonical or not (little-endian):
 * the roots of the division polynomials, and p and p + 1 in place of 0 and 1.
 */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void untouched(const struct runner *runner, const uint8_t *out, size_t length, const char *what)
{
    for (size_t i = 0; i < length; i++) {
        CHECK(out[i] == 0xa5, "%s: %s: a refused operation wrote a result", runner->name, what);
    }
}

static enum job_status x25519(const struct runner *runner, const uint8_t k[32], const uint8_t u[32], uint8_t out[32])
{
    struct job job = {.primitive = X25519_DERIVE, .x25519 = {k, u, out}};
    memset(out, 0xa5, 32);
    run_one(runner, &job);
    return job.status;
}

static void x25519_small_order(const struct runner *runner)
{
    uint64_t state = 1;
    uint8_t k[32], u[32], out[32];
    for (size_t i = 0; i < sizeof small_order / sizeof *small_order; i++) {
        for (int top = 0; top < 2; top++) {
            random_octets(&state, k, 32);
            octets(u, 32, small_order[i]);
            u[31] |= (uint8_t)(top << 7);
            CHECK(x25519(runner, k, u, out) == JOB_REFUSED, "%s: %s", runner->name, small_order[i]);
            untouched(runner, out, 32, small_order[i]);
        }
    }
}

/* RFC 7748 section 5: u-coordinates of p to 2^255 - 1, and a set top bit, count as the residue of the lower 255 bits */
static void x25519_residues(const struct runner *runner)
{
    uint64_t state = 2;
    for (unsigned excess = 2; excess < 19; excess++) {
        uint8_t k[32], small[32] = {(uint8_t)excess}, large[32], out[32], expected[32];
        memset(large, 0xff, 32);
        large[0] = (uint8_t)(0xed + excess); /* p + excess */
        random_octets(&state, k, 32);
        CHECK(x25519(runner, k, small, expected) == JOB_OK, "%s: u = %u", runner->name, excess);
        for (int top = 0; top < 2; top++) {
            large[31] = top ? 0xff : 0x7f;
            CHECK(
                x25519(runner, k, large, out) == JOB_OK && memcmp(out, expected, 32) == 0, "%s: u = p + %u, top bit %d",
                runner->name, excess, top);
        }
    }
}

static void x25519_scalars(const struct runner *runner)
{
    /* clamping makes 0 and 7 one scalar, and all ones and its clamped form another */
    uint8_t zero[32] = {0}, seven[32] = {7, [31] = 0x80}, ones[32], clamped[32], base[32] = {9}, a[32], b[32];
    memset(ones, 0xff, 32);
    memset(clamped, 0xff, 32);
    clamped[0] = 0xf8;
    clamped[31] = 0x7f;
    const uint8_t *const pairs[2][2] = {{zero, seven}, {ones, clamped}};
    for (size_t i = 0; i < 2; i++) {
        CHECK(x25519(runner, pairs[i][0], base, a) == JOB_OK, "%s: pair %zu", runner->name, i);
        CHECK(x25519(runner, pairs[i][1], base, b) == JOB_OK, "%s: pair %zu", runner->name, i);
        CHECK(memcmp(a, b, 32) == 0, "%s: clamping, pair %zu", runner->name, i);
        struct job job = {.primitive = X25519_KEYGEN, .x25519 = {pairs[i][0], NULL, b}};
        run_one(runner, &job);
        CHECK(job.status == JOB_OK && memcmp(a, b, 32) == 0, "%s: X25519(k, 9), pair %zu", runner->name, i);
    }
}

static enum job_status keygen(const struct runner *runner, const uint8_t d[32], uint8_t out[64])
{
    struct job job = {.primitive = P256_KEYGEN, .p256 = {d, NULL, out}};
    memset(out, 0xa5, 64);
    run_one(runner, &job);
    return job.status;
}

static enum job_status derive(const struct runner *runner, const uint8_t d[32], const uint8_t q[64], uint8_t out[32])
{
    struct job job = {.primitive = P256_DERIVE, .p256 = {d, q, out}};
    memset(out, 0xa5, 32);
    run_one(runner, &job);
    return job.status;
}

static enum job_status
sign(const struct runner *runner, const uint8_t d[32], const uint8_t k[32], const uint8_t e[32], uint8_t out[64])
{
    struct job job = {.primitive = ECDSA_P256_SIGN, .ecdsa_sign = {d, k, e, out}};
    memset(out, 0xa5, 64);
    run_one(runner, &job);
    return job.status;
}

static enum job_status
verify(const struct runner *runner, const uint8_t q[64], const uint8_t e[32], const uint8_t signature[64])
{
    struct job job = {.primitive = ECDSA_P256_VERIFY, .ecdsa_verify = {q, e, signature}};
    run_one(runner, &job);
    return job.status;
}

/* 32 octets of a number. */
static void octets_of(uint8_t out[32], const BIGNUM *number)
{
    CHECK(BN_bn2binpad(number, out, 32) == 32, "number too long");
}

/* scalar * G, X | Y, by libcrypto's own call */
static void reference_multiple(uint8_t out[64], const uint8_t scalar[32])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *d = BN_bin2bn(scalar, 32, NULL);
    uint8_t encoded[65];
    CHECK(
        EC_POINT_mul(group, point, d, NULL, NULL, NULL) &&
            EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, encoded, 65, NULL) == 65,
        "libcrypto");
    memcpy(out, encoded + 1, 64);
    BN_free(d);
    EC_POINT_free(point);
    EC_GROUP_free(group);
}

/* Scalars next to 0 and n, powers of two and their neighbours, which make windows of zeros and digits at their limits.
 */
static void p256_scalars(const struct runner *runner)
{
    BIGNUM *n = BN_bin2bn(p256_order, 32, NULL), *number = BN_new();
    for (int kind = 0; kind < 3; kind++) {
        for (int bit = 0; bit < 256; bit++) {
            uint8_t d[LANES][32], expected[64], out[LANES][64], x[LANES][32];
            struct job job[2][LANES], *jobs[2][LANES];
            size_t lanes = 0;
            for (int offset = -2; offset <= 2; offset++) {
                BN_one(number);
                BN_lshift(number, number, bit);
                if (kind == 1) {
                    BN_sub(number, n, number);
                } else if (kind == 2) {
                    BN_rshift1(number, n);
                    BN_rshift(number, number, bit);
                }
                offset < 0 ? BN_sub_word(number, (BN_ULONG)-offset) : BN_add_word(number, (BN_ULONG)offset);
                if (BN_is_negative(number) || BN_is_zero(number) || BN_cmp(number, n) >= 0) {
                    continue;
                }
                octets_of(d[lanes], number);
                job[0][lanes] = (struct job){.primitive = P256_KEYGEN, .p256 = {d[lanes], NULL, out[lanes]}};
                job[1][lanes] = (struct job){.primitive = P256_DERIVE, .p256 = {d[lanes], p256_base, x[lanes]}};
                jobs[0][lanes] = &job[0][lanes];
                jobs[1][lanes] = &job[1][lanes];
                lanes++;
            }
            if (lanes == 0) {
                continue;
            }
            runner->run(P256_KEYGEN, jobs[0], lanes);
            runner->run(P256_DERIVE, jobs[1], lanes);
            for (size_t i = 0; i < lanes; i++) {
                reference_multiple(expected, d[i]);
                CHECK(
                    job[0][i].status == JOB_OK && memcmp(out[i], expected, 64) == 0, "%s: d*G, %d, bit %d, lane %zu",
                    runner->name, kind, bit, i);
                CHECK(
                    job[1][i].status == JOB_OK && memcmp(x[i], expected, 32) == 0,
                    "%s: d*Q for Q = G, %d, bit %d, lane %zu", runner->name, kind, bit, i);
            }
        }
    }
    BN_free(n);
    BN_free(number);
}

static void p256_refusals(const struct runner *runner)
{
    uint8_t one[32] = {[31] = 1}, bad[32], out[64], q[64];
    const char *const scalars[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", /* n */
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552", all_ones};
    for (size_t i = 0; i < 4; i++) {
        octets(bad, 32, scalars[i]);
        CHECK(keygen(runner, bad, out) == JOB_REFUSED, "%s: scalar %s", runner->name, scalars[i]);
        untouched(runner, out, 64, scalars[i]);
        CHECK(derive(runner, bad, p256_base, out) == JOB_REFUSED, "%s: scalar %s", runner->name, scalars[i]);
        untouched(runner, out, 32, scalars[i]);
        CHECK(sign(runner, bad, one, one, out) == JOB_REFUSED, "%s: key %s", runner->name, scalars[i]);
        untouched(runner, out, 64, scalars[i]);
        CHECK(sign(runner, one, bad, one, out) == JOB_REFUSED, "%s: nonce %s", runner->name, scalars[i]);
        untouched(runner, out, 64, scalars[i]);
    }
    /* points: each bit of a good one flipped, zeros, all ones, coordinates + p, the encodings one might give infinity
     */
    for (size_t bit = 0; bit < 512; bit++) {
        memcpy(q, p256_base, 64);
        q[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(derive(runner, one, q, out) == JOB_REFUSED, "%s: off the curve by bit %zu", runner->name, bit);
        untouched(runner, out, 32, "a point off the curve");
        CHECK(verify(runner, q, one, p256_base) == JOB_REFUSED, "%s: key off the curve", runner->name);
    }
    memset(q, 0, 64);
    CHECK(derive(runner, one, q, out) == JOB_REFUSED, "%s: (0, 0)", runner->name);
    q[63] = 1;
    CHECK(derive(runner, one, q, out) == JOB_REFUSED, "%s: (0, 1)", runner->name);
    memset(q, 0xff, 64);
    CHECK(derive(runner, one, q, out) == JOB_REFUSED, "%s: all ones", runner->name);
}

/* Points with a small x exist on the curve, and with p added to it they would pass for another encoding of themselves.
 */
static void p256_excess_coordinates(const struct runner *runner)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *x = BN_new(), *y = BN_new(), *p = BN_bin2bn(p256_prime, 32, NULL);
    uint8_t q[64], one[32] = {[31] = 1}, out[32];
    int found = 0;
    for (unsigned value = 0; value < 64; value++) {
        BN_set_word(x, value);
        if (!EC_POINT_set_compressed_coordinates(group, point, x, (int)(value & 1), NULL)) {
            continue;
        }
        CHECK(EC_POINT_get_affine_coordinates(group, point, NULL, y, NULL), "libcrypto");
        octets_of(q, x);
        octets_of(q + 32, y);
        CHECK(derive(runner, one, q, out) == JOB_OK && memcmp(out, q, 32) == 0, "%s: x = %u", runner->name, value);
        BN_add(x, x, p);
        octets_of(q, x);
        CHECK(derive(runner, one, q, out) == JOB_REFUSED, "%s: x = p + %u", runner->name, value);
        CHECK(verify(runner, q, one, p256_base) == JOB_REFUSED, "%s: key with x = p + %u", runner->name, value);
        found++;
    }
    CHECK(found > 10, "%d points", found);
    BN_free(x);
    BN_free(y);
    BN_free(p);
    EC_POINT_free(point);
    EC_GROUP_free(group);
}

/* Keys 1, 2, n-1 and nonces and digests of edge values: signature by one back-end's sign, checked by its verify. */
static void ecdsa_edges(const struct runner *runner)
{
    const char *const values[] = {
        "0000000000000000000000000000000000000000000000000000000000000001",
        "0000000000000000000000000000000000000000000000000000000000000002",
        "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
        "8000000000000000000000000000000000000000000000000000000000000000", order_minus_1};
    const char *const digests[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000001", order_minus_1,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", all_ones};
    struct runner reference = {"portable", ec_portable_run};
    for (size_t key = 0; key < 5; key++) {
        for (size_t nonce = 0; nonce < 5; nonce++) {
            for (size_t digest = 0; digest < 5; digest++) {
                uint8_t d[32], k[32], e[32], q[64], signature[64], expected[64];
                octets(d, 32, values[key]);
                octets(k, 32, values[nonce]);
                octets(e, 32, digests[digest]);
                CHECK(keygen(runner, d, q) == JOB_OK, "%s", runner->name);
                enum job_status status = sign(runner, d, k, e, signature);
                CHECK(
                    status == sign(&reference, d, k, e, expected) && memcmp(signature, expected, 64) == 0,
                    "%s: key %zu nonce %zu digest %zu", runner->name, key, nonce, digest);
                if (status != JOB_OK) {
                    untouched(runner, signature, 64, "s = 0");
                    continue;
                }
                CHECK(
                    verify(runner, q, e, signature) == JOB_OK, "%s: key %zu nonce %zu digest %zu", runner->name, key,
                    nonce, digest);
                e[31] ^= 1;
                CHECK(verify(runner, q, e, signature) == JOB_REFUSED, "%s: another digest", runner->name);
            }
        }
    }
}

/* e = -r*d makes s = 0, whatever the nonce. */
static void ecdsa_zero_s(const struct runner *runner)
{
    uint64_t state = 3;
    BIGNUM *n = BN_bin2bn(p256_order, 32, NULL), *r = BN_new(), *d_number = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    for (int i = 0; i < 16; i++) {
        uint8_t d[32], k[32], e[32], point[64], out[64];
        random_scalar(&state, d);
        random_scalar(&state, k);
        reference_multiple(point, k);
        BN_bin2bn(point, 32, r);
        BN_bin2bn(d, 32, d_number);
        BN_mod_mul(r, r, d_number, n, ctx);
        BN_sub(r, n, r);
        octets_of(e, r);
        CHECK(sign(runner, d, k, e, out) == JOB_REFUSED, "%s: s = 0", runner->name);
        untouched(runner, out, 64, "s = 0");
    }
    BN_CTX_free(ctx);
    BN_free(n);
    BN_free(r);
    BN_free(d_number);
}

static void ecdsa_out_of_range(const struct runner *runner)
{
    const char *const values[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552", all_ones};
    uint8_t d[32] = {[31] = 3}, k[32] = {[31] = 5}, e[32] = {[31] = 7}, q[64], good[64], bad[64];
    CHECK(keygen(runner, d, q) == JOB_OK && sign(runner, d, k, e, good) == JOB_OK, "%s", runner->name);
    for (size_t half = 0; half < 64; half += 32) {
        for (size_t i = 0; i < 4; i++) {
            memcpy(bad, good, 64);
            octets(bad + half, 32, values[i]);
            CHECK(verify(runner, q, e, bad) == JOB_REFUSED, "%s: %s at %zu", runner->name, values[i], half);
        }
    }
    /* s and n - s verify alike */
    BIGNUM *n = BN_bin2bn(p256_order, 32, NULL), *number = BN_bin2bn(good + 32, 32, NULL);
    memcpy(bad, good, 64);
    BN_sub(number, n, number);
    octets_of(bad + 32, number);
    CHECK(verify(runner, q, e, bad) == JOB_OK, "%s: n - s", runner->name);
    BN_free(n);
    BN_free(number);
}

/*
 * Signatures made backwards: for chosen a and b, R = a*G + b*Q, r = x(R), s = r/b, e = a*s verifies. With Q = d*G the
 * sum meets each case of an addition: a = 0; a = b*d, two equal points; a = -b*d, where R is at infinity and no r can
 * be.
 */
static void ecdsa_sums(const struct runner *runner)
{
    uint64_t state = 4;
    BIGNUM *n = BN_bin2bn(p256_order, 32, NULL), *a = BN_new(), *b = BN_new(), *r = BN_new(), *s = BN_new(),
           *d_number = BN_new(), *total = BN_new(), *one = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    BN_one(one);
    for (int i = 0; i < 64; i++) {
        uint8_t d[32], random[32], q[64], e[32], signature[64], sum[64], scalar[32];
        random_scalar(&state, d);
        if (i % 8 == 6) {
            memset(d, 0, 32);
            d[31] = 1; /* Q = G */
        } else if (i % 8 == 7) {
            octets(d, 32, order_minus_1); /* Q = -G */
        }
        reference_multiple(q, d);
        BN_bin2bn(d, 32, d_number);
        random_scalar(&state, random);
        BN_bin2bn(random, 32, b);
        BN_mod_mul(a, b, d_number, n, ctx);
        if (i % 4 == 0) {
            BN_zero(a);
        } else if (i % 4 == 2) {
            BN_sub(a, n, a); /* at infinity */
        } else if (i % 4 == 3) {
            random_scalar(&state, random);
            BN_bin2bn(random, 32, a);
        }
        BN_mod_mul(total, b, d_number, n, ctx);
        BN_mod_add(total, total, a, n, ctx);
        int at_infinity = BN_is_zero(total);
        octets_of(scalar, at_infinity ? one : total);
        reference_multiple(sum, scalar);
        BN_bin2bn(sum, 32, r);
        BN_nnmod(r, r, n, ctx);
        BN_mod_inverse(s, b, n, ctx);
        BN_mod_mul(s, s, r, n, ctx);
        octets_of(signature, r);
        octets_of(signature + 32, s);
        BN_mod_mul(a, a, s, n, ctx);
        octets_of(e, a);
        CHECK(verify(runner, q, e, signature) == (at_infinity ? JOB_REFUSED : JOB_OK), "%s: sum %d", runner->name, i);
    }
    BN_CTX_free(ctx);
    BN_free(n);
    BN_free(a);
    BN_free(b);
    BN_free(r);
    BN_free(s);
    BN_free(d_number);
    BN_free(total);
    BN_free(one);
}

/*
 * x of R from n to p - 1, so that r = x - n. Such R are points like any other, with an unknown multiple of G; so the
 * key is made for them: for a point R with that x, Q = (R - a*G)/b. r + n of a signature whose x is r itself must not
 * pass.
 */
static void ecdsa_wrapped_r(const struct runner *runner)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *big_r = EC_POINT_new(group), *q_point = EC_POINT_new(group);
    BIGNUM *n = BN_bin2bn(p256_order, 32, NULL), *x = BN_new(), *a = BN_new(), *b = BN_new(), *s = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    uint64_t state = 5;
    int found = 0;
    for (unsigned r = 1; r < 64; r++) {
        for (int wrapped = 0; wrapped < 2; wrapped++) {
            BN_set_word(x, r);
            if (wrapped) {
                BN_add(x, x, n);
            }
            if (!EC_POINT_set_compressed_coordinates(group, big_r, x, 1, ctx)) {
                continue;
            }
            uint8_t random[32], e[32], signature[64], encoded[65];
            random_scalar(&state, random);
            BN_bin2bn(random, 32, a);
            random_scalar(&state, random);
            BN_bin2bn(random, 32, b);
            CHECK(
                EC_POINT_mul(group, q_point, a, NULL, NULL, ctx) && EC_POINT_invert(group, q_point, ctx) &&
                    EC_POINT_add(group, q_point, q_point, big_r, ctx) && BN_mod_inverse(s, b, n, ctx) != NULL &&
                    EC_POINT_mul(group, q_point, NULL, q_point, s, ctx) &&
                    EC_POINT_point2oct(group, q_point, POINT_CONVERSION_UNCOMPRESSED, encoded, 65, ctx) == 65,
                "libcrypto");
            BN_mul_word(s, r);
            BN_nnmod(s, s, n, ctx);
            memset(signature, 0, 32);
            signature[31] = (uint8_t)r;
            octets_of(signature + 32, s);
            BN_mod_mul(a, a, s, n, ctx);
            octets_of(e, a);
            CHECK(
                verify(runner, encoded + 1, e, signature) == JOB_OK, "%s: r = %u, wrapped %d", runner->name, r,
                wrapped);
            signature[31] ^= 0x40;
            CHECK(verify(runner, encoded + 1, e, signature) == JOB_REFUSED, "%s: r = %u + 64", runner->name, r);
            found += wrapped;
        }
    }
    CHECK(found > 10, "%d wrapped", found);
    BN_CTX_free(ctx);
    BN_free(n);
    BN_free(x);
    BN_free(a);
    BN_free(b);
    BN_free(s);
    EC_POINT_free(big_r);
    EC_POINT_free(q_point);
    EC_GROUP_free(group);
}

/* A refused lane is refused alone: eight lanes, each second one bad. */
static void mixed_lanes(const struct runner *runner)
{
    struct job job[LANES], *jobs[LANES];
    uint8_t d[LANES][32], q[LANES][64], out[LANES][32], expected[64];
    uint64_t state = 6;
    memset(out, 0xa5, sizeof out);
    for (size_t i = 0; i < LANES; i++) {
        random_scalar(&state, d[i]);
        memcpy(q[i], p256_base, 64);
        if (i == 1) {
            memset(d[i], 0, 32);
        } else if (i == 3) {
            q[i][40] ^= 4;
        } else if (i == 5) {
            memset(q[i], 0xff, 64);
        } else if (i == 7) {
            memset(d[i], 0xff, 32);
        }
        job[i] = (struct job){.primitive = P256_DERIVE, .p256 = {d[i], q[i], out[i]}};
        jobs[i] = &job[i];
    }
    runner->run(P256_DERIVE, jobs, LANES);
    for (size_t i = 0; i < LANES; i++) {
        if (i % 2 == 1) {
            CHECK(job[i].status == JOB_REFUSED, "%s: lane %zu", runner->name, i);
            untouched(runner, out[i], 32, "a bad lane");
        } else {
            reference_multiple(expected, d[i]);
            CHECK(
                job[i].status == JOB_OK && memcmp(out[i], expected, 32) == 0, "%s: lane %zu beside bad ones",
                runner->name, i);
        }
    }
}

/* A peer's point of small order must not spoil the lanes beside it, whose inversions go together. */
static void mixed_x25519_lanes(const struct runner *runner)
{
    struct job job[LANES], *jobs[LANES];
    uint8_t k[LANES][32], u[LANES][32], out[LANES][32], alone[32];
    uint64_t state = 7;
    for (unsigned bad = 0; bad < 256; bad += 15) {
        memset(out, 0xa5, sizeof out);
        for (size_t i = 0; i < LANES; i++) {
            random_octets(&state, k[i], 32);
            random_octets(&state, u[i], 32);
            if ((bad >> i & 1) != 0) {
                octets(u[i], 32, small_order[i % (sizeof small_order / sizeof *small_order)]);
            }
            job[i] = (struct job){.primitive = X25519_DERIVE, .x25519 = {k[i], u[i], out[i]}};
            jobs[i] = &job[i];
        }
        runner->run(X25519_DERIVE, jobs, LANES);
        for (size_t i = 0; i < LANES; i++) {
            enum job_status expected = (bad >> i & 1) != 0 ? JOB_REFUSED : JOB_OK;
            CHECK(
                job[i].status == expected && x25519(runner, k[i], u[i], alone) == expected &&
                    memcmp(out[i], alone, 32) == 0,
                "%s: lane %zu of 0x%02x", runner->name, i, bad);
        }
    }
}

int main(void)
{
    struct runner found[2];
    size_t count = runners(found);
    for (size_t i = 0; i < count; i++) {
        x25519_small_order(&found[i]);
        x25519_residues(&found[i]);
        x25519_scalars(&found[i]);
        p256_scalars(&found[i]);
        p256_refusals(&found[i]);
        p256_excess_coordinates(&found[i]);
        ecdsa_edges(&found[i]);
        ecdsa_zero_s(&found[i]);
        ecdsa_out_of_range(&found[i]);
        ecdsa_sums(&found[i]);
        ecdsa_wrapped_r(&found[i]);
        mixed_lanes(&found[i]);
        mixed_x25519_lanes(&found[i]);
    }
    return checks_done();
}
