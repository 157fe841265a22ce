/* Where the tokens are and which back-end serves: the application's word, else the environment's. */
#ifndef CARDINAL_SETTINGS_H
#define CARDINAL_SETTINGS_H

#include <limits.h>
#include <stdbool.h>

struct settings {
    char directory[PATH_MAX - 64]; /* absolute; leaves room for the names below it */
    char backend[16];              /* empty: not said */
    char tuning[PATH_MAX];         /* empty: not said */
};

/*
 * Reads the settings. text: C_Initialize's pReserved, NULL or a string of name='value' pairs separated by blanks
 * (directory, backend, tuning; the quotes, single or double, may be left away where the value has no blank). What it
 * does not name is taken from CARDINAL_CARD_DIR, CARDINAL_CARD_BACKEND and CARDINAL_CARD_TUNING; the directory at last
 * from $XDG_DATA_HOME/cardinal/card or ~/.local/share/cardinal/card. False after one line on standard error.
 */
bool settings_read(const char *text, struct settings *settings);

#endif
