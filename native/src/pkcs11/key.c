#include "pkcs11/key_parts.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"

struct key *key_new(CK_OBJECT_CLASS class, CK_KEY_TYPE type, size_t memory_length)
{
    struct key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        return NULL;
    }
    key->memory = secret_alloc(memory_length);
    if (key->memory == NULL) {
        free(key);
        return NULL;
    }
    key->memory_length = memory_length;
    key->class = class;
    key->type = type;
    atomic_init(&key->references, 1);
    return key;
}

struct key *key_ref(struct key *key)
{
    atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void key_unref(struct key *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    rsa_key_free(key->rsa);
    secret_free(key->memory, key->memory_length);
    free(key);
}

uint8_t *key_add(struct key *key, CK_ATTRIBUTE_TYPE type, bool secret, size_t length)
{
    if (key->component_count == KEY_COMPONENTS || key->memory_length - key->memory_used < length) {
        abort(); /* a builder that miscounts must not write past the key */
    }
    struct component *component = &key->components[key->component_count++];
    component->type = type;
    component->secret = secret;
    component->octets = key->memory + key->memory_used;
    component->length = length;
    key->memory_used += length;
    return component->octets;
}

static const struct component *find(const struct key *key, CK_ATTRIBUTE_TYPE type)
{
    for (size_t i = 0; i < key->component_count; i++) {
        if (key->components[i].type == type) {
            return &key->components[i];
        }
    }
    return NULL;
}

const uint8_t *key_octets(const struct key *key, CK_ATTRIBUTE_TYPE type, size_t *length)
{
    const struct component *component = find(key, type);
    if (component == NULL) {
        *length = 0;
        return NULL;
    }
    *length = component->length;
    return component->octets;
}

CK_KEY_TYPE key_type(const struct key *key)
{
    return key->type;
}

CK_OBJECT_CLASS key_class(const struct key *key)
{
    return key->class;
}

bool key_type_is_octets(CK_KEY_TYPE type)
{
    switch (type) {
    case CKK_GENERIC_SECRET:
    case CKK_HKDF:
    case CKK_SHA_1_HMAC:
    case CKK_SHA224_HMAC:
    case CKK_SHA256_HMAC:
    case CKK_SHA384_HMAC:
    case CKK_SHA512_HMAC:
        return true;
    default:
        return false;
    }
}

CK_RV key_from_secret(CK_KEY_TYPE type, const uint8_t *octets, size_t length, struct key **out)
{
    if (!key_type_is_octets(type)) {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    if (length == 0 || length > KEY_SECRET_LIMIT) {
        return CKR_KEY_SIZE_RANGE;
    }
    struct key *key = key_new(CKO_SECRET_KEY, type, length);
    if (key == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy(key_add(key, CKA_VALUE, true, length), octets, length);
    *out = key;
    return CKR_OK;
}

const uint8_t *key_secret(const struct key *key, size_t *length)
{
    if (key->class != CKO_SECRET_KEY) {
        *length = 0;
        return NULL;
    }
    return key_octets(key, CKA_VALUE, length);
}

static CK_RV secret_from_template(CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    const uint8_t *octets;
    size_t length;
    CK_RV rv = template_octets(template, count, CKA_VALUE, &octets, &length);
    if (rv != CKR_OK) {
        return rv;
    }
    CK_ULONG claimed;
    rv = template_ulong(template, count, CKA_VALUE_LEN, length, &claimed);
    if (rv != CKR_OK) {
        return rv;
    }
    return claimed != length ? CKR_TEMPLATE_INCONSISTENT : key_from_secret(type, octets, length, out);
}

CK_RV key_from_template(
    CK_OBJECT_CLASS class, CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    *out = NULL;
    if (class == CKO_SECRET_KEY) {
        return secret_from_template(type, template, count, out);
    }
    if (class != CKO_PUBLIC_KEY && class != CKO_PRIVATE_KEY) {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    switch (type) {
    case CKK_RSA:
        return key_rsa_from_template(class, template, count, out);
    case CKK_DH:
        return key_dh_from_template(class, template, count, out);
    case CKK_EC:
    case CKK_EC_MONTGOMERY:
    case CKK_EC_EDWARDS:
        return key_ec_from_template(class, type, template, count, out);
    default:
        return CKR_TEMPLATE_INCONSISTENT;
    }
}

CK_RV key_for_verification(const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_KEY_TYPE,        CKA_CLASS,     CKA_MODULUS,
                                              CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT};
    bool seen[sizeof types / sizeof types[0]] = {false};
    *out = NULL;
    for (CK_ULONG i = 0; i < count; i++) {
        size_t which = 0;
        while (which < sizeof types / sizeof types[0] && types[which] != template[i].type) {
            which++;
        }
        if (which == sizeof types / sizeof types[0]) {
            return CKR_ATTRIBUTE_TYPE_INVALID;
        }
        if (seen[which]) {
            return CKR_TEMPLATE_INCONSISTENT;
        }
        seen[which] = true;
    }
    CK_KEY_TYPE type;
    CK_OBJECT_CLASS class;
    CK_RV rv = template_ulong(template, count, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION, &type);
    if (rv == CKR_OK) {
        rv = template_ulong(template, count, CKA_CLASS, CKO_PUBLIC_KEY, &class);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    if (type == CK_UNAVAILABLE_INFORMATION) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    if (class != CKO_PUBLIC_KEY) {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    switch (type) {
    case CKK_RSA:
        return key_rsa_for_verification(template, count, out);
    case CKK_EC:
    case CKK_EC_EDWARDS:
        return key_ec_from_template(CKO_PUBLIC_KEY, type, template, count, out);
    default:
        return CKR_TEMPLATE_INCONSISTENT;
    }
}

/* Components that are CK_ULONG and not stored as octets. */
static bool number_component(const struct key *key, CK_ATTRIBUTE_TYPE type, CK_ULONG *value)
{
    if (type == CKA_MODULUS_BITS && key->type == CKK_RSA && key->class == CKO_PUBLIC_KEY) {
        *value = rsa_key_bits(key->rsa);
        return true;
    }
    if (type == CKA_VALUE_BITS && key->type == CKK_DH && key->class == CKO_PRIVATE_KEY) {
        *value = key->value_bits;
        return true;
    }
    if (type == CKA_VALUE_LEN && key->class == CKO_SECRET_KEY) {
        size_t length;
        key_secret(key, &length);
        *value = length;
        return true;
    }
    return false;
}

enum key_component key_component(const struct key *key, CK_ATTRIBUTE_TYPE type)
{
    const struct component *component = find(key, type);
    if (component != NULL) {
        return component->secret ? KEY_SECRET_COMPONENT : KEY_PUBLIC_COMPONENT;
    }
    CK_ULONG number;
    if (number_component(key, type, &number) || (type == CKA_PUBLIC_KEY_INFO && key->class != CKO_SECRET_KEY)) {
        return KEY_PUBLIC_COMPONENT;
    }
    return KEY_NO_COMPONENT;
}

static CK_RV give(const void *octets, size_t given, CK_VOID_PTR value, CK_ULONG *length)
{
    if (value == NULL) {
        *length = given;
        return CKR_OK;
    }
    if (*length < given) {
        *length = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    if (given > 0) {
        memcpy(value, octets, given);
    }
    *length = given;
    return CKR_OK;
}

CK_RV key_attribute(const struct key *key, CK_ATTRIBUTE_TYPE type, CK_VOID_PTR value, CK_ULONG *length)
{
    const struct component *component = find(key, type);
    if (component != NULL) {
        return give(component->octets, component->length, value, length);
    }
    CK_ULONG number;
    if (number_component(key, type, &number)) {
        return give(&number, sizeof number, value, length);
    }
    if (type == CKA_PUBLIC_KEY_INFO && key->class != CKO_SECRET_KEY) {
        if (key->type == CKK_DH) {
            return give("", 0, value, length);
        }
        size_t info_length;
        uint8_t *info = key_public_info(key, &info_length);
        if (info == NULL) {
            *length = CK_UNAVAILABLE_INFORMATION;
            return CKR_HOST_MEMORY;
        }
        CK_RV rv = give(info, info_length, value, length);
        OPENSSL_free(info);
        return rv;
    }
    *length = CK_UNAVAILABLE_INFORMATION;
    return CKR_ATTRIBUTE_TYPE_INVALID;
}

const CK_ATTRIBUTE *template_find(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; template != NULL && i < count; i++) {
        if (template[i].type == type) {
            return &template[i];
        }
    }
    return NULL;
}

CK_RV template_octets(
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type, const uint8_t **octets, size_t *length)
{
    const CK_ATTRIBUTE *attribute = template_find(template, count, type);
    if (attribute == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    if (attribute->pValue == NULL || attribute->ulValueLen == 0 || attribute->ulValueLen > KEY_SECRET_LIMIT) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    *octets = attribute->pValue;
    *length = attribute->ulValueLen;
    return CKR_OK;
}

CK_RV template_ulong(
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise, CK_ULONG *value)
{
    const CK_ATTRIBUTE *attribute = template_find(template, count, type);
    if (attribute == NULL) {
        *value = otherwise;
        return CKR_OK;
    }
    if (attribute->pValue == NULL || attribute->ulValueLen != sizeof *value) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    memcpy(value, attribute->pValue, sizeof *value); /* callers' memory need not be aligned */
    return CKR_OK;
}
