/*
 * "Vendor Cardinal Batch" 1.1: many independent operations of a token in one call.
 *
 * A PKCS#11 module offers it through C_GetInterface or C_GetInterfaceList under the name CK_CARDINAL_BATCH_INTERFACE;
 * the interface's pFunctionList points to a CK_CARDINAL_BATCH_FUNCTIONS, whose first member is its version (PKCS#11 3.0
 * section 5.4.4). The interface is not fork-safe: CKF_INTERFACE_FORK_SAFE is never set in its flags.
 *
 * 1.1 adds to 1.0 that CKB_VERIFY takes a key by value.
 *
 * Nothing in here is particular to one vendor: a module that has the plain functions can implement it over them.
 * Include a PKCS#11 header (2.40 or later, with the CK_ type names) before this one.
 */
#ifndef CARDINAL_BATCH_H
#define CARDINAL_BATCH_H

#ifdef __cplusplus
extern "C" {
#endif

#define CK_CARDINAL_BATCH_INTERFACE "Vendor Cardinal Batch"
#define CK_CARDINAL_BATCH_VERSION_MAJOR 1
#define CK_CARDINAL_BATCH_VERSION_MINOR 1

/* The most operations one ExecuteBatch takes; more are CKR_ARGUMENTS_BAD. */
#define CK_CARDINAL_BATCH_LIMIT 1024UL

/* ulOperation of a lane. */

/* C_SignInit + C_Sign. hKey: private key; pIn: data; pOut: signature. */
#define CKB_SIGN 1UL
/*
 * C_VerifyInit + C_Verify. hKey: public key; pIn: data; pIn2: signature. rv tells the verdict: CKR_OK,
 * CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE.
 * Since 1.1: where hKey is 0 and pTemplate is given, the key is the template's. That has CKA_KEY_TYPE with CKA_MODULUS
 * and CKA_PUBLIC_EXPONENT (CKK_RSA), or with CKA_EC_PARAMS and CKA_EC_POINT (CKK_EC, CKK_EC_EDWARDS), perhaps CKA_CLASS
 * (CKO_PUBLIC_KEY), each once and nothing else. No object is made, and no login is asked for. Of a key that the token
 * cannot use: CKR_KEY_SIZE_RANGE, CKR_CURVE_NOT_SUPPORTED, CKR_ATTRIBUTE_VALUE_INVALID (an even modulus, an exponent
 * that is even, 1 or above 64 bits, a point not on the curve), CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCOMPLETE,
 * CKR_TEMPLATE_INCONSISTENT. 1.0 answers CKR_KEY_HANDLE_INVALID.
 */
#define CKB_VERIFY 2UL
/* C_DecryptInit + C_Decrypt. hKey: private key; pIn: ciphertext; pOut: plaintext. */
#define CKB_DECRYPT 3UL
/*
 * C_GenerateKeyPair of an ephemeral pair for key agreement. pTemplate: domain parameters as a public key's template has
 * them (CKA_PRIME and CKA_BASE, or CKA_EC_PARAMS); pTemplate2: the private key's template (session objects only;
 * CKA_DERIVE is required). hNew: the private key, a session object of hSession; pOut: the public value: DH, padded to
 * the modulus' length; EC, the point 04 | X | Y without a DER wrapping; X25519, the u-coordinate. No public key object
 * is made.
 */
#define CKB_GENERATE 4UL
/*
 * C_DeriveKey of a shared secret. hKey: private key; pMechanism: CKM_DH_PKCS_DERIVE with the peer's value, or
 * CKM_ECDH1_DERIVE with CK_ECDH1_DERIVE_PARAMS (KDF CKD_NULL). The secret has its full length, leading zeros included.
 * What becomes of it: see pDerivation and pTemplate2.
 */
#define CKB_AGREE 5UL
/*
 * CKB_GENERATE and CKB_AGREE in one: pTemplate: domain parameters; pMechanism: the derivation with the peer's value;
 * pPublic: our public value. The ephemeral private key never becomes an object. pOut, pDerivation and pTemplate2 as in
 * CKB_AGREE.
 */
#define CKB_GENERATE_AND_AGREE 6UL

/* ulKind of a derivation. g is the shared secret; prf is HMAC with the hash of prfMechanism, keyed by pKey. */

/* prf(pKey, g | pSuffix): RFC 7296 section 2.14 SKEYSEED (pKey Ni | Nr, no suffix) and its rekeying form (pKey SK_d).
 */
#define CKB_DERIVE_PRF 1UL
/* prf+(pKey, g | pSuffix) of ulLength octets: RFC 7296 section 2.17 KEYMAT with a fresh key exchange. */
#define CKB_DERIVE_PRF_PLUS 2UL
/* prf+(prf(pKey, g | pSuffix), pSeed) of ulLength octets: SKEYSEED, then SK_d | SK_ai | ... of RFC 7296 section 2.14.
 */
#define CKB_DERIVE_PRF_THEN_PRF_PLUS 3UL

/* A derivation fused behind an agreement. The module reads it during the call only. */
typedef struct CK_CARDINAL_DERIVATION {
    CK_ULONG ulKind;
    CK_MECHANISM_TYPE prfMechanism; /* CKM_SHA_1_HMAC, CKM_SHA256_HMAC, CKM_SHA384_HMAC or CKM_SHA512_HMAC */
    CK_BYTE_PTR pKey;               /* the prf's key, a secret of the caller's or public nonces */
    CK_ULONG ulKeyLen;              /* 1 or more: where the prf's key is empty, one zero octet is the same HMAC key */
    CK_BYTE_PTR pSuffix;            /* follows g in the prf's text */
    CK_ULONG ulSuffixLen;
    CK_BYTE_PTR pSeed; /* CKB_DERIVE_PRF_THEN_PRF_PLUS: the second step's seed */
    CK_ULONG ulSeedLen;
    CK_ULONG ulLength; /* octets of prf+, 1 to 255 times the hash's length; ignored by CKB_DERIVE_PRF */
} CK_CARDINAL_DERIVATION;

/*
 * One lane: an operation and its outcome. All memory is the caller's; input is read, and output written, during the
 * call only, and nobody else changes it meanwhile. An output overlaps no other memory of the batch, neither another
 * output nor an input, a derivation or the lanes. A lane's rv is what the plain functions would have returned, and:
 *   CKR_BUFFER_TOO_SMALL      an output's length is set to what it needs; nothing was made (where pOut is NULL_PTR and
 *                             an output is due, likewise: there is no separate "ask for the length" outcome)
 *   CKR_USER_NOT_LOGGED_IN    no login, or the key is CKA_ALWAYS_AUTHENTICATE: such keys serve no batch
 *   CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_INVALID, CKR_KEY_HANDLE_INVALID, ... as ever
 *   CKR_FUNCTION_NOT_SUPPORTED  an ulOperation that the module does not know
 *   CKR_PUBLIC_KEY_INVALID    the peer's value of an agreement is refused
 * A lane that fails leaves no object behind, writes no output (its lengths are then 0, but for CKR_BUFFER_TOO_SMALL),
 * and does not touch other lanes.
 */
typedef struct CK_CARDINAL_BATCH_LANE {
    CK_ULONG ulOperation;        /* CKB_... */
    CK_MECHANISM_PTR pMechanism; /* the operation's mechanism; CKB_GENERATE: CKM_..._KEY_PAIR_GEN */
    CK_OBJECT_HANDLE hKey;       /* 0 where the operation has none */
    CK_ATTRIBUTE_PTR pTemplate;  /* domain parameters, see CKB_GENERATE; a public key, see CKB_VERIFY */
    CK_ULONG ulCount;
    CK_ATTRIBUTE_PTR pTemplate2; /* for the object that is made */
    CK_ULONG ulCount2;
    CK_BYTE_PTR pIn;
    CK_ULONG ulInLen;
    CK_BYTE_PTR pIn2;
    CK_ULONG ulIn2Len;
    /*
     * CKB_AGREE, CKB_GENERATE_AND_AGREE: what is derived of g; NULL_PTR: the result is g itself. Where pTemplate2 is
     * NULL_PTR, the result's octets go to pOut, as they would to a caller of C_DeriveKey who asks for an extractable
     * secret and reads it. Else the result becomes a secret key object with that template, which inherits as
     * C_DeriveKey's does, and hNew is its handle.
     */
    const CK_CARDINAL_DERIVATION *pDerivation;
    CK_BYTE_PTR pOut;
    CK_ULONG ulOutLen; /* in: room at pOut; out: octets written */
    CK_BYTE_PTR pPublic;
    CK_ULONG ulPublicLen;  /* in: room at pPublic; out: octets written */
    CK_OBJECT_HANDLE hNew; /* out: the object made, a session object of hSession; else 0 */
    CK_RV rv;              /* out */
} CK_CARDINAL_BATCH_LANE;

typedef struct CK_CARDINAL_BATCH_FUNCTIONS {
    CK_VERSION version;
    /*
     * Carries out ulCount independent operations and returns when all are done. CKR_OK: every lane was visited and its
     * rv is set. Any other value is about the session or the call as a whole, and no lane was touched:
     *   CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT
     *   CKR_ARGUMENTS_BAD         pLanes is NULL_PTR, or ulCount is 0 or above CK_CARDINAL_BATCH_LIMIT
     *   CKR_OPERATION_ACTIVE      the session has an operation or a batch in progress
     * One batch per session at a time; batches of different sessions run in parallel. Operations come under the same
     * login, usage flags and permission checks as the plain functions'.
     */
    CK_RV (*ExecuteBatch)(CK_SESSION_HANDLE hSession, CK_CARDINAL_BATCH_LANE *pLanes, CK_ULONG ulCount);
} CK_CARDINAL_BATCH_FUNCTIONS;

#ifdef __cplusplus
}
#endif

#endif
