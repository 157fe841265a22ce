/* The list of mechanisms. */
#include "pkcs11/mechanism.h"

#include "pkcs11/key_parts.h"

#define RSA(type, flags)                                                                                               \
    {                                                                                                                  \
        type,                                                                                                          \
        {                                                                                                              \
            RSA_MIN_BITS, RSA_MAX_BITS, flags                                                                          \
        }                                                                                                              \
    }
#define NIST_CURVES (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define EC(type, flags)                                                                                                \
    {                                                                                                                  \
        type,                                                                                                          \
        {                                                                                                              \
            256, 521, (flags) | NIST_CURVES                                                                            \
        }                                                                                                              \
    }
#define DIGEST(type)                                                                                                   \
    {                                                                                                                  \
        type,                                                                                                          \
        {                                                                                                              \
            0, 0, CKF_DIGEST                                                                                           \
        }                                                                                                              \
    }
/* octets of the key */
#define HMAC(type)                                                                                                     \
    {                                                                                                                  \
        type,                                                                                                          \
        {                                                                                                              \
            1, KEY_SECRET_LIMIT, CKF_SIGN | CKF_VERIFY                                                                 \
        }                                                                                                              \
    }
#define DERIVE(type)                                                                                                   \
    {                                                                                                                  \
        type,                                                                                                          \
        {                                                                                                              \
            1, KEY_SECRET_LIMIT, CKF_DERIVE                                                                            \
        }                                                                                                              \
    }

const struct mechanism_row mechanism_rows[] = {
    RSA(CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR),
    RSA(CKM_RSA_PKCS, CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT | CKF_DECRYPT),
    RSA(CKM_RSA_X_509, CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT | CKF_DECRYPT),
    RSA(CKM_RSA_PKCS_OAEP, CKF_ENCRYPT | CKF_DECRYPT),
    RSA(CKM_SHA1_RSA_PKCS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA224_RSA_PKCS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA256_RSA_PKCS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA384_RSA_PKCS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA512_RSA_PKCS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_RSA_PKCS_PSS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA1_RSA_PKCS_PSS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA224_RSA_PKCS_PSS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA256_RSA_PKCS_PSS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA384_RSA_PKCS_PSS, CKF_SIGN | CKF_VERIFY),
    RSA(CKM_SHA512_RSA_PKCS_PSS, CKF_SIGN | CKF_VERIFY),
    {CKM_DH_PKCS_KEY_PAIR_GEN, {2048, 8192, CKF_GENERATE_KEY_PAIR}},
    {CKM_DH_PKCS_DERIVE, {2048, 8192, CKF_DERIVE}},
    EC(CKM_EC_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR),
    EC(CKM_ECDSA, CKF_SIGN | CKF_VERIFY),
    EC(CKM_ECDSA_SHA1, CKF_SIGN | CKF_VERIFY),
    EC(CKM_ECDSA_SHA224, CKF_SIGN | CKF_VERIFY),
    EC(CKM_ECDSA_SHA256, CKF_SIGN | CKF_VERIFY),
    EC(CKM_ECDSA_SHA384, CKF_SIGN | CKF_VERIFY),
    EC(CKM_ECDSA_SHA512, CKF_SIGN | CKF_VERIFY),
    /* X25519 too: from its 255 bits on */
    {CKM_ECDH1_DERIVE, {255, 521, CKF_DERIVE | NIST_CURVES}},
    {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, {255, 255, CKF_GENERATE_KEY_PAIR}},
    {CKM_EC_EDWARDS_KEY_PAIR_GEN, {255, 255, CKF_GENERATE_KEY_PAIR}},
    {CKM_EDDSA, {255, 255, CKF_SIGN | CKF_VERIFY}},
    /* the one row whose sizes the standard counts in bits */
    {CKM_GENERIC_SECRET_KEY_GEN, {8, 8 * KEY_SECRET_LIMIT, CKF_GENERATE}},
    {CKM_HKDF_KEY_GEN, {1, KEY_SECRET_LIMIT, CKF_GENERATE}},
    HMAC(CKM_SHA_1_HMAC),
    HMAC(CKM_SHA_1_HMAC_GENERAL),
    HMAC(CKM_SHA224_HMAC),
    HMAC(CKM_SHA224_HMAC_GENERAL),
    HMAC(CKM_SHA256_HMAC),
    HMAC(CKM_SHA256_HMAC_GENERAL),
    HMAC(CKM_SHA384_HMAC),
    HMAC(CKM_SHA384_HMAC_GENERAL),
    HMAC(CKM_SHA512_HMAC),
    HMAC(CKM_SHA512_HMAC_GENERAL),
    DIGEST(CKM_SHA_1),
    DIGEST(CKM_SHA224),
    DIGEST(CKM_SHA256),
    DIGEST(CKM_SHA384),
    DIGEST(CKM_SHA512),
    DERIVE(CKM_HKDF_DERIVE),
    DERIVE(CKM_HKDF_DATA),
    DERIVE(CKM_IKE_PRF_DERIVE),
    DERIVE(CKM_IKE2_PRF_PLUS_DERIVE),
    DERIVE(CKM_IKE1_PRF_DERIVE),
    DERIVE(CKM_IKE1_EXTENDED_DERIVE),
    DERIVE(CKM_CONCATENATE_BASE_AND_KEY),
    DERIVE(CKM_CONCATENATE_BASE_AND_DATA),
    DERIVE(CKM_CONCATENATE_DATA_AND_BASE),
    DERIVE(CKM_EXTRACT_KEY_FROM_KEY),
};
const size_t mechanism_row_count = sizeof mechanism_rows / sizeof mechanism_rows[0];
