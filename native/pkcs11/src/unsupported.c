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

UNSUPPORTED(C_InitToken, (CK_SLOT_ID slot, unsigned char *pin, CK_ULONG pin_len, unsigned char *label))
UNSUPPORTED(C_InitPIN, (CK_SESSION_HANDLE session, unsigned char *pin, CK_ULONG pin_len))
UNSUPPORTED(C_GetOperationState, (CK_SESSION_HANDLE session, unsigned char *operation_state,
                                  CK_ULONG *operation_state_len))
UNSUPPORTED(C_SetOperationState, (CK_SESSION_HANDLE session, unsigned char *operation_state,
                                  CK_ULONG operation_state_len, CK_OBJECT_HANDLE encryption_key,
                                  CK_OBJECT_HANDLE authentication_key))
UNSUPPORTED(C_SignRecoverInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
UNSUPPORTED(C_SignRecover, (CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG data_len, unsigned char *signature,
                            CK_ULONG *signature_len))
UNSUPPORTED(C_VerifyRecoverInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
UNSUPPORTED(C_VerifyRecover, (CK_SESSION_HANDLE session, unsigned char *signature, CK_ULONG signature_len,
                              unsigned char *data, CK_ULONG *data_len))
UNSUPPORTED(C_DigestEncryptUpdate, (CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG part_len,
                                    unsigned char *encrypted_part, CK_ULONG *encrypted_part_len))
UNSUPPORTED(C_DecryptDigestUpdate, (CK_SESSION_HANDLE session, unsigned char *encrypted_part,
                                    CK_ULONG encrypted_part_len, unsigned char *part, CK_ULONG *part_len))
UNSUPPORTED(C_SignEncryptUpdate, (CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG part_len,
                                  unsigned char *encrypted_part, CK_ULONG *encrypted_part_len))
UNSUPPORTED(C_DecryptVerifyUpdate, (CK_SESSION_HANDLE session, unsigned char *encrypted_part,
                                    CK_ULONG encrypted_part_len, unsigned char *part, CK_ULONG *part_len))

/* Of the time when functions could go on in parallel (PKCS#11 v2.40 section 5.15). */
ANSWERED(C_GetFunctionStatus, (CK_SESSION_HANDLE session), CKR_FUNCTION_NOT_PARALLEL)
ANSWERED(C_CancelFunction, (CK_SESSION_HANDLE session), CKR_FUNCTION_NOT_PARALLEL)

/* Messages of PKCS#11 v3.0 (sections 5.10, 5.12, 5.15 and 5.17). */
UNSUPPORTED(C_MessageEncryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
UNSUPPORTED(C_EncryptMessage, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                               unsigned char *associated_data, CK_ULONG associated_data_len, unsigned char *plaintext,
                               CK_ULONG plaintext_len, unsigned char *ciphertext, CK_ULONG *ciphertext_len))
UNSUPPORTED(C_EncryptMessageBegin, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                                    unsigned char *associated_data, CK_ULONG associated_data_len))
UNSUPPORTED(C_EncryptMessageNext, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                                   unsigned char *plaintext_part, CK_ULONG plaintext_part_len,
                                   unsigned char *ciphertext_part, CK_ULONG *ciphertext_part_len, CK_FLAGS flags))
UNSUPPORTED(C_MessageEncryptFinal, (CK_SESSION_HANDLE session))
UNSUPPORTED(C_MessageDecryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
UNSUPPORTED(C_DecryptMessage, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                               unsigned char *associated_data, CK_ULONG associated_data_len, unsigned char *ciphertext,
                               CK_ULONG ciphertext_len, unsigned char *plaintext, CK_ULONG *plaintext_len))
UNSUPPORTED(C_DecryptMessageBegin, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                                    unsigned char *associated_data, CK_ULONG associated_data_len))
UNSUPPORTED(C_DecryptMessageNext, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                                   unsigned char *ciphertext_part, CK_ULONG ciphertext_part_len,
                                   unsigned char *plaintext_part, CK_ULONG *plaintext_part_len, CK_FLAGS flags))
UNSUPPORTED(C_MessageDecryptFinal, (CK_SESSION_HANDLE session))
UNSUPPORTED(C_MessageSignInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
UNSUPPORTED(C_SignMessage, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, unsigned char *data,
                            CK_ULONG data_len, unsigned char *signature, CK_ULONG *signature_len))
UNSUPPORTED(C_SignMessageBegin, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len))
UNSUPPORTED(C_SignMessageNext, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, unsigned char *data,
                                CK_ULONG data_len, unsigned char *signature, CK_ULONG *signature_len))
UNSUPPORTED(C_MessageSignFinal, (CK_SESSION_HANDLE session))
UNSUPPORTED(C_MessageVerifyInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key))
UNSUPPORTED(C_VerifyMessage, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, unsigned char *data,
                              CK_ULONG data_len, unsigned char *signature, CK_ULONG signature_len))
UNSUPPORTED(C_VerifyMessageBegin, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len))
UNSUPPORTED(C_VerifyMessageNext, (CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                                  unsigned char *data, CK_ULONG data_len, unsigned char *signature,
                                  CK_ULONG signature_len))
UNSUPPORTED(C_MessageVerifyFinal, (CK_SESSION_HANDLE session))
