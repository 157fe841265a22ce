#include "modexp/modp_group.h"

#include <openssl/bn.h>
#include <pthread.h>
#include <string.h>

#include "modexp/modp_group_parts.h"

#define GROUPS 5u

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct modp_group groups[GROUPS];
static bool prepared;

static bool
prepare(struct modp_group *group, BIGNUM *(*prime)(BIGNUM *), unsigned bits, size_t exponent_octets, BN_CTX *ctx)
{
    group->bits = bits;
    group->octets = bits / 8;
    group->exponent_octets = exponent_octets;
    group->p = prime(NULL);
    group->mont = BN_MONT_CTX_new();
    return group->p != NULL && group->mont != NULL && BN_MONT_CTX_set(group->mont, group->p, ctx) == 1 &&
           BN_bn2binpad(group->p, group->prime, (int)group->octets) == (int)group->octets;
}

static void prepare_all(void)
{
    BN_CTX *ctx = BN_CTX_new();
    prepared = ctx != NULL && prepare(&groups[0], BN_get_rfc3526_prime_2048, 2048, 32, ctx) &&
               prepare(&groups[1], BN_get_rfc3526_prime_3072, 3072, 36, ctx) &&
               prepare(&groups[2], BN_get_rfc3526_prime_4096, 4096, 44, ctx) &&
               prepare(&groups[3], BN_get_rfc3526_prime_6144, 6144, 48, ctx) &&
               prepare(&groups[4], BN_get_rfc3526_prime_8192, 8192, 50, ctx);
    BN_CTX_free(ctx);
}

static const struct modp_group *first_group(void)
{
    pthread_once(&once, prepare_all);
    return prepared ? groups : NULL;
}

static void strip(const uint8_t **octets, size_t *length)
{
    while (*length > 0 && **octets == 0) {
        (*octets)++;
        (*length)--;
    }
}

const struct modp_group *
modp_group_find(const uint8_t *prime, size_t prime_length, const uint8_t *base, size_t base_length)
{
    strip(&prime, &prime_length);
    strip(&base, &base_length);
    const struct modp_group *group =
        prime_length <= MODP_MAX_OCTETS ? modp_group_of_bits((unsigned)prime_length * 8) : NULL;
    if (group == NULL || memcmp(prime, group->prime, prime_length) != 0 || base_length != 1 || base[0] != 2) {
        return NULL;
    }
    return group;
}

const struct modp_group *modp_group_of_bits(unsigned bits)
{
    const struct modp_group *first = first_group();
    for (unsigned i = 0; first != NULL && i < GROUPS; i++) {
        if (first[i].bits == bits) {
            return &first[i];
        }
    }
    return NULL;
}

unsigned modp_group_bits(const struct modp_group *group)
{
    return group->bits;
}

size_t modp_group_octets(const struct modp_group *group)
{
    return group->octets;
}

const uint8_t *modp_group_prime(const struct modp_group *group)
{
    return group->prime;
}

size_t modp_group_exponent_octets(const struct modp_group *group)
{
    return group->exponent_octets;
}

bool modp_group_accepts(const struct modp_group *group, const uint8_t *y)
{
    /* the borrows of (y - 2) and of y - (p - 1): the first must not come, the second must; p is odd, so p - 1 is p ^ 1
     */
    unsigned below_two = 0;
    unsigned below_last = 0;
    for (size_t i = group->octets; i-- > 0;) {
        unsigned last = i == group->octets - 1;
        below_two = (y[i] - 2u * last - below_two) >> 31;
        below_last = (y[i] - ((unsigned)group->prime[i] ^ last) - below_last) >> 31;
    }
    return (below_two ^ 1u) & below_last;
}
