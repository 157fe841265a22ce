#include "pkcs11/attributes.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "pkcs11/key_parts.h"
#include "secret.h"

#define DATA (1u << CKO_DATA)
#define CERTIFICATE (1u << CKO_CERTIFICATE)
#define PUBLIC (1u << CKO_PUBLIC_KEY)
#define PRIVATE (1u << CKO_PRIVATE_KEY)
#define SECRET (1u << CKO_SECRET_KEY)
#define KEYS (PUBLIC | PRIVATE | SECRET)
#define HIDDEN (PRIVATE | SECRET)
#define ALL (DATA | CERTIFICATE | KEYS)

#define GIVEN ATTRIBUTE_GIVEN
#define FREE (ATTRIBUTE_GIVEN | ATTRIBUTE_CHANGED)
#define FIXED 0u
#define FLAG ATTRIBUTE_FLAG, sizeof(CK_BBOOL)
#define NUMBER ATTRIBUTE_NUMBER, sizeof(CK_ULONG)
#define LARGE ATTRIBUTE_VALUE_LIMIT
#define NAME_LIMIT 1024u
#define ID_LIMIT 255u

/* PKCS#11 3.0 sections 4.4 to 4.9 */
#define ROW(type, name, kind, limit, classes, when)                                                                    \
    {                                                                                                                  \
        type, name, kind, classes, when, limit                                                                         \
    }
