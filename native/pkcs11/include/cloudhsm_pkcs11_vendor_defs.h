/*
 * Vendor numbers of CloudHSM's PKCS#11 library.
 *
 * "published" numbers are those that public programs and headers use: programs built with them run with AWS's library and
 * with this one. The others have never been published. Strongroom has chosen numbers of its own for them, which will not
 * change: compile such programs against this header. A binary built with AWS's header does not match in these.
 */
#ifndef CLOUDHSM_PKCS11_VENDOR_DEFS_H
#define CLOUDHSM_PKCS11_VENDOR_DEFS_H 1

#include "pkcs11t.h"

/* Mechanisms, published. */
#define CKM_CLOUDHSM_SP800_108_COUNTER_KDF (CKM_VENDOR_DEFINED | 0x00000001UL)
#define CKM_CLOUDHSM_AES_GCM (CKM_VENDOR_DEFINED | 0x00001087UL)
#define CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD (CKM_VENDOR_DEFINED | 0x00002109UL)
#define CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD (CKM_VENDOR_DEFINED | 0x0000210AUL)
#define CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD (CKM_VENDOR_DEFINED | 0x0000216FUL)
#ifndef CKM_SP800_108_COUNTER_KDF
#define CKM_SP800_108_COUNTER_KDF CKM_CLOUDHSM_SP800_108_COUNTER_KDF
#endif

/*
 * The parameter of CKM_SP800_108_COUNTER_KDF: parts in the order in which they are the input of the PRF, one of them the
 * counter, published. The structures are not those of PKCS#11 v3.0, which has further members and is CKM 0x3ac; this module
 * takes either with either number.
 */
typedef CK_MECHANISM_TYPE CK_PRF_TYPE;
typedef CK_ULONG CK_PRF_DATA_TYPE;
typedef struct CK_SP800_108_COUNTER_FORMAT {
    CK_ULONG ulWidthInBits;
} CK_SP800_108_COUNTER_FORMAT;
typedef CK_SP800_108_COUNTER_FORMAT *CK_SP800_108_COUNTER_FORMAT_PTR;
typedef struct CK_SP800_108_DKM_LENGTH_FORMAT {
    CK_ULONG dkmLengthMethod;
    CK_ULONG ulWidthInBits;
} CK_SP800_108_DKM_LENGTH_FORMAT;
typedef CK_SP800_108_DKM_LENGTH_FORMAT *CK_SP800_108_DKM_LENGTH_FORMAT_PTR;
typedef struct CK_PRF_DATA_PARAM {
    CK_PRF_DATA_TYPE type;
    CK_VOID_PTR pValue;
    CK_ULONG ulValueLen;
} CK_PRF_DATA_PARAM;
typedef CK_PRF_DATA_PARAM *CK_PRF_DATA_PARAM_PTR;
typedef struct CK_SP800_108_KDF_PARAMS {
    CK_PRF_TYPE prftype;
    CK_ULONG ulNumberOfDataParams;
    CK_PRF_DATA_PARAM_PTR pDataParams;
} CK_SP800_108_KDF_PARAMS;
typedef CK_SP800_108_KDF_PARAMS *CK_SP800_108_KDF_PARAMS_PTR;
#define SP800_108_DKM_LENGTH_SUM_OF_KEYS (1UL)
#define SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS (2UL)
#define SP800_108_COUNTER_FORMAT (4UL)
#define SP800_108_PRF_LABEL (5UL)
#define SP800_108_PRF_CONTEXT (6UL)
#define SP800_108_DKM_FORMAT (7UL)
#define SP800_108_BYTE_ARRAY (8UL)
/* The names of newer programs, with the numbers of PKCS#11 v3.0. */
#define CK_SP800_108_ITERATION_VARIABLE (1UL)
#define CK_SP800_108_DKM_LENGTH (3UL)
#define CK_SP800_108_BYTE_ARRAY (4UL)
#define CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS SP800_108_DKM_LENGTH_SUM_OF_KEYS
#define CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS

/* Mechanisms, chosen by Strongroom. */
#define CKM_CLOUDHSM_ML_DSA_KEY_PAIR_GEN (CKM_VENDOR_DEFINED | 0x00005301UL)
#define CKM_CLOUDHSM_ML_DSA (CKM_VENDOR_DEFINED | 0x00005302UL)
#define CKM_CLOUDHSM_EXT_MU_ML_DSA (CKM_VENDOR_DEFINED | 0x00005303UL)
#define CKM_CLOUDHSM_EDDSA (CKM_VENDOR_DEFINED | 0x00005304UL)

/* Key derivation functions of CKM_ECDH1_DERIVE, chosen by Strongroom. */
#define CKD_CLOUDHSM_X963_SHA1_KDF (0x80005301UL)
#define CKD_CLOUDHSM_X963_SHA224_KDF (0x80005302UL)
#define CKD_CLOUDHSM_X963_SHA256_KDF (0x80005303UL)
#define CKD_CLOUDHSM_X963_SHA384_KDF (0x80005304UL)
#define CKD_CLOUDHSM_X963_SHA512_KDF (0x80005305UL)

/* The key type of ML-DSA is that of PKCS#11 v3.2. */
#define CKK_CLOUDHSM_ML_DSA (0x0000004AUL)

/* The attribute and the parameter sets of ML-DSA, chosen by Strongroom. */
#define CKA_CLOUDHSM_PARAMETER_SET (CKA_VENDOR_DEFINED | 0x00005301UL)
typedef CK_ULONG CK_CLOUDHSM_ML_DSA_PARAMETER_SET_TYPE;
#define CKP_CLOUDHSM_ML_DSA_44 (1UL)
#define CKP_CLOUDHSM_ML_DSA_65 (2UL)
#define CKP_CLOUDHSM_ML_DSA_87 (3UL)

#endif
