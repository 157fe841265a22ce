/* What the derivations share. */
#ifndef CARDINAL_DERIVE_H
#define CARDINAL_DERIVE_H

#include "pkcs11/key_parts.h"
#include "pkcs11/mechanism.h"

/* Which octets stay where a template asks for fewer than there are. */
enum derive_end { DERIVE_FIRST, DERIVE_LAST };

/*
 * A secret key of derived octets: of the template's CKA_KEY_TYPE, else otherwise; of its CKA_VALUE_LEN, else all of
 * them. CKR_KEY_SIZE_RANGE where it asks for more, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT.
 */
CK_RV derive_key(
    const uint8_t *octets, size_t length, enum derive_end end, CK_KEY_TYPE otherwise, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out);

/* Copies a mechanism's parameter structure, whose memory need not be aligned. CKR_MECHANISM_PARAM_INVALID. */
CK_RV derive_parameter(const CK_MECHANISM *mechanism, void *out, size_t length);

/* mechanism_derive() for CKM_HKDF_DERIVE and CKM_HKDF_DATA. */
CK_RV hkdf_derive(
    const CK_MECHANISM *mechanism, struct key *base, key_resolver resolver, void *context, const CK_ATTRIBUTE *template,
    CK_ULONG count, struct key **out);

#endif
