/* Keys on elliptic curves: P-256, P-384, P-521, X25519, Ed25519. */
#include "pkcs11/key_parts.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

#include "secret.h"

/* SEC 2 and RFC 5480 section 2.1.1.1; RFC 8410 section 3 */
static const uint8_t oid_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t oid_p521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
static const uint8_t oid_x25519[] = {0x06, 0x03, 0x2b, 0x65, 0x6e};
static const uint8_t oid_ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};

const struct curve curves[CURVE_COUNT] = {
    [CURVE_P256] = {CKK_EC, NID_X9_62_prime256v1, oid_p256, sizeof oid_p256, NULL, 32, 65},
    [CURVE_P384] = {CKK_EC, NID_secp384r1, oid_p384, sizeof oid_p384, NULL, 48, 97},
    [CURVE_P521] = {CKK_EC, NID_secp521r1, oid_p521, sizeof oid_p521, NULL, 66, 133},
    [CURVE_X25519] = {CKK_EC_MONTGOMERY, NID_X25519, oid_x25519, sizeof oid_x25519, "curve25519", 32, 32},
    [CURVE_ED25519] = {CKK_EC_EDWARDS, NID_ED25519, oid_ed25519, sizeof oid_ed25519, "edwards25519", 32, 32},
};
#define LARGEST_POINT_HEADER 3u

static bool is_name(const struct curve *curve, const uint8_t *params, size_t length)
{
    const uint8_t printable_string = 0x13;
    return curve->name != NULL && length == 2 + strlen(curve->name) && params[0] == printable_string &&
           params[1] == length - 2 && memcmp(params + 2, curve->name, length - 2) == 0;
}

const struct curve *curve_find(CK_KEY_TYPE type, const uint8_t *params, size_t length)
{
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        const struct curve *curve = &curves[i];
        if (curve->type == type && ((length == curve->oid_length && memcmp(params, curve->oid, length) == 0) ||
                                    is_name(curve, params, length))) {
            return curve;
        }
    }
    return NULL;
}

/* Octets of the header of a DER OCTET STRING around a point, written to header. */
static size_t point_header(size_t point, uint8_t header[LARGEST_POINT_HEADER])
{
    size_t length = 0;
    header[length++] = 0x04;
    if (point >= 0x80) {
        header[length++] = 0x81;
    }
    header[length++] = (uint8_t)point;
    return length;
}

const uint8_t *curve_point(const struct curve *curve, const uint8_t *given, size_t length)
{
    if (length == curve->point) {
        return given;
    }
    uint8_t header[LARGEST_POINT_HEADER];
    size_t header_length = point_header(curve->point, header);
    if (length == header_length + curve->point && memcmp(given, header, header_length) == 0) {
        return given + header_length;
    }
    return NULL;
}

/*
 * libcrypto's form of a NIST curve, made once and kept: making one takes ten times as long as looking at a point. NULL
 * where there is no memory.
 */
static const EC_GROUP *group_of(const struct curve *curve)
{
    static _Atomic(EC_GROUP *) groups[CURVE_COUNT];
    _Atomic(EC_GROUP *) *kept = &groups[curve - curves];
    EC_GROUP *group = atomic_load_explicit(kept, memory_order_acquire);
    if (group == NULL) {
        EC_GROUP *made = EC_GROUP_new_by_curve_name(curve->nid);
        if (atomic_compare_exchange_strong(kept, &group, made)) {
            return made;
        }
        EC_GROUP_free(made); /* another thread was faster */
    }
    return group;
}

bool curve_accepts(const struct curve *curve, const uint8_t *point)
{
    ERR_set_mark(); /* a refused point is no error of the application's */
    const EC_GROUP *group = group_of(curve);
    EC_POINT *decoded = group == NULL ? NULL : EC_POINT_new(group);
    /* only the uncompressed form has this length; libcrypto refuses coordinates >= p and points off the curve */
    bool accepted = decoded != NULL && point[0] == POINT_CONVERSION_UNCOMPRESSED &&
                    EC_POINT_oct2point(group, decoded, point, curve->point, NULL) == 1;
    EC_POINT_free(decoded);
    ERR_pop_to_mark();
    return accepted;
}

const uint8_t *key_point(const struct key *key)
{
    size_t length;
    const uint8_t *wrapped = key_octets(key, CKA_EC_POINT, &length);
    return wrapped + (length - key->curve->point);
}

