#include "pkcs11/mechanism_agreement.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "ec/p256_numbers.h"
#include "secret.h"

CK_RV domain_read(CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, struct domain *domain)
{
    *domain = (struct domain){0};
    const uint8_t *octets;
    size_t length;
    if (type == CKK_DH) {
        const uint8_t *base;
        size_t base_length;
        CK_RV rv = template_octets(template, count, CKA_PRIME, &octets, &length);
        if (rv == CKR_OK) {
            rv = template_octets(template, count, CKA_BASE, &base, &base_length);
        }
        if (rv != CKR_OK) {
            return rv;
        }
        domain->group = modp_group_find(octets, length, base, base_length);
        return domain->group == NULL ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
    }
    CK_RV rv = template_octets(template, count, CKA_EC_PARAMS, &octets, &length);
    if (rv != CKR_OK) {
        return rv;
    }
    domain->curve = curve_find(type, octets, length);
    return domain->curve == NULL ? CKR_CURVE_NOT_SUPPORTED : CKR_OK;
}

struct domain domain_of_key(const struct key *key)
{
    return (struct domain){key->group, key->curve};
}

size_t domain_public_octets(const struct domain *domain)
{
    return domain->group != NULL ? modp_group_octets(domain->group) : domain->curve->point;
}

size_t domain_secret_octets(const struct domain *domain)
{
    if (domain->group != NULL) {
        return modp_group_octets(domain->group);
    }
    return domain->curve->type == CKK_EC_EDWARDS ? 0 : domain->curve->field;
}

/*
 * base^exponent mod p in constant time, for exponents that are longer than the back-ends' jobs: imported ones, and
 * where a caller asks for more bits.
 */
static bool power(
    const struct modp_group *group, const uint8_t *base, size_t base_length, const uint8_t *exponent, size_t length,
    uint8_t *out)
{
    size_t octets = modp_group_octets(group);
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *p = BN_bin2bn(modp_group_prime(group), (int)octets, NULL);
    BIGNUM *b = BN_bin2bn(base, (int)base_length, NULL);
    BIGNUM *x = BN_bin2bn(exponent, (int)length, BN_secure_new());
    BIGNUM *result = BN_secure_new();
    bool made = ctx != NULL && p != NULL && b != NULL && x != NULL && result != NULL;
    if (made) {
        BN_set_flags(x, BN_FLG_CONSTTIME);
        made = BN_mod_exp_mont_consttime(result, b, x, p, ctx, NULL) == 1 &&
               BN_bn2binpad(result, out, (int)octets) == (int)octets;
    }
    BN_clear_free(result);
    BN_clear_free(x);
    BN_free(b);
    BN_free(p);
    BN_CTX_free(ctx);
    return made;
}

static CK_RV draw_exponent(struct generation *work, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    const struct modp_group *group = work->domain.group;
    size_t usual = modp_group_exponent_octets(group);
    CK_RV rv = template_ulong(template, count, CKA_VALUE_BITS, 8 * usual, &work->value_bits);
    if (rv != CKR_OK) {
        return rv;
    }
    CK_ULONG most = 8 * PRIVATE_LIMIT < modp_group_bits(group) ? 8 * PRIVATE_LIMIT : modp_group_bits(group) - 1;
    if (work->value_bits < 8 * usual || work->value_bits > most) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    work->private_length = (work->value_bits + 7) / 8;
    if (RAND_priv_bytes(work->private, (int)work->private_length) != 1) {
        return CKR_FUNCTION_FAILED;
    }
    if (work->value_bits % 8 != 0) {
        work->private[0] &= (uint8_t)((1u << work->value_bits % 8) - 1);
    }
    if (work->private_length == usual) {
        work->has_job = true;
        work->job.primitive = MODP_KEYGEN;
        work->job.modp.group = group;
        work->job.modp.exponent = work->private;
        work->job.modp.peer = NULL;
        work->job.modp.out = work->public;
        return CKR_OK;
    }
    static const uint8_t generator[] = {2};
    bool made = power(group, generator, sizeof generator, work->private, work->private_length, work->public);
    work->job.status = made ? JOB_OK : JOB_FAULT;
    return CKR_OK;
}

