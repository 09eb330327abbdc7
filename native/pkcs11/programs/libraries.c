/* What the libraries do through which other languages use PKCS#11: their calls and templates, in their order. */
#include <pthread.h>
#include <string.h>

#include "find.h"
#include "keys.h"
#include "names.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* SHA-256 of a message, as RSA signs it: DigestInfo of PKCS#1 v1.5. */
static CK_BYTE digest_info[19 + 32] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                       0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

/* A pair that stays, whose halves have the same label and id. */
static void token_pair(CK_MECHANISM_TYPE type, CK_ATTRIBUTE number, char *label, CK_BYTE *id, CK_ULONG id_length)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_OBJECT_HANDLE public, private;
    CK_ULONG of_public = CKO_PUBLIC_KEY, of_private = CKO_PRIVATE_KEY;
    CK_ULONG key_type = type == CKM_EC_KEY_PAIR_GEN ? CKK_EC : CKK_RSA;
    CK_BYTE exponent[] = {1, 0, 1};
    CK_ATTRIBUTE publics[] = {{CKA_CLASS, &of_public, sizeof of_public}, {CKA_KEY_TYPE, &key_type, sizeof key_type},
                              {CKA_TOKEN, &yes, sizeof yes},             {CKA_VERIFY, &yes, sizeof yes},
                              {CKA_LABEL, label, strlen(label)},         {CKA_ID, id, id_length},
                              number,                                    {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent}};
    CK_ATTRIBUTE privates[] = {{CKA_CLASS, &of_private, sizeof of_private}, {CKA_KEY_TYPE, &key_type, sizeof key_type},
                               {CKA_TOKEN, &yes, sizeof yes},               {CKA_PRIVATE, &yes, sizeof yes},
                               {CKA_SIGN, &yes, sizeof yes},                {CKA_SENSITIVE, &yes, sizeof yes},
                               {CKA_EXTRACTABLE, &no, sizeof no},           {CKA_LABEL, label, strlen(label)},
                               {CKA_ID, id, id_length}};
    CK_ULONG count = key_type == CKK_RSA ? COUNT(publics) : COUNT(publics) - 1;
    OK(p11->C_GenerateKeyPair(session, &mechanism, publics, count, privates, COUNT(privates), &public, &private));
}

static void rsa_token_pair(char *label, CK_BYTE *id, CK_ULONG id_length)
{
    CK_ULONG bits = 2048;
    token_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof bits}, label, id, id_length);
}

static void destroy_pair(const char *label)
{
    OK(p11->C_DestroyObject(session, find_one(CKO_PRIVATE_KEY, CKA_LABEL, label, strlen(label))));
    OK(p11->C_DestroyObject(session, find_one(CKO_PUBLIC_KEY, CKA_LABEL, label, strlen(label))));
}

/* Each attribute by itself: how long it is, and then its value. The length. */
static CK_ULONG read_by_itself(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *bytes, CK_ULONG room)
{
    CK_ATTRIBUTE attribute = {type, NULL, 0};
    OK(p11->C_GetAttributeValue(session, object, &attribute, 1));
    TRUE_(attribute.ulValueLen <= room);
    attribute.pValue = bytes;
    OK(p11->C_GetAttributeValue(session, object, &attribute, 1));
    return attribute.ulValueLen;
}

static void sign_and_verify(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public, CK_BYTE *data,
                            CK_ULONG data_length)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_BYTE signature[1024];
    CK_ULONG length = sizeof signature;
    OK(p11->C_SignInit(session, &mechanism, private));
    OK(p11->C_Sign(session, data, data_length, signature, &length));
    OK(p11->C_VerifyInit(session, &mechanism, public));
    OK(p11->C_Verify(session, data, data_length, signature, length));
}

