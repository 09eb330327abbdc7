#include "keys.h"

#include <string.h>

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

const struct curve P224 = {"P-224", {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x21}, 28};
const struct curve P256 = {"P-256", {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, 32};
const struct curve P384 = {"P-384", {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}, 48};
const struct curve P521 = {"P-521", {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23}, 66};
const struct curve SECP256K1 = {"secp256k1", {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a}, 32};
const struct curve ED25519 = {"Ed25519", {0x06, 0x03, 0x2b, 0x65, 0x70}, 32};

static CK_BBOOL *whether(unsigned uses, enum use use)
{
    return (uses & use) != 0 ? &yes : &no;
}

CK_OBJECT_HANDLE secret_key(CK_MECHANISM_TYPE type, unsigned uses)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_ULONG length = 32;
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE template[] = {
        {CKA_TOKEN, &no, sizeof no},
        {CKA_SIGN, whether(uses, SIGN), sizeof yes},
        {CKA_VERIFY, whether(uses, SIGN), sizeof yes},
        {CKA_ENCRYPT, whether(uses, ENCRYPT), sizeof yes},
        {CKA_DECRYPT, whether(uses, ENCRYPT), sizeof yes},
        {CKA_WRAP, whether(uses, WRAP), sizeof yes},
        {CKA_UNWRAP, whether(uses, WRAP), sizeof yes},
        {CKA_DERIVE, whether(uses, DERIVE), sizeof yes},
        {CKA_EXTRACTABLE, &yes, sizeof yes},
        {CKA_VALUE_LEN, &length, sizeof length},
    };
    /* The length of a triple DES key is its type. */
    CK_ULONG count = type == CKM_DES3_KEY_GEN ? COUNT(template) - 1 : COUNT(template);
    OK(p11->C_GenerateKey(session, &mechanism, template, count, &key));
    return key;
}

/* `numbers` say what kind of pair it is: those of the public key, and of both if `of_both`. */
static struct pair generate_pair(CK_MECHANISM_TYPE type, unsigned uses, const CK_ATTRIBUTE *numbers, CK_ULONG count,
                                 int of_both)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    struct pair pair;
    CK_ATTRIBUTE public[8] = {
        {CKA_TOKEN, &no, sizeof no},
        {CKA_VERIFY, whether(uses, SIGN), sizeof yes},
        {CKA_ENCRYPT, whether(uses, ENCRYPT), sizeof yes},
        {CKA_WRAP, whether(uses, WRAP), sizeof yes},
    };
    CK_ATTRIBUTE private[8] = {
        {CKA_TOKEN, &no, sizeof no},
        {CKA_SIGN, whether(uses, SIGN), sizeof yes},
        {CKA_DECRYPT, whether(uses, ENCRYPT), sizeof yes},
        {CKA_UNWRAP, whether(uses, WRAP), sizeof yes},
        {CKA_DERIVE, whether(uses, DERIVE), sizeof yes},
        {CKA_EXTRACTABLE, &yes, sizeof yes},
    };
    memcpy(public + 4, numbers, count * sizeof *numbers);
    memcpy(private + 6, numbers, count * sizeof *numbers);
    CK_ULONG of_public = 4 + count, of_private = of_both ? 6 + count : 6;
    OK(p11->C_GenerateKeyPair(session, &mechanism, public, of_public, private, of_private, &pair.public, &pair.private));
    return pair;
}

struct pair rsa_pair(unsigned uses)
{
    CK_ULONG bits = 2048;
    CK_BYTE exponent[] = {0x01, 0x00, 0x01};
    CK_ATTRIBUTE numbers[] = {{CKA_MODULUS_BITS, &bits, sizeof bits}, {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent}};
    return generate_pair(CKM_RSA_X9_31_KEY_PAIR_GEN, uses, numbers, COUNT(numbers), 0);
}

struct pair ec_pair(const struct curve *curve, unsigned uses)
{
    CK_ATTRIBUTE oid = {CKA_EC_PARAMS, (void *)curve->oid, 2UL + curve->oid[1]};
    return generate_pair(CKM_EC_KEY_PAIR_GEN, uses, &oid, 1, 0);
}

struct pair ml_dsa_pair(CK_CLOUDHSM_ML_DSA_PARAMETER_SET_TYPE set)
{
    CK_ATTRIBUTE of_set = {CKA_CLOUDHSM_PARAMETER_SET, &set, sizeof set};
    return generate_pair(CKM_CLOUDHSM_ML_DSA_KEY_PAIR_GEN, SIGN, &of_set, 1, 1);
}

CK_ULONG number_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_ULONG number;
    CK_ATTRIBUTE attribute = {type, &number, sizeof number};
    OK(p11->C_GetAttributeValue(session, object, &attribute, 1));
    EQUAL(attribute.ulValueLen, sizeof number);
    return number;
}

CK_BBOOL flag_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL flag;
    CK_ATTRIBUTE attribute = {type, &flag, sizeof flag};
    OK(p11->C_GetAttributeValue(session, object, &attribute, 1));
    EQUAL(attribute.ulValueLen, sizeof flag);
    return flag;
}

CK_ULONG bytes_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *bytes, CK_ULONG room)
{
    CK_ATTRIBUTE attribute = {type, bytes, room};
    OK(p11->C_GetAttributeValue(session, object, &attribute, 1));
    return attribute.ulValueLen;
}

static void encrypt_block(CK_MECHANISM_TYPE ecb, CK_OBJECT_HANDLE key, CK_BYTE *out)
{
    CK_MECHANISM mechanism = {ecb, NULL, 0};
    CK_ULONG length = 16;
    OK(p11->C_EncryptInit(session, &mechanism, key));
    OK(p11->C_Encrypt(session, TEXT("exactly 16 bytes"), 16, out, &length));
    EQUAL(length, 16);
}

bool is_same_key(CK_MECHANISM_TYPE ecb, CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE other)
{
    CK_BYTE of_one[16], of_other[16];
    encrypt_block(ecb, one, of_one);
    encrypt_block(ecb, other, of_other);
    return memcmp(of_one, of_other, sizeof of_one) == 0;
}
