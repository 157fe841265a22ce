/* C_GenerateKeyPair and C_GenerateKey. */
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "batch/dispatch.h"
#include "pkcs11/mechanism_agreement.h"
#include "pkcs11/mechanism.h"
#include "secret.h"

static CK_RV
generate_rsa(const CK_ATTRIBUTE *template, CK_ULONG count, struct key **public_key, struct key **private_key)
{
    if (template_find(template, count, CKA_MODULUS_BITS) == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    CK_ULONG bits;
    CK_RV rv = template_ulong(template, count, CKA_MODULUS_BITS, 0, &bits);
    if (rv != CKR_OK) {
        return rv;
    }
    if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS || bits % 8 != 0) {
        return CKR_KEY_SIZE_RANGE;
    }
    static const uint8_t usual[] = {0x01, 0x00, 0x01};
    const uint8_t *exponent = usual;
    size_t length = sizeof usual;
    if (template_find(template, count, CKA_PUBLIC_EXPONENT) != NULL) {
        rv = template_octets(template, count, CKA_PUBLIC_EXPONENT, &exponent, &length);
        if (rv != CKR_OK) {
            return rv;
        }
    }
    if (length > KEY_NUMBER_LIMIT) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    BIGNUM *e = BN_bin2bn(exponent, (int)length, NULL);
    RSA *rsa = RSA_new();
    struct rsa_bignums numbers = {0};
    rv = CKR_HOST_MEMORY;
    if (e == NULL || rsa == NULL) {
        goto done;
    }
    if (BN_num_bits(e) > 64 || BN_num_bits(e) < 2 || !BN_is_odd(e)) {
        rv = CKR_ATTRIBUTE_VALUE_INVALID;
        goto done;
    }
    if (RSA_generate_key_ex(rsa, (int)bits, e, NULL) != 1) {
        rv = CKR_FUNCTION_FAILED;
        goto done;
    }
    numbers = (struct rsa_bignums){BN_dup(RSA_get0_n(rsa)),    BN_dup(RSA_get0_e(rsa)),   BN_dup(RSA_get0_d(rsa)),
                                   BN_dup(RSA_get0_p(rsa)),    BN_dup(RSA_get0_q(rsa)),   BN_dup(RSA_get0_dmp1(rsa)),
                                   BN_dup(RSA_get0_dmq1(rsa)), BN_dup(RSA_get0_iqmp(rsa))};
    rv = key_from_rsa(CKO_PRIVATE_KEY, &numbers, private_key);
    if (rv == CKR_OK) {
        rv = key_from_rsa(CKO_PUBLIC_KEY, &numbers, public_key);
    }
done:
    rsa_bignums_free(&numbers);
    RSA_free(rsa);
    BN_free(e);
    return rv;
}

static CK_RV generate_in_domain(
    CK_KEY_TYPE type, const CK_ATTRIBUTE *public_template, CK_ULONG public_count, const CK_ATTRIBUTE *private_template,
    CK_ULONG private_count, struct key **public_key, struct key **private_key)
{
    struct domain domain;
    CK_RV rv = domain_read(type, public_template, public_count, &domain);
    if (rv != CKR_OK) {
        return rv;
    }
    struct generation *work = secret_alloc(sizeof *work);
    if (work == NULL) {
        return CKR_HOST_MEMORY;
    }
    rv = generation_prepare(work, &domain, private_template, private_count);
    if (rv == CKR_OK) {
        if (work->has_job) {
            dispatch_run(&work->job, 1);
        }
        rv = generation_finish(work);
    }
    if (rv == CKR_OK) {
        rv = generation_private_key(work, private_key);
    }
    if (rv == CKR_OK) {
        rv = generation_public_key(work, public_key);
    }
    secret_free(work, sizeof *work);
    return rv;
}

CK_RV mechanism_generate_pair(
    const CK_MECHANISM *mechanism, const CK_ATTRIBUTE *public_template, CK_ULONG public_count,
    const CK_ATTRIBUTE *private_template, CK_ULONG private_count, struct key **public_key, struct key **private_key)
{
    *public_key = NULL;
    *private_key = NULL;
    CK_KEY_TYPE type;
    switch (mechanism->mechanism) {
    case CKM_RSA_PKCS_KEY_PAIR_GEN:
        type = CKK_RSA;
        break;
    case CKM_DH_PKCS_KEY_PAIR_GEN:
        type = CKK_DH;
        break;
    case CKM_EC_KEY_PAIR_GEN:
        type = CKK_EC;
        break;
    case CKM_EC_MONTGOMERY_KEY_PAIR_GEN:
        type = CKK_EC_MONTGOMERY;
        break;
    case CKM_EC_EDWARDS_KEY_PAIR_GEN:
        type = CKK_EC_EDWARDS;
        break;
    default:
        return CKR_MECHANISM_INVALID;
    }
    if (mechanism->ulParameterLen != 0) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    CK_RV rv = type == CKK_RSA
                   ? generate_rsa(public_template, public_count, public_key, private_key)
                   : generate_in_domain(
                         type, public_template, public_count, private_template, private_count, public_key, private_key);
    if (rv != CKR_OK) {
        key_unref(*private_key);
        *private_key = NULL;
    }
    return rv;
}

CK_RV mechanism_generate_secret(
    const CK_MECHANISM *mechanism, const CK_ATTRIBUTE *template, CK_ULONG count, struct key **out)
{
    *out = NULL;
    CK_KEY_TYPE usual = CKK_GENERIC_SECRET;
    if (mechanism->mechanism == CKM_HKDF_KEY_GEN) {
        usual = CKK_HKDF;
    } else if (mechanism->mechanism != CKM_GENERIC_SECRET_KEY_GEN) {
        return CKR_MECHANISM_INVALID;
    }
    if (mechanism->ulParameterLen != 0) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    if (template_find(template, count, CKA_VALUE_LEN) == NULL) {
        return CKR_TEMPLATE_INCOMPLETE;
    }
    CK_ULONG type;
    CK_ULONG length;
    CK_RV rv = template_ulong(template, count, CKA_KEY_TYPE, usual, &type);
    if (rv == CKR_OK) {
        rv = template_ulong(template, count, CKA_VALUE_LEN, 0, &length);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    if (!key_type_is_octets(type) || (usual == CKK_HKDF && type != CKK_HKDF)) {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    if (length == 0 || length > KEY_SECRET_LIMIT) {
        return CKR_KEY_SIZE_RANGE;
    }
    uint8_t *octets = secret_alloc(length);
    if (octets == NULL) {
        return CKR_HOST_MEMORY;
    }
    rv = RAND_priv_bytes(octets, (int)length) == 1 ? key_from_secret(type, octets, length, out) : CKR_FUNCTION_FAILED;
    secret_free(octets, length);
    return rv;
}
