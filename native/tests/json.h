/*
 * JSON as far as test vectors need it: objects, arrays, strings without escapes beyond the simplest, numbers, literals.
 */
#ifndef CARDINAL_JSON_H
#define CARDINAL_JSON_H

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum json_kind { JSON_OBJECT, JSON_ARRAY, JSON_TEXT };

struct json {
    enum json_kind kind;
    char *name; /* as a member of an object */
    char *text; /* JSON_TEXT: strings, and numbers and literals as they stand */
    struct json *first, *next;
};

struct json_reader {
    const char *at;
    bool failed;
};

static struct json *json_value(struct json_reader *reader, unsigned depth);

static void json_blank(struct json_reader *reader)
{
    while (isspace((unsigned char)*reader->at)) {
        reader->at++;
    }
}

static char *json_string(struct json_reader *reader)
{
    const char *begin = ++reader->at;
    while (*reader->at != '"' && *reader->at != '\0') {
        reader->at += *reader->at == '\\' && reader->at[1] != '\0' ? 2 : 1;
    }
    char *text = strndup(begin, (size_t)(reader->at - begin));
    reader->failed |= *reader->at != '"' || text == NULL;
    if (*reader->at == '"') {
        reader->at++;
    }
    return text;
}

static void json_members(struct json_reader *reader, struct json *parent, char close, unsigned depth)
{
    struct json **end = &parent->first;
    reader->at++;
    json_blank(reader);
    while (!reader->failed && *reader->at != close) {
        char *name = NULL;
        if (parent->kind == JSON_OBJECT) {
            reader->failed |= *reader->at != '"';
            if (reader->failed) {
                return;
            }
            name = json_string(reader);
            json_blank(reader);
            reader->failed |= *reader->at++ != ':';
        }
        *end = json_value(reader, depth + 1);
        if (*end == NULL) {
            return;
        }
        (*end)->name = name;
        end = &(*end)->next;
        json_blank(reader);
        if (*reader->at == ',') {
            reader->at++;
            json_blank(reader);
        } else {
            reader->failed |= *reader->at != close;
        }
    }
    reader->at++;
}

static struct json *json_value(struct json_reader *reader, unsigned depth)
{
    struct json *value = calloc(1, sizeof *value);
    json_blank(reader);
    if (value == NULL || depth > 20 || reader->failed) {
        reader->failed = true;
        return NULL;
    }
    switch (*reader->at) {
    case '{':
        value->kind = JSON_OBJECT;
        json_members(reader, value, '}', depth);
        break;
    case '[':
        value->kind = JSON_ARRAY;
        json_members(reader, value, ']', depth);
        break;
    case '"':
        value->kind = JSON_TEXT;
        value->text = json_string(reader);
        break;
    default: {
        size_t length = strcspn(reader->at, ",]} \t\r\n");
        value->kind = JSON_TEXT;
        value->text = strndup(reader->at, length);
        reader->failed |= length == 0 || value->text == NULL;
        reader->at += length;
        break;
    }
    }
    return value;
}

/* Frees a value with all that is in it; NULL is allowed. */
static inline void json_free(struct json *value)
{
    while (value != NULL) {
        struct json *next = value->next;
        json_free(value->first);
        free(value->name);
        free(value->text);
        free(value);
        value = next;
    }
}

/* The file, unpacked by gzip; the caller frees it with json_free(); NULL where it is not there or is no JSON. */
static inline struct json *json_read_gz(const char *path)
{
    char command[4200];
    if (strchr(path, '\'') != NULL ||
        snprintf(command, sizeof command, "gzip -dc '%s' 2>/dev/null", path) >= (int)sizeof command) {
        return NULL;
    }
    FILE *pipe = popen(command, "re");
    if (pipe == NULL) {
        return NULL;
    }
    size_t room = 1 << 16;
    size_t length = 0;
    char *text = malloc(room);
    while (text != NULL) {
        size_t got = fread(text + length, 1, room - length - 1, pipe);
        length += got;
        if (got == 0) {
            break;
        }
        if (length + 1 == room) {
            room *= 2;
            text = realloc(text, room);
        }
    }
    int status = pclose(pipe);
    if (text == NULL || status != 0 || length == 0) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    struct json_reader reader = {.at = text};
    struct json *value = json_value(&reader, 0);
    free(text);
    return reader.failed ? NULL : value;
}

static inline const struct json *json_member(const struct json *object, const char *name)
{
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        if (member->name != NULL && strcmp(member->name, name) == 0) {
            return member;
        }
    }
    return NULL;
}

static inline const char *json_text(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member != NULL && member->kind == JSON_TEXT ? member->text : "";
}

/* The octets of a member in hex; at most `room`. Returns their number, or SIZE_MAX where it is no such thing. */
static inline size_t json_hex(const struct json *object, const char *name, uint8_t *out, size_t room)
{
    const char *text = json_text(object, name);
    size_t length = strlen(text);
    if (length % 2 != 0 || length / 2 > room) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < length / 2; i++) {
        unsigned octet;
        if (sscanf(text + 2 * i, "%2x", &octet) != 1) {
            return SIZE_MAX;
        }
        out[i] = (uint8_t)octet;
    }
    return length / 2;
}

#endif
