/* What public programs for CloudHSM do, reduced to their calls. */
#include <string.h>

#include "find.h"
#include "keys.h"
#include "names.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static CK_OBJECT_HANDLE token_secret(CK_MECHANISM_TYPE type, CK_ATTRIBUTE_TYPE does, CK_ATTRIBUTE_TYPE undoes, char *label)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_OBJECT_HANDLE key;
    CK_ULONG class = CKO_SECRET_KEY, length = 32, key_type = type == CKM_AES_KEY_GEN ? CKK_AES : CKK_GENERIC_SECRET;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},       {CKA_KEY_TYPE, &key_type, sizeof key_type},
                               {CKA_VALUE_LEN, &length, sizeof length}, {CKA_LABEL, label, strlen(label)},
                               {CKA_TOKEN, &yes, sizeof yes},           {CKA_PRIVATE, &yes, sizeof yes},
                               {CKA_SENSITIVE, &yes, sizeof yes},       {CKA_EXTRACTABLE, &no, sizeof no},
                               {does, &yes, sizeof yes},                {undoes, &yes, sizeof yes}};
    OK(p11->C_GenerateKey(session, &mechanism, template, COUNT(template), &key));
    return key;
}

static CK_ULONG seal(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, const char *text, CK_BYTE *out, CK_ULONG room)
{
    CK_ULONG length = 0;
    OK(p11->C_EncryptInit(session, mechanism, key));
    OK(p11->C_Encrypt(session, TEXT(text), strlen(text), NULL, &length));
    TRUE_(length <= room);
    OK(p11->C_Encrypt(session, TEXT(text), strlen(text), out, &length));
    return length;
}

static void expect_opens(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_BYTE *sealed, CK_ULONG length, const char *text)
{
    CK_BYTE plain[128];
    CK_ULONG plain_length = sizeof plain;
    OK(p11->C_DecryptInit(session, mechanism, key));
    OK(p11->C_Decrypt(session, sealed, length, plain, &plain_length));
    EQUAL(plain_length, strlen(text));
    EQUAL(memcmp(plain, text, plain_length), 0);
}

static void expect_mac(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, CK_BYTE *data, CK_ULONG length, CK_ULONG size)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_BYTE mac[64];
    CK_ULONG mac_length = sizeof mac;
    OK(p11->C_SignInit(session, &mechanism, key));
    OK(p11->C_Sign(session, data, length, mac, &mac_length));
    EQUAL(mac_length, size);
    OK(p11->C_VerifyInit(session, &mechanism, key));
    OK(p11->C_Verify(session, data, length, mac, mac_length));
}

/* HashiCorp Vault's seal: both keys are made if there are none with their labels. AES-GCM, or AES-CBC and HMAC. */
void vault(void)
{
    static const CK_BYTE zeros[12];
    char label[LABEL_ROOM], hmac_label[LABEL_ROOM];
    CK_BYTE iv[16] = {0}, sealed[128];
    CK_ULONG class = CKO_SECRET_KEY, length;
    CK_OBJECT_HANDLE found;
    CK_GCM_PARAMS parameters = {iv, 12, 96, NULL, 0, 128};
    CK_MECHANISM gcm = {CKM_AES_GCM, &parameters, sizeof parameters}, cbc = {CKM_AES_CBC_PAD, iv, 16};
    begin();
    random_label(label);
    random_label(hmac_label);
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, label, strlen(label)}};
    EQUAL(find_all(template, COUNT(template), &found, 1), 0);
    (void)token_secret(CKM_AES_KEY_GEN, CKA_ENCRYPT, CKA_DECRYPT, label);
    (void)token_secret(CKM_GENERIC_SECRET_KEY_GEN, CKA_SIGN, CKA_VERIFY, hmac_label);
    end();

    begin();
    CK_OBJECT_HANDLE key = find_one(class, CKA_LABEL, label, strlen(label));
    CK_OBJECT_HANDLE hmac = find_one(class, CKA_LABEL, hmac_label, strlen(hmac_label));
    length = seal(&gcm, key, "root key", sealed, sizeof sealed);
    TRUE_(memcmp(iv, zeros, sizeof zeros) != 0);
    expect_opens(&gcm, key, sealed, length, "root key");
    OK(p11->C_GenerateRandom(session, iv, sizeof iv));
    length = seal(&cbc, key, "root key", sealed, sizeof sealed);
    expect_mac(CKM_SHA256_HMAC, hmac, sealed, length, 32);
    expect_opens(&cbc, key, sealed, length, "root key");
    OK(p11->C_DestroyObject(session, key));
    OK(p11->C_DestroyObject(session, hmac));
    end();
}

