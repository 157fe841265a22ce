/*
 * Lanes as a careless or hostile caller may fill them, against a token with a key of each kind. An input is a list of
 * lanes; each one is ten octets and what they say follows (key 255: none, and the first template is a public key's):
 *   operation, mechanism, form of its parameter, key, attributes in the two templates (a nibble each), octets of pIn
 * and of pIn2, room at pOut and at pPublic, form of the derivation All memory is as long as the lane says, or NULL, or
 * its length is one that no memory has.
 */
#include <stdbool.h>
#include <stdio.h>

#include "batch/execute.h"
#include "input.h"
#include "pkcs11/calls.h"
#include "pkcs11/cryptoki.h"
#include "modexp/modp_group.h"

#define LANES 12u
#define PIECES 400u
#define UNTOUCHED CKR_VENDOR_DEFINED
#define PIN ((CK_UTF8CHAR *)(uintptr_t) "1234")

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE keys[16];
static size_t key_count;
static CK_BBOOL yes = CK_TRUE;
static const uint8_t params[][10] = {
    {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, /* P-256 */
    {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22},                   /* P-384 */
    {0x06, 0x03, 0x2b, 0x65, 0x6e},                               /* X25519 */
    {0x06, 0x03, 0x2b, 0x65, 0x70}};                              /* Ed25519 */
static const CK_ULONG params_length[] = {10, 7, 5, 5};
static uint8_t prime[256]; /* of group 14 */
static const uint8_t two = 2;
static uint8_t modulus[256];
static uint8_t points[4][100]; /* of the pairs with params */
static CK_ULONG points_length[4];

/* What a lane's memory is made of, to be freed after the batch. */
static void *pieces[PIECES];
static size_t piece_count;

static void *keep(void *piece)
{
    if (piece_count == PIECES) {
        abort();
    }
    return pieces[piece_count++] = piece;
}

static void must(CK_RV rv)
{
    if (rv != CKR_OK) {
        fprintf(stderr, "the token could not be made: 0x%lx\n", rv);
        abort();
    }
}

static void make_pair(CK_MECHANISM_TYPE type, CK_ATTRIBUTE *template, CK_ULONG count, bool derives)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_ATTRIBUTE private_template[] = {{CKA_DERIVE, &yes, 1}};
    must(C_GenerateKeyPair(
        session, &mechanism, template, count, private_template, derives ? 1 : 0, &keys[key_count],
        &keys[key_count + 1]));
    key_count += 2;
}

static void make_token(void)
{
    static char folder[] = "/tmp/cardinal-fuzz-XXXXXX";
    static char settings[64];
    CK_UTF8CHAR label[32];
    CK_SLOT_ID slot = 0;
    CK_ULONG bits = 2048;
    memset(label, ' ', sizeof label);
    if (mkdtemp(folder) == NULL) {
        abort();
    }
    snprintf(settings, sizeof settings, "directory='%s'", folder);
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK, .pReserved = settings};
    must(C_Initialize(&arguments));
    must(C_InitToken(slot, PIN, 4, label));
    must(C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    must(C_Login(session, CKU_SO, PIN, 4));
    must(C_InitPIN(session, PIN, 4));
    must(C_Logout(session));
    must(C_Login(session, CKU_USER, PIN, 4));
    /* all further objects are the session's: the folder has done its work */
    char command[80];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    if (system(command) != 0) {
        abort();
    }
    memcpy(prime, modp_group_prime(modp_group_of_bits(2048)), sizeof prime);
    CK_ATTRIBUTE rsa[] = {{CKA_MODULUS_BITS, &bits, sizeof bits}};
    CK_ATTRIBUTE dh[] = {{CKA_PRIME, prime, sizeof prime}, {CKA_BASE, (void *)(uintptr_t)&two, 1}};
    make_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, rsa, 1, false);
    make_pair(CKM_DH_PKCS_KEY_PAIR_GEN, dh, 2, true);
    static const CK_MECHANISM_TYPE generation[] = {
        CKM_EC_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN};
    for (size_t i = 0; i < 4; i++) {
        CK_ATTRIBUTE ec[] = {{CKA_EC_PARAMS, (void *)(uintptr_t)params[i], params_length[i]}};
        make_pair(generation[i], ec, 1, i < 3);
    }
    CK_ATTRIBUTE component = {CKA_MODULUS, modulus, sizeof modulus};
    must(C_GetAttributeValue(session, keys[0], &component, 1));
    for (size_t i = 0; i < 4; i++) {
        component = (CK_ATTRIBUTE){CKA_EC_POINT, points[i], sizeof points[i]};
        must(C_GetAttributeValue(session, keys[4 + 2 * i], &component, 1));
        points_length[i] = component.ulValueLen;
    }
    CK_MECHANISM secret = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};
    CK_ULONG length = 32;
    CK_ATTRIBUTE template[] = {{CKA_VALUE_LEN, &length, sizeof length}};
    must(C_GenerateKey(session, &secret, template, 1, &keys[key_count++]));
}

