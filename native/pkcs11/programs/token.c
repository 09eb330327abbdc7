/* Programs that need no key: what the token is able to do, and its random numbers. */
#include <string.h>

#include "names.h"
#include "program.h"

void generate_random(void)
{
    CK_BYTE one[32] = {0}, other[32] = {0};
    static const CK_BYTE zeros[32];
    OK(p11->C_GenerateRandom(session, one, sizeof one));
    OK(p11->C_GenerateRandom(session, other, sizeof other));
    TRUE_(memcmp(one, zeros, sizeof one) != 0);
    TRUE_(memcmp(one, other, sizeof one) != 0);
}

/* What is in the list has a description, and what is not has none. */
void mechanism_info(void)
{
    CK_ULONG count = 0;
    CK_MECHANISM_INFO info;
    OK(p11->C_GetMechanismList(slot, NULL, &count));
    CK_MECHANISM_TYPE *types = calloc(count, sizeof *types);
    OK(p11->C_GetMechanismList(slot, types, &count));
    for (CK_ULONG at = 0; at < count; at++) {
        OK(p11->C_GetMechanismInfo(slot, types[at], &info));
        TRUE_(info.ulMinKeySize <= info.ulMaxKeySize);
        TRUE_(info.flags != 0);
    }
    free(types);
    OK(p11->C_GetMechanismInfo(slot, CKM_RSA_PKCS, &info));
    EQUAL(info.flags & (CKF_SIGN | CKF_VERIFY), CKF_SIGN | CKF_VERIFY);
    EQUAL(info.ulMinKeySize, 2048);
    EQUAL(info.ulMaxKeySize, 4096);
    EQUAL(p11->C_GetMechanismInfo(slot, CKM_MD5, &info), CKR_MECHANISM_INVALID);
}