#define ROW_OF(...) ROW(__VA_ARGS__)
const struct attribute_rule attribute_rules[] = {
    ROW_OF(CKA_CLASS, "class", NUMBER, ALL, GIVEN),
    ROW_OF(CKA_TOKEN, NULL, FLAG, ALL, GIVEN | ATTRIBUTE_COPIED),
    ROW_OF(CKA_PRIVATE, "private", FLAG, ALL, GIVEN | ATTRIBUTE_COPIED | ATTRIBUTE_RISES),
    ROW_OF(CKA_MODIFIABLE, "modifiable", FLAG, ALL, GIVEN | ATTRIBUTE_COPIED),
    ROW_OF(CKA_COPYABLE, "copyable", FLAG, ALL, FREE | ATTRIBUTE_FALLS),
    ROW_OF(CKA_DESTROYABLE, "destroyable", FLAG, ALL, GIVEN | ATTRIBUTE_COPIED),
    ROW_OF(CKA_LABEL, "label", ATTRIBUTE_TEXT, NAME_LIMIT, ALL, FREE),
    ROW_OF(CKA_UNIQUE_ID, NULL, ATTRIBUTE_TEXT, NAME_LIMIT, ALL, FIXED),
    ROW_OF(CKA_APPLICATION, "application", ATTRIBUTE_TEXT, NAME_LIMIT, DATA, FREE),
    ROW_OF(CKA_OBJECT_ID, "object-id", ATTRIBUTE_OCTETS, NAME_LIMIT, DATA, FREE),
    ROW_OF(CKA_VALUE, NULL, ATTRIBUTE_OCTETS, LARGE, DATA, GIVEN | ATTRIBUTE_COPIED),

    ROW_OF(CKA_CERTIFICATE_TYPE, "certificate-type", NUMBER, CERTIFICATE, GIVEN),
    ROW_OF(CKA_VALUE, NULL, ATTRIBUTE_OCTETS, LARGE, CERTIFICATE, GIVEN),
    ROW_OF(CKA_CERTIFICATE_CATEGORY, "certificate-category", NUMBER, CERTIFICATE, GIVEN),
    ROW_OF(CKA_ISSUER, "issuer", ATTRIBUTE_OCTETS, LARGE, CERTIFICATE, FREE),
    ROW_OF(CKA_SERIAL_NUMBER, "serial-number", ATTRIBUTE_OCTETS, NAME_LIMIT, CERTIFICATE, FREE),
    ROW_OF(CKA_URL, "url", ATTRIBUTE_TEXT, LARGE, CERTIFICATE, GIVEN),
    ROW_OF(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, "subject-key-hash", ATTRIBUTE_OCTETS, ID_LIMIT, CERTIFICATE, GIVEN),
    ROW_OF(CKA_HASH_OF_ISSUER_PUBLIC_KEY, "issuer-key-hash", ATTRIBUTE_OCTETS, ID_LIMIT, CERTIFICATE, GIVEN),
    ROW_OF(CKA_NAME_HASH_ALGORITHM, "name-hash-algorithm", NUMBER, CERTIFICATE, GIVEN),
    ROW_OF(CKA_JAVA_MIDP_SECURITY_DOMAIN, "midp-security-domain", NUMBER, CERTIFICATE, GIVEN),
    ROW_OF(CKA_PUBLIC_KEY_INFO, "public-key-info", ATTRIBUTE_OCTETS, LARGE, CERTIFICATE, GIVEN),
    ROW_OF(CKA_CHECK_VALUE, "check-value", ATTRIBUTE_OCTETS, ID_LIMIT, CERTIFICATE, GIVEN),
    ROW_OF(CKA_TRUSTED, "trusted", FLAG, CERTIFICATE | PUBLIC | SECRET, FREE),

    ROW_OF(CKA_KEY_TYPE, "key-type", NUMBER, KEYS, GIVEN),
    ROW_OF(CKA_ID, "id", ATTRIBUTE_OCTETS, ID_LIMIT, CERTIFICATE | KEYS, FREE),
    ROW_OF(CKA_START_DATE, "start-date", ATTRIBUTE_DATE, sizeof(CK_DATE), CERTIFICATE | KEYS, FREE),
    ROW_OF(CKA_END_DATE, "end-date", ATTRIBUTE_DATE, sizeof(CK_DATE), CERTIFICATE | KEYS, FREE),
    ROW_OF(CKA_SUBJECT, "subject", ATTRIBUTE_OCTETS, LARGE, CERTIFICATE, GIVEN),
    ROW_OF(CKA_SUBJECT, "subject", ATTRIBUTE_OCTETS, LARGE, PUBLIC | PRIVATE, FREE),
    ROW_OF(CKA_ENCRYPT, "encrypt", FLAG, PUBLIC | SECRET, FREE),
    ROW_OF(CKA_DECRYPT, "decrypt", FLAG, HIDDEN, FREE),
    ROW_OF(CKA_SIGN, "sign", FLAG, HIDDEN, FREE),
    ROW_OF(CKA_SIGN_RECOVER, "sign-recover", FLAG, PRIVATE, FREE),
    ROW_OF(CKA_VERIFY, "verify", FLAG, PUBLIC | SECRET, FREE),
    ROW_OF(CKA_VERIFY_RECOVER, "verify-recover", FLAG, PUBLIC, FREE),
    ROW_OF(CKA_WRAP, "wrap", FLAG, PUBLIC | SECRET, FREE),
    ROW_OF(CKA_UNWRAP, "unwrap", FLAG, HIDDEN, FREE),
    ROW_OF(CKA_DERIVE, "derive", FLAG, KEYS, FREE),
    ROW_OF(CKA_SENSITIVE, "sensitive", FLAG, HIDDEN, FREE | ATTRIBUTE_RISES),
    ROW_OF(CKA_EXTRACTABLE, "extractable", FLAG, HIDDEN, FREE | ATTRIBUTE_FALLS),
    ROW_OF(CKA_ALWAYS_SENSITIVE, "always-sensitive", FLAG, HIDDEN, FIXED),
    ROW_OF(CKA_NEVER_EXTRACTABLE, "never-extractable", FLAG, HIDDEN, FIXED),
    ROW_OF(CKA_LOCAL, "local", FLAG, KEYS, FIXED),
    ROW_OF(CKA_KEY_GEN_MECHANISM, "key-gen-mechanism", NUMBER, KEYS, FIXED),
    ROW_OF(CKA_WRAP_WITH_TRUSTED, "wrap-with-trusted", FLAG, HIDDEN, FREE | ATTRIBUTE_RISES),
    ROW_OF(CKA_ALWAYS_AUTHENTICATE, "always-authenticate", FLAG, PRIVATE, GIVEN),
    ROW_OF(
        CKA_ALLOWED_MECHANISMS, "allowed-mechanisms", ATTRIBUTE_MECHANISMS, 64 * sizeof(CK_MECHANISM_TYPE), KEYS,
        GIVEN),

    ROW_OF(CKA_MODULUS, NULL, ATTRIBUTE_COMPONENT, LARGE, PUBLIC | PRIVATE, GIVEN),
    ROW_OF(CKA_MODULUS_BITS, NULL, ATTRIBUTE_COMPONENT, LARGE, PUBLIC | PRIVATE, GIVEN),
    ROW_OF(CKA_PUBLIC_EXPONENT, NULL, ATTRIBUTE_COMPONENT, LARGE, PUBLIC | PRIVATE, GIVEN),
    ROW_OF(CKA_PRIVATE_EXPONENT, NULL, ATTRIBUTE_COMPONENT, LARGE, PRIVATE, GIVEN),
    ROW_OF(CKA_PRIME_1, NULL, ATTRIBUTE_COMPONENT, LARGE, PRIVATE, GIVEN),
    ROW_OF(CKA_PRIME_2, NULL, ATTRIBUTE_COMPONENT, LARGE, PRIVATE, GIVEN),
    ROW_OF(CKA_EXPONENT_1, NULL, ATTRIBUTE_COMPONENT, LARGE, PRIVATE, GIVEN),
    ROW_OF(CKA_EXPONENT_2, NULL, ATTRIBUTE_COMPONENT, LARGE, PRIVATE, GIVEN),
    ROW_OF(CKA_COEFFICIENT, NULL, ATTRIBUTE_COMPONENT, LARGE, PRIVATE, GIVEN),
    ROW_OF(CKA_PUBLIC_KEY_INFO, NULL, ATTRIBUTE_COMPONENT, LARGE, PUBLIC | PRIVATE, GIVEN),
    ROW_OF(CKA_PRIME, NULL, ATTRIBUTE_COMPONENT, LARGE, PUBLIC | PRIVATE, GIVEN),
    ROW_OF(CKA_BASE, NULL, ATTRIBUTE_COMPONENT, LARGE, PUBLIC | PRIVATE, GIVEN),
    ROW_OF(CKA_EC_PARAMS, NULL, ATTRIBUTE_COMPONENT, LARGE, PUBLIC | PRIVATE, GIVEN),
    ROW_OF(CKA_EC_POINT, NULL, ATTRIBUTE_COMPONENT, LARGE, PUBLIC | PRIVATE, GIVEN),
    ROW_OF(CKA_VALUE_BITS, NULL, ATTRIBUTE_COMPONENT, LARGE, PRIVATE, GIVEN),
    ROW_OF(CKA_VALUE, NULL, ATTRIBUTE_COMPONENT, LARGE, KEYS, GIVEN),
    /* DATA: CKM_HKDF_DATA takes its length from it */
    ROW_OF(CKA_VALUE_LEN, NULL, ATTRIBUTE_COMPONENT, LARGE, SECRET | DATA, GIVEN),
};
const size_t attribute_rule_count = sizeof attribute_rules / sizeof attribute_rules[0];

