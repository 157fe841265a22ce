#include "pkcs11/mechanism_asymmetric.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "batch/dispatch.h"
#include "ec/p256_numbers.h"
#include "pkcs11/mechanism_padding.h"
#include "secret.h"

/* Raw ECDSA takes a digest; nothing sensible is longer. */
#define ECDSA_DATA_LIMIT 128u

static CK_RV no_parameter(const CK_MECHANISM *mechanism)
{
    return mechanism->ulParameterLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

/* Copies a parameter structure, whose memory need not be aligned. */
static CK_RV parameter(const CK_MECHANISM *mechanism, void *out, size_t length)
{
    if (mechanism->pParameter == NULL || mechanism->ulParameterLen != length) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    memcpy(out, mechanism->pParameter, length);
    return CKR_OK;
}

static size_t modulus_octets(const struct key *key)
{
    return rsa_key_bits(key->rsa) / 8;
}

static CK_RV read_pss(const CK_MECHANISM *mechanism, const struct key *key, struct scheme *scheme)
{
    CK_RSA_PKCS_PSS_PARAMS params;
    CK_RV rv = parameter(mechanism, &params, sizeof params);
    if (rv != CKR_OK) {
        return rv;
    }
    scheme->form = SCHEME_PSS;
    scheme->hash = hash_of_digest(params.hash_alg);
    scheme->mgf = hash_of_mgf(params.mgf);
    scheme->salt = params.s_len;
    if (scheme->hash == NULL || scheme->mgf == NULL || (scheme->message != NULL && scheme->message != scheme->hash) ||
        params.s_len > modulus_octets(key) - scheme->hash->length - 2) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    return CKR_OK;
}

static CK_RV read_oaep(const CK_MECHANISM *mechanism, struct scheme *scheme)
{
    CK_RSA_PKCS_OAEP_PARAMS params;
    CK_RV rv = parameter(mechanism, &params, sizeof params);
    if (rv != CKR_OK) {
        return rv;
    }
    scheme->form = SCHEME_OAEP;
    scheme->hash = hash_of_digest(params.hash_alg);
    scheme->mgf = hash_of_mgf(params.mgf);
    /* a source of 0 is how some callers say that there is no label */
    bool empty = params.source_data_len == 0;
    if (scheme->hash == NULL || scheme->mgf == NULL || (!empty && params.source_data == NULL) ||
        (params.source != CKZ_DATA_SPECIFIED && !(empty && params.source == 0)) ||
        params.source_data_len > KEY_SECRET_LIMIT) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    hash_once(scheme->hash, params.source_data, params.source_data_len, scheme->label);
    return CKR_OK;
}

static CK_RV
read_rsa(enum operation_kind kind, const CK_MECHANISM *mechanism, const struct key *key, struct scheme *scheme)
{
    bool signs = kind == OPERATION_SIGN || kind == OPERATION_VERIFY;
    switch (mechanism->mechanism) {
    case CKM_RSA_PKCS:
        scheme->form = SCHEME_PKCS1;
        return no_parameter(mechanism);
    case CKM_RSA_X_509:
        scheme->form = SCHEME_RAW;
        return no_parameter(mechanism);
    case CKM_RSA_PKCS_PSS:
        if (signs) {
            return read_pss(mechanism, key, scheme);
        }
        break;
    case CKM_RSA_PKCS_OAEP:
        if (!signs) {
            return read_oaep(mechanism, scheme);
        }
        break;
    default:
        for (size_t i = 0; i < HASH_COUNT && signs; i++) {
            scheme->message = &hashes[i];
            if (mechanism->mechanism == hashes[i].rsa_pkcs) {
                scheme->form = SCHEME_PKCS1;
                return no_parameter(mechanism);
            }
            if (mechanism->mechanism == hashes[i].rsa_pss) {
                return read_pss(mechanism, key, scheme);
            }
        }
    }
    return CKR_MECHANISM_INVALID;
}

static CK_KEY_TYPE type_of_mechanism(CK_MECHANISM_TYPE type)
{
    if (type == CKM_EDDSA) {
        return CKK_EC_EDWARDS;
    }
    if (type == CKM_ECDSA) {
        return CKK_EC;
    }
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].ecdsa == type) {
            return CKK_EC;
        }
    }
    return CKK_RSA;
}

