/*
 * ExecuteBatch in three steps: every lane is read and made ready; all arithmetic runs in one dispatch, where lanes of a
 * kind find together; every lane is brought to its end. What goes wrong with a lane stays in its rv.
 */
#include "batch/execute.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "batch/dispatch.h"
#include "pkcs11/derive.h"
#include "pkcs11/ike.h"
#include "pkcs11/mechanism_agreement.h"
#include "pkcs11/mechanism_asymmetric.h"
#include "pkcs11/object.h"
#include "secret.h"

/* Bounds what a hostile count makes us read of a template. */
#define TEMPLATE_LIMIT 64u

/* What becomes of a shared secret. */
struct result {
    CK_ULONG kind; /* CKB_DERIVE_..., 0: the secret itself */
    const struct hash *hash;
    size_t length; /* octets of the result */
};

/* A lane between its ends; one piece of locked memory. */
struct work {
    struct key *key; /* our reference; NULL where the lane has none */
    union {
        struct {
            struct scheme scheme;
            struct asymmetric asymmetric;
        } pair;
        struct {
            struct generation generation;
            struct agreement agreement;
            struct result result;
        } exchange;
    };
};
static_assert(sizeof(struct work) <= 4096, "a lane's work must fit the pieces that secret_alloc keeps at hand");

static CK_RV check_span(const void *octets, CK_ULONG length)
{
    return octets == NULL && length > 0 ? CKR_ARGUMENTS_BAD : CKR_OK;
}

static CK_RV check_template(const CK_ATTRIBUTE *template, CK_ULONG count)
{
    return count > TEMPLATE_LIMIT ? CKR_ARGUMENTS_BAD : check_span(template, count);
}

/* Whether an output that is due fits. */
static bool has_room(const void *out, CK_ULONG length, size_t needed)
{
    return out != NULL && length >= needed;
}

static CK_RV begin_pair(struct session *session, CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    enum operation_kind kind = OPERATION_SIGN;
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE_TYPE usage = CKA_SIGN;
    if (lane->ulOperation == CKB_VERIFY) {
        kind = OPERATION_VERIFY;
        class = CKO_PUBLIC_KEY;
        usage = CKA_VERIFY;
    } else if (lane->ulOperation == CKB_DECRYPT) {
        kind = OPERATION_DECRYPT;
        usage = CKA_DECRYPT;
    }
    if (check_span(lane->pIn, lane->ulInLen) != CKR_OK ||
        (kind == OPERATION_VERIFY && check_span(lane->pIn2, lane->ulIn2Len) != CKR_OK)) {
        return CKR_ARGUMENTS_BAD;
    }
    bool by_value = kind == OPERATION_VERIFY && lane->hKey == 0 && lane->pTemplate != NULL;
    CK_RV rv = by_value ? key_for_verification(lane->pTemplate, lane->ulCount, &work->key)
                        : session_key(session, lane->hKey, class, usage, lane->pMechanism->mechanism, &work->key);
    if (rv != CKR_OK) {
        return rv;
    }
    struct scheme *scheme = &work->pair.scheme;
    rv = scheme_read(kind, lane->pMechanism, work->key, scheme);
    if (rv != CKR_OK) {
        return rv;
    }
    /* a padded decryption's length comes with its end; what is asked here is whether there is any room at all */
    size_t room = scheme_room(kind, scheme, work->key);
    bool known = kind == OPERATION_SIGN || (kind == OPERATION_DECRYPT && scheme->form == SCHEME_RAW);
    if (kind != OPERATION_VERIFY && !has_room(lane->pOut, lane->ulOutLen, known ? room : 0)) {
        lane->ulOutLen = room;
        return CKR_BUFFER_TOO_SMALL;
    }
    uint8_t digest[HASH_LIMIT];
    const uint8_t *data = lane->pIn;
    size_t length = lane->ulInLen;
    if (scheme->message != NULL) {
        hash_once(scheme->message, data, length, digest);
        data = digest;
        length = scheme->message->length;
    }
    return asymmetric_prepare(
        &work->pair.asymmetric, kind, scheme, work->key, data, length, lane->pIn2, lane->ulIn2Len);
}

