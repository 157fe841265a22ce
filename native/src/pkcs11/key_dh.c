/* Diffie-Hellman keys in the MODP groups of RFC 3526. */
#include "pkcs11/key_parts.h"

#include <string.h>

static const uint8_t generator[] = {2};

static size_t without_zeros(const uint8_t **octets, size_t length)
{
    while (length > 0 && **octets == 0) {
        (*octets)++;
        length--;
    }
    return length;
}

CK_RV key_from_dh(
    CK_OBJECT_CLASS class, const struct modp_group *group, const uint8_t *value, size_t length, CK_ULONG value_bits,
    struct key **out)
{
    size_t octets = modp_group_octets(group);
    /* the back-ends take exponents of one length; longer ones are kept as they are */
    size_t room = octets;
    if (class == CKO_PRIVATE_KEY) {
        room = modp_group_exponent_octets(group);
        room = length > room ? length : room;
    }
    if (length > octets || length > room) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    struct key *key = key_new(class, CKK_DH, octets + sizeof generator + room);
    if (key == NULL) {
        return CKR_HOST_MEMORY;
    }
    key->group = group;
    key->value_bits = value_bits;
    memcpy(key_add(key, CKA_PRIME, false, octets), modp_group_prime(group), octets);
    memcpy(key_add(key, CKA_BASE, false, sizeof generator), generator, sizeof generator);
    memcpy(key_add(key, CKA_VALUE, class == CKO_PRIVATE_KEY, room) + room - length, value, length);
    *out = key;
    return CKR_OK;
}

CK_RV key_dh_from_template(CK_OBJECT_CLASS class, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    const uint8_t *prime;
    const uint8_t *base;
    const uint8_t *value;
    size_t prime_length;
    size_t base_length;
    size_t length;
    CK_RV rv = template_octets(template, count, CKA_PRIME, &prime, &prime_length);
    if (rv == CKR_OK) {
        rv = template_octets(template, count, CKA_BASE, &base, &base_length);
    }
    if (rv == CKR_OK) {
        rv = template_octets(template, count, CKA_VALUE, &value, &length);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    const struct modp_group *group = modp_group_find(prime, prime_length, base, base_length);
    if (group == NULL) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    length = without_zeros(&value, length);
    size_t octets = modp_group_octets(group);
    if (length == 0 || length > octets) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    if (class == CKO_PRIVATE_KEY) {
        /* x < p; the order of g is (p-1)/2, so that larger x are but other names of smaller ones */
        if (length == octets && memcmp(value, modp_group_prime(group), octets) >= 0) {
            return CKR_ATTRIBUTE_VALUE_INVALID;
        }
        CK_ULONG bits = 8 * (length - 1);
        for (unsigned top = value[0]; top != 0; top >>= 1) {
            bits++;
        }
        /* the leading zeros of a shorter one are nobody's business, nor lost when a key is written and read again */
        CK_ULONG usual = 8 * modp_group_exponent_octets(group);
        bits = bits < usual ? usual : bits;
        return key_from_dh(class, group, value, length, bits, out);
    }
    rv = key_from_dh(class, group, value, length, 0, out);
    if (rv == CKR_OK && !modp_group_accepts(group, key_octets(*out, CKA_VALUE, &length))) {
        key_unref(*out);
        *out = NULL;
        rv = CKR_ATTRIBUTE_VALUE_INVALID;
    }
    return rv;
}