static struct key *begin(CK_OBJECT_CLASS class, const struct curve *curve, const uint8_t *point)
{
    uint8_t header[LARGEST_POINT_HEADER];
    size_t header_length = point_header(curve->point, header);
    struct key *key = key_new(class, curve->type, curve->oid_length + header_length + curve->point + curve->field);
    if (key == NULL) {
        return NULL;
    }
    key->curve = curve;
    memcpy(key_add(key, CKA_EC_PARAMS, false, curve->oid_length), curve->oid, curve->oid_length);
    uint8_t *wrapped = key_add(key, CKA_EC_POINT, false, header_length + curve->point);
    memcpy(wrapped, header, header_length);
    memcpy(wrapped + header_length, point, curve->point);
    return key;
}

CK_RV key_from_point(const struct curve *curve, const uint8_t *point, struct key **out)
{
    /* RFC 7748 section 5: every string is a u-coordinate; Ed25519 points are decoded by each verification anew */
    if (curve->type == CKK_EC && !curve_accepts(curve, point)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    *out = begin(CKO_PUBLIC_KEY, curve, point);
    return *out == NULL ? CKR_HOST_MEMORY : CKR_OK;
}

static CK_RV nist_point(const struct curve *curve, const uint8_t *value, uint8_t *point)
{
    CK_RV rv = CKR_HOST_MEMORY;
    const EC_GROUP *group = group_of(curve);
    EC_POINT *product = group == NULL ? NULL : EC_POINT_new(group);
    BIGNUM *scalar = BN_secure_new();
    if (product == NULL || scalar == NULL || BN_bin2bn(value, (int)curve->field, scalar) == NULL) {
        goto done;
    }
    if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0) {
        rv = CKR_ATTRIBUTE_VALUE_INVALID;
        goto done;
    }
    if (EC_POINT_mul(group, product, scalar, NULL, NULL, NULL) != 1 ||
        EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, point, curve->point, NULL) == 0) {
        goto done;
    }
    rv = CKR_OK;
done:
    BN_clear_free(scalar);
    EC_POINT_clear_free(product);
    return rv;
}

static CK_RV raw_point(const struct curve *curve, const uint8_t *value, uint8_t *point)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(curve->nid, NULL, value, curve->field);
    size_t length = curve->point;
    bool made = pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, point, &length) == 1;
    EVP_PKEY_free(pkey);
    return made ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV curve_multiply(const struct curve *curve, const uint8_t *value, uint8_t *point)
{
    return curve->type == CKK_EC ? nist_point(curve, value, point) : raw_point(curve, value, point);
}

CK_RV key_from_pair(const struct curve *curve, const uint8_t *value, const uint8_t *point, struct key **out)
{
    struct key *key = begin(CKO_PRIVATE_KEY, curve, point);
    if (key == NULL) {
        return CKR_HOST_MEMORY;
    }
    memcpy(key_add(key, CKA_VALUE, true, curve->field), value, curve->field);
    *out = key;
    return CKR_OK;
}

static CK_RV
private_from_template(const struct curve *curve, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    const uint8_t *value;
    size_t length;
    CK_RV rv = template_octets(template, count, CKA_VALUE, &value, &length);
    if (rv != CKR_OK) {
        return rv;
    }
    uint8_t padded[CURVE_FIELD_LIMIT] = {0};
    if (curve->type == CKK_EC) {
        while (length > curve->field && value[0] == 0) {
            value++;
            length--;
        }
    }
    if (length > curve->field || (curve->type != CKK_EC && length != curve->field)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    memcpy(padded + curve->field - length, value, length);
    uint8_t point[CURVE_POINT_LIMIT];
    rv = curve_multiply(curve, padded, point);
    if (rv == CKR_OK) {
        rv = key_from_pair(curve, padded, point, out);
    }
    secret_wipe(padded, sizeof padded);
    return rv;
}

CK_RV key_ec_from_template(
    CK_OBJECT_CLASS class, CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    const uint8_t *octets;
    size_t length;
    CK_RV rv = template_octets(template, count, CKA_EC_PARAMS, &octets, &length);
    if (rv != CKR_OK) {
        return rv;
    }
    const struct curve *curve = curve_find(type, octets, length);
    if (curve == NULL) {
        return CKR_CURVE_NOT_SUPPORTED;
    }
    if (class == CKO_PRIVATE_KEY) {
        return private_from_template(curve, template, count, out);
    }
    rv = template_octets(template, count, CKA_EC_POINT, &octets, &length);
    if (rv != CKR_OK) {
        return rv;
    }
    const uint8_t *point = curve_point(curve, octets, length);
    return point == NULL ? CKR_ATTRIBUTE_VALUE_INVALID : key_from_point(curve, point, out);
}
