/*
 * Attributes of objects: the ones that are stored (all but the components of keys, which key.h has), and the standard's
 * rules for them: which class has which, what a template may say, what holds where it says nothing.
 */
#ifndef CARDINAL_ATTRIBUTES_H
#define CARDINAL_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkcs11/cryptoki.h"

#define TEMPLATE_LIMIT 64u           /* attributes in one template */
#define ATTRIBUTE_VALUE_LIMIT 65536u /* octets of one value */
#define ATTRIBUTES_LIMIT 40u         /* attributes stored with one object; no class has more rules */

struct attribute {
    CK_ATTRIBUTE_TYPE type;
    CK_ULONG length;
    union {
        uint8_t within[8]; /* values up to this long */
        uint8_t *apart;    /* longer ones; CKA_VALUE lies in memory for secrets */
    };
};

struct attributes {
    size_t count;
    struct attribute rows[ATTRIBUTES_LIMIT];
};

enum attribute_kind {
    ATTRIBUTE_FLAG,
    ATTRIBUTE_NUMBER,
    ATTRIBUTE_TEXT,
    ATTRIBUTE_OCTETS,
    ATTRIBUTE_DATE,
    ATTRIBUTE_MECHANISMS,
    ATTRIBUTE_COMPONENT /* the key's affair; never stored */
};

struct attribute_rule {
    CK_ATTRIBUTE_TYPE type;
    const char *name; /* in files; NULL: not written */
    enum attribute_kind kind;
    unsigned classes; /* a bit for each CKO_ number */
    unsigned when;    /* ATTRIBUTE_GIVEN ... */
    CK_ULONG limit;   /* octets at most */
};

/* When a caller may set an attribute, and which way. */
#define ATTRIBUTE_GIVEN 1u   /* in a template for a new object */
#define ATTRIBUTE_CHANGED 2u /* by C_SetAttributeValue */
#define ATTRIBUTE_COPIED 4u  /* by C_CopyObject's template; what may be changed may always be copied with a change */
#define ATTRIBUTE_RISES 8u   /* once true it stays so */
#define ATTRIBUTE_FALLS 16u  /* once false it stays so */

extern const struct attribute_rule attribute_rules[];
extern const size_t attribute_rule_count;

/* The rule of an attribute for objects of a class; NULL: the class has none such. */
const struct attribute_rule *attribute_rule(CK_ATTRIBUTE_TYPE type, CK_OBJECT_CLASS class);

const uint8_t *attribute_value(const struct attribute *attribute);
const struct attribute *attributes_find(const struct attributes *attributes, CK_ATTRIBUTE_TYPE type);

/* A CK_BBOOL; false where there is none. */
bool attributes_flag(const struct attributes *attributes, CK_ATTRIBUTE_TYPE type);
/* A CK_ULONG; CK_UNAVAILABLE_INFORMATION where there is none. */
CK_ULONG attributes_number(const struct attributes *attributes, CK_ATTRIBUTE_TYPE type);

/* Sets or replaces a value; CKR_HOST_MEMORY leaves all as it was. */
CK_RV attributes_put(struct attributes *attributes, CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG length);
CK_RV attributes_put_flag(struct attributes *attributes, CK_ATTRIBUTE_TYPE type, bool value);
CK_RV attributes_put_number(struct attributes *attributes, CK_ATTRIBUTE_TYPE type, CK_ULONG value);

/* Copies all; *to is overwritten as uninitialised memory, and is empty after CKR_HOST_MEMORY. */
CK_RV attributes_copy(const struct attributes *from, struct attributes *to);

/* Wipes and frees the values. */
void attributes_clear(struct attributes *attributes);

/*
 * Whether a value is well formed for its rule: CKR_OK or CKR_ATTRIBUTE_VALUE_INVALID. Values may come from a hostile
 * caller: lengths are checked before the memory is looked at.
 */
CK_RV attribute_check(const struct attribute_rule *rule, const void *value, CK_ULONG length);

/*
 * A template as a whole: CKR_ARGUMENTS_BAD (NULL_PTR with a count, too many), CKR_TEMPLATE_INCONSISTENT (an attribute
 * twice), CKR_ATTRIBUTE_VALUE_INVALID (a length without a value, too long).
 */
CK_RV template_check(const CK_ATTRIBUTE *template, CK_ULONG count);

/* A CK_BBOOL of a checked template; *value stays where it is absent. CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV template_flag(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type, bool *value);

/*
 * The stored attributes of a new object from a checked template, with the defaults of its class and key type. so: the
 * security officer is logged in (who alone may set CKA_TRUSTED). CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_READ_ONLY,
 * CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_HOST_MEMORY. Where the standard
 * leaves a default to the token: private and secret keys are CKA_PRIVATE; private keys are sensitive and not
 * extractable, secret keys the other way; CKA_SIGN, CKA_VERIFY, CKA_ENCRYPT and CKA_DECRYPT are true where the key type
 * can; wrapping is not on offer.
 */
CK_RV attributes_from_template(
    CK_OBJECT_CLASS class, CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count, bool so,
    struct attributes *out);

/* Adds defaults where attributes that were read lack some; CKR_TEMPLATE_INCOMPLETE: a key without its type. */
CK_RV attributes_complete(struct attributes *attributes);

/*
 * Applies a checked template to the attributes of an object that exists: C_SetAttributeValue, or C_CopyObject (copy).
 * All or nothing.
 */
CK_RV attributes_change(
    struct attributes *attributes, const CK_ATTRIBUTE *template, CK_ULONG count, bool copy, bool so);

#endif