/* Memory and its length by one octet: none, a length without memory, one too long to be true, or what it says. */
static void *span(struct input *input, unsigned octets, CK_ULONG *length)
{
    switch (octets) {
    case 0:
        *length = 0;
        return NULL;
    case 255:
        *length = 9;
        return NULL;
    default:
        *length = octets;
        return keep(input_piece(input, octets));
    }
}

/* A template's value: a curve, a group, a flag, a number, or whatever comes. */
static CK_ATTRIBUTE attribute(struct input *input)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_EC_PARAMS,   CKA_PRIME,    CKA_BASE,       CKA_DERIVE,
                                              CKA_TOKEN,       CKA_PRIVATE,  CKA_SENSITIVE,  CKA_VALUE_LEN,
                                              CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_VALUE_BITS, CKA_ALLOWED_MECHANISMS,
                                              CKA_LABEL,       CKA_CLASS,    CKA_VALUE,      CKA_ID};
    unsigned octet = input_octet(input);
    CK_ATTRIBUTE made = {types[octet & 15u], NULL, 0};
    unsigned which = octet >> 4 & 3u;
    CK_ULONG number = input_octet(input);
    switch (octet >> 6) {
    case 0: /* the value that fits */
        if (made.type == CKA_EC_PARAMS) {
            made.pValue = (void *)(uintptr_t)params[which];
            made.ulValueLen = params_length[which];
        } else if (made.type == CKA_PRIME) {
            made.pValue = prime;
            made.ulValueLen = sizeof prime;
        } else if (made.type == CKA_BASE) {
            made.pValue = (void *)(uintptr_t)&two;
            made.ulValueLen = 1;
        } else {
            made.ulValueLen = made.type == CKA_VALUE_LEN || made.type == CKA_KEY_TYPE || made.type == CKA_VALUE_BITS ||
                                      made.type == CKA_CLASS
                                  ? sizeof number
                                  : 1;
            made.pValue = keep(calloc(1, sizeof number));
            memcpy(made.pValue, &number, sizeof number);
        }
        return made;
    case 1:
        made.pValue = keep(calloc(1, 1));
        made.ulValueLen = (CK_ULONG)0 - 1 - number;
        return made;
    default:
        made.pValue = span(input, (unsigned)number, &made.ulValueLen);
        return made;
    }
}

/* The same for a public key's template: a component that fits, one that is changed or cut short, or whatever comes. */
static CK_ATTRIBUTE key_attribute_of(struct input *input)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_KEY_TYPE, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS,
                                              CKA_EC_POINT, CKA_CLASS,   CKA_VERIFY,          CKA_VALUE};
    static const CK_KEY_TYPE key_types[] = {CKK_RSA, CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY};
    static const uint8_t exponent[] = {1, 0, 1};
    unsigned octet = input_octet(input);
    CK_ATTRIBUTE made = {types[octet & 7u], NULL, 0};
    unsigned which = octet >> 3 & 3u;
    unsigned number = input_octet(input);
    if (octet >> 5 == 7) {
        made.pValue = keep(calloc(1, 1));
        made.ulValueLen = (CK_ULONG)0 - 1 - number;
        return made;
    }
    if (octet >> 5 > 3) {
        made.pValue = span(input, number, &made.ulValueLen);
        return made;
    }
    const void *fitting = &key_types[which];
    made.ulValueLen = sizeof key_types[which];
    if (made.type == CKA_MODULUS) {
        fitting = modulus;
        made.ulValueLen = sizeof modulus;
    } else if (made.type == CKA_PUBLIC_EXPONENT) {
        fitting = exponent;
        made.ulValueLen = sizeof exponent;
    } else if (made.type == CKA_EC_PARAMS) {
        fitting = params[which];
        made.ulValueLen = params_length[which];
    } else if (made.type == CKA_EC_POINT) {
        fitting = points[which];
        made.ulValueLen = points_length[which];
    }
    uint8_t *copy = keep(calloc(1, made.ulValueLen));
    memcpy(copy, fitting, made.ulValueLen);
    if (octet >> 5 == 1) { /* a number that was changed somewhere */
        copy[number % made.ulValueLen] ^= 1;
    } else if (octet >> 5 == 2) { /* or cut short */
        made.ulValueLen = number % made.ulValueLen;
    }
    made.pValue = copy;
    return made;
}