static CK_RV key_type_of_generation(CK_MECHANISM_TYPE mechanism, CK_KEY_TYPE *type)
{
    switch (mechanism) {
    case CKM_DH_PKCS_KEY_PAIR_GEN:
        *type = CKK_DH;
        return CKR_OK;
    case CKM_EC_KEY_PAIR_GEN:
        *type = CKK_EC;
        return CKR_OK;
    case CKM_EC_MONTGOMERY_KEY_PAIR_GEN:
        *type = CKK_EC_MONTGOMERY;
        return CKR_OK;
    default:
        return CKR_MECHANISM_INVALID; /* pairs for key agreement only */
    }
}

static CK_RV begin_generate(CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    CK_KEY_TYPE type;
    struct domain domain;
    CK_RV rv = key_type_of_generation(lane->pMechanism->mechanism, &type);
    if (rv == CKR_OK && lane->pMechanism->ulParameterLen != 0) {
        rv = CKR_MECHANISM_PARAM_INVALID;
    }
    if (rv == CKR_OK && lane->pTemplate2 == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    }
    if (rv == CKR_OK) {
        rv = domain_read(type, lane->pTemplate, lane->ulCount, &domain);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    size_t needed = domain_public_octets(&domain);
    if (!has_room(lane->pOut, lane->ulOutLen, needed)) {
        lane->ulOutLen = needed;
        return CKR_BUFFER_TOO_SMALL;
    }
    return generation_prepare(&work->exchange.generation, &domain, lane->pTemplate2, lane->ulCount2);
}

/* Reads what is to become of the shared secret, of secret_length octets. */
static CK_RV read_result(const CK_CARDINAL_DERIVATION *derivation, size_t secret_length, struct result *result)
{
    *result = (struct result){0, NULL, secret_length};
    if (derivation == NULL) {
        return CKR_OK;
    }
    result->kind = derivation->ulKind;
    result->hash = hash_of_hmac(derivation->prfMechanism);
    bool expands = result->kind == CKB_DERIVE_PRF_PLUS || result->kind == CKB_DERIVE_PRF_THEN_PRF_PLUS;
    bool seeded = result->kind == CKB_DERIVE_PRF_THEN_PRF_PLUS;
    if (result->hash == NULL || result->hash == &hashes[HASH_SHA224] || (result->kind != CKB_DERIVE_PRF && !expands) ||
        derivation->pKey == NULL || derivation->ulKeyLen == 0 || derivation->ulKeyLen > KEY_SECRET_LIMIT ||
        check_span(derivation->pSuffix, derivation->ulSuffixLen) != CKR_OK ||
        derivation->ulSuffixLen > KEY_SECRET_LIMIT ||
        (seeded && (check_span(derivation->pSeed, derivation->ulSeedLen) != CKR_OK ||
                    derivation->ulSeedLen > KEY_SECRET_LIMIT))) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    result->length = expands ? derivation->ulLength : result->hash->length;
    return result->length == 0 || result->length > IKE_EXPANSION_LIMIT(result->hash) ? CKR_KEY_SIZE_RANGE : CKR_OK;
}

/* The domain that a derivation mechanism and a public key's template agree on. */
static CK_RV domain_of_lane(const CK_CARDINAL_BATCH_LANE *lane, struct domain *domain)
{
    switch (lane->pMechanism->mechanism) {
    case CKM_DH_PKCS_DERIVE:
        return domain_read(CKK_DH, lane->pTemplate, lane->ulCount, domain);
    case CKM_ECDH1_DERIVE: {
        CK_RV rv = domain_read(CKK_EC, lane->pTemplate, lane->ulCount, domain);
        return rv == CKR_CURVE_NOT_SUPPORTED ? domain_read(CKK_EC_MONTGOMERY, lane->pTemplate, lane->ulCount, domain)
                                             : rv;
    }
    default:
        return CKR_MECHANISM_INVALID;
    }
}

static CK_RV begin_agree(struct session *session, CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    bool generates = lane->ulOperation == CKB_GENERATE_AND_AGREE;
    struct domain domain;
    CK_RV rv;
    if (generates) {
        rv = domain_of_lane(lane, &domain);
    } else {
        rv = session_key(session, lane->hKey, CKO_PRIVATE_KEY, CKA_DERIVE, lane->pMechanism->mechanism, &work->key);
        if (rv == CKR_OK) {
            domain = domain_of_key(work->key);
            if (domain.group == NULL && domain.curve == NULL) {
                rv = CKR_KEY_TYPE_INCONSISTENT;
            }
        }
    }
    if (rv == CKR_OK) {
        rv = read_result(lane->pDerivation, domain_secret_octets(&domain), &work->exchange.result);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    size_t needed = lane->pTemplate2 == NULL ? work->exchange.result.length : 0;
    size_t public_needed = generates ? domain_public_octets(&domain) : 0;
    if ((needed > 0 && !has_room(lane->pOut, lane->ulOutLen, needed)) ||
        (public_needed > 0 && !has_room(lane->pPublic, lane->ulPublicLen, public_needed))) {
        lane->ulOutLen = needed;
        lane->ulPublicLen = public_needed;
        return CKR_BUFFER_TOO_SMALL;
    }
    const uint8_t *private;
    size_t private_length;
    if (generates) {
        struct generation *generation = &work->exchange.generation;
        rv = generation_prepare(generation, &domain, NULL, 0);
        private = generation->private;
        private_length = generation->private_length;
    } else {
        private = key_octets(work->key, CKA_VALUE, &private_length);
    }
    if (rv == CKR_OK) {
        rv = agreement_prepare(&work->exchange.agreement, lane->pMechanism, &domain, private, private_length);
    }
    /* DH on an EC key, and the like */
    return rv == CKR_MECHANISM_INVALID && !generates ? CKR_KEY_TYPE_INCONSISTENT : rv;
}

static CK_RV begin(struct session *session, CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    if (lane->ulOperation < CKB_SIGN || lane->ulOperation > CKB_GENERATE_AND_AGREE) {
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
    if (lane->pMechanism == NULL ||
        check_span(lane->pMechanism->pParameter, lane->pMechanism->ulParameterLen) != CKR_OK ||
        check_template(lane->pTemplate, lane->ulCount) != CKR_OK ||
        check_template(lane->pTemplate2, lane->ulCount2) != CKR_OK) {
        return CKR_ARGUMENTS_BAD;
    }
    switch (lane->ulOperation) {
    case CKB_GENERATE:
        return begin_generate(lane, work);
    case CKB_AGREE:
    case CKB_GENERATE_AND_AGREE:
        return begin_agree(session, lane, work);
    default:
        return begin_pair(session, lane, work);
    }
}

/* The jobs of a lane that has begun well. */
static size_t jobs_of(const CK_CARDINAL_BATCH_LANE *lane, struct work *work, struct job *jobs[2])
{
    size_t count = 0;
    switch (lane->ulOperation) {
    case CKB_SIGN:
    case CKB_VERIFY:
    case CKB_DECRYPT:
        if (work->pair.asymmetric.has_job) {
            jobs[count++] = &work->pair.asymmetric.job;
        }
        return count;
    default:
        if (lane->ulOperation != CKB_AGREE && work->exchange.generation.has_job) {
            jobs[count++] = &work->exchange.generation.job;
        }
        /* an ephemeral's private value is known before its public one: both run at once */
        if (lane->ulOperation != CKB_GENERATE && work->exchange.agreement.has_job) {
            jobs[count++] = &work->exchange.agreement.job;
        }
        return count;
    }
}

static CK_RV finish_pair(CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    struct asymmetric *asymmetric = &work->pair.asymmetric;
    if (asymmetric_is_refused_nonce(asymmetric)) {
        asymmetric_run(asymmetric);
    }
    const uint8_t *result;
    size_t length;
    CK_RV rv = asymmetric_finish(asymmetric, &result, &length);
    if (rv != CKR_OK || lane->ulOperation == CKB_VERIFY) {
        return rv;
    }
    if (lane->ulOutLen < length) {
        lane->ulOutLen = length;
        return CKR_BUFFER_TOO_SMALL;
    }
    if (length > 0) {
        memcpy(lane->pOut, result, length);
    }
    lane->ulOutLen = length;
    return CKR_OK;
}

static CK_RV finish_generate(struct session *session, CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    struct generation *generation = &work->exchange.generation;
    struct key *key = NULL;
    CK_RV rv = generation_finish(generation);
    if (rv == CKR_OK) {
        rv = generation_private_key(generation, &key);
    }
    if (rv == CKR_OK) {
        rv = session_make_object(
            session, key, lane->pTemplate2, lane->ulCount2, lane->pMechanism->mechanism, 0, &lane->hNew);
    }
    key_unref(key);
    if (rv == CKR_OK) {
        lane->ulOutLen = domain_public_octets(&generation->domain);
        memcpy(lane->pOut, generation->public, lane->ulOutLen);
    }
    return rv;
}

/* From the shared secret to the result's octets; cannot fail. */
static void derive(const CK_CARDINAL_DERIVATION *derivation, struct work *work, uint8_t *out)
{
    const struct result *result = &work->exchange.result;
    struct span shared = {work->exchange.agreement.secret, domain_secret_octets(&work->exchange.agreement.domain)};
    if (result->kind == 0) {
        memcpy(out, shared.octets, shared.length);
        return;
    }
    struct span key = {derivation->pKey, derivation->ulKeyLen};
    struct span text[] = {shared, {derivation->pSuffix, derivation->ulSuffixLen}};
    if (result->kind == CKB_DERIVE_PRF_PLUS) {
        ike_prf_plus(result->hash, key, text, 2, out, result->length);
        return;
    }
    uint8_t seed_key[HASH_LIMIT];
    ike_prf(result->hash, key, text, 2, seed_key);
    if (result->kind == CKB_DERIVE_PRF) {
        memcpy(out, seed_key, result->length);
    } else {
        struct span seed = {derivation->pSeed, derivation->ulSeedLen};
        ike_prf_plus(result->hash, (struct span){seed_key, result->hash->length}, &seed, 1, out, result->length);
    }
    secret_wipe(seed_key, sizeof seed_key);
}

static CK_RV make_derived_object(struct session *session, CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    const struct result *result = &work->exchange.result;
    uint8_t *octets = secret_alloc(result->length);
    if (octets == NULL) {
        return CKR_HOST_MEMORY;
    }
    derive(lane->pDerivation, work, octets);
    struct key *key = NULL;
    CK_RV rv = derive_key(
        octets, result->length, result->kind == 0 ? DERIVE_LAST : DERIVE_FIRST,
        result->kind == CKB_DERIVE_PRF ? result->hash->hmac_key : CKK_GENERIC_SECRET, lane->pTemplate2, lane->ulCount2,
        &key);
    secret_free(octets, result->length);
    if (rv == CKR_OK) {
        CK_OBJECT_HANDLE base = lane->ulOperation == CKB_AGREE ? lane->hKey : 0;
        rv = session_make_object(
            session, key, lane->pTemplate2, lane->ulCount2, lane->pMechanism->mechanism, base, &lane->hNew);
    }
    key_unref(key);
    return rv;
}

static CK_RV finish_agree(struct session *session, CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    const struct generation *generation = &work->exchange.generation;
    bool generates = lane->ulOperation == CKB_GENERATE_AND_AGREE;
    CK_RV rv = generates ? generation_finish(&work->exchange.generation) : CKR_OK;
    if (rv == CKR_OK) {
        rv = agreement_finish(&work->exchange.agreement);
    }
    if (rv == CKR_OK && lane->pTemplate2 != NULL) {
        rv = make_derived_object(session, lane, work);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    lane->ulOutLen = 0;
    if (lane->pTemplate2 == NULL) {
        derive(lane->pDerivation, work, lane->pOut);
        lane->ulOutLen = work->exchange.result.length;
    }
    if (generates) {
        lane->ulPublicLen = domain_public_octets(&generation->domain);
        memcpy(lane->pPublic, generation->public, lane->ulPublicLen);
    }
    return CKR_OK;
}

static CK_RV finish(struct session *session, CK_CARDINAL_BATCH_LANE *lane, struct work *work)
{
    switch (lane->ulOperation) {
    case CKB_GENERATE:
        return finish_generate(session, lane, work);
    case CKB_AGREE:
    case CKB_GENERATE_AND_AGREE:
        return finish_agree(session, lane, work);
    default:
        return finish_pair(lane, work);
    }
}

/* A lane is over: what it says of its outputs, and our hold on its key and memory. */
static void settle(CK_CARDINAL_BATCH_LANE *lane, CK_RV rv, struct work *work)
{
    lane->rv = rv;
    if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL) {
        lane->ulOutLen = 0;
        lane->ulPublicLen = 0;
    }
    if (rv != CKR_OK) {
        lane->hNew = 0;
    }
    if (work != NULL) {
        key_unref(work->key);
        secret_free(work, sizeof *work);
    }
}

static CK_RV execute_batch(CK_SESSION_HANDLE handle, CK_CARDINAL_BATCH_LANE *lanes, CK_ULONG count)
{
    struct session *session;
    CK_RV rv = session_enter_batch(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    if (lanes == NULL || count == 0 || count > CK_CARDINAL_BATCH_LIMIT) {
        session_leave_batch(session);
        return CKR_ARGUMENTS_BAD;
    }
    /* all that is allocated per batch, before any lane is touched; neither holds secrets, only where they lie */
    struct work **works = calloc(count, sizeof *works);
    struct job *jobs = calloc(2 * count, sizeof *jobs);
    if (works == NULL || jobs == NULL) {
        free(works);
        free(jobs);
        session_leave_batch(session);
        return CKR_HOST_MEMORY;
    }
    size_t job_count = 0;
    struct job *own[2];
    for (CK_ULONG i = 0; i < count; i++) {
        lanes[i].hNew = 0;
        works[i] = secret_alloc(sizeof *works[i]);
        CK_RV lane_rv = works[i] == NULL ? CKR_HOST_MEMORY : begin(session, &lanes[i], works[i]);
        if (lane_rv != CKR_OK) {
            settle(&lanes[i], lane_rv, works[i]);
            works[i] = NULL;
            continue;
        }
        size_t own_count = jobs_of(&lanes[i], works[i], own);
        for (size_t j = 0; j < own_count; j++) {
            jobs[job_count++] = *own[j];
        }
    }
    if (job_count > 0) {
        dispatch_run(jobs, job_count);
    }
    size_t next = 0;
    for (CK_ULONG i = 0; i < count; i++) {
        if (works[i] == NULL) {
            continue;
        }
        size_t own_count = jobs_of(&lanes[i], works[i], own);
        for (size_t j = 0; j < own_count; j++) {
            own[j]->status = jobs[next++].status;
        }
        settle(&lanes[i], finish(session, &lanes[i], works[i]), works[i]);
    }
    free(jobs);
    free(works);
    session_leave_batch(session);
    return CKR_OK;
}

const CK_CARDINAL_BATCH_FUNCTIONS batch_functions = {
    {CK_CARDINAL_BATCH_VERSION_MAJOR, CK_CARDINAL_BATCH_VERSION_MINOR}, execute_batch};

const CK_CARDINAL_BATCH_FUNCTIONS batch_functions_1_0 = {{CK_CARDINAL_BATCH_VERSION_MAJOR, 0}, execute_batch};
