/* RSA keys: numbers given, completed, checked. */
#include "pkcs11/key_parts.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <string.h>

#include "secret.h"

static const CK_ATTRIBUTE_TYPE attribute_types[] = {CKA_MODULUS,    CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT,
                                                    CKA_PRIME_1,    CKA_PRIME_2,         CKA_EXPONENT_1,
                                                    CKA_EXPONENT_2, CKA_COEFFICIENT};
#define NUMBER_COUNT (sizeof attribute_types / sizeof attribute_types[0])
#define PUBLIC_NUMBER_COUNT 2u

/* The numbers in the order of attribute_types. */
static void list(struct rsa_bignums *numbers, BIGNUM **slots[NUMBER_COUNT])
{
    BIGNUM **all[NUMBER_COUNT] = {&numbers->n, &numbers->e,  &numbers->d,  &numbers->p,
                                  &numbers->q, &numbers->dp, &numbers->dq, &numbers->qinv};
    memcpy(slots, all, sizeof all);
}

void rsa_bignums_free(struct rsa_bignums *numbers)
{
    BIGNUM **slots[NUMBER_COUNT];
    list(numbers, slots);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        BN_clear_free(*slots[i]);
        *slots[i] = NULL;
    }
}

/* Makes a number that is absent; FALSE where there is no memory. */
static bool make(BIGNUM **slot)
{
    if (*slot == NULL) {
        *slot = BN_secure_new();
    }
    return *slot != NULL;
}

/*
 * Finds p and q from n, e and d: k = d*e - 1 is a multiple of the order of every unit, so that for most g one of the
 * square roots on the way from g^k to g^(k / 2^t) is 1 without its own root being 1 or -1 (NIST SP 800-56B rev. 2
 * appendix C.1). Runs on import only, where nobody measures.
 */
static CK_RV factor(struct rsa_bignums *numbers, BN_CTX *ctx)
{
    CK_RV rv = CKR_HOST_MEMORY;
    BN_CTX_start(ctx);
    BIGNUM *k = BN_CTX_get(ctx);
    BIGNUM *g = BN_CTX_get(ctx);
    BIGNUM *x = BN_CTX_get(ctx);
    BIGNUM *y = BN_CTX_get(ctx);
    BIGNUM *n_minus_1 = BN_CTX_get(ctx);
    if (n_minus_1 == NULL || !make(&numbers->p) || !make(&numbers->q) || !BN_mul(k, numbers->d, numbers->e, ctx) ||
        !BN_sub_word(k, 1) || !BN_copy(n_minus_1, numbers->n) || !BN_sub_word(n_minus_1, 1)) {
        goto done;
    }
    rv = CKR_ATTRIBUTE_VALUE_INVALID;
    if (BN_is_zero(k) || BN_is_odd(k)) {
        goto done;
    }
    int twos = 0;
    while (!BN_is_bit_set(k, twos)) {
        twos++;
    }
    if (!BN_rshift(k, k, twos)) {
        goto done;
    }
    for (int tries = 0; tries < 100; tries++) { /* each fails with probability 1/2 */
        if (!BN_rand_range(g, n_minus_1) || BN_is_zero(g) || !BN_mod_exp(x, g, k, numbers->n, ctx)) {
            continue;
        }
        for (int i = 0; i < twos && !BN_is_one(x) && BN_cmp(x, n_minus_1) != 0; i++) {
            if (!BN_mod_sqr(y, x, numbers->n, ctx)) {
                goto done;
            }
            if (BN_is_one(y)) {
                if (BN_sub_word(x, 1) && BN_gcd(numbers->p, x, numbers->n, ctx) &&
                    BN_div(numbers->q, NULL, numbers->n, numbers->p, ctx)) {
                    rv = CKR_OK;
                }
                goto done;
            }
            BN_swap(x, y);
        }
    }
done:
    BN_CTX_end(ctx);
    return rv;
}

/* Sets an absent number to a value, or holds a given one to it. */
static bool settle(BIGNUM **slot, const BIGNUM *value)
{
    if (*slot != NULL) {
        return BN_cmp(*slot, value) == 0;
    }
    return make(slot) && BN_copy(*slot, value) != NULL;
}

static bool is_inverse(const BIGNUM *a, const BIGNUM *b, const BIGNUM *modulus, BIGNUM *scratch, BN_CTX *ctx)
{
    return BN_mod_mul(scratch, a, b, modulus, ctx) && BN_is_one(scratch);
}

