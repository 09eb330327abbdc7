/* Programs that sign: what was signed is verified, and nothing else. */
#include <string.h>

#include "keys.h"
#include "names.h"

#define MESSAGE "Some data to sign"
#define MESSAGE_LENGTH (sizeof MESSAGE - 1)

static void sign_and_verify(CK_MECHANISM *mechanism, struct pair pair, CK_ULONG size)
{
    CK_BYTE signature[5000];
    CK_ULONG length = 0;
    OK(p11->C_SignInit(session, mechanism, pair.private));
    OK(p11->C_Sign(session, TEXT(MESSAGE), MESSAGE_LENGTH, NULL, &length));
    EQUAL(length, size);
    OK(p11->C_Sign(session, TEXT(MESSAGE), MESSAGE_LENGTH, signature, &length));
    EQUAL(length, size);
    OK(p11->C_VerifyInit(session, mechanism, pair.public));
    OK(p11->C_Verify(session, TEXT(MESSAGE), MESSAGE_LENGTH, signature, length));
    OK(p11->C_VerifyInit(session, mechanism, pair.public));
    EQUAL(p11->C_Verify(session, TEXT(MESSAGE), MESSAGE_LENGTH - 1, signature, length), CKR_SIGNATURE_INVALID);
}

void sign(void)
{
    CK_MECHANISM rsa = {CKM_SHA512_RSA_PKCS, NULL, 0}, ecdsa = {CKM_ECDSA_SHA512, NULL, 0};
    sign_and_verify(&rsa, rsa_pair(SIGN), 256);
    sign_and_verify(&ecdsa, ec_pair(&P256, SIGN), 64);
}

/* A byte at a time is what a program may do. */
static void sign_in_parts(CK_MECHANISM *mechanism, struct pair pair, CK_ULONG size)
{
    CK_BYTE signature[256];
    CK_ULONG length = sizeof signature;
    OK(p11->C_SignInit(session, mechanism, pair.private));
    for (CK_ULONG at = 0; at < MESSAGE_LENGTH; at++)
        OK(p11->C_SignUpdate(session, TEXT(MESSAGE) + at, 1));
    OK(p11->C_SignFinal(session, signature, &length));
    EQUAL(length, size);
    OK(p11->C_VerifyInit(session, mechanism, pair.public));
    OK(p11->C_VerifyUpdate(session, TEXT(MESSAGE), 4));
    OK(p11->C_VerifyUpdate(session, TEXT(MESSAGE) + 4, MESSAGE_LENGTH - 4));
    OK(p11->C_VerifyFinal(session, signature, length));
    OK(p11->C_VerifyInit(session, mechanism, pair.public));
    OK(p11->C_Verify(session, TEXT(MESSAGE), MESSAGE_LENGTH, signature, length));
}

void multi_part_sign(void)
{
    CK_MECHANISM rsa = {CKM_SHA512_RSA_PKCS, NULL, 0}, ecdsa = {CKM_ECDSA_SHA512, NULL, 0};
    sign_in_parts(&rsa, rsa_pair(SIGN), 256);
    sign_in_parts(&ecdsa, ec_pair(&P256, SIGN), 64);
}

void mldsa_sign(void)
{
    static const CK_ULONG sizes[] = {2420, 3309, 4627}; /* FIPS 204 table 2 */
    CK_MECHANISM mechanism = {CKM_CLOUDHSM_ML_DSA, NULL, 0};
    for (CK_ULONG at = 0; at < COUNT(sizes); at++)
        sign_and_verify(&mechanism, ml_dsa_pair(CKP_CLOUDHSM_ML_DSA_44 + at), sizes[at]);
}

void eddsa_sign(void)
{
    CK_EDDSA_PARAMS prehashed = {CK_TRUE, 0, NULL};
    CK_MECHANISM pure = {CKM_CLOUDHSM_EDDSA, NULL, 0}, ph = {CKM_CLOUDHSM_EDDSA, &prehashed, sizeof prehashed};
    struct pair pair = ec_pair(&ED25519, SIGN);
    sign_and_verify(&pure, pair, 64);
    sign_and_verify(&ph, pair, 64);
    sign_in_parts(&ph, pair, 64);
}