/* Go, of autograph and Teleport: the login stays with one session, work is done in others. A pair is found by label or id. */
void crypto11(void)
{
    char label[LABEL_ROOM];
    CK_BYTE id[8], found_id[32], oid[16], point[160];
    CK_SESSION_HANDLE login;
    begin();
    login = session;
    session = open_session(CKF_RW_SESSION);
    random_label(label);
    OK(p11->C_GenerateRandom(session, id, sizeof id));
    token_pair(CKM_EC_KEY_PAIR_GEN, (CK_ATTRIBUTE){CKA_EC_PARAMS, (void *)P384.oid, 2UL + P384.oid[1]}, label, id, sizeof id);
    CK_OBJECT_HANDLE private = find_one(CKO_PRIVATE_KEY, CKA_LABEL, label, strlen(label));
    EQUAL(read_by_itself(private, CKA_ID, found_id, sizeof found_id), sizeof id);
    EQUAL(memcmp(found_id, id, sizeof id), 0);
    CK_OBJECT_HANDLE public = find_one(CKO_PUBLIC_KEY, CKA_ID, found_id, sizeof id);
    EQUAL(number_of(private, CKA_KEY_TYPE), CKK_EC);
    EQUAL(read_by_itself(public, CKA_EC_PARAMS, oid, sizeof oid), 2UL + P384.oid[1]);
    EQUAL(read_by_itself(public, CKA_EC_POINT, point, sizeof point), 2 + 1 + 2 * P384.field_bytes);
    sign_and_verify(CKM_ECDSA, private, public, digest_info, 32);
    destroy_pair(label);
    OK(p11->C_CloseSession(session));
    session = login;
    end();
}

/* Go, Hyperledger Fabric with AltId: the id is given when the pair is made, since CloudHSM's does not change later. */
void fabric(void)
{
    char label[LABEL_ROOM];
    CK_BYTE alt_id[16], point[160];
    CK_SESSION_INFO info;
    begin();
    random_label(label);
    OK(p11->C_GenerateRandom(session, alt_id, sizeof alt_id));
    token_pair(CKM_EC_KEY_PAIR_GEN, (CK_ATTRIBUTE){CKA_EC_PARAMS, (void *)P256.oid, 2UL + P256.oid[1]}, label, alt_id,
               sizeof alt_id);
    /* A session of its pool is looked at before it is used again. */
    OK(p11->C_GetSessionInfo(session, &info));
    EQUAL(info.state, CKS_RW_USER_FUNCTIONS);
    CK_OBJECT_HANDLE private = find_one(CKO_PRIVATE_KEY, CKA_ID, alt_id, sizeof alt_id);
    CK_OBJECT_HANDLE public = find_one(CKO_PUBLIC_KEY, CKA_ID, alt_id, sizeof alt_id);
    EQUAL(read_by_itself(public, CKA_EC_POINT, point, sizeof point), 2 + 1 + 2 * P256.field_bytes);
    sign_and_verify(CKM_ECDSA, private, public, digest_info, 32);
    destroy_pair(label);
    end();
}

static pthread_mutex_t pool = PTHREAD_MUTEX_INITIALIZER;
static CK_OBJECT_HANDLE shared_private, shared_public;

static void *sign_often(void *unused)
{
    for (int round = 0; round < 5; round++) {
        pthread_mutex_lock(&pool);
        sign_and_verify(CKM_RSA_PKCS, shared_private, shared_public, digest_info, sizeof digest_info);
        pthread_mutex_unlock(&pool);
    }
    return unused;
}

/* Go, of gokeyless with max-sessions=1: many threads and one session, found by the label of a pkcs11: URI. */
void pkcs11key(void)
{
    pthread_t threads[8];
    char label[LABEL_ROOM];
    CK_BBOOL always;
    CK_ATTRIBUTE attribute = {CKA_ALWAYS_AUTHENTICATE, &always, sizeof always};
    begin();
    random_label(label);
    rsa_token_pair(label, (CK_BYTE *)label, 4);
    shared_private = find_one(CKO_PRIVATE_KEY, CKA_LABEL, label, strlen(label));
    shared_public = find_one(CKO_PUBLIC_KEY, CKA_LABEL, label, strlen(label));
    /* It asks for the PIN before each signature if the key wants that. */
    OK(p11->C_GetAttributeValue(session, shared_private, &attribute, 1));
    EQUAL(always, CK_FALSE);
    for (size_t at = 0; at < COUNT(threads); at++)
        EQUAL(pthread_create(threads + at, NULL, sign_often, NULL), 0);
    for (size_t at = 0; at < COUNT(threads); at++)
        EQUAL(pthread_join(threads[at], NULL), 0);
    destroy_pair(label);
    end();
}

