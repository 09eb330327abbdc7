/* Programs that derive keys: two parties come to the same key, and what one encrypts the other decrypts. */
#include <string.h>

#include "keys.h"
#include "names.h"

/* AES-GCM with the IV that the HSM makes. */
static void expect_opens(CK_OBJECT_HANDLE sealing, CK_OBJECT_HANDLE opening)
{
    CK_BYTE iv[12] = {0}, sealed[64], plain[64];
    CK_GCM_PARAMS parameters = {iv, sizeof iv, 96, NULL, 0, 128};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    CK_ULONG length = sizeof sealed, plain_length = sizeof plain;
    OK(p11->C_EncryptInit(session, &mechanism, sealing));
    OK(p11->C_Encrypt(session, TEXT("message"), 7, sealed, &length));
    OK(p11->C_DecryptInit(session, &mechanism, opening));
    OK(p11->C_Decrypt(session, sealed, length, plain, &plain_length));
    EQUAL(plain_length, 7);
    EQUAL(memcmp(plain, "message", 7), 0);
}

static CK_OBJECT_HANDLE derive_aes(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base)
{
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG class = CKO_SECRET_KEY, type = CKK_AES, length = 32;
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_KEY_TYPE, &type, sizeof type},
                               {CKA_VALUE_LEN, &length, sizeof length},
                               {CKA_TOKEN, &no, sizeof no},
                               {CKA_ENCRYPT, &yes, sizeof yes},
                               {CKA_DECRYPT, &yes, sizeof yes}};
    OK(p11->C_DeriveKey(session, mechanism, base, template, COUNT(template), &key));
    EQUAL(flag_of(key, CKA_LOCAL), CK_FALSE);
    return key;
}

static CK_OBJECT_HANDLE agree(CK_OBJECT_HANDLE own, CK_OBJECT_HANDLE other, CK_ULONG kdf)
{
    CK_BYTE point[160];
    CK_ULONG length = bytes_of(other, CKA_EC_POINT, point, sizeof point);
    CK_ECDH1_DERIVE_PARAMS parameters = {kdf, 0, NULL, length, point};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    return derive_aes(&mechanism, own);
}

static void agree_both_ways(CK_ULONG kdf)
{
    struct pair one = ec_pair(&P256, DERIVE), other = ec_pair(&P256, DERIVE);
    expect_opens(agree(one.private, other.public, kdf), agree(other.private, one.public, kdf));
}

void ecdh(void)
{
    agree_both_ways(CKD_NULL);
}

void ecdh_with_kdf(void)
{
    agree_both_ways(CKD_CLOUDHSM_X963_SHA256_KDF);
}

/* NIST SP 800-108 in counter mode: what goes into the PRF are the counter, a label, a context and the length of the key. */
static CK_OBJECT_HANDLE derive_in_counter_mode(CK_MECHANISM_TYPE prf, CK_OBJECT_HANDLE base, const char *context)
{
    CK_SP800_108_COUNTER_FORMAT counter = {16};
    CK_SP800_108_DKM_LENGTH_FORMAT length = {SP800_108_DKM_LENGTH_SUM_OF_KEYS, 16};
    CK_PRF_DATA_PARAM parts[] = {{SP800_108_COUNTER_FORMAT, &counter, sizeof counter},
                                 {SP800_108_PRF_LABEL, TEXT("a label"), 7},
                                 {SP800_108_PRF_CONTEXT, TEXT(context), strlen(context)},
                                 {SP800_108_DKM_FORMAT, &length, sizeof length}};
    CK_SP800_108_KDF_PARAMS parameters = {prf, COUNT(parts), parts};
    CK_MECHANISM mechanism = {CKM_SP800_108_COUNTER_KDF, &parameters, sizeof parameters};
    return derive_aes(&mechanism, base);
}

/* Whoever has the base key derives the same key for the same context, and another one for another. */
static void derive_for_two_contexts(CK_MECHANISM_TYPE prf, CK_OBJECT_HANDLE base)
{
    CK_OBJECT_HANDLE key = derive_in_counter_mode(prf, base, "one context");
    expect_opens(key, derive_in_counter_mode(prf, base, "one context"));
    TRUE_(!is_same_key(CKM_AES_ECB, key, derive_in_counter_mode(prf, base, "another context")));
}

void hmac_kdf(void)
{
    derive_for_two_contexts(CKM_SHA512_HMAC, secret_key(CKM_GENERIC_SECRET_KEY_GEN, DERIVE));
}

void aes_cmac_kdf(void)
{
    derive_for_two_contexts(CKM_AES_CMAC, secret_key(CKM_AES_KEY_GEN, DERIVE));
}
