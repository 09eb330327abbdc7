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
