/*
 * Types and constants of PKCS#11, under the file name that programs written for CloudHSM include. pkcs11.h has them together
 * with the functions.
 */
#ifndef STRONGROOM_PKCS11T_H
#define STRONGROOM_PKCS11T_H 1

#include "pkcs11.h"

/* Of CKM_RSA_AES_KEY_WRAP (PKCS#11 v2.40 mechanisms section 2.1.23), which pkcs11.h does not have. */
typedef struct CK_RSA_AES_KEY_WRAP_PARAMS {
    CK_ULONG ulAESKeyBits;
    struct ck_rsa_pkcs_oaep_params *pOAEPParams;
} CK_RSA_AES_KEY_WRAP_PARAMS;
typedef CK_RSA_AES_KEY_WRAP_PARAMS *CK_RSA_AES_KEY_WRAP_PARAMS_PTR;

/* Of CKM_EDDSA (PKCS#11 v3.0 mechanisms section 2.3.14), likewise. */
typedef struct CK_EDDSA_PARAMS {
    CK_BBOOL phFlag;
    CK_ULONG ulContextDataLen;
    CK_BYTE_PTR pContextData;
} CK_EDDSA_PARAMS;
typedef CK_EDDSA_PARAMS *CK_EDDSA_PARAMS_PTR;

/* Of CKM_AES_GCM message by message (PKCS#11 v3.0 mechanisms section 2.12.2); pkcs11.h has the structure without its name. */
typedef struct ck_gcm_message_params CK_GCM_MESSAGE_PARAMS;
typedef CK_GCM_MESSAGE_PARAMS *CK_GCM_MESSAGE_PARAMS_PTR;
#define CKR_AEAD_DECRYPT_FAILED (0x42UL)
#define CKG_NO_GENERATE (0UL)
#define CKG_GENERATE (1UL)
#define CKG_GENERATE_COUNTER (2UL)
#define CKG_GENERATE_RANDOM (3UL)
#define CKG_GENERATE_COUNTER_XOR (4UL)

#endif
