/* Programs that make keys, and look at what they have made. */
#include <string.h>

#include "keys.h"
#include "names.h"

static void expect_made_here(CK_OBJECT_HANDLE key, CK_ULONG class, CK_ULONG type)
{
    EQUAL(number_of(key, CKA_CLASS), class);
    EQUAL(number_of(key, CKA_KEY_TYPE), type);
    EQUAL(flag_of(key, CKA_LOCAL), CK_TRUE);
    EQUAL(flag_of(key, CKA_TOKEN), CK_FALSE);
}

static void expect_pair(struct pair pair, CK_ULONG type)
{
    expect_made_here(pair.public, CKO_PUBLIC_KEY, type);
    expect_made_here(pair.private, CKO_PRIVATE_KEY, type);
    EQUAL(flag_of(pair.private, CKA_SENSITIVE), CK_TRUE);
}

void aes_generate(void)
{
    CK_OBJECT_HANDLE key = secret_key(CKM_AES_KEY_GEN, ENCRYPT);
    expect_made_here(key, CKO_SECRET_KEY, CKK_AES);
    EQUAL(number_of(key, CKA_VALUE_LEN), 32);
}

void tdes_generate(void)
{
    expect_made_here(secret_key(CKM_DES3_KEY_GEN, ENCRYPT), CKO_SECRET_KEY, CKK_DES3);
}

void rsa_generate(void)
{
    CK_BYTE modulus[2][256], exponent[8];
    struct pair pair = rsa_pair(SIGN);
    expect_pair(pair, CKK_RSA);
    EQUAL(number_of(pair.public, CKA_MODULUS_BITS), 2048);
    EQUAL(bytes_of(pair.public, CKA_MODULUS, modulus[0], sizeof modulus[0]), 256);
    EQUAL(bytes_of(pair.private, CKA_MODULUS, modulus[1], sizeof modulus[1]), 256);
    EQUAL(memcmp(modulus[0], modulus[1], sizeof modulus[0]), 0);
    EQUAL(bytes_of(pair.public, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent), 3);
    EQUAL(memcmp(exponent, "\x01\x00\x01", 3), 0);
}

static void expect_curve(const struct curve *curve)
{
    CK_BYTE oid[sizeof curve->oid], point[160];
    struct pair pair = ec_pair(curve, SIGN);
    expect_pair(pair, CKK_EC);
    EQUAL(bytes_of(pair.public, CKA_EC_PARAMS, oid, sizeof oid), 2UL + curve->oid[1]);
    EQUAL(memcmp(oid, curve->oid, 2UL + oid[1]), 0);
    /* An octet string, whose length has a byte of its own from 128 on, with an uncompressed point. */
    CK_ULONG inner = 1 + 2 * curve->field_bytes, header = inner < 128 ? 2 : 3;
    EQUAL(bytes_of(pair.public, CKA_EC_POINT, point, sizeof point), header + inner);
    EQUAL(point[0], 0x04);
    EQUAL(point[header], 0x04);
}

void ec_generate(void)
{
    expect_curve(&P224);
    expect_curve(&P256);
    expect_curve(&P384);
    expect_curve(&P521);
    expect_curve(&SECP256K1);
}

void ed25519_generate(void)
{
    CK_BYTE point[64];
    struct pair pair = ec_pair(&ED25519, SIGN);
    expect_pair(pair, CKK_EC_EDWARDS);
    EQUAL(bytes_of(pair.public, CKA_EC_POINT, point, sizeof point), 2 + 32);
}

void mldsa_generate(void)
{
    for (CK_ULONG set = CKP_CLOUDHSM_ML_DSA_44; set <= CKP_CLOUDHSM_ML_DSA_87; set++) {
        struct pair pair = ml_dsa_pair(set);
        expect_pair(pair, CKK_CLOUDHSM_ML_DSA);
        EQUAL(number_of(pair.public, CKA_CLOUDHSM_PARAMETER_SET), set);
        EQUAL(number_of(pair.private, CKA_CLOUDHSM_PARAMETER_SET), set);
    }
}
