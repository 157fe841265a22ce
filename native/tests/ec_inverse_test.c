/* Inverses modulo 2^255 - 19, P-256's p and n, equal to BN's. */
#include "ec_check.h"

#include "ec/inverse256.h"

#include <openssl/bn.h>

static void check_inverse(const BIGNUM *a, const BIGNUM *m, const struct odd_modulus *modulus, BN_CTX *ctx)
{
    uint64_t words[4];
    BIGNUM *expected = BN_new();
    if (!BN_is_zero(a)) {
        CHECK(BN_mod_inverse(expected, a, m, ctx) != NULL, "libcrypto");
    }
    BN_bn2lebinpad(a, (uint8_t *)words, 32);
    inverse256(words, modulus);
    BIGNUM *actual = BN_lebin2bn((const uint8_t *)words, 32, NULL);
    char *text = BN_bn2hex(a);
    CHECK(BN_cmp(actual, expected) == 0, "inverse of %s", text);
    OPENSSL_free(text);
    BN_free(actual);
    BN_free(expected);
}

int main(void)
{
    uint64_t state = test_seed();
    unsigned long count = test_count(5000);
    BN_CTX *ctx = BN_CTX_new();
    uint8_t p25519[32];
    memset(p25519, 0xff, 32);
    p25519[0] = 0x7f;
    p25519[31] = 0xed;
    const uint8_t *const moduli[] = {p25519, p256_prime, p256_order};
    for (size_t i = 0; i < 3; i++) {
        BIGNUM *m = BN_bin2bn(moduli[i], 32, NULL), *a = BN_new();
        uint64_t words[4];
        struct odd_modulus modulus;
        BN_bn2lebinpad(m, (uint8_t *)words, 32);
        inverse256_modulus(&modulus, words);
        for (BN_ULONG small = 0; small < 100; small++) {
            BN_set_word(a, small);
            check_inverse(a, m, &modulus, ctx);
            BN_sub(a, m, a);
            if (small > 0) {
                check_inverse(a, m, &modulus, ctx);
            }
        }
        for (int bit = 0; bit < 255; bit++) {
            BN_zero(a);
            BN_set_bit(a, bit);
            check_inverse(a, m, &modulus, ctx);
        }
        for (unsigned long n = 0; n < count; n++) {
            uint8_t octets_of_a[32];
            random_or_runs(&state, octets_of_a);
            BN_bin2bn(octets_of_a, 32, a);
            BN_nnmod(a, a, m, ctx);
            check_inverse(a, m, &modulus, ctx);
        }
        BN_free(m);
        BN_free(a);
    }
    BN_CTX_free(ctx);
    return checks_done();
}