const struct attribute_rule *attribute_rule(CK_ATTRIBUTE_TYPE type, CK_OBJECT_CLASS class)
{
    if (class > CKO_SECRET_KEY) {
        return NULL;
    }
    for (size_t i = 0; i < attribute_rule_count; i++) {
        if (attribute_rules[i].type == type && (attribute_rules[i].classes >> class & 1u) != 0) {
            return &attribute_rules[i];
        }
    }
    return NULL;
}

const uint8_t *attribute_value(const struct attribute *attribute)
{
    return attribute->length <= sizeof attribute->within ? attribute->within : attribute->apart;
}

const struct attribute *attributes_find(const struct attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
    for (size_t i = 0; i < attributes->count; i++) {
        if (attributes->rows[i].type == type) {
            return &attributes->rows[i];
        }
    }
    return NULL;
}

bool attributes_flag(const struct attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
    const struct attribute *attribute = attributes_find(attributes, type);
    return attribute != NULL && attribute->length == sizeof(CK_BBOOL) && attribute->within[0] != CK_FALSE;
}

CK_ULONG attributes_number(const struct attributes *attributes, CK_ATTRIBUTE_TYPE type)
{
    const struct attribute *attribute = attributes_find(attributes, type);
    CK_ULONG value = CK_UNAVAILABLE_INFORMATION;
    if (attribute != NULL && attribute->length == sizeof value) {
        memcpy(&value, attribute_value(attribute), sizeof value);
    }
    return value;
}

static void free_value(struct attribute *attribute)
{
    if (attribute->length <= sizeof attribute->within) {
        secret_wipe(attribute->within, sizeof attribute->within);
    } else if (attribute->type == CKA_VALUE) {
        secret_free(attribute->apart, attribute->length);
    } else {
        free(attribute->apart);
    }
}