static CK_RV draw_scalar(struct generation *work)
{
    const struct curve *curve = work->domain.curve;
    work->private_length = curve->field;
    if (curve == &curves[CURVE_P256]) {
        /* FIPS 186-5 appendix A.2.2: uniform by rejection, which one in 2^32 candidates meets */
        do {
            if (RAND_priv_bytes(work->private, (int)curve->field) != 1) {
                return CKR_FUNCTION_FAILED;
            }
        } while (!p256_scalar_in_range(work->private));
        work->has_job = true;
        work->job.primitive = P256_KEYGEN;
        work->job.p256.scalar = work->private;
        work->job.p256.peer = NULL;
        work->public[0] = POINT_CONVERSION_UNCOMPRESSED;
        work->job.p256.out = work->public + 1;
        return CKR_OK;
    }
    CK_RV rv;
    do {
        if (RAND_priv_bytes(work->private, (int)curve->field) != 1) {
            return CKR_FUNCTION_FAILED;
        }
        if (curve == &curves[CURVE_X25519]) {
            work->has_job = true;
            work->job.primitive = X25519_KEYGEN;
            work->job.x25519.scalar = work->private;
            work->job.x25519.peer = NULL;
            work->job.x25519.out = work->public;
            return CKR_OK;
        }
        if (curve == &curves[CURVE_P521]) {
            work->private[0] &= 0x01; /* 521 bits */
        }
        rv = curve_multiply(curve, work->private, work->public);
    } while (rv == CKR_ATTRIBUTE_VALUE_INVALID);
    work->job.status = JOB_OK;
    return rv;
}

CK_RV generation_prepare(
    struct generation *work, const struct domain *domain, const CK_ATTRIBUTE *private_template, CK_ULONG private_count)
{
    work->domain = *domain;
    work->has_job = false;
    work->value_bits = 0;
    work->job.status = JOB_PENDING;
    return domain->group != NULL ? draw_exponent(work, private_template, private_count) : draw_scalar(work);
}

CK_RV generation_finish(struct generation *work)
{
    /* what we drew is in range: a refusal is as wrong as a fault */
    return work->job.status == JOB_OK ? CKR_OK : CKR_DEVICE_ERROR;
}

CK_RV generation_public_key(const struct generation *work, struct key **out)
{
    if (work->domain.group != NULL) {
        return key_from_dh(
            CKO_PUBLIC_KEY, work->domain.group, work->public, domain_public_octets(&work->domain), 0, out);
    }
    return key_from_point(work->domain.curve, work->public, out);
}

CK_RV generation_private_key(const struct generation *work, struct key **out)
{
    if (work->domain.group != NULL) {
        return key_from_dh(
            CKO_PRIVATE_KEY, work->domain.group, work->private, work->private_length, work->value_bits, out);
    }
    return key_from_pair(work->domain.curve, work->private, work->public, out);
}

static CK_RV
prepare_dh(struct agreement *work, const CK_MECHANISM *mechanism, const uint8_t *private, size_t private_length)
{
    const struct modp_group *group = work->domain.group;
    const uint8_t *given = mechanism->pParameter;
    size_t length = mechanism->ulParameterLen;
    size_t octets = modp_group_octets(group);
    if (given == NULL || length == 0 || length > KEY_NUMBER_LIMIT) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    while (length > octets && *given == 0) {
        given++;
        length--;
    }
    if (length > octets) {
        return CKR_PUBLIC_KEY_INVALID;
    }
    memset(work->peer, 0, octets - length);
    memcpy(work->peer + octets - length, given, length);
    if (private_length == modp_group_exponent_octets(group)) {
        work->has_job = true;
        work->job.primitive = MODP_DERIVE;
        work->job.modp.group = group;
        work->job.modp.exponent = private;
        work->job.modp.peer = work->peer;
        work->job.modp.out = work->secret;
        return CKR_OK;
    }
    if (!modp_group_accepts(group, work->peer)) {
        work->job.status = JOB_REFUSED;
    } else {
        bool made = power(group, work->peer, octets, private, private_length, work->secret);
        work->job.status = made ? JOB_OK : JOB_FAULT;
    }
    return CKR_OK;
}