CK_RV scheme_read(enum operation_kind kind, const CK_MECHANISM *mechanism, const struct key *key, struct scheme *scheme)
{
    memset(scheme, 0, sizeof *scheme);
    bool signs = kind == OPERATION_SIGN || kind == OPERATION_VERIFY;
    bool private = kind == OPERATION_SIGN || kind == OPERATION_DECRYPT;
    CK_KEY_TYPE type = type_of_mechanism(mechanism->mechanism);
    if (type != CKK_RSA && !signs) {
        return CKR_MECHANISM_INVALID;
    }
    if (key->type != type || key->class != (private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY)) {
        /* a mechanism that is not ours is told before a key that does not fit */
        for (size_t i = 0; i < mechanism_row_count; i++) {
            if (mechanism_rows[i].type == mechanism->mechanism) {
                return CKR_KEY_TYPE_INCONSISTENT;
            }
        }
        return CKR_MECHANISM_INVALID;
    }
    if (type == CKK_RSA) {
        return read_rsa(kind, mechanism, key, scheme);
    }
    scheme->form = type == CKK_EC ? SCHEME_ECDSA : SCHEME_EDDSA;
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].ecdsa == mechanism->mechanism) {
            scheme->message = &hashes[i];
        }
    }
    return no_parameter(mechanism);
}

size_t scheme_room(enum operation_kind kind, const struct scheme *scheme, const struct key *key)
{
    if (kind == OPERATION_VERIFY) {
        return 0;
    }
    switch (scheme->form) {
    case SCHEME_ECDSA:
        return 2 * key->curve->field;
    case SCHEME_EDDSA:
        return 64;
    case SCHEME_PKCS1:
        return modulus_octets(key) - (kind == OPERATION_DECRYPT ? PKCS1_OVERHEAD : 0);
    case SCHEME_OAEP:
        return modulus_octets(key) - (kind == OPERATION_DECRYPT ? 2 * scheme->hash->length + 2 : 0);
    case SCHEME_RAW:
    case SCHEME_PSS:
        break;
    }
    return modulus_octets(key);
}

static void rsa_job(struct asymmetric *work)
{
    bool private = work->kind == OPERATION_SIGN || work->kind == OPERATION_DECRYPT;
    work->has_job = true;
    work->job.primitive = private ? RSA_PRIVATE : RSA_PUBLIC;
    work->job.rsa.key = work->key->rsa;
    work->job.rsa.in = work->in;
    work->job.rsa.out = work->out;
}

/* The representative of a number that callers may give without its leading zeros. */
static CK_RV left_pad(const uint8_t *data, size_t length, uint8_t *out, size_t k)
{
    if (length > k) {
        return CKR_DATA_LEN_RANGE;
    }
    memset(out, 0, k - length);
    if (length > 0) {
        memcpy(out + k - length, data, length);
    }
    return CKR_OK;
}

static CK_RV prepare_rsa(
    struct asymmetric *work, const uint8_t *data, size_t length, const uint8_t *signature, size_t signature_length)
{
    const struct scheme *scheme = work->scheme;
    size_t k = modulus_octets(work->key);
    CK_RV rv = CKR_OK;
    if (work->kind == OPERATION_DECRYPT) {
        if (length != k) {
            return CKR_ENCRYPTED_DATA_LEN_RANGE;
        }
        memcpy(work->in, data, k);
        rsa_job(work);
        return CKR_OK;
    }
    if (work->kind == OPERATION_VERIFY) {
        if (signature_length != k) {
            return CKR_SIGNATURE_LEN_RANGE;
        }
        memcpy(work->in, signature, k);
    }
    uint8_t *encoded = work->kind == OPERATION_VERIFY ? work->expected : work->in;
    switch (scheme->form) {
    case SCHEME_PKCS1:
        rv = work->kind == OPERATION_ENCRYPT ? padding_pkcs1_encrypt(data, length, encoded, k)
                                             : padding_pkcs1_sign(scheme->message, data, length, encoded, k);
        break;
    case SCHEME_RAW:
        rv = left_pad(data, length, encoded, k);
        break;
    case SCHEME_PSS:
        if (length != scheme->hash->length) {
            rv = CKR_DATA_LEN_RANGE;
        } else if (work->kind == OPERATION_VERIFY) {
            memcpy(encoded, data, length);
        } else {
            rv = padding_pss_sign(scheme->hash, scheme->mgf, scheme->salt, data, encoded, k);
        }
        break;
    case SCHEME_OAEP:
        rv = padding_oaep_encrypt(scheme->hash, scheme->mgf, scheme->label, data, length, encoded, k);
        break;
    case SCHEME_ECDSA:
    case SCHEME_EDDSA:
        break;
    }
    if (rv == CKR_OK) {
        rsa_job(work);
    }
    return rv;
}

/*
 * A nonce for ECDSA on P-256: uniform in [1, n-1] by rejection (FIPS 186-5 appendix A.3.2), the candidates hashed out
 * of fresh random octets, the key and the digest, so that a failing generator alone does not repeat one.
 */
