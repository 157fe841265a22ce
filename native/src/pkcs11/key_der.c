/* Keys as libcrypto has them, and as DER: PKCS#8 (RFC 5958) and SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
#include "pkcs11/key_parts.h"

#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "secret.h"

static BIGNUM *number(const struct key *key, CK_ATTRIBUTE_TYPE type)
{
    size_t length;
    const uint8_t *octets = key_octets(key, type, &length);
    return BN_bin2bn(octets, (int)length, BN_secure_new());
}

static EVP_PKEY *wrap(int type, void *inner, void (*release)(void *))
{
    EVP_PKEY *pkey = EVP_PKEY_new();
    if (pkey == NULL || EVP_PKEY_assign(pkey, type, inner) != 1) {
        EVP_PKEY_free(pkey);
        release(inner);
        return NULL;
    }
    return pkey;
}

static void release_rsa(void *rsa)
{
    RSA_free(rsa);
}

static void release_dh(void *dh)
{
    DH_free(dh);
}

static void release_ec(void *ec)
{
    EC_KEY_free(ec);
}

static EVP_PKEY *from_rsa(const struct key *key, bool public_only)
{
    RSA *rsa = RSA_new();
    if (rsa == NULL) {
        return NULL;
    }
    bool private = key->class == CKO_PRIVATE_KEY && !public_only;
    BIGNUM *n = number(key, CKA_MODULUS);
    BIGNUM *e = number(key, CKA_PUBLIC_EXPONENT);
    BIGNUM *d = private ? number(key, CKA_PRIVATE_EXPONENT) : NULL;
    if (n == NULL || e == NULL || (private && d == NULL) || RSA_set0_key(rsa, n, e, d) != 1) {
        BN_free(n);
        BN_free(e);
        BN_clear_free(d);
        RSA_free(rsa);
        return NULL;
    }
    if (private) {
        BIGNUM *p = number(key, CKA_PRIME_1);
        BIGNUM *q = number(key, CKA_PRIME_2);
        if (p == NULL || q == NULL || RSA_set0_factors(rsa, p, q) != 1) {
            BN_clear_free(p);
            BN_clear_free(q);
            RSA_free(rsa);
            return NULL;
        }
        BIGNUM *dp = number(key, CKA_EXPONENT_1);
        BIGNUM *dq = number(key, CKA_EXPONENT_2);
        BIGNUM *qinv = number(key, CKA_COEFFICIENT);
        if (dp == NULL || dq == NULL || qinv == NULL || RSA_set0_crt_params(rsa, dp, dq, qinv) != 1) {
            BN_clear_free(dp);
            BN_clear_free(dq);
            BN_clear_free(qinv);
            RSA_free(rsa);
            return NULL;
        }
    }
    return wrap(EVP_PKEY_RSA, rsa, release_rsa);
}

static EVP_PKEY *from_dh(const struct key *key)
{
    DH *dh = DH_new();
    if (dh == NULL) {
        return NULL;
    }
    BIGNUM *p = number(key, CKA_PRIME);
    BIGNUM *g = number(key, CKA_BASE);
    if (p == NULL || g == NULL || DH_set0_pqg(dh, p, NULL, g) != 1) {
        BN_free(p);
        BN_free(g);
        DH_free(dh);
        return NULL;
    }
    BIGNUM *value = number(key, CKA_VALUE);
    bool private = key->class == CKO_PRIVATE_KEY;
    if (value == NULL || DH_set0_key(dh, private ? NULL : value, private ? value : NULL) != 1) {
        BN_clear_free(value);
        DH_free(dh);
        return NULL;
    }
    return wrap(EVP_PKEY_DH, dh, release_dh);
}

static EVP_PKEY *from_nist(const struct key *key, bool public_only)
{
    EC_KEY *ec = EC_KEY_new_by_curve_name(key->curve->nid);
    if (ec == NULL) {
        return NULL;
    }
    bool made = EC_KEY_oct2key(ec, key_point(key), key->curve->point, NULL) == 1;
    if (made && key->class == CKO_PRIVATE_KEY && !public_only) {
        size_t length;
        const uint8_t *value = key_octets(key, CKA_VALUE, &length);
        made = EC_KEY_oct2priv(ec, value, length) == 1;
    }
    if (!made) {
        EC_KEY_free(ec);
        return NULL;
    }
    return wrap(EVP_PKEY_EC, ec, release_ec);
}

static EVP_PKEY *from_raw(const struct key *key, bool public_only)
{
    if (key->class == CKO_PRIVATE_KEY && !public_only) {
        size_t length;
        const uint8_t *value = key_octets(key, CKA_VALUE, &length);
        return EVP_PKEY_new_raw_private_key(key->curve->nid, NULL, value, length);
    }
    return EVP_PKEY_new_raw_public_key(key->curve->nid, NULL, key_point(key), key->curve->point);
}

EVP_PKEY *key_to_libcrypto(const struct key *key, bool public_only)
{
    switch (key->type) {
    case CKK_RSA:
        return from_rsa(key, public_only);
    case CKK_DH:
        return key->class == CKO_PRIVATE_KEY && public_only ? NULL : from_dh(key);
    case CKK_EC:
        return from_nist(key, public_only);
    case CKK_EC_MONTGOMERY:
    case CKK_EC_EDWARDS:
        return from_raw(key, public_only);
    default:
        return NULL;
    }
}

uint8_t *key_public_info(const struct key *key, size_t *length)
{
    EVP_PKEY *pkey = key_to_libcrypto(key, true);
    uint8_t *der = NULL;
    int der_length = pkey == NULL ? 0 : i2d_PUBKEY(pkey, &der);
    EVP_PKEY_free(pkey);
    *length = der_length > 0 ? (size_t)der_length : 0;
    return der_length > 0 ? der : NULL;
}

/* Secret octets in a PrivateKeyInfo, for which there is no algorithm of its own. */
static PKCS8_PRIV_KEY_INFO *secret_info(const struct key *key)
{
    size_t length;
    const uint8_t *octets = key_secret(key, &length);
    PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();
    uint8_t *copy = OPENSSL_memdup(octets, length);
    if (info == NULL || copy == NULL ||
        PKCS8_pkey_set0(info, OBJ_nid2obj(NID_hmacWithSHA256), 0, V_ASN1_NULL, NULL, copy, (int)length) != 1) {
        OPENSSL_clear_free(copy, length);
        PKCS8_PRIV_KEY_INFO_free(info);
        return NULL;
    }
    return info; /* freeing it wipes the copy */
}