CK_RV attributes_put(struct attributes *attributes, CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG length)
{
    struct attribute row = {.type = type, .length = length};
    uint8_t *to = row.within;
    if (length > sizeof row.within) {
        to = type == CKA_VALUE ? secret_alloc(length) : malloc(length);
        row.apart = to;
    }
    if (to == NULL) {
        return CKR_HOST_MEMORY;
    }
    if (length > 0) {
        memcpy(to, value, length);
    }
    struct attribute *old = (struct attribute *)(uintptr_t)attributes_find(attributes, type);
    if (old != NULL) {
        free_value(old);
        *old = row;
    } else if (attributes->count < ATTRIBUTES_LIMIT) {
        attributes->rows[attributes->count++] = row;
    } else {
        free_value(&row);
        return CKR_HOST_MEMORY;
    }
    return CKR_OK;
}

CK_RV attributes_put_flag(struct attributes *attributes, CK_ATTRIBUTE_TYPE type, bool value)
{
    CK_BBOOL octet = value ? CK_TRUE : CK_FALSE;
    return attributes_put(attributes, type, &octet, sizeof octet);
}

CK_RV attributes_put_number(struct attributes *attributes, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    return attributes_put(attributes, type, &value, sizeof value);
}

CK_RV attributes_copy(const struct attributes *from, struct attributes *to)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        CK_RV rv = attributes_put(to, from->rows[i].type, attribute_value(&from->rows[i]), from->rows[i].length);
        if (rv != CKR_OK) {
            attributes_clear(to);
            return rv;
        }
    }
    return CKR_OK;
}

void attributes_clear(struct attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++) {
        free_value(&attributes->rows[i]);
    }
    attributes->count = 0;
}

static bool all_digits(const uint8_t *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return true;
}

