/* A check says on standard error what was wrong, and the program ends with 1. */
#ifndef CHECKS_H
#define CHECKS_H

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static inline void expect(const char *what, unsigned long found, unsigned long expected, const char *file, int line)
{
    if (found == expected)
        return;
    (void)fprintf(stderr, "%s:%d: %s is 0x%lx, not 0x%lx\n", file, line, what, found, expected);
    exit(1);
}
#define EQUAL(found, expected) expect(#found, (unsigned long)(found), (unsigned long)(expected), __FILE__, __LINE__)
#define OK(call) EQUAL(call, CKR_OK)
#define TRUE_(condition) EQUAL(!!(condition), 1)

#endif
