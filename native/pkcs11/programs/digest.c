/* Programs that hash: SHA-256 of a text, whole and in parts. */
#include <string.h>

#include "names.h"
#include "program.h"

/* FIPS 180-2 appendix B.1. */
static const CK_BYTE hash_of_abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                      0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                      0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

static CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};

void digest(void)
{
    CK_BYTE hash[32];
    CK_ULONG length = 0;
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_Digest(session, TEXT("abc"), 3, NULL, &length));
    EQUAL(length, sizeof hash);
    OK(p11->C_Digest(session, TEXT("abc"), 3, hash, &length));
    EQUAL(memcmp(hash, hash_of_abc, sizeof hash), 0);
}

void multi_part_digest(void)
{
    CK_BYTE hash[32];
    CK_ULONG length = sizeof hash;
    OK(p11->C_DigestInit(session, &sha256));
    for (int at = 0; at < 3; at++)
        OK(p11->C_DigestUpdate(session, TEXT("abc") + at, 1));
    OK(p11->C_DigestFinal(session, hash, &length));
    EQUAL(length, sizeof hash);
    EQUAL(memcmp(hash, hash_of_abc, sizeof hash), 0);
}