CK_RV attribute_check(const struct attribute_rule *rule, const void *value, CK_ULONG length)
{
    bool good = length <= rule->limit && (value != NULL || length == 0);
    if (!good) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    switch (rule->kind) {
    case ATTRIBUTE_FLAG:
        good = length == sizeof(CK_BBOOL) && *(const CK_BBOOL *)value <= CK_TRUE;
        break;
    case ATTRIBUTE_NUMBER:
        good = length == sizeof(CK_ULONG);
        break;
    case ATTRIBUTE_DATE:
        good = length == 0 || (length == sizeof(CK_DATE) && all_digits(value, length));
        break;
    case ATTRIBUTE_MECHANISMS:
        good = length % sizeof(CK_MECHANISM_TYPE) == 0;
        break;
    case ATTRIBUTE_TEXT:
    case ATTRIBUTE_OCTETS:
    case ATTRIBUTE_COMPONENT:
        break;
    }
    return good ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV template_check(const CK_ATTRIBUTE *template, CK_ULONG count)
{
    if ((template == NULL && count > 0) || count > TEMPLATE_LIMIT) {
        return CKR_ARGUMENTS_BAD;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        if (template[i].ulValueLen > ATTRIBUTE_VALUE_LIMIT ||
            (template[i].pValue == NULL && template[i].ulValueLen > 0)) {
            return CKR_ATTRIBUTE_VALUE_INVALID;
        }
        if (template_find(template, i, template[i].type) != NULL) {
            return CKR_TEMPLATE_INCONSISTENT;
        }
    }
    return CKR_OK;
}

CK_RV template_flag(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type, bool *value)
{
    const CK_ATTRIBUTE *attribute = template_find(template, count, type);
    if (attribute == NULL) {
        return CKR_OK;
    }
    if (attribute->ulValueLen != sizeof(CK_BBOOL) || *(const CK_BBOOL *)attribute->pValue > CK_TRUE) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    *value = *(const CK_BBOOL *)attribute->pValue != CK_FALSE;
    return CKR_OK;
}

/* Puts defaults until one fails. */
struct defaults {
    struct attributes *to;
    CK_RV rv;
};

static bool wanted(const struct defaults *defaults, CK_ATTRIBUTE_TYPE type)
{
    return defaults->rv == CKR_OK && attributes_find(defaults->to, type) == NULL;
}

static void flag(struct defaults *defaults, CK_ATTRIBUTE_TYPE type, bool value)
{
    if (wanted(defaults, type)) {
        defaults->rv = attributes_put_flag(defaults->to, type, value);
    }
}

static void number(struct defaults *defaults, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    if (wanted(defaults, type)) {
        defaults->rv = attributes_put_number(defaults->to, type, value);
    }
}

static void empty(struct defaults *defaults, CK_ATTRIBUTE_TYPE type)
{
    if (wanted(defaults, type)) {
        defaults->rv = attributes_put(defaults->to, type, "", 0);
    }
}

static void certificate_defaults(struct defaults *defaults)
{
    static const CK_ATTRIBUTE_TYPE empty_ones[] = {
        CKA_ISSUER,
        CKA_SERIAL_NUMBER,
        CKA_URL,
        CKA_HASH_OF_SUBJECT_PUBLIC_KEY,
        CKA_HASH_OF_ISSUER_PUBLIC_KEY,
        CKA_START_DATE,
        CKA_END_DATE,
        CKA_ID,
        CKA_PUBLIC_KEY_INFO};
    for (size_t i = 0; i < sizeof empty_ones / sizeof empty_ones[0]; i++) {
        empty(defaults, empty_ones[i]);
    }
    flag(defaults, CKA_TRUSTED, false);
    number(defaults, CKA_CERTIFICATE_CATEGORY, 0);
    number(defaults, CKA_JAVA_MIDP_SECURITY_DOMAIN, 0);
    number(defaults, CKA_NAME_HASH_ALGORITHM, CKM_SHA_1);
}

static void key_defaults(struct defaults *defaults, CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
    bool signs = type == CKK_RSA || type == CKK_EC || type == CKK_EC_EDWARDS || class == CKO_SECRET_KEY;
    bool encrypts = type == CKK_RSA;
    number(defaults, CKA_KEY_TYPE, type);
    empty(defaults, CKA_ID);
    empty(defaults, CKA_START_DATE);
    empty(defaults, CKA_END_DATE);
    /* the standard's default is false; a private key that is good for nothing else would then be good for nothing */
    flag(defaults, CKA_DERIVE, class == CKO_PRIVATE_KEY && (type == CKK_DH || type == CKK_EC_MONTGOMERY));
    flag(defaults, CKA_LOCAL, false);
    number(defaults, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION);
    if (class != CKO_SECRET_KEY) {
        empty(defaults, CKA_SUBJECT);
    }
    if (class != CKO_PRIVATE_KEY) {
        flag(defaults, CKA_ENCRYPT, encrypts);
        flag(defaults, CKA_VERIFY, signs);
        flag(defaults, CKA_WRAP, false);
        flag(defaults, CKA_TRUSTED, false);
    }
    if (class == CKO_PUBLIC_KEY) {
        flag(defaults, CKA_VERIFY_RECOVER, false);
        return;
    }
    flag(defaults, CKA_DECRYPT, encrypts);
    flag(defaults, CKA_SIGN, signs);
    flag(defaults, CKA_UNWRAP, false);
    flag(defaults, CKA_SENSITIVE, class == CKO_PRIVATE_KEY);
    flag(defaults, CKA_EXTRACTABLE, class == CKO_SECRET_KEY);
    flag(defaults, CKA_ALWAYS_SENSITIVE, false);
    flag(defaults, CKA_NEVER_EXTRACTABLE, false);
    flag(defaults, CKA_WRAP_WITH_TRUSTED, false);
    if (class == CKO_PRIVATE_KEY) {
        flag(defaults, CKA_SIGN_RECOVER, false);
        flag(defaults, CKA_ALWAYS_AUTHENTICATE, false);
    }
}

static CK_RV put_defaults(struct attributes *attributes, CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
    struct defaults defaults = {attributes, CKR_OK};
    flag(&defaults, CKA_TOKEN, false);
    flag(&defaults, CKA_PRIVATE, class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY);
    flag(&defaults, CKA_MODIFIABLE, true);
    flag(&defaults, CKA_COPYABLE, true);
    flag(&defaults, CKA_DESTROYABLE, true);
    empty(&defaults, CKA_LABEL);
    if (class == CKO_DATA) {
        empty(&defaults, CKA_APPLICATION);
        empty(&defaults, CKA_OBJECT_ID);
        empty(&defaults, CKA_VALUE);
    } else if (class == CKO_CERTIFICATE) {
        certificate_defaults(&defaults);
    } else {
        key_defaults(&defaults, class, type);
    }
    return defaults.rv;
}

CK_RV attributes_complete(struct attributes *attributes)
{
    CK_OBJECT_CLASS class = attributes_number(attributes, CKA_CLASS);
    CK_KEY_TYPE type = attributes_number(attributes, CKA_KEY_TYPE);
    if (class >= CKO_PUBLIC_KEY && type == CK_UNAVAILABLE_INFORMATION) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    return put_defaults(attributes, class, type);
}

/* PKCS#11 3.0 section 4.6.3 */
static CK_RV check_certificate(const struct attributes *attributes)
{
    const struct attribute *value = attributes_find(attributes, CKA_VALUE);
    const struct attribute *subject = attributes_find(attributes, CKA_SUBJECT);
    if (attributes_find(attributes, CKA_CERTIFICATE_TYPE) == NULL || value == NULL || subject == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    if (attributes_number(attributes, CKA_CERTIFICATE_TYPE) != CKC_X_509) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    const unsigned char *at = attribute_value(value);
    X509 *certificate = d2i_X509(NULL, &at, (long)value->length);
    bool whole = certificate != NULL && at == attribute_value(value) + value->length;
    X509_free(certificate);
    return whole ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV check_whole(const struct attributes *attributes, CK_OBJECT_CLASS class)
{
    if (class == CKO_CERTIFICATE) {
        return check_certificate(attributes);
    }
    if (attributes_flag(attributes, CKA_ALWAYS_AUTHENTICATE) && !attributes_flag(attributes, CKA_PRIVATE)) {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    return CKR_OK;
}

CK_RV attributes_from_template(
    CK_OBJECT_CLASS class, CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, bool so,
    struct attributes *out)
{
    out->count = 0;
    CK_RV rv = class <= CKO_SECRET_KEY ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
    if (rv == CKR_OK) {
        rv = attributes_put_number(out, CKA_CLASS, class); /* the first row: a reader needs it before the others */
    }
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        const CK_ATTRIBUTE *given = &template[i];
        const struct attribute_rule *rule = attribute_rule(given->type, class);
        if (rule == NULL) {
            /* a check value of no length asks that none be computed, and none is */
            rv = given->type == CKA_CHECK_VALUE && given->ulValueLen == 0 ? CKR_OK : CKR_ATTRIBUTE_TYPE_INVALID;
            continue;
        }
        rv = attribute_check(rule, given->pValue, given->ulValueLen);
        if (rv == CKR_OK && (rule->when & ATTRIBUTE_GIVEN) == 0) {
            rv = CKR_ATTRIBUTE_READ_ONLY;
        }
        if (rv == CKR_OK && rule->kind != ATTRIBUTE_COMPONENT) {
            rv = attributes_put(out, given->type, given->pValue, given->ulValueLen);
        }
    }
    if (rv == CKR_OK && attributes_flag(out, CKA_TRUSTED) && !so) {
        rv = CKR_ATTRIBUTE_READ_ONLY;
    }
    if (rv == CKR_OK) {
        rv = put_defaults(out, class, type);
    }
    if (rv == CKR_OK && (attributes_number(out, CKA_CLASS) != class ||
                         (class >= CKO_PUBLIC_KEY && attributes_number(out, CKA_KEY_TYPE) != type))) {
        rv = CKR_TEMPLATE_INCONSISTENT;
    }
    if (rv == CKR_OK) {
        rv = check_whole(out, class);
    }
    if (rv != CKR_OK) {
        attributes_clear(out);
    }
    return rv;
}

static CK_RV change_one(struct attributes *attributes, const CK_ATTRIBUTE *given, bool copy, bool so)
{
    const struct attribute_rule *rule = attribute_rule(given->type, attributes_number(attributes, CKA_CLASS));
    if (rule == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    CK_RV rv = attribute_check(rule, given->pValue, given->ulValueLen);
    if (rv != CKR_OK) {
        return rv;
    }
    unsigned enough = copy ? ATTRIBUTE_CHANGED | ATTRIBUTE_COPIED : ATTRIBUTE_CHANGED;
    if ((rule->when & enough) == 0) {
        return CKR_ATTRIBUTE_READ_ONLY;
    }
    if (rule->kind == ATTRIBUTE_FLAG) {
        bool was = attributes_flag(attributes, given->type);
        bool is = *(const CK_BBOOL *)given->pValue != CK_FALSE;
        if (((rule->when & ATTRIBUTE_RISES) != 0 && was && !is) ||
            ((rule->when & ATTRIBUTE_FALLS) != 0 && !was && is) || (given->type == CKA_TRUSTED && is && !was && !so)) {
            return CKR_ATTRIBUTE_READ_ONLY;
        }
    }
    return attributes_put(attributes, given->type, given->pValue, given->ulValueLen);
}

CK_RV attributes_change(struct attributes *attributes, const CK_ATTRIBUTE *template, CK_ULONG count, bool copy, bool so)
{
    struct attributes changed;
    CK_RV rv = attributes_copy(attributes, &changed);
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        rv = change_one(&changed, &template[i], copy, so);
    }
    if (rv != CKR_OK) {
        attributes_clear(&changed);
        return rv;
    }
    attributes_clear(attributes);
    *attributes = changed;
    return CKR_OK;
}
