#include "pkcs11/settings.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pkcs11/notice.h"

/* A string longer than this is no string of settings: a caller's pointer to something else. */
#define TEXT_LIMIT 8192u

static bool copy_value(const char *name, const char *value, size_t length, char *out, size_t room)
{
    if (length == 0) {
        notice("%s: the value is empty", name);
        return false;
    }
    if (length >= room) {
        notice("%s: the value is too long", name);
        return false;
    }
    memcpy(out, value, length);
    out[length] = '\0';
    return true;
}

static bool
set_named(struct settings *settings, const char *name, size_t name_length, const char *value, size_t value_length)
{
    const struct {
        const char *name;
        char *out;
        size_t room;
    } known[] = {
        {"directory", settings->directory, sizeof settings->directory},
        {"backend", settings->backend, sizeof settings->backend},
        {"tuning", settings->tuning, sizeof settings->tuning},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].name) != name_length || memcmp(known[i].name, name, name_length) != 0) {
            continue;
        }
        if (*known[i].out != '\0') {
            notice("%s: named twice in the settings", known[i].name);
            return false;
        }
        return copy_value(known[i].name, value, value_length, known[i].out, known[i].room);
    }
    notice(
        "no setting has the name '%.*s' (known: directory, backend, tuning)",
        (int)(name_length < 64 ? name_length : 64), name);
    return false;
}

static bool parse(const char *text, struct settings *settings)
{
    if (strnlen(text, TEXT_LIMIT) == TEXT_LIMIT) {
        notice("the settings given to C_Initialize are too long");
        return false;
    }
    for (;;) {
        text += strspn(text, " \t\n");
        if (*text == '\0') {
            return true;
        }
        size_t name_length = strcspn(text, "= \t\n");
        const char *value = text + name_length;
        if (*value != '=' || name_length == 0) {
            notice("the settings given to C_Initialize are not of the form name='value' at '%.32s'", text);
            return false;
        }
        value++;
        size_t value_length;
        const char *next;
        if (*value == '\'' || *value == '"') {
            const char *end = strchr(value + 1, *value);
            if (end == NULL) {
                notice("a quote is not closed in the settings given to C_Initialize");
                return false;
            }
            value++;
            value_length = (size_t)(end - value);
            next = end + 1;
        } else {
            value_length = strcspn(value, " \t\n");
            next = value + value_length;
        }
        if (!set_named(settings, text, name_length, value, value_length)) {
            return false;
        }
        text = next;
    }
}

/* A program with raised rights takes nothing from its environment: secure_getenv. */
static bool from_environment(const char *variable, char *out, size_t room)
{
    const char *value = secure_getenv(variable);
    if (*out != '\0' || value == NULL || *value == '\0') {
        return true;
    }
    return copy_value(variable, value, strlen(value), out, room);
}

static bool default_directory(char *out, size_t room)
{
    const char *data = secure_getenv("XDG_DATA_HOME");
    const char *home = secure_getenv("HOME");
    int length = -1;
    if (data != NULL && *data == '/') { /* the XDG specification: a relative path is to be ignored */
        length = snprintf(out, room, "%s/cardinal/card", data);
    } else if (home != NULL && *home == '/') {
        length = snprintf(out, room, "%s/.local/share/cardinal/card", home);
    }
    if (length < 0 || (size_t)length >= room) {
        notice("no token folder: name one in CARDINAL_CARD_DIR (neither XDG_DATA_HOME nor HOME tells a place)");
        return false;
    }
    return true;
}

/* The application may change its working directory later. */
static bool make_absolute(char *path, size_t room)
{
    if (*path == '/') {
        return true;
    }
    char absolute[PATH_MAX];
    char *here = getcwd(absolute, sizeof absolute);
    if (here == NULL || strlen(here) + 1 + strlen(path) >= room) {
        notice("directory: %s: the path is too long", path);
        return false;
    }
    size_t length = strlen(here);
    memmove(path + length + 1, path, strlen(path) + 1);
    memcpy(path, here, length);
    path[length] = '/';
    return true;
}

bool settings_read(const char *text, struct settings *settings)
{
    memset(settings, 0, sizeof *settings);
    if ((text != NULL && !parse(text, settings)) ||
        !from_environment("CARDINAL_CARD_DIR", settings->directory, sizeof settings->directory) ||
        !from_environment("CARDINAL_CARD_BACKEND", settings->backend, sizeof settings->backend) ||
        !from_environment("CARDINAL_CARD_TUNING", settings->tuning, sizeof settings->tuning)) {
        return false;
    }
    if (*settings->directory == '\0' && !default_directory(settings->directory, sizeof settings->directory)) {
        return false;
    }
    if (!make_absolute(settings->directory, sizeof settings->directory)) {
        return false;
    }
    struct stat status;
    if (stat(settings->directory, &status) == 0 && !S_ISDIR(status.st_mode)) {
        notice("directory: %s: it is not a folder", settings->directory);
        return false;
    }
    return true;
}
