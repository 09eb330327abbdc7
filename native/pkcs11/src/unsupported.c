/* Functions that this token does not have, CloudHSM's library neither (AWS: "Supported API operations for the PKCS #11 library"). */
#include "library.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

static CK_RV answer(CK_RV rv)
{
    return library_is_open() ? rv : CKR_CRYPTOKI_NOT_INITIALIZED;
}

#define ANSWERED(name, parameters, rv)                                                                                 \
    CK_RV name parameters                                                                                              \
    {                                                                                                                  \
        return answer(rv);                                                                                             \
    }
#define UNSUPPORTED(name, parameters) ANSWERED(name, parameters, CKR_FUNCTION_NOT_SUPPORTED)

/* clang-format off */

/* Parameters that several functions have. */
#define OF_SESSION (CK_SESSION_HANDLE session)
#define OF_INIT (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
#define OF_TRANSFORM (CK_SESSION_HANDLE session, unsigned char *in, CK_ULONG in_len, unsigned char *out, CK_ULONG *out_len)

UNSUPPORTED(C_InitToken, (CK_SLOT_ID slot, unsigned char *pin, CK_ULONG pin_len, unsigned char *label))
UNSUPPORTED(C_InitPIN, (CK_SESSION_HANDLE session, unsigned char *pin, CK_ULONG pin_len))
UNSUPPORTED(C_GetOperationState, (CK_SESSION_HANDLE session, unsigned char *state, CK_ULONG *state_len))
UNSUPPORTED(C_SetOperationState, (CK_SESSION_HANDLE session, unsigned char *state, CK_ULONG state_len,
                                  CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key))
UNSUPPORTED(C_SignRecoverInit, OF_INIT)
UNSUPPORTED(C_SignRecover, OF_TRANSFORM)
UNSUPPORTED(C_VerifyRecoverInit, OF_INIT)
UNSUPPORTED(C_VerifyRecover, OF_TRANSFORM)
UNSUPPORTED(C_DigestEncryptUpdate, OF_TRANSFORM)
UNSUPPORTED(C_DecryptDigestUpdate, OF_TRANSFORM)
UNSUPPORTED(C_SignEncryptUpdate, OF_TRANSFORM)
UNSUPPORTED(C_DecryptVerifyUpdate, OF_TRANSFORM)

/* Of the time when functions could go on in parallel (PKCS#11 v2.40 section 5.15). */
ANSWERED(C_GetFunctionStatus, OF_SESSION, CKR_FUNCTION_NOT_PARALLEL)
ANSWERED(C_CancelFunction, OF_SESSION, CKR_FUNCTION_NOT_PARALLEL)

/* Messages of PKCS#11 v3.0 in parts (sections 5.9, 5.11, 5.14 and 5.16). */
#define OF_MESSAGE CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len
#define OF_CIPHER_BEGIN (OF_MESSAGE, unsigned char *aad, CK_ULONG aad_len)
#define OF_CIPHER_NEXT (OF_MESSAGE, unsigned char *in, CK_ULONG in_len, unsigned char *out, CK_ULONG *out_len, \
                        CK_FLAGS flags)
#define OF_SIGNATURE_BEGIN (OF_MESSAGE)
#define OF_SIGNING (OF_MESSAGE, unsigned char *data, CK_ULONG data_len, unsigned char *signature, CK_ULONG *signature_len)
#define OF_VERIFYING (OF_MESSAGE, unsigned char *data, CK_ULONG data_len, unsigned char *signature, CK_ULONG signature_len)

UNSUPPORTED(C_EncryptMessageBegin, OF_CIPHER_BEGIN)
UNSUPPORTED(C_EncryptMessageNext, OF_CIPHER_NEXT)
UNSUPPORTED(C_DecryptMessageBegin, OF_CIPHER_BEGIN)
UNSUPPORTED(C_DecryptMessageNext, OF_CIPHER_NEXT)
UNSUPPORTED(C_SignMessageBegin, OF_SIGNATURE_BEGIN)
UNSUPPORTED(C_SignMessageNext, OF_SIGNING)
UNSUPPORTED(C_VerifyMessageBegin, OF_SIGNATURE_BEGIN)
UNSUPPORTED(C_VerifyMessageNext, OF_VERIFYING)