/* Python, of 18F's and others' programs: attributes one by one, and an RSA signature by label. */
void pykcs11(void)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_CLASS, CKA_KEY_TYPE, CKA_LABEL,   CKA_ID,
                                              CKA_SIGN,  CKA_TOKEN,    CKA_MODULUS, CKA_PUBLIC_EXPONENT};
    char label[LABEL_ROOM];
    CK_BYTE value[512], modulus[8];
    CK_ATTRIBUTE secret = {CKA_PRIVATE_EXPONENT, NULL, 0}, unknown = {CKA_VENDOR_DEFINED | 0x1234, NULL, 0};
    CK_ATTRIBUTE narrow = {CKA_MODULUS, modulus, sizeof modulus};
    begin();
    random_label(label);
    rsa_token_pair(label, (CK_BYTE *)label, 4);
    CK_OBJECT_HANDLE private = find_one(CKO_PRIVATE_KEY, CKA_LABEL, label, strlen(label));
    for (size_t at = 0; at < COUNT(types); at++)
        TRUE_(read_by_itself(private, types[at], value, sizeof value) > 0);
    EQUAL(p11->C_GetAttributeValue(session, private, &secret, 1), CKR_ATTRIBUTE_SENSITIVE);
    EQUAL(p11->C_GetAttributeValue(session, private, &unknown, 1), CKR_ATTRIBUTE_TYPE_INVALID);
    EQUAL(p11->C_GetAttributeValue(session, private, &narrow, 1), CKR_BUFFER_TOO_SMALL);
    EQUAL(narrow.ulValueLen, CK_UNAVAILABLE_INFORMATION);
    CK_OBJECT_HANDLE public = find_one(CKO_PUBLIC_KEY, CKA_LABEL, label, strlen(label));
    sign_and_verify(CKM_SHA256_RSA_PKCS, private, public, TEXT("some claims of a token"), 22);
    destroy_pair(label);
    end();
}

/* All objects of a class, by their key type, label and id: what the engine of OpenSSL builds its lists from. */
static CK_ULONG enumerate(CK_ULONG class, const char *label)
{
    CK_OBJECT_HANDLE object;
    CK_ULONG found, named = 0;
    CK_BYTE bytes[512];
    CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof class};
    OK(p11->C_FindObjectsInit(session, &template, 1));
    for (;;) {
        OK(p11->C_FindObjects(session, &object, 1, &found));
        if (found == 0)
            break;
        TRUE_(number_of(object, CKA_KEY_TYPE) != CK_UNAVAILABLE_INFORMATION);
        CK_ULONG length = read_by_itself(object, CKA_LABEL, bytes, sizeof bytes);
        named += length == strlen(label) && memcmp(bytes, label, length) == 0;
        (void)read_by_itself(object, CKA_ID, bytes, sizeof bytes);
    }
    OK(p11->C_FindObjectsFinal(session));
    return named;
}

/* C, of osslsigncode with a forced login: it looks around before the login and after it, and signs a DigestInfo. */
void libp11(void)
{
    char label[LABEL_ROOM];
    CK_INFO info;
    CK_SLOT_INFO slot_info;
    CK_SESSION_INFO session_info;
    begin();
    random_label(label);
    rsa_token_pair(label, (CK_BYTE *)label, 4);
    end();

    OK(p11->C_GetInfo(&info));
    OK(p11->C_GetSlotInfo(slot, &slot_info));
    TRUE_((slot_info.flags & CKF_TOKEN_PRESENT) != 0);
    session = open_session(0);
    EQUAL(enumerate(CKO_PRIVATE_KEY, label), 0);
    OK(p11->C_CloseSession(session));
    session = open_session(CKF_RW_SESSION);
    OK(p11->C_GetSessionInfo(session, &session_info));
    EQUAL(session_info.state, CKS_RW_PUBLIC_SESSION);
    log_in(session);
    EQUAL(enumerate(CKO_PRIVATE_KEY, label), 1);
    EQUAL(enumerate(CKO_PUBLIC_KEY, label), 1);
    CK_OBJECT_HANDLE private = find_one(CKO_PRIVATE_KEY, CKA_LABEL, label, strlen(label));
    CK_OBJECT_HANDLE public = find_one(CKO_PUBLIC_KEY, CKA_LABEL, label, strlen(label));
    sign_and_verify(CKM_RSA_PKCS, private, public, digest_info, sizeof digest_info);
    destroy_pair(label);
    end();
}
