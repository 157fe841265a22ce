#include "batch/break_even.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any line needs; a longer one is no line of ours. */
#define LINE_OCTETS 256

static const char *const names[PRIMITIVE_COUNT] = {
    [RSA_PRIVATE] = "rsa-private",         [RSA_PUBLIC] = "rsa-public",
    [MODP_KEYGEN] = "modp-keygen",         [MODP_DERIVE] = "modp-derive",
    [X25519_KEYGEN] = "x25519-keygen",     [X25519_DERIVE] = "x25519-derive",
    [P256_KEYGEN] = "p256-keygen",         [P256_DERIVE] = "p256-derive",
    [ECDSA_P256_SIGN] = "ecdsa-p256-sign", [ECDSA_P256_VERIFY] = "ecdsa-p256-verify",
};

const char *primitive_name(enum primitive primitive)
{
    return names[primitive];
}

size_t break_even_of(const struct break_even_table *table, enum primitive primitive, unsigned bits)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].primitive == primitive && table->rows[i].bits == bits) {
            return table->rows[i].jobs;
        }
    }
    return 1;
}

static const char *read_jobs(const char *text, size_t *jobs)
{
    if (strcmp(text, "never") == 0) {
        *jobs = BREAK_EVEN_NEVER;
        return NULL;
    }
    if (strlen(text) != 1 || text[0] < '1' || text[0] > '8') {
        return "the number of operations is neither 1 to 8 nor \"never\"";
    }
    *jobs = (size_t)(text[0] - '0');
    return NULL;
}

static const char *read_row(char *text, struct break_even *row)
{
    char *rest = NULL;
    const char *name = strtok_r(text, " \t", &rest);
    const char *bits = strtok_r(NULL, " \t", &rest);
    const char *jobs = strtok_r(NULL, " \t", &rest);
    if (bits == NULL || jobs == NULL || strtok_r(NULL, " \t", &rest) != NULL) {
        return "not of the form \"NAME BITS JOBS\"";
    }
    size_t primitive = 0;
    while (primitive < PRIMITIVE_COUNT && strcmp(names[primitive], name) != 0) {
        primitive++;
    }
    if (primitive == PRIMITIVE_COUNT) {
        return "no operation has this name";
    }
    char *end = NULL;
    unsigned long size = strtoul(bits, &end, 10);
    if (bits[0] < '0' || bits[0] > '9' || *end != '\0' || size > 8192) {
        return "the size is not a number of bits";
    }
    row->primitive = (enum primitive)primitive;
    row->bits = (unsigned)size;
    return read_jobs(jobs, &row->jobs);
}

static const char *read_lines(FILE *file, struct break_even_table *table, unsigned *line)
{
    char text[LINE_OCTETS];
    while (fgets(text, sizeof text, file) != NULL) {
        ++*line;
        if (strchr(text, '\n') == NULL && !feof(file)) {
            return "the line is too long";
        }
        text[strcspn(text, "#\r\n")] = '\0';
        if (text[strspn(text, " \t")] == '\0') {
            continue;
        }
        if (table->count == BREAK_EVEN_ROWS) {
            return "more lines than there are operations";
        }
        const char *wrong = read_row(text, &table->rows[table->count]);
        if (wrong != NULL) {
            return wrong;
        }
        table->count++;
    }
    return ferror(file) ? "the file cannot be read" : NULL;
}

const char *break_even_read(const char *path, struct break_even_table *table, unsigned *line)
{
    *line = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT ? "there is no such file" : "the file cannot be opened";
    }
    struct break_even_table fresh = {.count = 0};
    const char *wrong = read_lines(file, &fresh, line);
    fclose(file);
    if (wrong == NULL) {
        *table = fresh;
    }
    return wrong;
}
