#include "pkcs11/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "cardinal-object 1"
#define LAST_LINE "end"
/* a value of the longest kind, every octet escaped as \xNN */
#define LINE_ROOM (4u * ATTRIBUTE_VALUE_LIMIT + 128u)

struct named_number {
    CK_ULONG number;
    const char *name;
};

static const struct named_number class_names[] = {
    {CKO_DATA, "data"},
    {CKO_CERTIFICATE, "certificate"},
    {CKO_PUBLIC_KEY, "public-key"},
    {CKO_PRIVATE_KEY, "private-key"},
    {CKO_SECRET_KEY, "secret-key"},
    {0, NULL}};

static const struct named_number key_type_names[] = {
    {CKK_RSA, "rsa"},
    {CKK_DH, "dh"},
    {CKK_EC, "ec"},
    {CKK_EC_EDWARDS, "ec-edwards"},
    {CKK_EC_MONTGOMERY, "ec-montgomery"},
    {CKK_GENERIC_SECRET, "generic-secret"},
    {CKK_HKDF, "hkdf"},
    {CKK_SHA_1_HMAC, "sha1-hmac"},
    {CKK_SHA256_HMAC, "sha256-hmac"},
    {CKK_SHA384_HMAC, "sha384-hmac"},
    {CKK_SHA512_HMAC, "sha512-hmac"},
    {0, NULL}};

static const struct named_number *names_of(CK_ATTRIBUTE_TYPE type)
{
    return type == CKA_CLASS ? class_names : type == CKA_KEY_TYPE ? key_type_names : NULL;
}

static const char hex_digits[] = "0123456789abcdef";

bool record_quote(const uint8_t *octets, size_t length, char *out, size_t room)
{
    size_t at = 0;
    if (room < 4 * length + 3) {
        return false;
    }
    out[at++] = '"';
    for (size_t i = 0; i < length; i++) {
        uint8_t octet = octets[i];
        if (octet == '"' || octet == '\\') {
            out[at++] = '\\';
            out[at++] = (char)octet;
        } else if (octet < 0x20 || octet == 0x7f) {
            out[at++] = '\\';
            out[at++] = 'x';
            out[at++] = hex_digits[octet >> 4];
            out[at++] = hex_digits[octet & 15u];
        } else {
            out[at++] = (char)octet;
        }
    }
    out[at++] = '"';
    out[at] = '\0';
    return true;
}

static int nibble(char digit)
{
    const char *at = digit != '\0' ? strchr(hex_digits, digit) : NULL;
    return at != NULL ? (int)(at - hex_digits) : -1;
}