static CK_ATTRIBUTE *
template_of(struct input *input, unsigned count, CK_ULONG *length, CK_ATTRIBUTE (*attribute_of)(struct input *))
{
    *length = count;
    if (count == 15) {
        *length = (CK_ULONG)0 - 1;
    }
    if (count == 0 || count == 14) {
        return NULL;
    }
    CK_ATTRIBUTE *made = keep(calloc(count, sizeof *made));
    for (unsigned i = 0; i < count && made != NULL; i++) {
        made[i] = attribute_of(input);
    }
    return made;
}

static CK_MECHANISM *mechanism_of(struct input *input, unsigned type, unsigned form)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_RSA_PKCS,
                                              CKM_RSA_X_509,
                                              CKM_SHA256_RSA_PKCS,
                                              CKM_RSA_PKCS_PSS,
                                              CKM_SHA384_RSA_PKCS_PSS,
                                              CKM_RSA_PKCS_OAEP,
                                              CKM_ECDSA,
                                              CKM_ECDSA_SHA256,
                                              CKM_ECDSA_SHA512,
                                              CKM_EDDSA,
                                              CKM_DH_PKCS_DERIVE,
                                              CKM_ECDH1_DERIVE,
                                              CKM_EC_KEY_PAIR_GEN,
                                              CKM_DH_PKCS_KEY_PAIR_GEN,
                                              CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
                                              CKM_SHA256_HMAC};
    if (form == 255) {
        return NULL;
    }
    CK_MECHANISM *made = keep(calloc(1, sizeof *made));
    made->mechanism = types[type & 15u];
    if (form == 1) {
        CK_RSA_PKCS_PSS_PARAMS *pss = keep(calloc(1, sizeof *pss));
        pss->hash_alg = CKM_SHA256 + 0x10u * (input_octet(input) & 3u);
        pss->mgf = 1 + (input_octet(input) & 7u);
        pss->s_len = input_octet(input) == 255 ? (CK_ULONG)0 - 1 : input_octet(input);
        made->pParameter = pss;
        made->ulParameterLen = sizeof *pss;
    } else if (form == 2) {
        CK_RSA_PKCS_OAEP_PARAMS *oaep = keep(calloc(1, sizeof *oaep));
        oaep->hash_alg = CKM_SHA256 + 0x10u * (input_octet(input) & 3u);
        oaep->mgf = 1 + (input_octet(input) & 7u);
        oaep->source = input_octet(input) & 3u;
        oaep->source_data = span(input, input_octet(input), &oaep->source_data_len);
        made->pParameter = oaep;
        made->ulParameterLen = sizeof *oaep;
    } else if (form == 3) {
        CK_ECDH1_DERIVE_PARAMS *ecdh = keep(calloc(1, sizeof *ecdh));
        ecdh->kdf = 1 + (input_octet(input) & 1u);
        ecdh->public_data = span(input, input_octet(input), &ecdh->public_data_len);
        made->pParameter = ecdh;
        made->ulParameterLen = sizeof *ecdh;
    } else if (form == 4) { /* a public value of DH, 256 octets */
        made->pParameter = keep(input_piece(input, sizeof prime));
        made->ulParameterLen = sizeof prime;
    } else if (form > 4) {
        made->pParameter = span(input, form, &made->ulParameterLen);
    }
    return made;
}