CK_RV key_to_der(const struct key *key, uint8_t **der, size_t *length)
{
    uint8_t *encoded = NULL;
    int encoded_length = 0;
    if (key->class == CKO_PUBLIC_KEY) {
        EVP_PKEY *pkey = key_to_libcrypto(key, true);
        encoded_length = pkey == NULL ? 0 : i2d_PUBKEY(pkey, &encoded);
        EVP_PKEY_free(pkey);
    } else {
        PKCS8_PRIV_KEY_INFO *info;
        if (key->class == CKO_SECRET_KEY) {
            info = secret_info(key);
        } else {
            EVP_PKEY *pkey = key_to_libcrypto(key, false);
            info = pkey == NULL ? NULL : EVP_PKEY2PKCS8(pkey);
            EVP_PKEY_free(pkey);
        }
        encoded_length = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, &encoded);
        PKCS8_PRIV_KEY_INFO_free(info);
    }
    if (encoded_length <= 0) {
        return CKR_HOST_MEMORY;
    }
    *length = (size_t)encoded_length;
    *der = secret_alloc(*length);
    if (*der != NULL) {
        memcpy(*der, encoded, *length);
    }
    OPENSSL_clear_free(encoded, *length);
    return *der == NULL ? CKR_HOST_MEMORY : CKR_OK;
}