static bool read_hex(const char *text, size_t digits, uint8_t *out, size_t room)
{
    if (digits % 2 != 0 || digits / 2 > room) {
        return false;
    }
    for (size_t i = 0; i < digits / 2; i++) {
        int high = nibble(text[2 * i]);
        int low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool record_unquote(const char *text, uint8_t *out, size_t room, size_t *length)
{
    if (*text++ != '"') {
        return false;
    }
    size_t at = 0;
    while (*text != '"') {
        uint8_t octet = (uint8_t)*text;
        if (octet < 0x20 || at == room) {
            return false;
        }
        if (*text == '\\') {
            text++;
            if (*text == 'x') {
                if (!read_hex(text + 1, text[1] != '\0' ? 2 : 0, &octet, 1) || text[1] == '\0') {
                    return false;
                }
                text += 2;
            } else if (*text == '"' || *text == '\\') {
                octet = (uint8_t)*text;
            } else {
                return false;
            }
        }
        out[at++] = octet;
        text++;
    }
    *length = at;
    return text[1] == '\0';
}

static void print_number(FILE *file, CK_ATTRIBUTE_TYPE type, const uint8_t *value)
{
    CK_ULONG number;
    memcpy(&number, value, sizeof number);
    const struct named_number *names = names_of(type);
    for (; names != NULL && names->name != NULL; names++) {
        if (names->number == number) {
            fputs(names->name, file);
            return;
        }
    }
    fprintf(file, "%lu", number);
}

static bool print_value(FILE *file, const struct attribute_rule *rule, const struct attribute *attribute, char *room)
{
    const uint8_t *value = attribute_value(attribute);
    switch (rule->kind) {
    case ATTRIBUTE_FLAG:
        fputs(*value != CK_FALSE ? "yes" : "no", file);
        return true;
    case ATTRIBUTE_NUMBER:
        print_number(file, rule->type, value);
        return true;
    case ATTRIBUTE_TEXT:
        if (!record_quote(value, attribute->length, room, LINE_ROOM)) {
            return false;
        }
        fputs(room, file);
        return true;
    case ATTRIBUTE_OCTETS:
        for (CK_ULONG i = 0; i < attribute->length; i++) {
            fprintf(file, "%02x", value[i]);
        }
        return true;
    case ATTRIBUTE_DATE:
        fwrite(value, 1, attribute->length, file);
        return true;
    case ATTRIBUTE_MECHANISMS:
        for (CK_ULONG i = 0; i < attribute->length; i += sizeof(CK_MECHANISM_TYPE)) {
            CK_MECHANISM_TYPE mechanism;
            memcpy(&mechanism, value + i, sizeof mechanism);
            fprintf(file, "%s%lu", i > 0 ? " " : "", mechanism);
        }
        return true;
    case ATTRIBUTE_COMPONENT:
        break;
    }
    return false;
}

CK_RV record_write(const struct attributes *attributes, char **text, size_t *length)
{
    CK_OBJECT_CLASS class = attributes_number(attributes, CKA_CLASS);
    char *room = malloc(LINE_ROOM);
    FILE *file = open_memstream(text, length);
    bool good = room != NULL && file != NULL;
    if (good) {
        fputs(FIRST_LINE "\n", file);
        for (size_t i = 0; good && i < attributes->count; i++) {
            const struct attribute_rule *rule = attribute_rule(attributes->rows[i].type, class);
            if (rule != NULL && rule->name != NULL) {
                fprintf(file, "%s = ", rule->name);
                good = print_value(file, rule, &attributes->rows[i], room);
                fputc('\n', file);
            }
        }
        fputs(LAST_LINE "\n", file);
    }
    if (file != NULL && fclose(file) != 0) {
        good = false;
    }
    free(room);
    if (!good && file != NULL) {
        free(*text);
        *text = NULL;
    }
    return good ? CKR_OK : CKR_HOST_MEMORY;
}

static bool read_number(const char *value, CK_ATTRIBUTE_TYPE type, CK_ULONG *number)
{
    const struct named_number *names = names_of(type);
    for (; names != NULL && names->name != NULL; names++) {
        if (strcmp(names->name, value) == 0) {
            *number = names->number;
            return true;
        }
    }
    char *end;
    *number = strtoul(value, &end, 10);
    return *value >= '0' && *value <= '9' && *end == '\0';
}

static bool read_mechanisms(const char *value, uint8_t *out, size_t *length)
{
    size_t at = 0;
    while (*value != '\0') {
        char *end;
        CK_MECHANISM_TYPE mechanism = strtoul(value, &end, 10);
        if (*value < '0' || *value > '9' || (*end != ' ' && *end != '\0') || at + sizeof mechanism > 4096) {
            return false;
        }
        memcpy(out + at, &mechanism, sizeof mechanism);
        at += sizeof mechanism;
        value = *end == ' ' ? end + 1 : end;
    }
    *length = at;
    return true;
}

/* room: ATTRIBUTE_VALUE_LIMIT octets for the value in transit */
static bool read_value(const struct attribute_rule *rule, const char *value, uint8_t *room, struct attributes *out)
{
    size_t length = strlen(value);
    bool good = false;
    CK_ULONG number = 0;
    switch (rule->kind) {
    case ATTRIBUTE_FLAG:
        room[0] = strcmp(value, "yes") == 0 ? CK_TRUE : CK_FALSE;
        good = room[0] == CK_TRUE || strcmp(value, "no") == 0;
        length = sizeof(CK_BBOOL);
        break;
    case ATTRIBUTE_NUMBER:
        good = read_number(value, rule->type, &number);
        memcpy(room, &number, sizeof number);
        length = sizeof number;
        break;
    case ATTRIBUTE_TEXT:
        good = record_unquote(value, room, ATTRIBUTE_VALUE_LIMIT, &length);
        break;
    case ATTRIBUTE_OCTETS:
        good = read_hex(value, length, room, ATTRIBUTE_VALUE_LIMIT);
        length /= 2;
        break;
    case ATTRIBUTE_DATE:
        good = length <= sizeof(CK_DATE);
        memcpy(room, value, good ? length : 0);
        break;
    case ATTRIBUTE_MECHANISMS:
        good = read_mechanisms(value, room, &length);
        break;
    case ATTRIBUTE_COMPONENT:
        break;
    }
    return good && attribute_check(rule, room, length) == CKR_OK && attributes_find(out, rule->type) == NULL &&
           attributes_put(out, rule->type, room, length) == CKR_OK;
}

static const struct attribute_rule *rule_named(const char *name, size_t length, CK_OBJECT_CLASS class)
{
    for (size_t i = 0; i < attribute_rule_count; i++) {
        const struct attribute_rule *rule = &attribute_rules[i];
        if (rule->name != NULL && strlen(rule->name) == length && memcmp(rule->name, name, length) == 0 &&
            (class > CKO_SECRET_KEY || (rule->classes >> class & 1u) != 0)) {
            return rule;
        }
    }
    return NULL;
}

/* Lines come with their ends cut off; the class comes first, since other names mean something only within one. */
static bool read_line(char *line, uint8_t *room, struct attributes *out)
{
    char *equals = strstr(line, " = ");
    if (equals == NULL) {
        return false;
    }
    CK_OBJECT_CLASS class = attributes_number(out, CKA_CLASS);
    const struct attribute_rule *rule = rule_named(line, (size_t)(equals - line), class);
    if (rule == NULL || (class == CK_UNAVAILABLE_INFORMATION && rule->type != CKA_CLASS)) {
        return false;
    }
    return read_value(rule, equals + 3, room, out);
}

bool record_read(const char *text, size_t length, struct attributes *attributes)
{
    attributes->count = 0;
    uint8_t *room = malloc(ATTRIBUTE_VALUE_LIMIT);
    char *copy = strdup(text);
    bool good = room != NULL && copy != NULL && strlen(copy) == length;
    bool ended = false;
    char *rest = copy;
    for (unsigned number = 0; good && rest != NULL && *rest != '\0'; number++) {
        char *line = strsep(&rest, "\n");
        if (number == 0) {
            good = strcmp(line, FIRST_LINE) == 0;
        } else if (ended) {
            good = false;
        } else if (strcmp(line, LAST_LINE) == 0) {
            ended = true;
        } else {
            good = read_line(line, room, attributes);
        }
    }
    free(copy);
    free(room);
    good = good && ended && attributes_number(attributes, CKA_CLASS) <= CKO_SECRET_KEY;
    if (!good) {
        attributes_clear(attributes);
    }
    return good;
}