static CK_CARDINAL_DERIVATION *derivation_of(struct input *input, unsigned form)
{
    static const CK_MECHANISM_TYPE hashes[] = {CKM_SHA_1_HMAC, CKM_SHA256_HMAC, CKM_SHA512_HMAC, CKM_SHA256};
    if (form == 0) {
        return NULL;
    }
    CK_CARDINAL_DERIVATION *made = keep(calloc(1, sizeof *made));
    made->ulKind = form & 3u;
    made->prfMechanism = hashes[form >> 2 & 3u];
    made->pKey = span(input, input_octet(input), &made->ulKeyLen);
    made->pSuffix = span(input, input_octet(input), &made->ulSuffixLen);
    made->pSeed = span(input, input_octet(input), &made->ulSeedLen);
    made->ulLength = input_octet(input) * (form & 128u ? 80u : 1u);
    return made;
}

static void read_lane(struct input *input, CK_CARDINAL_BATCH_LANE *lane)
{
    unsigned head[10];
    for (size_t i = 0; i < 10; i++) {
        head[i] = input_octet(input);
    }
    lane->ulOperation = head[0] == 255 ? (CK_ULONG)0 - 1 : head[0] & 7u;
    lane->pMechanism = mechanism_of(input, head[1], head[2]);
    bool by_value = head[3] == 255;
    lane->hKey = by_value ? 0 : head[3] < key_count ? keys[head[3]] : head[3];
    lane->pTemplate = template_of(input, head[4] & 15u, &lane->ulCount, by_value ? key_attribute_of : attribute);
    lane->pTemplate2 = template_of(input, head[4] >> 4, &lane->ulCount2, attribute);
    if (lane->ulOperation == CKB_DECRYPT && head[5] == 128) { /* a ciphertext's length */
        lane->pIn = keep(input_piece(input, 256));
        lane->ulInLen = 256;
    } else {
        lane->pIn = span(input, head[5], &lane->ulInLen);
    }
    if (lane->ulOperation == CKB_VERIFY && head[6] == 128) { /* a signature's length */
        lane->pIn2 = keep(input_piece(input, 256));
        lane->ulIn2Len = 256;
    } else {
        lane->pIn2 = span(input, head[6], &lane->ulIn2Len);
    }
    lane->ulOutLen = head[7] * 4u;
    lane->pOut = head[7] == 255 ? NULL : keep(calloc(1, lane->ulOutLen + (head[7] == 0)));
    lane->ulPublicLen = head[8] * 2u;
    lane->pPublic = head[8] == 255 ? NULL : keep(calloc(1, lane->ulPublicLen + (head[8] == 0)));
    lane->pDerivation = derivation_of(input, head[9]);
    lane->hNew = 99;
    lane->rv = UNTOUCHED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static CK_CARDINAL_BATCH_LANE lanes[LANES];
    if (session == 0) {
        make_token();
    }
    struct input input = {data, size};
    CK_ULONG count = 0;
    memset(lanes, 0, sizeof lanes);
    while (count < LANES && input.left > 0) {
        read_lane(&input, &lanes[count++]);
    }
    CK_ULONG room[LANES];
    for (CK_ULONG i = 0; i < count; i++) {
        room[i] = lanes[i].ulOutLen;
    }
    CK_RV rv = batch_functions.ExecuteBatch(session, lanes, count);
    if (rv != (count > 0 ? CKR_OK : CKR_ARGUMENTS_BAD)) {
        abort();
    }
    for (CK_ULONG i = 0; i < count; i++) {
        const CK_CARDINAL_BATCH_LANE *lane = &lanes[i];
        if (lane->rv == UNTOUCHED || lane->rv == CKR_DEVICE_ERROR || (lane->rv != CKR_OK && lane->hNew != 0) ||
            (lane->rv == CKR_OK && lane->ulOperation != CKB_VERIFY && lane->ulOutLen > room[i]) ||
            (lane->rv != CKR_OK && lane->rv != CKR_BUFFER_TOO_SMALL && lane->ulOutLen != 0)) {
            fprintf(stderr, "lane %lu: rv 0x%lx, object %lu, %lu octets\n", i, lane->rv, lane->hNew, lane->ulOutLen);
            abort();
        }
        if (lane->hNew != 0) {
            must(C_DestroyObject(session, lane->hNew));
        }
    }
    while (piece_count > 0) {
        free(pieces[--piece_count]);
    }
    return 0;
}
