/* The MODP groups: RFC 3526's primes by the formula printed there, and which public values are accepted. */
#include <openssl/bn.h>
#include <stdint.h>

#include "check.h"
#include "modexp/modp_group.h"

/* RFC 3526 sections 3 to 7: 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + constant) */
static const struct {
    unsigned bits;
    unsigned long constant;
    size_t exponent_octets;
} expected[] = {{2048, 124476, 32}, {3072, 1690314, 36}, {4096, 240904, 44}, {6144, 929484, 48}, {8192, 4743158, 50}};

#define GUARD_BITS 64

/* sum += factor * 2^scale * arctan(1/x), by its series */
static void add_arctan(BIGNUM *sum, unsigned scale, BN_ULONG factor, BN_ULONG x, int negative)
{
    BIGNUM *power = BN_new();
    BIGNUM *term = BN_new();
    BN_one(power);
    BN_lshift(power, power, (int)scale);
    BN_mul_word(power, factor);
    BN_div_word(power, x);
    for (BN_ULONG i = 1; !BN_is_zero(power); i += 2) {
        BN_copy(term, power);
        BN_div_word(term, i);
        if (((i & 2) != 0) != negative) {
            BN_sub(sum, sum, term);
        } else {
            BN_add(sum, sum, term);
        }
        BN_div_word(power, x * x);
    }
    BN_free(power);
    BN_free(term);
}

static void prime_by_formula(unsigned bits, unsigned long constant, uint8_t *octets)
{
    BIGNUM *p = BN_new();
    BIGNUM *power = BN_new();
    unsigned scale = bits - 130 + GUARD_BITS;
    BN_zero(p);
    add_arctan(p, scale, 16, 5, 0); /* pi = 16 arctan(1/5) - 4 arctan(1/239) */
    add_arctan(p, scale, 4, 239, 1);
    BN_rshift(p, p, GUARD_BITS);
    BN_add_word(p, constant);
    BN_lshift(p, p, 64);
    BN_set_bit(power, (int)bits);
    BN_add(p, p, power);
    BN_zero(power);
    BN_set_bit(power, (int)bits - 64);
    BN_sub(p, p, power);
    BN_sub_word(p, 1);
    CHECK(BN_bn2binpad(p, octets, (int)bits / 8) == (int)bits / 8, "%u bits", bits);
    BN_free(p);
    BN_free(power);
}

static void check_group(unsigned bits, unsigned long constant, size_t exponent_octets)
{
    const struct modp_group *group = modp_group_of_bits(bits);
    CHECK(group != NULL && modp_group_bits(group) == bits, "%u bits", bits);
    size_t octets = modp_group_octets(group);
    CHECK(octets == bits / 8 && modp_group_exponent_octets(group) == exponent_octets, "%u bits", bits);

    uint8_t *prime = calloc(1, octets + 1);
    prime_by_formula(bits, constant, prime + 1);
    CHECK(memcmp(prime + 1, modp_group_prime(group), octets) == 0, "%u bits", bits);

    uint8_t two[] = {0, 2};
    CHECK(modp_group_find(prime, octets + 1, two, 2) == group, "leading zeros");
    CHECK(modp_group_find(prime + 1, octets, two + 1, 1) == group, "no leading zeros");
    two[1] = 3;
    CHECK(modp_group_find(prime + 1, octets, two + 1, 1) == NULL, "another generator");
    CHECK(modp_group_find(prime + 1, octets, two, 1) == NULL, "generator 0");
    two[1] = 2;
    prime[octets] ^= 2;
    CHECK(modp_group_find(prime + 1, octets, two + 1, 1) == NULL, "another prime");
    CHECK(modp_group_find(prime + 1, 0, two + 1, 1) == NULL, "no prime");
    prime[octets] ^= 2;

    uint8_t *y = malloc(octets);
    for (int step = -3; step <= 1; step++) { /* p - 3 to p + 1: no carry, p ends in ...ff but for p + 1 */
        memcpy(y, prime + 1, octets);
        if (step <= 0) {
            y[octets - 1] = (uint8_t)(y[octets - 1] + step);
        } else {
            for (size_t i = octets; i-- > 0 && ++y[i] == 0;) {
            }
        }
        CHECK(modp_group_accepts(group, y) == (step <= -2), "p%+d", step);
    }
    for (unsigned small = 0; small < 4; small++) {
        memset(y, 0, octets);
        y[octets - 1] = (uint8_t)small;
        CHECK(modp_group_accepts(group, y) == (small >= 2), "%u", small);
    }
    memset(y, 0xff, octets);
    CHECK(!modp_group_accepts(group, y), "all ones");
    memset(y, 0, octets);
    y[0] = 1;
    CHECK(modp_group_accepts(group, y), "2^(n-8)");
    free(y);
    free(prime);
}

int main(void)
{
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        check_group(expected[i].bits, expected[i].constant, expected[i].exponent_octets);
    }
    CHECK(modp_group_of_bits(1536) == NULL && modp_group_of_bits(0) == NULL, "no such group");
    return checks_done();
}
