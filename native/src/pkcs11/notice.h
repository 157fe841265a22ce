/* What the card tells an operator: one line on standard error, never a secret. */
#ifndef CARDINAL_NOTICE_H
#define CARDINAL_NOTICE_H

/* printf's arguments; a line longer than 1 KiB is cut. */
void notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
