/* Programs that encrypt and decrypt with secret keys. */
#include <string.h>

#include "keys.h"
#include "names.h"

/* Two blocks. */
#define MESSAGE "plain text: exactly 32 bytes long"
#define MESSAGE_LENGTH 32UL

/* The length is asked for first, as most programs do. */
static CK_ULONG encrypt(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG room)
{
    CK_ULONG length = 0;
    OK(p11->C_EncryptInit(session, mechanism, key));
    OK(p11->C_Encrypt(session, TEXT(MESSAGE), MESSAGE_LENGTH, NULL, &length));
    TRUE_(length <= room);
    OK(p11->C_Encrypt(session, TEXT(MESSAGE), MESSAGE_LENGTH, out, &length));
    return length;
}

static void expect_decrypts(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_BYTE *sealed, CK_ULONG length)
{
    CK_BYTE plain[128];
    CK_ULONG plain_length = 0;
    OK(p11->C_DecryptInit(session, mechanism, key));
    OK(p11->C_Decrypt(session, sealed, length, NULL, &plain_length));
    TRUE_(plain_length <= sizeof plain);
    OK(p11->C_Decrypt(session, sealed, length, plain, &plain_length));
    EQUAL(plain_length, MESSAGE_LENGTH);
    EQUAL(memcmp(plain, MESSAGE, MESSAGE_LENGTH), 0);
}

static void round_trip(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_ULONG size)
{
    CK_BYTE sealed[128];
    EQUAL(encrypt(mechanism, key, sealed, sizeof sealed), size);
    TRUE_(memcmp(sealed, MESSAGE, MESSAGE_LENGTH) != 0);
    expect_decrypts(mechanism, key, sealed, size);
}

void aes_ecb(void)
{
    CK_MECHANISM mechanism = {CKM_AES_ECB, NULL, 0};
    round_trip(&mechanism, secret_key(CKM_AES_KEY_GEN, ENCRYPT), MESSAGE_LENGTH);
}

void des_ecb(void)
{
    CK_MECHANISM mechanism = {CKM_DES3_ECB, NULL, 0};
    round_trip(&mechanism, secret_key(CKM_DES3_KEY_GEN, ENCRYPT), MESSAGE_LENGTH);
}

void aes_ctr(void)
{
    CK_AES_CTR_PARAMS counter = {128, {0}};
    CK_MECHANISM mechanism = {CKM_AES_CTR, &counter, sizeof counter};
    round_trip(&mechanism, secret_key(CKM_AES_KEY_GEN, ENCRYPT), MESSAGE_LENGTH);
}

/* Pieces of 7 bytes; what comes out is what comes out of the whole. */
static void encrypt_in_parts(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    CK_BYTE whole[64], parts[64];
    CK_ULONG size = encrypt(mechanism, key, whole, sizeof whole), filled = 0;
    OK(p11->C_EncryptInit(session, mechanism, key));
    for (CK_ULONG at = 0; at < MESSAGE_LENGTH; at += 7) {
        CK_ULONG piece = MESSAGE_LENGTH - at < 7 ? MESSAGE_LENGTH - at : 7, length = 0;
        OK(p11->C_EncryptUpdate(session, TEXT(MESSAGE) + at, piece, NULL, &length));
        TRUE_(filled + length <= sizeof parts);
        OK(p11->C_EncryptUpdate(session, TEXT(MESSAGE) + at, piece, parts + filled, &length));
        filled += length;
    }
    EQUAL(filled, MESSAGE_LENGTH);
    CK_ULONG length = sizeof parts - filled;
    OK(p11->C_EncryptFinal(session, parts + filled, &length));
    EQUAL(filled + length, size);
    EQUAL(memcmp(whole, parts, size), 0);
}

static void decrypt_in_parts(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    CK_BYTE sealed[64], plain[64];
    CK_ULONG size = encrypt(mechanism, key, sealed, sizeof sealed), filled = 0, length;
    OK(p11->C_DecryptInit(session, mechanism, key));
    for (CK_ULONG at = 0; at < size; at += 16) {
        length = sizeof plain - filled;
        OK(p11->C_DecryptUpdate(session, sealed + at, 16, plain + filled, &length));
        filled += length;
    }
    length = sizeof plain - filled;
    OK(p11->C_DecryptFinal(session, plain + filled, &length));
    EQUAL(filled + length, MESSAGE_LENGTH);
    EQUAL(memcmp(plain, MESSAGE, MESSAGE_LENGTH), 0);
}

void aes_cbc(void)
{
    CK_BYTE iv[16];
    CK_MECHANISM mechanism = {CKM_AES_CBC_PAD, iv, sizeof iv};
    CK_OBJECT_HANDLE key = secret_key(CKM_AES_KEY_GEN, ENCRYPT);
    OK(p11->C_GenerateRandom(session, iv, sizeof iv));
    round_trip(&mechanism, key, MESSAGE_LENGTH + 16);
    encrypt_in_parts(&mechanism, key);
    decrypt_in_parts(&mechanism, key);
}

/* The buffer of the IV is zeros before each message. The HSM makes the IV and writes it there. */
void aes_gcm(void)
{
    static const CK_BYTE zeros[12];
    CK_BYTE iv[12] = {0}, first[12], sealed[128];
    CK_GCM_PARAMS parameters = {iv, sizeof iv, 96, TEXT("additional data"), 15, 128};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    CK_OBJECT_HANDLE key = secret_key(CKM_AES_KEY_GEN, ENCRYPT);
    CK_ULONG length = encrypt(&mechanism, key, sealed, sizeof sealed);
    EQUAL(length, MESSAGE_LENGTH + 16);
    TRUE_(memcmp(iv, zeros, sizeof iv) != 0);
    expect_decrypts(&mechanism, key, sealed, length);
    memcpy(first, iv, sizeof iv);
    memset(iv, 0, sizeof iv);
    length = encrypt(&mechanism, key, sealed, sizeof sealed);
    TRUE_(memcmp(iv, first, sizeof iv) != 0);
    expect_decrypts(&mechanism, key, sealed, length);
    /* Other additional data, and other ciphertext. */
    CK_BYTE plain[128];
    CK_ULONG plain_length = sizeof plain;
    parameters.ulAADLen--;
    OK(p11->C_DecryptInit(session, &mechanism, key));
    EQUAL(p11->C_Decrypt(session, sealed, length, plain, &plain_length), CKR_ENCRYPTED_DATA_INVALID);
    parameters.ulAADLen++;
    sealed[0] ^= 1;
    OK(p11->C_DecryptInit(session, &mechanism, key));
    EQUAL(p11->C_Decrypt(session, sealed, length, plain, &plain_length), CKR_ENCRYPTED_DATA_INVALID);
}
