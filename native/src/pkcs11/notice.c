#include "pkcs11/notice.h"

#include <stdarg.h>
#include <stdio.h>

void notice(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        fprintf(stderr, "cardinal-card: %s\n", line); /* one call, so that lines of several threads stay whole */
    }
}