static bool draw_nonce(struct asymmetric *work, const uint8_t *key)
{
    uint8_t *digest = work->in;
    uint8_t *nonce = work->in + P256_OCTETS;
    uint8_t random[P256_OCTETS];
    uint8_t mixed[SHA512_DIGEST_LENGTH];
    bool drawn = false;
    while (!drawn && RAND_priv_bytes(random, sizeof random) == 1) {
        struct hash_state state;
        hash_begin(&state, &hashes[HASH_SHA512]);
        hash_update(&state, random, sizeof random);
        hash_update(&state, key, P256_OCTETS);
        hash_update(&state, digest, P256_OCTETS);
        hash_end(&state, mixed);
        memcpy(nonce, mixed, P256_OCTETS);
        drawn = p256_scalar_in_range(nonce);
        secret_wipe(&state, sizeof state);
    }
    secret_wipe(random, sizeof random);
    secret_wipe(mixed, sizeof mixed);
    return drawn;
}

static CK_RV prepare_p256(struct asymmetric *work, const uint8_t *data, size_t length, const uint8_t *signature)
{
    /* FIPS 186-5 section 6.4.1: the leftmost 256 bits of a longer digest */
    left_pad(data, length > P256_OCTETS ? P256_OCTETS : length, work->in, P256_OCTETS);
    work->has_job = true;
    if (work->kind == OPERATION_VERIFY) {
        memcpy(work->expected, signature, (size_t)2 * P256_OCTETS);
        work->job.primitive = ECDSA_P256_VERIFY;
        work->job.ecdsa_verify.public_key = key_point(work->key) + 1;
        work->job.ecdsa_verify.digest = work->in;
        work->job.ecdsa_verify.signature = work->expected;
        return CKR_OK;
    }
    size_t key_length;
    const uint8_t *key = key_octets(work->key, CKA_VALUE, &key_length);
    work->job.primitive = ECDSA_P256_SIGN;
    work->job.ecdsa_sign.key = key;
    work->job.ecdsa_sign.nonce = work->in + P256_OCTETS;
    work->job.ecdsa_sign.digest = work->in;
    work->job.ecdsa_sign.signature = work->out;
    return draw_nonce(work, key) ? CKR_OK : CKR_FUNCTION_FAILED;
}

/* ECDSA on the curves that no back-end has. */
static void ecdsa_by_libcrypto(struct asymmetric *work, const uint8_t *data, size_t length, const uint8_t *signature)
{
    int field = (int)work->key->curve->field;
    ERR_set_mark(); /* a signature that does not verify is no error of the application's */
    EVP_PKEY *pkey = key_to_libcrypto(work->key, false);
    EC_KEY *ec = pkey == NULL ? NULL : EVP_PKEY_get1_EC_KEY(pkey);
    EVP_PKEY_free(pkey);
    work->job.status = JOB_FAULT;
    ECDSA_SIG *numbers = NULL;
    if (ec != NULL && work->kind == OPERATION_SIGN) {
        numbers = ECDSA_do_sign(data, (int)length, ec);
        if (numbers != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), work->out, field) == field &&
            BN_bn2binpad(ECDSA_SIG_get0_s(numbers), work->out + field, field) == field) {
            work->job.status = JOB_OK;
        }
    } else if (ec != NULL) {
        numbers = ECDSA_SIG_new();
        BIGNUM *r = BN_bin2bn(signature, field, NULL);
        BIGNUM *s = BN_bin2bn(signature + field, field, NULL);
        if (numbers == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(numbers, r, s) != 1) {
            BN_free(r);
            BN_free(s);
        } else {
            /* -1 is an error as much as a signature out of range: nothing verified */
            work->job.status = ECDSA_do_verify(data, (int)length, numbers, ec) == 1 ? JOB_OK : JOB_REFUSED;
        }
    }
    ECDSA_SIG_free(numbers);
    EC_KEY_free(ec);
    ERR_pop_to_mark();
}

static CK_RV prepare_ecdsa(
    struct asymmetric *work, const uint8_t *data, size_t length, const uint8_t *signature, size_t signature_length)
{
    const struct curve *curve = work->key->curve;
    if (length == 0 || length > ECDSA_DATA_LIMIT) {
        return CKR_DATA_LEN_RANGE;
    }
    if (work->kind == OPERATION_VERIFY && signature_length != 2 * curve->field) {
        return CKR_SIGNATURE_LEN_RANGE;
    }
    if (curve == &curves[CURVE_P256]) {
        return prepare_p256(work, data, length, signature);
    }
    ecdsa_by_libcrypto(work, data, length, signature);
    return CKR_OK;
}