static CK_RV to_rsa(CK_OBJECT_CLASS class, const EVP_PKEY *pkey, struct key **out)
{
    const RSA *rsa = EVP_PKEY_get0_RSA(pkey);
    if (rsa == NULL) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    struct rsa_bignums numbers = {BN_dup(RSA_get0_n(rsa)),    BN_dup(RSA_get0_e(rsa)),   BN_dup(RSA_get0_d(rsa)),
                                  BN_dup(RSA_get0_p(rsa)),    BN_dup(RSA_get0_q(rsa)),   BN_dup(RSA_get0_dmp1(rsa)),
                                  BN_dup(RSA_get0_dmq1(rsa)), BN_dup(RSA_get0_iqmp(rsa))};
    CK_RV rv = key_from_rsa(class, &numbers, out);
    rsa_bignums_free(&numbers);
    return rv;
}

static CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, const BIGNUM *value, uint8_t octets[KEY_NUMBER_LIMIT])
{
    CK_ATTRIBUTE attribute = {type, octets, 0};
    if (value != NULL && BN_num_bytes(value) <= (int)KEY_NUMBER_LIMIT) {
        attribute.ulValueLen = (CK_ULONG)BN_bn2bin(value, octets);
    }
    return attribute;
}

static CK_RV to_dh(CK_OBJECT_CLASS class, const EVP_PKEY *pkey, struct key **out)
{
    const DH *dh = EVP_PKEY_get0_DH(pkey);
    uint8_t *memory = secret_alloc((size_t)3 * KEY_NUMBER_LIMIT);
    if (dh == NULL || memory == NULL) {
        secret_free(memory, (size_t)3 * KEY_NUMBER_LIMIT);
        return dh == NULL ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_HOST_MEMORY;
    }
    const BIGNUM *value = class == CKO_PRIVATE_KEY ? DH_get0_priv_key(dh) : DH_get0_pub_key(dh);
    CK_ATTRIBUTE template[] = {
        attribute_of(CKA_PRIME, DH_get0_p(dh), memory),
        attribute_of(CKA_BASE, DH_get0_g(dh), memory + KEY_NUMBER_LIMIT),
        attribute_of(CKA_VALUE, value, memory + (size_t)2 * KEY_NUMBER_LIMIT),
    };
    CK_RV rv = key_dh_from_template(class, template, sizeof template / sizeof template[0], out);
    secret_free(memory, (size_t)3 * KEY_NUMBER_LIMIT);
    return rv;
}

static CK_RV from_value(const struct curve *curve, const uint8_t *value, struct key **out)
{
    uint8_t point[CURVE_POINT_LIMIT];
    CK_RV rv = curve_multiply(curve, value, point);
    return rv == CKR_OK ? key_from_pair(curve, value, point, out) : rv;
}

static CK_RV to_nist(CK_OBJECT_CLASS class, const EVP_PKEY *pkey, struct key **out)
{
    const EC_KEY *ec = EVP_PKEY_get0_EC_KEY(pkey);
    const EC_GROUP *group = ec == NULL ? NULL : EC_KEY_get0_group(ec);
    int nid = group == NULL ? NID_undef : EC_GROUP_get_curve_name(group);
    const struct curve *curve = NULL;
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        if (curves[i].type == CKK_EC && curves[i].nid == nid) {
            curve = &curves[i];
        }
    }
    if (curve == NULL) {
        return CKR_CURVE_NOT_SUPPORTED;
    }
    uint8_t octets[CURVE_POINT_LIMIT];
    if (class == CKO_PUBLIC_KEY) {
        if (EC_POINT_point2oct(
                group, EC_KEY_get0_public_key(ec), POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets, NULL) !=
            curve->point) {
            return CKR_ATTRIBUTE_VALUE_INVALID;
        }
        return key_from_point(curve, octets, out);
    }
    const BIGNUM *value = EC_KEY_get0_private_key(ec);
    if (value == NULL || BN_bn2binpad(value, octets, (int)curve->field) < 0) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    CK_RV rv = from_value(curve, octets, out);
    secret_wipe(octets, sizeof octets);
    return rv;
}

