#include "pkcs11/seal.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "secret.h"

#define SALT_OCTETS 16

int seal_no_password(char *out, int room, int writing, void *context)
{
    (void)out;
    (void)room;
    (void)writing;
    (void)context;
    return -1;
}

/* Moves what libcrypto allocated into memory for secrets. */
static CK_RV take(unsigned char *from, size_t length, uint8_t **out, size_t *out_length)
{
    uint8_t *copy = secret_alloc(length);
    if (copy != NULL) {
        memcpy(copy, from, length);
        *out = copy;
        *out_length = length;
    }
    OPENSSL_clear_free(from, length);
    return copy != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV to_pem(const X509_SIG *sealed, uint8_t **pem, size_t *pem_length)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    CK_RV rv = CKR_HOST_MEMORY;
    if (bio != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1) {
        long length = BIO_get_mem_data(bio, &text);
        *pem = length > 0 ? secret_alloc((size_t)length) : NULL;
        if (*pem != NULL) {
            memcpy(*pem, text, (size_t)length);
            *pem_length = (size_t)length;
            rv = CKR_OK;
        }
    }
    BIO_free(bio);
    return rv;
}

CK_RV seal(
    const uint8_t *der, size_t der_length, const char *password, size_t password_length, int iterations, uint8_t **pem,
    size_t *pem_length)
{
    if (der_length > INT_MAX / 2) {
        return CKR_DEVICE_MEMORY;
    }
    CK_RV rv = CKR_HOST_MEMORY;
    X509_SIG *sealed = X509_SIG_new();
    X509_ALGOR *algorithm =
        PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), iterations, NULL, SALT_OCTETS, NULL, NID_hmacWithSHA256);
    unsigned char *encrypted = NULL;
    int encrypted_length = 0;
    if (sealed != NULL && algorithm != NULL &&
        PKCS12_pbe_crypt(
            algorithm, password, (int)password_length, der, (int)der_length, &encrypted, &encrypted_length, 1) !=
            NULL) {
        X509_ALGOR *algorithm_out;
        ASN1_OCTET_STRING *octets_out;
        X509_SIG_getm(sealed, &algorithm_out, &octets_out);
        if (X509_ALGOR_copy(algorithm_out, algorithm) == 1) {
            ASN1_STRING_set0(octets_out, encrypted, encrypted_length);
            encrypted = NULL;
            rv = to_pem(sealed, pem, pem_length);
        }
    }
    OPENSSL_free(encrypted);
    X509_ALGOR_free(algorithm);
    X509_SIG_free(sealed);
    ERR_clear_error();
    return rv;
}

/* PBES2 over PBKDF2 with a count of iterations that a login may take. */
static bool acceptable(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *oid;
    const void *value;
    int type;
    X509_ALGOR_get0(&oid, &type, &value, algorithm);
    if (OBJ_obj2nid(oid) != NID_pbes2 || type != V_ASN1_SEQUENCE) {
        return false;
    }
    bool good = false;
    PBE2PARAM *scheme = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBE2PARAM));
    if (scheme != NULL) {
        X509_ALGOR_get0(&oid, &type, &value, scheme->keyfunc);
        if (OBJ_obj2nid(oid) == NID_id_pbkdf2 && type == V_ASN1_SEQUENCE) {
            PBKDF2PARAM *function = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBKDF2PARAM));
            if (function != NULL) {
                long iterations = ASN1_INTEGER_get(function->iter);
                good = iterations > 0 && iterations <= SEAL_ITERATIONS_LIMIT;
            }
            PBKDF2PARAM_free(function);
        }
    }
    PBE2PARAM_free(scheme);
    return good;
}

CK_RV unseal(
    const uint8_t *pem, size_t pem_length, const char *password, size_t password_length, uint8_t **der,
    size_t *der_length)
{
    if (pem_length > INT_MAX || password_length > INT_MAX) {
        return CKR_ENCRYPTED_DATA_INVALID;
    }
    CK_RV rv = CKR_ENCRYPTED_DATA_INVALID;
    BIO *bio = BIO_new_mem_buf(pem, (int)pem_length);
    X509_SIG *sealed = bio != NULL ? PEM_read_bio_PKCS8(bio, NULL, seal_no_password, NULL) : NULL;
    if (sealed != NULL) {
        const X509_ALGOR *algorithm;
        const ASN1_OCTET_STRING *octets;
        X509_SIG_get0(sealed, &algorithm, &octets);
        if (acceptable(algorithm)) {
            unsigned char *plain = NULL;
            int plain_length = 0;
            if (PKCS12_pbe_crypt(
                    algorithm, password, (int)password_length, ASN1_STRING_get0_data(octets),
                    ASN1_STRING_length(octets), &plain, &plain_length, 0) != NULL) {
                rv = take(plain, (size_t)plain_length, der, der_length);
            } else {
                rv = CKR_PIN_INCORRECT;
            }
        }
    }
    X509_SIG_free(sealed);
    BIO_free(bio);
    ERR_clear_error();
    return rv;
}

CK_RV seal_wrap_octets(const uint8_t *octets, size_t length, uint8_t **der, size_t *der_length)
{
    PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();
    unsigned char *copy = OPENSSL_malloc(length + 1);
    unsigned char *encoded = NULL;
    int encoded_length = -1;
    if (info != NULL && copy != NULL && length < INT_MAX / 2) {
        memcpy(copy, octets, length);
        if (PKCS8_pkey_set0(info, OBJ_nid2obj(NID_hmacWithSHA256), 0, V_ASN1_NULL, NULL, copy, (int)length) == 1) {
            copy = NULL;
            encoded_length = i2d_PKCS8_PRIV_KEY_INFO(info, &encoded);
        }
    }
    OPENSSL_clear_free(copy, length + 1);
    PKCS8_PRIV_KEY_INFO_free(info); /* wipes its octets */
    return encoded_length > 0 ? take(encoded, (size_t)encoded_length, der, der_length) : CKR_HOST_MEMORY;
}

CK_RV seal_unwrap_octets(const uint8_t *der, size_t der_length, uint8_t **octets, size_t *length)
{
    const unsigned char *at = der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der_length);
    const ASN1_OBJECT *oid = NULL;
    const unsigned char *inner = NULL;
    int inner_length = 0;
    CK_RV rv = CKR_ENCRYPTED_DATA_INVALID;
    if (info != NULL && at == der + der_length && PKCS8_pkey_get0(&oid, &inner, &inner_length, NULL, info) == 1 &&
        OBJ_obj2nid(oid) == NID_hmacWithSHA256) {
        uint8_t *copy = secret_alloc((size_t)inner_length);
        rv = CKR_HOST_MEMORY;
        if (copy != NULL) {
            memcpy(copy, inner, (size_t)inner_length);
            *octets = copy;
            *length = (size_t)inner_length;
            rv = CKR_OK;
        }
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
    return rv;
}