/* Pure Ed25519 (RFC 8032 section 5.1). */
static CK_RV prepare_eddsa(
    struct asymmetric *work, const uint8_t *data, size_t length, const uint8_t *signature, size_t signature_length)
{
    size_t made = 64;
    if (work->kind == OPERATION_VERIFY && signature_length != made) {
        return CKR_SIGNATURE_LEN_RANGE;
    }
    ERR_set_mark();
    EVP_PKEY *pkey = key_to_libcrypto(work->key, false);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    work->job.status = JOB_FAULT;
    if (pkey != NULL && context != NULL) {
        if (work->kind == OPERATION_SIGN) {
            if (EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestSign(context, work->out, &made, data, length) == 1) {
                work->job.status = JOB_OK;
            }
        } else if (EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1) {
            bool verified = EVP_DigestVerify(context, signature, signature_length, data, length) == 1;
            work->job.status = verified ? JOB_OK : JOB_REFUSED;
        }
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    ERR_pop_to_mark();
    return CKR_OK;
}

CK_RV asymmetric_prepare(
    struct asymmetric *work, enum operation_kind kind, const struct scheme *scheme, const struct key *key,
    const uint8_t *data, size_t length, const uint8_t *signature, size_t signature_length)
{
    work->kind = kind;
    work->scheme = scheme;
    work->key = key;
    work->has_job = false;
    work->job.status = JOB_PENDING;
    switch (scheme->form) {
    case SCHEME_ECDSA:
        return prepare_ecdsa(work, data, length, signature, signature_length);
    case SCHEME_EDDSA:
        return prepare_eddsa(work, data, length, signature, signature_length);
    case SCHEME_PKCS1:
    case SCHEME_RAW:
    case SCHEME_PSS:
    case SCHEME_OAEP:
        break;
    }
    return prepare_rsa(work, data, length, signature, signature_length);
}

bool asymmetric_is_refused_nonce(const struct asymmetric *work)
{
    return work->has_job && work->job.primitive == ECDSA_P256_SIGN && work->job.status == JOB_REFUSED;
}

void asymmetric_run(struct asymmetric *work)
{
    while (work->has_job) {
        if (asymmetric_is_refused_nonce(work) && !draw_nonce(work, work->job.ecdsa_sign.key)) {
            work->job.status = JOB_FAULT;
            return;
        }
        dispatch_run(&work->job, 1);
        if (!asymmetric_is_refused_nonce(work)) {
            return;
        }
    }
}

static CK_RV verdict(struct asymmetric *work)
{
    const struct scheme *scheme = work->scheme;
    if (work->job.status != JOB_OK) {
        return CKR_SIGNATURE_INVALID;
    }
    if (scheme->form == SCHEME_ECDSA || scheme->form == SCHEME_EDDSA) {
        return CKR_OK;
    }
    size_t k = modulus_octets(work->key);
    if (scheme->form == SCHEME_PSS) {
        return padding_pss_verify(scheme->hash, scheme->mgf, scheme->salt, work->expected, work->out, k);
    }
    /* by comparing encodings, as RFC 8017 section 8.2.2 has it, there is nothing to parse */
    return memcmp(work->out, work->expected, k) == 0 ? CKR_OK : CKR_SIGNATURE_INVALID;
}

CK_RV asymmetric_finish(struct asymmetric *work, const uint8_t **result, size_t *length)
{
    const struct scheme *scheme = work->scheme;
    *result = work->out;
    *length = 0;
    if (work->job.status == JOB_FAULT || work->job.status == JOB_PENDING) {
        return CKR_DEVICE_ERROR;
    }
    if (work->kind == OPERATION_VERIFY) {
        return verdict(work);
    }
    if (work->job.status == JOB_REFUSED) {
        /* only raw RSA's operand can reach the modulus */
        return work->kind == OPERATION_DECRYPT ? CKR_ENCRYPTED_DATA_INVALID : CKR_DATA_INVALID;
    }
    *length = scheme_room(work->kind, scheme, work->key);
    if (work->kind == OPERATION_DECRYPT && scheme->form == SCHEME_PKCS1) {
        *length = padding_pkcs1_decrypt(work->key->rejection, work->in, work->out, modulus_octets(work->key));
    } else if (work->kind == OPERATION_DECRYPT && scheme->form == SCHEME_OAEP) {
        return padding_oaep_decrypt(
            scheme->hash, scheme->mgf, scheme->label, work->out, modulus_octets(work->key), length);
    }
    return CKR_OK;
}