/* From n, p, q and one of d, e to everything, consistent. */
static CK_RV complete(struct rsa_bignums *numbers, BN_CTX *ctx)
{
    CK_RV rv = CKR_HOST_MEMORY;
    BN_CTX_start(ctx);
    BIGNUM *p1 = BN_CTX_get(ctx);
    BIGNUM *q1 = BN_CTX_get(ctx);
    BIGNUM *x = BN_CTX_get(ctx);
    BIGNUM *lcm = BN_CTX_get(ctx);
    if (lcm == NULL) {
        goto done;
    }
    rv = CKR_ATTRIBUTE_VALUE_INVALID;
    /* p*q = n with both above 1 also bounds every number below */
    if (BN_num_bits(numbers->p) < 2 || BN_num_bits(numbers->q) < 2 || !BN_mul(x, numbers->p, numbers->q, ctx) ||
        BN_cmp(x, numbers->n) != 0 || !BN_sub(p1, numbers->p, BN_value_one()) ||
        !BN_sub(q1, numbers->q, BN_value_one()) || !BN_gcd(x, p1, q1, ctx) || !BN_div(lcm, NULL, p1, x, ctx) ||
        !BN_mul(lcm, lcm, q1, ctx)) {
        goto done;
    }
    if (numbers->d == NULL || numbers->e == NULL) {
        const BIGNUM *known = numbers->d == NULL ? numbers->e : numbers->d;
        BIGNUM **missing = numbers->d == NULL ? &numbers->d : &numbers->e;
        if (!make(missing) || BN_mod_inverse(*missing, known, lcm, ctx) == NULL) {
            goto done;
        }
    }
    if (!is_inverse(numbers->d, numbers->e, p1, x, ctx) || !is_inverse(numbers->d, numbers->e, q1, x, ctx) ||
        !BN_mod(x, numbers->d, p1, ctx) || !settle(&numbers->dp, x) || !BN_mod(x, numbers->d, q1, ctx) ||
        !settle(&numbers->dq, x) || BN_mod_inverse(x, numbers->q, numbers->p, ctx) == NULL ||
        !settle(&numbers->qinv, x)) {
        goto done;
    }
    rv = CKR_OK;
done:
    BN_CTX_end(ctx);
    return rv;
}

static CK_RV check_size(const struct rsa_bignums *numbers)
{
    int bits = BN_num_bits(numbers->n);
    return bits < (int)RSA_MIN_BITS || bits > (int)RSA_MAX_BITS || bits % 8 != 0 ? CKR_KEY_SIZE_RANGE : CKR_OK;
}

