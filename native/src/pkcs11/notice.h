/* What the card tells an operator: one line on standard error, never a secret. */
#ifndef CARDINAL_NOTICE_H
#define CARDINAL_NOTICE_H

#include <stdio.h>

#define notice(...)                                                                                                    \
    do {                                                                                                               \
        char notice_line[512];                                                                                         \
        snprintf(notice_line, sizeof notice_line, __VA_ARGS__);                                                        \
        fprintf(stderr, "cardinal-card: %s\n", notice_line);                                                           \
    } while (0)

#endif
