/* The tables by which programs reach the functions: v2.40, and v3.0 for those that ask for it. */
#include <stdbool.h>
#include <string.h>

#include "platform.h"

#define ENTRY(name) .name = name, /* NOLINT(bugprone-macro-parentheses) */
/* clang-format off */
#define FUNCTIONS_2_40 \
    ENTRY(C_Initialize) ENTRY(C_Finalize) ENTRY(C_GetInfo) ENTRY(C_GetFunctionList) ENTRY(C_GetSlotList) \
    ENTRY(C_GetSlotInfo) ENTRY(C_GetTokenInfo) ENTRY(C_GetMechanismList) ENTRY(C_GetMechanismInfo) \
    ENTRY(C_InitToken) ENTRY(C_InitPIN) ENTRY(C_SetPIN) ENTRY(C_OpenSession) ENTRY(C_CloseSession) \
    ENTRY(C_CloseAllSessions) ENTRY(C_GetSessionInfo) ENTRY(C_GetOperationState) ENTRY(C_SetOperationState) \
    ENTRY(C_Login) ENTRY(C_Logout) ENTRY(C_CreateObject) ENTRY(C_CopyObject) ENTRY(C_DestroyObject) \
    ENTRY(C_GetObjectSize) ENTRY(C_GetAttributeValue) ENTRY(C_SetAttributeValue) ENTRY(C_FindObjectsInit) \
    ENTRY(C_FindObjects) ENTRY(C_FindObjectsFinal) ENTRY(C_EncryptInit) ENTRY(C_Encrypt) ENTRY(C_EncryptUpdate) \
    ENTRY(C_EncryptFinal) ENTRY(C_DecryptInit) ENTRY(C_Decrypt) ENTRY(C_DecryptUpdate) ENTRY(C_DecryptFinal) \
    ENTRY(C_DigestInit) ENTRY(C_Digest) ENTRY(C_DigestUpdate) ENTRY(C_DigestKey) ENTRY(C_DigestFinal) \
    ENTRY(C_SignInit) ENTRY(C_Sign) ENTRY(C_SignUpdate) ENTRY(C_SignFinal) ENTRY(C_SignRecoverInit) \
    ENTRY(C_SignRecover) ENTRY(C_VerifyInit) ENTRY(C_Verify) ENTRY(C_VerifyUpdate) ENTRY(C_VerifyFinal) \
    ENTRY(C_VerifyRecoverInit) ENTRY(C_VerifyRecover) ENTRY(C_DigestEncryptUpdate) ENTRY(C_DecryptDigestUpdate) \
    ENTRY(C_SignEncryptUpdate) ENTRY(C_DecryptVerifyUpdate) ENTRY(C_GenerateKey) ENTRY(C_GenerateKeyPair) \
    ENTRY(C_WrapKey) ENTRY(C_UnwrapKey) ENTRY(C_DeriveKey) ENTRY(C_SeedRandom) ENTRY(C_GenerateRandom) \
    ENTRY(C_GetFunctionStatus) ENTRY(C_CancelFunction) ENTRY(C_WaitForSlotEvent)
#define FUNCTIONS_3_0 \
    ENTRY(C_GetInterfaceList) ENTRY(C_GetInterface) ENTRY(C_LoginUser) ENTRY(C_SessionCancel) \
    ENTRY(C_MessageEncryptInit) ENTRY(C_EncryptMessage) ENTRY(C_EncryptMessageBegin) ENTRY(C_EncryptMessageNext) \
    ENTRY(C_MessageEncryptFinal) ENTRY(C_MessageDecryptInit) ENTRY(C_DecryptMessage) ENTRY(C_DecryptMessageBegin) \
    ENTRY(C_DecryptMessageNext) ENTRY(C_MessageDecryptFinal) ENTRY(C_MessageSignInit) ENTRY(C_SignMessage) \
    ENTRY(C_SignMessageBegin) ENTRY(C_SignMessageNext) ENTRY(C_MessageSignFinal) ENTRY(C_MessageVerifyInit) \
    ENTRY(C_VerifyMessage) ENTRY(C_VerifyMessageBegin) ENTRY(C_VerifyMessageNext) ENTRY(C_MessageVerifyFinal)
/* clang-format on */

static CK_FUNCTION_LIST functions = {.version = {2, 40}, FUNCTIONS_2_40};
static CK_FUNCTION_LIST_3_0 functions_3_0 = {.version = {3, 0}, FUNCTIONS_2_40 FUNCTIONS_3_0};

static char interface_name[] = "PKCS 11";

/*
 * The first one is the default (PKCS#11 v3.0 section 5.4.4). None is CKF_INTERFACE_FORK_SAFE: that would be a child process that
 * goes on with the sessions of its parent.
 */
static CK_INTERFACE interfaces[] = {
    {interface_name, &functions_3_0, 0},
    {interface_name, &functions, 0},
};
#define INTERFACES (sizeof interfaces / sizeof *interfaces)

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    if (list == NULL)
        return CKR_ARGUMENTS_BAD;
    *list = &functions;
    return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count)
{
    if (count == NULL)
        return CKR_ARGUMENTS_BAD;
    CK_RV rv = list != NULL && *count < INTERFACES ? CKR_BUFFER_TOO_SMALL : CKR_OK;
    if (list != NULL && rv == CKR_OK)
        memcpy(list, interfaces, sizeof interfaces);
    *count = INTERFACES;
    return rv;
}

/* NULL: whatever it is. */
static bool is_wanted(const CK_INTERFACE *one, const unsigned char *name, const CK_VERSION *version, CK_FLAGS flags)
{
    CK_VERSION found;
    memcpy(&found, one->pFunctionList, sizeof found); /* Every function list begins with it. */
    return (name == NULL || strcmp((const char *)name, one->pInterfaceName) == 0) &&
           (version == NULL || (version->major == found.major && version->minor == found.minor)) &&
           (flags & ~one->flags) == 0;
}

CK_RV C_GetInterface(unsigned char *name, CK_VERSION *version, CK_INTERFACE **found, CK_FLAGS flags)
{
    if (found == NULL)
        return CKR_ARGUMENTS_BAD;
    for (size_t at = 0; at < INTERFACES; at++) {
        if (is_wanted(interfaces + at, name, version, flags)) {
            *found = interfaces + at;
            return CKR_OK;
        }
    }
    return CKR_FUNCTION_FAILED;
}
