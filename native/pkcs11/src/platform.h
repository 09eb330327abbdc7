/* What this module assumes of the machine. */
#ifndef STRONGROOM_PLATFORM_H
#define STRONGROOM_PLATFORM_H 1

#include <stdint.h>

/* The functions of PKCS#11 are all that other objects see of this one. */
#pragma GCC visibility push(default)
#include "pkcs11t.h"
#pragma GCC visibility pop

_Static_assert(sizeof(CK_ULONG) == 8, "32-bit programs are not served");
_Static_assert(sizeof(void *) == 8, "32-bit programs are not served");

#endif
