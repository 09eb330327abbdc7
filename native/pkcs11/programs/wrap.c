/* Programs that wrap a key, unwrap it, and show that it is the same key. */
#include <string.h>

#include "keys.h"
#include "names.h"

static CK_BBOOL yes = CK_TRUE;

/* The length is asked for first. */
static CK_ULONG wrap(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG room)
{
    CK_ULONG length = 0;
    OK(p11->C_WrapKey(session, mechanism, with, key, NULL, &length));
    TRUE_(length > 0 && length <= room);
    OK(p11->C_WrapKey(session, mechanism, with, key, out, &length));
    return length;
}

/* An AES key goes out and comes back. */
static void wrap_aes(CK_MECHANISM *mechanism, struct pair wrapping)
{
    CK_BYTE wrapped[512];
    CK_OBJECT_HANDLE key = secret_key(CKM_AES_KEY_GEN, ENCRYPT), unwrapped;
    CK_ULONG class = CKO_SECRET_KEY, type = CKK_AES;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type}, {CKA_ENCRYPT, &yes, sizeof yes}};
    CK_ULONG length = wrap(mechanism, wrapping.public, key, wrapped, sizeof wrapped);
    OK(p11->C_UnwrapKey(session, mechanism, wrapping.private, wrapped, length, template, COUNT(template), &unwrapped));
    EQUAL(flag_of(unwrapped, CKA_LOCAL), CK_FALSE);
    TRUE_(is_same_key(CKM_AES_ECB, key, unwrapped));
}

/* An RSA private key goes out, and what comes back signs for its public key. */
static void wrap_rsa(CK_MECHANISM *mechanism, struct pair wrapping)
{
    CK_BYTE wrapped[4096], signature[256];
    struct pair pair = rsa_pair(SIGN);
    CK_OBJECT_HANDLE unwrapped;
    CK_ULONG class = CKO_PRIVATE_KEY, type = CKK_RSA, size = sizeof signature;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type}, {CKA_SIGN, &yes, sizeof yes}};
    CK_MECHANISM signs = {CKM_SHA256_RSA_PKCS, NULL, 0};
    CK_ULONG length = wrap(mechanism, wrapping.public, pair.private, wrapped, sizeof wrapped);
    OK(p11->C_UnwrapKey(session, mechanism, wrapping.private, wrapped, length, template, COUNT(template), &unwrapped));
    OK(p11->C_SignInit(session, &signs, unwrapped));
    OK(p11->C_Sign(session, TEXT("message"), 7, signature, &size));
    OK(p11->C_VerifyInit(session, &signs, pair.public));
    OK(p11->C_Verify(session, TEXT("message"), 7, signature, size));
}

/* A secret key is both halves. */
static struct pair aes_wrapping_key(void)
{
    CK_OBJECT_HANDLE key = secret_key(CKM_AES_KEY_GEN, WRAP);
    return (struct pair){key, key};
}

void aes_wrapping(void)
{
    CK_MECHANISM mechanism = {CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, NULL, 0};
    struct pair wrapping = aes_wrapping_key();
    wrap_aes(&mechanism, wrapping);
    wrap_rsa(&mechanism, wrapping);
}

/* Takes keys of a multiple of 8 bytes, which an RSA key is only by chance. */
void aes_no_padding_wrapping(void)
{
    CK_MECHANISM mechanism = {CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, NULL, 0};
    wrap_aes(&mechanism, aes_wrapping_key());
}

void aes_zero_padding_wrapping(void)
{
    CK_MECHANISM mechanism = {CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD, NULL, 0};
    struct pair wrapping = aes_wrapping_key();
    wrap_aes(&mechanism, wrapping);
    wrap_rsa(&mechanism, wrapping);
}

/* The IV is written into the buffer when the key is wrapped, and the same structure unwraps it. */
void aes_gcm_wrapping(void)
{
    static const CK_BYTE zeros[12];
    CK_BYTE iv[12] = {0};
    CK_GCM_PARAMS parameters = {iv, sizeof iv, 96, NULL, 0, 128};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    struct pair wrapping = aes_wrapping_key();
    wrap_rsa(&mechanism, wrapping);
    TRUE_(memcmp(iv, zeros, sizeof iv) != 0);
    memset(iv, 0, sizeof iv);
    wrap_aes(&mechanism, wrapping);
}

void rsa_wrapping(void)
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    CK_RSA_AES_KEY_WRAP_PARAMS both = {256, &oaep};
    CK_MECHANISM by_oaep = {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
    CK_MECHANISM by_both = {CKM_RSA_AES_KEY_WRAP, &both, sizeof both};
    struct pair wrapping = rsa_pair(WRAP);
    wrap_aes(&by_oaep, wrapping);
    wrap_aes(&by_both, wrapping);
    wrap_rsa(&by_both, wrapping);
}