/* PHP, eonx-com/easy-monorepo: CloudHSM's AES-GCM with an IV that is empty and not NULL, and HMAC. */
void easy_encryption(void)
{
    char label[LABEL_ROOM], hmac_label[LABEL_ROOM];
    CK_BYTE none = 0, sealed[128];
    CK_GCM_PARAMS parameters = {&none, 0, 0, TEXT("some context"), 12, 128};
    CK_MECHANISM mechanism = {CKM_VENDOR_DEFINED | CKM_AES_GCM, &parameters, sizeof parameters};
    EQUAL(mechanism.mechanism, CKM_CLOUDHSM_AES_GCM);
    begin();
    random_label(label);
    random_label(hmac_label);
    (void)token_secret(CKM_AES_KEY_GEN, CKA_ENCRYPT, CKA_DECRYPT, label);
    (void)token_secret(CKM_GENERIC_SECRET_KEY_GEN, CKA_SIGN, CKA_VERIFY, hmac_label);
    CK_OBJECT_HANDLE key = find_one(CKO_SECRET_KEY, CKA_LABEL, label, strlen(label));
    CK_OBJECT_HANDLE hmac = find_one(CKO_SECRET_KEY, CKA_LABEL, hmac_label, strlen(hmac_label));
    CK_ULONG length = seal(&mechanism, key, "a field of a record", sealed, sizeof sealed);
    EQUAL(length, 12 + 19 + 16);
    expect_opens(&mechanism, key, sealed, length, "a field of a record");
    expect_mac(CKM_SHA512_HMAC, hmac, TEXT("a field of a record"), 19, 64);
    OK(p11->C_DestroyObject(session, key));
    OK(p11->C_DestroyObject(session, hmac));
    end();
}

static CK_OBJECT_HANDLE import_public(CK_OBJECT_HANDLE other, CK_BBOOL *private)
{
    CK_BYTE modulus[256], exponent[8];
    CK_ULONG class = CKO_PUBLIC_KEY, type = CKK_RSA;
    CK_OBJECT_HANDLE imported;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_KEY_TYPE, &type, sizeof type},
                               {CKA_PRIVATE, private, sizeof *private},
                               {CKA_WRAP, &yes, sizeof yes},
                               {CKA_MODULUS, modulus, bytes_of(other, CKA_MODULUS, modulus, sizeof modulus)},
                               {CKA_PUBLIC_EXPONENT, exponent,
                                bytes_of(other, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent)}};
    OK(p11->C_CreateObject(session, template, COUNT(template), &imported));
    return imported;
}

/* Go, smallstep/pkcs11-key-wrap: CKM_RSA_AES_KEY_WRAP step by step, for a public key that was brought. */
void pkcs11_key_wrap(void)
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0};
    CK_RSA_AES_KEY_WRAP_PARAMS both = {256, &oaep};
    CK_MECHANISM by_oaep = {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
    CK_MECHANISM zero_pad = {CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD, NULL, 0};
    CK_MECHANISM at_once = {CKM_RSA_AES_KEY_WRAP, &both, sizeof both};
    CK_BYTE wrapped[512];
    CK_ULONG of_aes = sizeof wrapped, of_payload, class = CKO_SECRET_KEY, type = CKK_AES;
    CK_OBJECT_HANDLE unwrapped;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type}, {CKA_ENCRYPT, &yes, sizeof yes}};
    begin();
    struct pair pair = rsa_pair(WRAP);
    CK_OBJECT_HANDLE payload = secret_key(CKM_AES_KEY_GEN, ENCRYPT), aes = secret_key(CKM_AES_KEY_GEN, WRAP);
    OK(p11->C_WrapKey(session, &by_oaep, import_public(pair.public, &yes), aes, wrapped, &of_aes));
    of_payload = sizeof wrapped - of_aes;
    OK(p11->C_WrapKey(session, &zero_pad, aes, payload, wrapped + of_aes, &of_payload));
    OK(p11->C_UnwrapKey(session, &at_once, pair.private, wrapped, of_aes + of_payload, template, COUNT(template),
                        &unwrapped));
    TRUE_(is_same_key(CKM_AES_ECB, payload, unwrapped));
    end();
}

/* Go, ecadlabs/signatory, and signers of Ethereum transactions: secp256k1, and the point from the private key. */
void signatory(void)
{
    CK_BYTE hash[32] = "hash of some transaction 32 byte", signature[64], point[2][160];
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_ULONG length = sizeof signature;
    begin();
    struct pair pair = ec_pair(&SECP256K1, SIGN);
    CK_ULONG size = bytes_of(pair.private, CKA_EC_POINT, point[0], sizeof point[0]);
    EQUAL(size, 2 + 1 + 2 * 32);
    EQUAL(bytes_of(pair.public, CKA_EC_POINT, point[1], sizeof point[1]), size);
    EQUAL(memcmp(point[0], point[1], size), 0);
    EQUAL(bytes_of(pair.private, CKA_EC_PARAMS, point[0], sizeof point[0]), 2UL + SECP256K1.oid[1]);
    OK(p11->C_SignInit(session, &mechanism, pair.private));
    OK(p11->C_Sign(session, hash, sizeof hash, signature, &length));
    EQUAL(length, 64);
    OK(p11->C_VerifyInit(session, &mechanism, pair.public));
    OK(p11->C_Verify(session, hash, sizeof hash, signature, length));
    end();
}