static CK_RV build(CK_OBJECT_CLASS class, struct rsa_bignums *numbers, struct key **out)
{
    BIGNUM **slots[NUMBER_COUNT];
    list(numbers, slots);
    size_t count = class == CKO_PRIVATE_KEY ? NUMBER_COUNT : PUBLIC_NUMBER_COUNT;
    size_t room = KEY_REJECTION_OCTETS;
    for (size_t i = 0; i < count; i++) {
        room += (size_t)BN_num_bytes(*slots[i]);
    }
    struct key *key = key_new(class, CKK_RSA, room);
    if (key == NULL) {
        return CKR_HOST_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        BN_bn2bin(
            *slots[i], key_add(key, attribute_types[i], i >= PUBLIC_NUMBER_COUNT, (size_t)BN_num_bytes(*slots[i])));
    }
    struct rsa_number prepared[NUMBER_COUNT] = {{0}};
    for (size_t i = 0; i < count; i++) {
        prepared[i] = (struct rsa_number){key->components[i].octets, key->components[i].length};
    }
    struct rsa_numbers all = {prepared[0], prepared[1], prepared[2], prepared[3],
                              prepared[4], prepared[5], prepared[6], prepared[7]};
    key->rsa = rsa_key_new(&all);
    if (key->rsa == NULL) {
        key_unref(key);
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    if (class == CKO_PRIVATE_KEY) {
        /* draft-irtf-cfrg-rsa-guidance: of d at the modulus' length */
        uint8_t padded[RSA_MAX_BITS / 8] = {0};
        size_t k = key->components[0].length;
        key->rejection = key->memory + key->memory_used;
        BN_bn2binpad(numbers->d, padded, (int)k);
        SHA256(padded, k, key->rejection);
        secret_wipe(padded, sizeof padded);
    }
    *out = key;
    return CKR_OK;
}

CK_RV key_from_rsa(CK_OBJECT_CLASS class, struct rsa_bignums *numbers, struct key **out)
{
    if (numbers->n == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    CK_RV rv = check_size(numbers);
    if (rv != CKR_OK) {
        return rv;
    }
    if (class == CKO_PUBLIC_KEY) {
        return numbers->e == NULL ? CKR_TEMPLATE_INCOMPLETE : build(class, numbers, out);
    }
    if (numbers->d == NULL && numbers->e == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    /* before any arithmetic: what a hostile caller's numbers may cost */
    if ((numbers->e != NULL && BN_num_bits(numbers->e) > 64) ||
        (numbers->d != NULL && BN_cmp(numbers->d, numbers->n) >= 0)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    BN_CTX *ctx = BN_CTX_secure_new();
    if (ctx == NULL) {
        return CKR_HOST_MEMORY;
    }
    ERR_set_mark(); /* numbers without an inverse are no error of the application's */
    if (numbers->p == NULL || numbers->q == NULL) {
        BN_clear_free(numbers->p);
        BN_clear_free(numbers->q);
        numbers->p = numbers->q = NULL;
        rv = numbers->d == NULL || numbers->e == NULL ? CKR_TEMPLATE_INCOMPLETE : factor(numbers, ctx);
        /* which of the two is p was not ours to know: numbers that depend on it are made anew */
        BN_clear_free(numbers->dp);
        BN_clear_free(numbers->dq);
        BN_clear_free(numbers->qinv);
        numbers->dp = numbers->dq = numbers->qinv = NULL;
    }
    if (rv == CKR_OK) {
        rv = complete(numbers, ctx);
    }
    ERR_pop_to_mark();
    BN_CTX_free(ctx);
    return rv == CKR_OK ? build(class, numbers, out) : rv;
}

CK_RV key_rsa_from_template(CK_OBJECT_CLASS class, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    struct rsa_bignums numbers = {0};
    BIGNUM **slots[NUMBER_COUNT];
    list(&numbers, slots);
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < NUMBER_COUNT && rv == CKR_OK; i++) {
        const CK_ATTRIBUTE *attribute = template_find(template, count, attribute_types[i]);
        if (attribute == NULL || (class == CKO_PUBLIC_KEY && i >= PUBLIC_NUMBER_COUNT)) {
            continue;
        }
        if (attribute->ulValueLen == 0) {
            continue; /* an empty number counts as absent: what some callers send for the CRT numbers */
        }
        if (attribute->pValue == NULL || attribute->ulValueLen > KEY_NUMBER_LIMIT) {
            rv = CKR_ATTRIBUTE_VALUE_INVALID;
        } else if (!make(slots[i]) || BN_bin2bn(attribute->pValue, (int)attribute->ulValueLen, *slots[i]) == NULL) {
            rv = CKR_HOST_MEMORY;
        } else if (BN_is_zero(*slots[i])) {
            rv = CKR_ATTRIBUTE_VALUE_INVALID;
        }
    }
    if (rv == CKR_OK) {
        rv = key_from_rsa(class, &numbers, out);
    }
    rsa_bignums_free(&numbers);
    return rv;
}

CK_RV key_rsa_for_verification(const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    struct rsa_number n, e;
    CK_RV rv = template_octets(template, count, CKA_MODULUS, &n.octets, &n.length);
    if (rv == CKR_OK) {
        rv = template_octets(template, count, CKA_PUBLIC_EXPONENT, &e.octets, &e.length);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    while (n.length > 1 && n.octets[0] == 0) {
        n.octets++;
        n.length--;
    }
    if (n.length < RSA_MIN_BITS / 8 || n.length > RSA_MAX_BITS / 8 || n.octets[0] < 0x80) {
        return CKR_KEY_SIZE_RANGE; /* as check_size() */
    }
    struct key *key = key_new(CKO_PUBLIC_KEY, CKK_RSA, 0);
    if (key == NULL) {
        return CKR_HOST_MEMORY;
    }
    key->rsa = rsa_key_once(&n, &e);
    if (key->rsa == NULL) {
        key_unref(key);
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    *out = key;
    return CKR_OK;
}