static CK_RV to_raw(CK_OBJECT_CLASS class, const struct curve *curve, const EVP_PKEY *pkey, struct key **out)
{
    uint8_t octets[32];
    size_t length = sizeof octets;
    if (EVP_PKEY_get_id(pkey) != curve->nid) {
        return CKR_CURVE_NOT_SUPPORTED;
    }
    if (class == CKO_PUBLIC_KEY) {
        return EVP_PKEY_get_raw_public_key(pkey, octets, &length) == 1 ? key_from_point(curve, octets, out)
                                                                       : CKR_ATTRIBUTE_VALUE_INVALID;
    }
    CK_RV rv = EVP_PKEY_get_raw_private_key(pkey, octets, &length) == 1 ? from_value(curve, octets, out)
                                                                        : CKR_ATTRIBUTE_VALUE_INVALID;
    secret_wipe(octets, sizeof octets);
    return rv;
}

static CK_RV from_libcrypto(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const EVP_PKEY *pkey, struct key **out)
{
    int id = EVP_PKEY_get_base_id(pkey);
    switch (type) {
    case CKK_RSA:
        return id == EVP_PKEY_RSA ? to_rsa(class, pkey, out) : CKR_ATTRIBUTE_VALUE_INVALID;
    case CKK_DH:
        return id == EVP_PKEY_DH ? to_dh(class, pkey, out) : CKR_ATTRIBUTE_VALUE_INVALID;
    case CKK_EC:
        return id == EVP_PKEY_EC ? to_nist(class, pkey, out) : CKR_ATTRIBUTE_VALUE_INVALID;
    case CKK_EC_MONTGOMERY:
        return to_raw(class, &curves[CURVE_X25519], pkey, out);
    case CKK_EC_EDWARDS:
        return to_raw(class, &curves[CURVE_ED25519], pkey, out);
    default:
        return CKR_TEMPLATE_INCONSISTENT;
    }
}

static CK_RV secret_from_info(CK_KEY_TYPE type, const PKCS8_PRIV_KEY_INFO *info, struct key **out)
{
    const ASN1_OBJECT *algorithm;
    const uint8_t *octets;
    int length;
    if (PKCS8_pkey_get0(&algorithm, &octets, &length, NULL, info) != 1 ||
        OBJ_obj2nid(algorithm) != NID_hmacWithSHA256 || length < 0) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    return key_from_secret(type, octets, (size_t)length, out);
}

static CK_RV read_der(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const uint8_t *der, size_t length, struct key **out)
{
    *out = NULL;
    const uint8_t *at = der;
    if (length > KEY_SECRET_LIMIT * 2u) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    if (class == CKO_PUBLIC_KEY) {
        EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)length);
        CK_RV rv =
            pkey == NULL || at != der + length ? CKR_ATTRIBUTE_VALUE_INVALID : from_libcrypto(class, type, pkey, out);
        EVP_PKEY_free(pkey);
        return rv;
    }
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)length);
    CK_RV rv = CKR_ATTRIBUTE_VALUE_INVALID;
    if (info != NULL && at == der + length) {
        if (class == CKO_SECRET_KEY) {
            rv = secret_from_info(type, info, out);
        } else if (class == CKO_PRIVATE_KEY) {
            EVP_PKEY *pkey = EVP_PKCS82PKEY(info);
            if (pkey != NULL) {
                rv = from_libcrypto(class, type, pkey, out);
            }
            EVP_PKEY_free(pkey);
        }
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return rv;
}

CK_RV key_from_der(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const uint8_t *der, size_t length, struct key **out)
{
    ERR_set_mark(); /* octets that are no key are no error of the application's */
    CK_RV rv = read_der(class, type, der, length, out);
    ERR_pop_to_mark();
    return rv;
}