/* ECDH on the curves that no back-end has: NIST SP 800-56A rev. 3 section 5.7.1.2, of cofactor 1. */
static enum job_status ecdh_by_libcrypto(struct agreement *work, const uint8_t *private)
{
    const struct curve *curve = work->domain.curve;
    enum job_status status = JOB_FAULT;
    ERR_set_mark(); /* a peer's refused point is no error of the application's */
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curve->nid);
    EC_POINT *peer = group == NULL ? NULL : EC_POINT_new(group);
    EC_POINT *shared = group == NULL ? NULL : EC_POINT_new(group);
    BIGNUM *scalar = BN_bin2bn(private, (int)curve->field, BN_secure_new());
    BIGNUM *x = BN_secure_new();
    if (peer == NULL || shared == NULL || scalar == NULL || x == NULL) {
        goto done;
    }
    if (EC_POINT_oct2point(group, peer, work->peer, curve->point, NULL) != 1) {
        status = JOB_REFUSED;
        goto done;
    }
    if (EC_POINT_mul(group, shared, NULL, peer, scalar, NULL) == 1 &&
        EC_POINT_get_affine_coordinates(group, shared, x, NULL, NULL) == 1 &&
        BN_bn2binpad(x, work->secret, (int)curve->field) == (int)curve->field) {
        status = JOB_OK;
    }
done:
    BN_clear_free(x);
    BN_clear_free(scalar);
    EC_POINT_clear_free(shared);
    EC_POINT_free(peer);
    EC_GROUP_free(group);
    ERR_pop_to_mark();
    return status;
}

static CK_RV prepare_ecdh(struct agreement *work, const CK_MECHANISM *mechanism, const uint8_t *private)
{
    const struct curve *curve = work->domain.curve;
    CK_ECDH1_DERIVE_PARAMS params;
    if (mechanism->pParameter == NULL || mechanism->ulParameterLen != sizeof params) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    memcpy(&params, mechanism->pParameter, sizeof params);
    if (params.kdf != CKD_NULL || params.shared_data_len != 0 || params.public_data == NULL) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    const uint8_t *point = curve_point(curve, params.public_data, params.public_data_len);
    if (point == NULL) {
        return CKR_PUBLIC_KEY_INVALID;
    }
    memcpy(work->peer, point, curve->point);
    if (curve == &curves[CURVE_X25519]) {
        work->has_job = true;
        work->job.primitive = X25519_DERIVE;
        work->job.x25519.scalar = private;
        work->job.x25519.peer = work->peer;
        work->job.x25519.out = work->secret;
        return CKR_OK;
    }
    if (work->peer[0] != POINT_CONVERSION_UNCOMPRESSED) {
        return CKR_PUBLIC_KEY_INVALID;
    }
    if (curve == &curves[CURVE_P256]) {
        work->has_job = true;
        work->job.primitive = P256_DERIVE;
        work->job.p256.scalar = private;
        work->job.p256.peer = work->peer + 1;
        work->job.p256.out = work->secret;
        return CKR_OK;
    }
    work->job.status = ecdh_by_libcrypto(work, private);
    return CKR_OK;
}

CK_RV agreement_prepare(
    struct agreement *work, const CK_MECHANISM *mechanism, const struct domain *domain, const uint8_t *private,
    size_t private_length)
{
    work->domain = *domain;
    work->has_job = false;
    work->job.status = JOB_PENDING;
    if (domain->group != NULL && mechanism->mechanism == CKM_DH_PKCS_DERIVE) {
        return prepare_dh(work, mechanism, private, private_length);
    }
    if (domain->curve != NULL && mechanism->mechanism == CKM_ECDH1_DERIVE && domain->curve->type != CKK_EC_EDWARDS) {
        return prepare_ecdh(work, mechanism, private);
    }
    return CKR_MECHANISM_INVALID;
}

CK_RV agreement_finish(struct agreement *work)
{
    switch (work->job.status) {
    case JOB_OK:
        return CKR_OK;
    case JOB_REFUSED:
        return CKR_PUBLIC_KEY_INVALID;
    case JOB_PENDING:
    case JOB_FAULT:
        break;
    }
    return CKR_DEVICE_ERROR;
}
