/*
 * Signatures and encryption with key pairs, cut in two around their arithmetic: what comes before and after it is done
 * here; the arithmetic is a job where job.h has one, so that a caller with many operations runs them side by side.
 */
#ifndef CARDINAL_MECHANISM_ASYMMETRIC_H
#define CARDINAL_MECHANISM_ASYMMETRIC_H

#include "batch/job.h"
#include "pkcs11/key_parts.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/mechanism_hash.h"

/* A mechanism with its parameters, read and checked. */
struct scheme {
    enum { SCHEME_PKCS1, SCHEME_RAW, SCHEME_PSS, SCHEME_OAEP, SCHEME_ECDSA, SCHEME_EDDSA } form;
    const struct hash *message; /* the data is hashed with it first; NULL: it is taken as it comes */
    const struct hash *hash;    /* PSS, OAEP */
    const struct hash *mgf;     /* PSS, OAEP */
    size_t salt;                /* PSS: octets */
    uint8_t label[HASH_LIMIT];  /* OAEP: digest of the label */
};

/*
 * Reads a mechanism for an operation with a key. CKR_MECHANISM_INVALID (also: not with this kind of operation),
 * CKR_MECHANISM_PARAM_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE.
 */
CK_RV scheme_read(
    enum operation_kind kind, const CK_MECHANISM *mechanism, const struct key *key, struct scheme *scheme);

/* The most octets the result takes: of a signature or ciphertext all of them. */
size_t scheme_room(enum operation_kind kind, const struct scheme *scheme, const struct key *key);

#define ASYMMETRIC_LIMIT (RSA_MAX_BITS / 8u)

/* One operation under way; in memory of secret_alloc(). */
struct asymmetric {
    enum operation_kind kind;
    const struct scheme *scheme;
    const struct key *key;
    bool has_job;
    struct job job; /* its status also tells how an operation without a job went */
    uint8_t in[ASYMMETRIC_LIMIT];
    uint8_t out[ASYMMETRIC_LIMIT];
    uint8_t expected[ASYMMETRIC_LIMIT]; /* verify: what the signature must be of */
};

/*
 * The first half. data: the digest where the scheme has a message hash. signature: verify only. The scheme, the key and
 * this memory stay until the end. Where has_job is set, the caller runs job next. CKR_DATA_LEN_RANGE,
 * CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_SIGNATURE_LEN_RANGE, ...
 */
CK_RV asymmetric_prepare(
    struct asymmetric *work, enum operation_kind kind, const struct scheme *scheme, const struct key *key,
    const uint8_t *data, size_t length, const uint8_t *signature, size_t signature_length);

/*
 * Runs the job alone, if there is one, with a new nonce each time that one has led to r or s = 0. A caller that has run
 * the job itself calls this where asymmetric_is_refused_nonce().
 */
void asymmetric_run(struct asymmetric *work);
bool asymmetric_is_refused_nonce(const struct asymmetric *work);

/*
 * The second half: CKR_OK with the result at *result (inside of work), CKR_SIGNATURE_INVALID, CKR_DATA_INVALID,
 * CKR_ENCRYPTED_DATA_INVALID, CKR_DEVICE_ERROR. Once only.
 */
CK_RV asymmetric_finish(struct asymmetric *work, const uint8_t **result, size_t *length);

#endif
