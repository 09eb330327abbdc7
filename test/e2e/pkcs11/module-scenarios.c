/*
 * How the module behaves inside a program: one scenario in each run. Says what was wrong and ends with 1, or says nothing.
 *
 * usage: module-scenarios MODULE PIN SCENARIO
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checks.h"
#include "cloudhsm_pkcs11_vendor_defs.h"

static const char *module, *pin;
static CK_FUNCTION_LIST *p11;
static CK_C_INITIALIZE_ARGS locking = {.flags = CKF_OS_LOCKING_OK};
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* Other objects may have functions of the same names: those of the module must call their own. */
__attribute__((visibility("default"))) CK_RV C_Initialize(void *arguments)
{
    (void)arguments;
    return CKR_GENERAL_ERROR;
}
__attribute__((visibility("default"))) CK_RV C_GetInfo(CK_INFO *info)
{
    (void)info;
    return CKR_GENERAL_ERROR;
}

/* The clock of this program, which may be ahead, and one by which 50 seconds pass whenever it is asked. */
static bool hurries;
static _Atomic time_t ahead;

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (hurries)
        ahead += 50;
    time->tv_sec += ahead;
    return result;
}

static void *load(void)
{
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    TRUE_(library != NULL);
    CK_C_GetFunctionList list = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
    OK(list(&p11));
    return library;
}

static CK_SESSION_HANDLE open_session(void)
{
    CK_SLOT_ID slot;
    CK_ULONG count = 1;
    CK_SESSION_HANDLE session;
    OK(p11->C_GetSlotList(CK_TRUE, &slot, &count));
    EQUAL(count, 1);
    OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    return session;
}

static CK_SESSION_HANDLE sign_in(void)
{
    OK(p11->C_Initialize(&locking));
    CK_SESSION_HANDLE session = open_session();
    OK(p11->C_Login(session, CKU_USER, (unsigned char *)pin, strlen(pin)));
    return session;
}

static CK_OBJECT_HANDLE generate(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_ULONG length = 32;
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE template[] = {
        {CKA_VALUE_LEN, &length, sizeof length}, {CKA_TOKEN, &no, sizeof no},     {CKA_ENCRYPT, &yes, sizeof yes},
        {CKA_DECRYPT, &yes, sizeof yes},         {CKA_SIGN, &yes, sizeof yes},    {CKA_VERIFY, &yes, sizeof yes},
        {CKA_WRAP, &yes, sizeof yes},            {CKA_UNWRAP, &yes, sizeof yes},
    };
    CK_ULONG count = COUNT(template);
    OK(p11->C_GenerateKey(session, &mechanism, template, count, &key));
    return key;
}

static CK_OBJECT_HANDLE aes_key(CK_SESSION_HANDLE session)
{
    return generate(session, CKM_AES_KEY_GEN);
}

static void digest_right(CK_SESSION_HANDLE session)
{
    static const unsigned char abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    unsigned char out[32];
    CK_ULONG length = sizeof out;
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_Digest(session, (unsigned char *)"abc", 3, out, &length));
    EQUAL(length, 32);
    EQUAL(memcmp(out, abc, sizeof abc), 0);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Everything is there, and says that it is not initialized before it is. */
static void functions(void)
{
    CK_ULONG number = 0;
    load();
    for (void **at = (void **)&p11->C_Initialize; at < (void **)(p11 + 1); at++)
        TRUE_(*at != NULL);
    EQUAL(p11->version.major, 2);
    EQUAL(p11->version.minor, 40);
    EQUAL(p11->C_GetSlotList(CK_TRUE, NULL, &number), CKR_CRYPTOKI_NOT_INITIALIZED);
    EQUAL(p11->C_CloseSession(1), CKR_CRYPTOKI_NOT_INITIALIZED);
    EQUAL(p11->C_InitPIN(1, NULL, 0), CKR_CRYPTOKI_NOT_INITIALIZED);
    EQUAL(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    CK_SESSION_HANDLE session = sign_in();
    EQUAL(p11->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    EQUAL(p11->C_InitToken(0, NULL, 0, NULL), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_InitPIN(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_GetOperationState(session, NULL, &number), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_SetOperationState(session, NULL, 0, 0, 0), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_SignRecoverInit(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_SignRecover(session, NULL, 0, NULL, &number), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_VerifyRecoverInit(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_VerifyRecover(session, NULL, 0, NULL, &number), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_DigestEncryptUpdate(session, NULL, 0, NULL, &number), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_DecryptDigestUpdate(session, NULL, 0, NULL, &number), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_SignEncryptUpdate(session, NULL, 0, NULL, &number), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_DecryptVerifyUpdate(session, NULL, 0, NULL, &number), CKR_FUNCTION_NOT_SUPPORTED);
    EQUAL(p11->C_DigestKey(session, 1), CKR_KEY_INDIGESTIBLE);
    EQUAL(p11->C_SeedRandom(session, NULL, 0), CKR_RANDOM_SEED_NOT_SUPPORTED);
    EQUAL(p11->C_GetFunctionStatus(session), CKR_FUNCTION_NOT_PARALLEL);
    EQUAL(p11->C_CancelFunction(session), CKR_FUNCTION_NOT_PARALLEL);
    EQUAL(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &number, NULL), CKR_NO_EVENT);
    OK(p11->C_Finalize(NULL));
    EQUAL(p11->C_CloseSession(session), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void interfaces(void)
{
    void *library = load();
    CK_C_GetInterfaceList get_list = (CK_C_GetInterfaceList)dlsym(library, "C_GetInterfaceList");
    CK_C_GetInterface get = (CK_C_GetInterface)dlsym(library, "C_GetInterface");
    CK_INTERFACE list[2], *found;
    CK_VERSION version = {2, 40}, none = {9, 9};
    CK_ULONG count = 0;
    EQUAL(get_list(NULL, NULL), CKR_ARGUMENTS_BAD);
    OK(get_list(NULL, &count));
    EQUAL(count, 2);
    count = 1;
    EQUAL(get_list(list, &count), CKR_BUFFER_TOO_SMALL);
    OK(get_list(list, &count));
    OK(get(NULL, NULL, &found, 0));
    CK_FUNCTION_LIST_3_0 *functions = found->pFunctionList;
    EQUAL(functions->version.major, 3);
    for (void **at = (void **)&functions->C_Initialize; at < (void **)(functions + 1); at++)
        TRUE_(*at != NULL);
    OK(get((unsigned char *)"PKCS 11", &version, &found, 0));
    TRUE_(found->pFunctionList == p11);
    EQUAL(get(NULL, NULL, &found, CKF_INTERFACE_FORK_SAFE), CKR_FUNCTION_FAILED);
    EQUAL(get((unsigned char *)"PKCS 11", &none, &found, 0), CKR_FUNCTION_FAILED);
    EQUAL(get((unsigned char *)"Vendor", NULL, &found, 0), CKR_FUNCTION_FAILED);
    EQUAL(functions->C_MessageEncryptInit(1, NULL, 0), CKR_CRYPTOKI_NOT_INITIALIZED);
    CK_SESSION_HANDLE session = sign_in();
    EQUAL(functions->C_EncryptMessageBegin(session, NULL, 0, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    OK(p11->C_DigestInit(session, &sha256));
    EQUAL(p11->C_DigestInit(session, &sha256), CKR_OPERATION_ACTIVE);
    OK(functions->C_SessionCancel(session, CKF_DIGEST));
    digest_right(session);
}

static CK_RV no_mutex(void *mutex)
{
    (void)mutex;
    return CKR_OK;
}

static CK_RV no_new_mutex(void **mutex)
{
    *mutex = NULL;
    return CKR_OK;
}

static void arguments(void)
{
    CK_C_INITIALIZE_ARGS plain = {0}, threads = {.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK};
    CK_C_INITIALIZE_ARGS reserved = {.pReserved = &plain}, one = {.LockMutex = no_mutex};
    CK_C_INITIALIZE_ARGS own = {no_new_mutex, no_mutex, no_mutex, no_mutex, 0, NULL};
    load();
    EQUAL(p11->C_Initialize(&reserved), CKR_ARGUMENTS_BAD);
    EQUAL(p11->C_Initialize(&one), CKR_ARGUMENTS_BAD);
    EQUAL(p11->C_Initialize(&own), CKR_CANT_LOCK);
    own.flags = CKF_OS_LOCKING_OK;
    CK_C_INITIALIZE_ARGS *good[] = {NULL, &plain, &threads, &own};
    for (size_t at = 0; at < COUNT(good); at++) {
        OK(p11->C_Initialize(good[at]));
        EQUAL(p11->C_Finalize(&plain), CKR_ARGUMENTS_BAD);
        OK(p11->C_Finalize(NULL));
    }
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE key = aes_key(session);
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0}, huge = {1UL << 40, NULL, 0}, gcm = {CKM_AES_GCM, &key, sizeof key};
    CK_MECHANISM unknown = {CKM_VENDOR_DEFINED | 0x1234, &key, sizeof key};
    CK_ATTRIBUTE wide = {1UL << 40, NULL, 0}, label = {CKA_LABEL, NULL, 5}, of_none = {CKA_CLASS, NULL, 0};
    CK_ATTRIBUTE token = {CKA_TOKEN, NULL, sizeof yes};
    CK_MECHANISM aes = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ULONG length = 0;
    EQUAL(p11->C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
    EQUAL(p11->C_GetSlotList(CK_TRUE, NULL, NULL), CKR_ARGUMENTS_BAD);
    EQUAL(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
    EQUAL(p11->C_OpenSession(7, CKF_SERIAL_SESSION, NULL, NULL, &length), CKR_SLOT_ID_INVALID);
    EQUAL(p11->C_OpenSession(0, 0, NULL, NULL, &length), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    EQUAL(p11->C_CloseSession(session + 1), CKR_SESSION_HANDLE_INVALID);
    EQUAL(p11->C_CloseSession(session + (1UL << 32)), CKR_SESSION_HANDLE_INVALID);
    EQUAL(p11->C_CloseSession(-1UL), CKR_SESSION_HANDLE_INVALID);
    EQUAL(p11->C_EncryptInit(session, &huge, key), CKR_MECHANISM_INVALID);
    EQUAL(p11->C_EncryptInit(session, &unknown, key), CKR_MECHANISM_INVALID);
    EQUAL(p11->C_EncryptInit(session, &gcm, key), CKR_MECHANISM_PARAM_INVALID);
    EQUAL(p11->C_EncryptInit(session + 1, &gcm, key), CKR_SESSION_HANDLE_INVALID);
    OK(p11->C_EncryptInit(session, &ecb, key));
    EQUAL(p11->C_Encrypt(session, NULL, 16, NULL, &length), CKR_ARGUMENTS_BAD);
    EQUAL(p11->C_Encrypt(session, (unsigned char *)pin, 1UL << 40, NULL, &length), CKR_DATA_LEN_RANGE);
    EQUAL(p11->C_Encrypt(session, (unsigned char *)pin, 16, NULL, NULL), CKR_ARGUMENTS_BAD);
    OK(p11->C_EncryptInit(session, NULL, 0));
    EQUAL(p11->C_FindObjectsInit(session, &wide, 1), CKR_ATTRIBUTE_TYPE_INVALID);
    EQUAL(p11->C_FindObjectsInit(session, &label, 1), CKR_ATTRIBUTE_VALUE_INVALID);
    EQUAL(p11->C_FindObjectsInit(session, &of_none, 1), CKR_ATTRIBUTE_VALUE_INVALID);
    EQUAL(p11->C_GenerateKey(session, &aes, &token, 1, &length), CKR_ATTRIBUTE_VALUE_INVALID);
    EQUAL(p11->C_FindObjectsInit(session, NULL, 1), CKR_ARGUMENTS_BAD);
    EQUAL(p11->C_FindObjectsInit(session, &label, 1UL << 40), CKR_ARGUMENTS_BAD);
    EQUAL(p11->C_FindObjects(session, NULL, 1, &length), CKR_ARGUMENTS_BAD);
    OK(p11->C_GetAttributeValue(session, key, NULL, 0));
    digest_right(session);
}

/* NULL asks for the length, too little room says so, and the operation goes on (PKCS#11 v2.40 section 5.2). */
static void rooms(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE key = generate(session, CKM_GENERIC_SECRET_KEY_GEN);
    CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
    CK_MECHANISM_TYPE *types;
    unsigned char out[33] = {0};
    CK_ULONG length = 0, count = 0, class = 0;
    OK(p11->C_SignInit(session, &hmac, key));
    OK(p11->C_Sign(session, (unsigned char *)"abc", 3, NULL, &length));
    EQUAL(length, 32);
    length = 31;
    EQUAL(p11->C_Sign(session, (unsigned char *)"abc", 3, out, &length), CKR_BUFFER_TOO_SMALL);
    EQUAL(length, 32);
    length = 0;
    EQUAL(p11->C_Sign(session, (unsigned char *)"abc", 3, out, &length), CKR_BUFFER_TOO_SMALL);
    EQUAL(length, 32);
    out[32] = 0xaa;
    OK(p11->C_Sign(session, (unsigned char *)"abc", 3, out, &length));
    EQUAL(out[32], 0xaa);
    EQUAL(p11->C_Sign(session, (unsigned char *)"abc", 3, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    OK(p11->C_VerifyInit(session, &hmac, key));
    OK(p11->C_Verify(session, (unsigned char *)"abc", 3, out, length));

    /* A buffer of size 0 is one: what needs no room is done. */
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
    OK(p11->C_EncryptInit(session, &ecb, aes_key(session)));
    length = 0;
    OK(p11->C_EncryptUpdate(session, (unsigned char *)"abc", 3, out, &length));
    EQUAL(length, 0);
    length = 0;
    EQUAL(p11->C_EncryptUpdate(session, (unsigned char *)"the other 13 b", 13, out, &length), CKR_BUFFER_TOO_SMALL);
    EQUAL(length, 16);
    OK(p11->C_EncryptUpdate(session, (unsigned char *)"the other 13 b", 13, out, &length));
    OK(p11->C_EncryptInit(session, NULL, 0));

    OK(p11->C_GetMechanismList(0, NULL, &count));
    types = calloc(count, sizeof *types);
    CK_ULONG less = count - 1;
    EQUAL(p11->C_GetMechanismList(0, types, &less), CKR_BUFFER_TOO_SMALL);
    EQUAL(less, count);
    OK(p11->C_GetMechanismList(0, types, &count));
    free(types);

    CK_ATTRIBUTE all[] = {{CKA_CLASS, &class, sizeof class}, {CKA_CLASS, &class, 7}, {CKA_LABEL, out, 0},
                          {CKA_VALUE_LEN, NULL, 99},         {CKA_EC_POINT, out, sizeof out}};
    EQUAL(p11->C_GetAttributeValue(session, key, all, 1), CKR_OK);
    EQUAL(class, CKO_SECRET_KEY);
    EQUAL(p11->C_GetAttributeValue(session, key, all + 1, 1), CKR_BUFFER_TOO_SMALL);
    EQUAL(all[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    OK(p11->C_GetAttributeValue(session, key, all + 2, 2));
    EQUAL(all[3].ulValueLen, sizeof(CK_ULONG));
    EQUAL(p11->C_GetAttributeValue(session, key, all + 4, 1), CKR_ATTRIBUTE_TYPE_INVALID);
    EQUAL(all[4].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    CK_ATTRIBUTE wide[] = {{1UL << 40, out, sizeof out}, {CKA_CLASS, &class, sizeof class}};
    class = 0;
    EQUAL(p11->C_GetAttributeValue(session, key, wide, COUNT(wide)), CKR_ATTRIBUTE_TYPE_INVALID);
    EQUAL(wide[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    EQUAL(class, CKO_SECRET_KEY);
}

static void seal(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM *gcm, const unsigned char *iv)
{
    unsigned char sealed[64], plain[64];
    CK_ULONG length = 0, plain_length = sizeof plain;
    static const unsigned char zeros[12];
    OK(p11->C_EncryptInit(session, gcm, key));
    OK(p11->C_Encrypt(session, (unsigned char *)"pay carol", 9, NULL, &length));
    EQUAL(length, 9 + 16);
    length = sizeof sealed;
    OK(p11->C_Encrypt(session, (unsigned char *)"pay carol", 9, sealed, &length));
    TRUE_(memcmp(iv, zeros, sizeof zeros) != 0);
    OK(p11->C_DecryptInit(session, gcm, key));
    OK(p11->C_Decrypt(session, sealed, length, plain, &plain_length));
    EQUAL(plain_length, 9);
    EQUAL(memcmp(plain, "pay carol", 9), 0);
}

/* The HSM makes the IV and writes it where the program's structure points, as CloudHSM's does. */
static void gcm(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE key = aes_key(session), payload = aes_key(session), unwrapped;
    unsigned char iv[12] = {0}, last[12], wrapped[64];
    CK_GCM_PARAMS parameters = {iv, sizeof iv, 96, (unsigned char *)"to carol", 8, 128};
    struct {
        CK_BYTE_PTR iv;
        CK_ULONG iv_length;
        CK_BYTE_PTR aad;
        CK_ULONG aad_length, tag_bits;
    } older = {iv, sizeof iv, NULL, 0, 128};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    CK_MECHANISM older_mechanism = {CKM_AES_GCM, &older, sizeof older};
    CK_ULONG length = sizeof wrapped, class = CKO_SECRET_KEY, type = CKK_AES;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type}};
    seal(session, key, &mechanism, iv);
    memcpy(last, iv, sizeof iv);
    /* What was written is no IV for another message. */
    EQUAL(p11->C_EncryptInit(session, &mechanism, key), CKR_MECHANISM_PARAM_INVALID);
    EQUAL(memcmp(last, iv, sizeof iv), 0);
    memset(iv, 0, sizeof iv);
    seal(session, key, &mechanism, iv);
    TRUE_(memcmp(last, iv, sizeof iv) != 0);
    memset(iv, 0, sizeof iv);
    seal(session, key, &older_mechanism, iv);

    memset(iv, 0, sizeof iv);
    OK(p11->C_WrapKey(session, &mechanism, key, payload, NULL, &length));
    EQUAL(length, 32 + 16);
    EQUAL(iv[0] | iv[1] | iv[2] | iv[3] | iv[4] | iv[5] | iv[6] | iv[7] | iv[8] | iv[9] | iv[10] | iv[11], 0);
    OK(p11->C_WrapKey(session, &mechanism, key, payload, wrapped, &length));
    TRUE_((iv[0] | iv[1] | iv[2] | iv[3] | iv[4] | iv[5] | iv[6] | iv[7] | iv[8] | iv[9] | iv[10] | iv[11]) != 0);
    OK(p11->C_UnwrapKey(session, &mechanism, key, wrapped, length, template, COUNT(template), &unwrapped));
    parameters.ulIvLen = 11;
    memset(iv, 0, sizeof iv);
    EQUAL(p11->C_EncryptInit(session, &mechanism, key), CKR_MECHANISM_PARAM_INVALID);
}

/* The IV is in front of what comes out, and the structure stays as it is, with additional data and without. */
static void gcm_in_front(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE key = aes_key(session), payload = aes_key(session), unwrapped;
    unsigned char sealed[2][64], plain[64], wrapped[64], iv[12] = {0};
    CK_GCM_PARAMS parameters = {NULL, 0, 0, (unsigned char *)"to carol", 8, 128};
    struct {
        CK_BYTE_PTR iv;
        CK_ULONG iv_length;
        CK_BYTE_PTR aad;
        CK_ULONG aad_length, tag_bits;
    } older = {NULL, 0, (unsigned char *)"to carol", 8, 128};
    CK_MECHANISM mechanisms[] = {{CKM_CLOUDHSM_AES_GCM, &parameters, sizeof parameters},
                                 {CKM_CLOUDHSM_AES_GCM, &older, sizeof older}};
    CK_ULONG length = 0, plain_length = sizeof plain, class = CKO_SECRET_KEY, type = CKK_AES;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type}};
    for (size_t at = 0; at < COUNT(mechanisms); at++) {
        OK(p11->C_EncryptInit(session, mechanisms + at, key));
        OK(p11->C_Encrypt(session, (unsigned char *)"pay carol", 9, NULL, &length));
        EQUAL(length, 12 + 9 + 16);
        OK(p11->C_Encrypt(session, (unsigned char *)"pay carol", 9, sealed[at], &length));
        OK(p11->C_DecryptInit(session, mechanisms + 1 - at, key));
        OK(p11->C_Decrypt(session, sealed[at], length, plain, &plain_length));
        EQUAL(plain_length, 9);
        EQUAL(memcmp(plain, "pay carol", 9), 0);
        TRUE_(parameters.pIv == NULL && older.iv == NULL);
    }
    TRUE_(memcmp(sealed[0], sealed[1], 12) != 0);
    OK(p11->C_WrapKey(session, mechanisms, key, payload, NULL, &length));
    EQUAL(length, 12 + 32 + 16);
    OK(p11->C_WrapKey(session, mechanisms, key, payload, wrapped, &length));
    OK(p11->C_UnwrapKey(session, mechanisms, key, wrapped, length, template, COUNT(template), &unwrapped));
    parameters.pAAD = (unsigned char *)"to chuck";
    EQUAL(p11->C_UnwrapKey(session, mechanisms, key, wrapped, length, template, COUNT(template), &unwrapped),
          CKR_WRAPPED_KEY_INVALID);
    parameters.pIv = iv;
    parameters.ulIvLen = sizeof iv;
    EQUAL(p11->C_EncryptInit(session, mechanisms, key), CKR_MECHANISM_PARAM_INVALID);
}

/* The functions of PKCS#11 v3.0 for messages one after another: the HSM makes IV and tag of each. */
static void messages(void)
{
    CK_INTERFACE *interface;
    CK_RV (*get_interface)(unsigned char *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS);
    void *library = load();
    *(void **)&get_interface = dlsym(library, "C_GetInterface");
    OK(get_interface(NULL, &(CK_VERSION){3, 0}, &interface, 0));
    CK_FUNCTION_LIST_3_0 *v3 = interface->pFunctionList;
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE key = aes_key(session);
    unsigned char iv[12], tag[16], ivs[2][12] = {{0}}, sealed[64], plain[64], mac[16], *aad = (unsigned char *)"to carol";
    CK_GCM_MESSAGE_PARAMS parameter = {iv, sizeof iv, 0, CKG_GENERATE, tag, 128};
    CK_MECHANISM gcm = {CKM_AES_GCM, NULL, 0}, cmac = {CKM_AES_CMAC, NULL, 0};
    CK_ULONG length = 0, plain_length, size = sizeof parameter;
    OK(v3->C_MessageEncryptInit(session, &gcm, key));
    EQUAL(v3->C_MessageEncryptInit(session, &gcm, key), CKR_OPERATION_ACTIVE);
    gcm.pParameter = &parameter;
    gcm.ulParameterLen = sizeof parameter;
    OK(v3->C_MessageDecryptInit(session, &gcm, key));
    for (int at = 0; at < 2; at++) {
        memset(iv, 0, sizeof iv);
        OK(v3->C_EncryptMessage(session, &parameter, size, aad, 8, (unsigned char *)"pay carol", 9, NULL, &length));
        EQUAL(length, 9);
        EQUAL(iv[0] | iv[1] | iv[2] | iv[3] | iv[4] | iv[5] | iv[6] | iv[7] | iv[8] | iv[9] | iv[10] | iv[11], 0);
        length = 8;
        EQUAL(v3->C_EncryptMessage(session, &parameter, size, aad, 8, (unsigned char *)"pay carol", 9, sealed, &length),
              CKR_BUFFER_TOO_SMALL);
        OK(v3->C_EncryptMessage(session, &parameter, size, aad, 8, (unsigned char *)"pay carol", 9, sealed, &length));
        memcpy(ivs[at], iv, sizeof iv);
        plain_length = sizeof plain;
        OK(v3->C_DecryptMessage(session, &parameter, size, aad, 8, sealed, length, plain, &plain_length));
        EQUAL(plain_length, 9);
        EQUAL(memcmp(plain, "pay carol", 9), 0);
        tag[15] ^= 1;
        EQUAL(v3->C_DecryptMessage(session, &parameter, size, aad, 8, sealed, length, plain, &plain_length),
              CKR_AEAD_DECRYPT_FAILED);
    }
    TRUE_(memcmp(ivs[0], ivs[1], sizeof iv) != 0);
    parameter.ivGenerator = CKG_NO_GENERATE;
    EQUAL(v3->C_EncryptMessage(session, &parameter, size, aad, 8, aad, 8, sealed, &length), CKR_MECHANISM_PARAM_INVALID);
    parameter.ivGenerator = CKG_GENERATE_RANDOM;
    parameter.ulTagBits = 1024;
    EQUAL(v3->C_EncryptMessage(session, &parameter, size, aad, 8, aad, 8, sealed, &length), CKR_MECHANISM_PARAM_INVALID);
    parameter.ulTagBits = 128;
    EQUAL(v3->C_EncryptMessage(session, &parameter, size - 1, aad, 8, aad, 8, sealed, &length), CKR_MECHANISM_PARAM_INVALID);
    EQUAL(v3->C_EncryptMessage(session, NULL, 0, aad, 8, aad, 8, sealed, &length), CKR_MECHANISM_PARAM_INVALID);
    parameter.pTag = NULL;
    EQUAL(v3->C_EncryptMessage(session, &parameter, size, aad, 8, aad, 8, sealed, &length), CKR_MECHANISM_PARAM_INVALID);
    OK(v3->C_MessageEncryptFinal(session));
    OK(v3->C_MessageDecryptFinal(session));

    OK(v3->C_MessageSignInit(session, &cmac, key));
    OK(v3->C_MessageVerifyInit(session, &cmac, key));
    for (CK_ULONG at = 1; at < 3; at++) {
        length = sizeof mac;
        OK(v3->C_SignMessage(session, NULL, 0, aad, at, mac, &length));
        OK(v3->C_VerifyMessage(session, NULL, 0, aad, at, mac, length));
        EQUAL(v3->C_VerifyMessage(session, NULL, 0, aad, at + 1, mac, length), CKR_SIGNATURE_INVALID);
    }
    EQUAL(v3->C_SignMessage(session, &parameter, size, aad, 1, mac, &length), CKR_MECHANISM_PARAM_INVALID);
    OK(v3->C_MessageSignFinal(session));
    OK(v3->C_MessageVerifyFinal(session));
    EQUAL(v3->C_SignMessage(session, NULL, 0, aad, 1, mac, &length), CKR_OPERATION_NOT_INITIALIZED);
    EQUAL(v3->C_EncryptMessageBegin(session, &parameter, size, aad, 8), CKR_FUNCTION_NOT_SUPPORTED);
}

/* Each parameter structure arrives whole: what was encrypted is decrypted, what was signed is verified. */
static void parameters(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE key = aes_key(session), secret = generate(session, CKM_GENERIC_SECRET_KEY_GEN);
    unsigned char iv[16] = "sixteen bytes iv", out[64], back[64], mac[64];
    CK_AES_CTR_PARAMS ctr = {128, {1, 2, 3}};
    CK_ULONG mac_length = 11;
    CK_MECHANISM ciphers[] = {{CKM_AES_CBC, iv, 16}, {CKM_AES_CBC_PAD, iv, 16}, {CKM_AES_CTR, &ctr, sizeof ctr}};
    CK_MECHANISM general = {CKM_SHA256_HMAC_GENERAL, &mac_length, sizeof mac_length};
    for (size_t at = 0; at < COUNT(ciphers); at++) {
        CK_ULONG length = sizeof out, back_length = sizeof back;
        OK(p11->C_EncryptInit(session, ciphers + at, key));
        OK(p11->C_Encrypt(session, (unsigned char *)"exactly 16 bytes", 16, out, &length));
        OK(p11->C_DecryptInit(session, ciphers + at, key));
        OK(p11->C_Decrypt(session, out, length, back, &back_length));
        EQUAL(back_length, 16);
        EQUAL(memcmp(back, "exactly 16 bytes", 16), 0);
        ciphers[at].ulParameterLen--;
        EQUAL(p11->C_EncryptInit(session, ciphers + at, key), CKR_MECHANISM_PARAM_INVALID);
    }
    CK_ULONG length = sizeof mac;
    OK(p11->C_SignInit(session, &general, secret));
    OK(p11->C_Sign(session, (unsigned char *)"abc", 3, mac, &length));
    EQUAL(length, 11);
}

static CK_ULONG round_trip(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping,
                           CK_OBJECT_HANDLE unwrapping, CK_OBJECT_HANDLE payload)
{
    unsigned char wrapped[512], one[16], other[16];
    CK_ULONG length = 0, class = CKO_SECRET_KEY, type = CKK_AES, of_one = sizeof one, of_other = sizeof other;
    CK_OBJECT_HANDLE key;
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_KEY_TYPE, &type, sizeof type},
                               {CKA_ENCRYPT, &yes, sizeof yes}};
    OK(p11->C_WrapKey(session, mechanism, wrapping, payload, NULL, &length));
    TRUE_(length <= sizeof wrapped);
    CK_ULONG announced = length;
    OK(p11->C_WrapKey(session, mechanism, wrapping, payload, wrapped, &length));
    EQUAL(length, announced);
    OK(p11->C_UnwrapKey(session, mechanism, unwrapping, wrapped, length, template, COUNT(template), &key));
    OK(p11->C_EncryptInit(session, &ecb, key));
    OK(p11->C_Encrypt(session, (unsigned char *)"exactly 16 bytes", 16, one, &of_one));
    OK(p11->C_EncryptInit(session, &ecb, payload));
    OK(p11->C_Encrypt(session, (unsigned char *)"exactly 16 bytes", 16, other, &of_other));
    EQUAL(memcmp(one, other, sizeof one), 0);
    return length;
}

static void signs(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private,
                  CK_ULONG size)
{
    unsigned char signature[5000], mu[64] = "as long as a hash value of SHA-512";
    CK_ULONG length = 0;
    OK(p11->C_SignInit(session, mechanism, private));
    OK(p11->C_Sign(session, mu, sizeof mu, NULL, &length));
    EQUAL(length, size);
    OK(p11->C_Sign(session, mu, sizeof mu, signature, &length));
    OK(p11->C_VerifyInit(session, mechanism, public));
    OK(p11->C_Verify(session, mu, sizeof mu, signature, length));
    signature[5] ^= 1;
    OK(p11->C_VerifyInit(session, mechanism, public));
    EQUAL(p11->C_Verify(session, mu, sizeof mu, signature, length), CKR_SIGNATURE_INVALID);
}

/* Ed25519 and ML-DSA by CloudHSM's names: the numbers are this module's own, from the header that comes with it. */
static void signatures(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE public, private;
    CK_EDDSA_PARAMS prehash = {CK_TRUE, 0, NULL}, context = {CK_TRUE, 7, (unsigned char *)"context"};
    CK_MECHANISM curve = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, ml_dsa_pair = {CKM_CLOUDHSM_ML_DSA_KEY_PAIR_GEN, NULL, 0};
    CK_MECHANISM pure = {CKM_CLOUDHSM_EDDSA, NULL, 0}, ph = {CKM_CLOUDHSM_EDDSA, &prehash, sizeof prehash};
    CK_MECHANISM with_context = {CKM_CLOUDHSM_EDDSA, &context, sizeof context};
    CK_MECHANISM ml_dsa = {CKM_CLOUDHSM_ML_DSA, NULL, 0}, mu = {CKM_CLOUDHSM_EXT_MU_ML_DSA, NULL, 0};
    CK_CLOUDHSM_ML_DSA_PARAMETER_SET_TYPE set = CKP_CLOUDHSM_ML_DSA_65, found = 0;
    CK_ULONG type = CKK_CLOUDHSM_ML_DSA;
    CK_ATTRIBUTE shown = {CKA_CLOUDHSM_PARAMETER_SET, &found, sizeof found};
    unsigned char ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
    CK_ATTRIBUTE of_curve[] = {{CKA_EC_PARAMS, ed25519, sizeof ed25519}, {CKA_VERIFY, &yes, sizeof yes}};
    CK_ATTRIBUTE of_private[] = {{CKA_SIGN, &yes, sizeof yes},
                                 {CKA_KEY_TYPE, &type, sizeof type},
                                 {CKA_CLOUDHSM_PARAMETER_SET, &set, sizeof set}};
    CK_ATTRIBUTE of_set[] = {{CKA_CLOUDHSM_PARAMETER_SET, &set, sizeof set}, {CKA_VERIFY, &yes, sizeof yes}};
    OK(p11->C_GenerateKeyPair(session, &curve, of_curve, COUNT(of_curve), of_private, 1, &public, &private));
    signs(session, &pure, public, private, 64);
    signs(session, &ph, public, private, 64);
    EQUAL(p11->C_SignInit(session, &with_context, private), CKR_MECHANISM_PARAM_INVALID);
    prehash.phFlag = CK_FALSE;
    EQUAL(p11->C_SignInit(session, &ph, private), CKR_MECHANISM_PARAM_INVALID);
    OK(p11->C_GenerateKeyPair(session, &ml_dsa_pair, of_set, COUNT(of_set), of_private, COUNT(of_private), &public,
                              &private));
    signs(session, &ml_dsa, public, private, 3309);
    signs(session, &mu, public, private, 3309);
    OK(p11->C_GetAttributeValue(session, private, &shown, 1));
    EQUAL(found, CKP_CLOUDHSM_ML_DSA_65);
    EQUAL(shown.ulValueLen, sizeof found);
}

static CK_OBJECT_HANDLE agree(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE own, CK_OBJECT_HANDLE other, CK_ULONG kdf,
                              CK_RV expected)
{
    unsigned char point[80];
    CK_ATTRIBUTE shown = {CKA_EC_POINT, point, sizeof point};
    OK(p11->C_GetAttributeValue(session, other, &shown, 1));
    CK_ECDH1_DERIVE_PARAMS parameters = {kdf, 4, (unsigned char *)"info", shown.ulValueLen, point};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    CK_ULONG class = CKO_SECRET_KEY, type = CKK_AES, length = 32;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_KEY_TYPE, &type, sizeof type},
                               {CKA_VALUE_LEN, &length, sizeof length},
                               {CKA_ENCRYPT, &yes, sizeof yes}};
    CK_OBJECT_HANDLE key = 0;
    EQUAL(p11->C_DeriveKey(session, &mechanism, own, template, COUNT(template), &key), expected);
    return key;
}

/* Two pairs of P-256 agree on a key by CloudHSM's names for the key derivation functions. */
static void agreements(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE public[2], private[2];
    CK_MECHANISM pair = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, ecb = {CKM_AES_ECB, NULL, 0};
    unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, out[2][16];
    CK_ATTRIBUTE of_public[] = {{CKA_EC_PARAMS, p256, sizeof p256}}, of_private[] = {{CKA_DERIVE, &yes, sizeof yes}};
    CK_ULONG kdfs[] = {CKD_CLOUDHSM_X963_SHA1_KDF, CKD_CLOUDHSM_X963_SHA224_KDF, CKD_CLOUDHSM_X963_SHA256_KDF,
                       CKD_CLOUDHSM_X963_SHA384_KDF, CKD_CLOUDHSM_X963_SHA512_KDF};
    for (int at = 0; at < 2; at++)
        OK(p11->C_GenerateKeyPair(session, &pair, of_public, 1, of_private, 1, public + at, private + at));
    for (size_t which = 0; which < COUNT(kdfs); which++) {
        for (int at = 0; at < 2; at++) {
            CK_ULONG length = sizeof out[at];
            CK_OBJECT_HANDLE key = agree(session, private[at], public[1 - at], kdfs[which], CKR_OK);
            OK(p11->C_EncryptInit(session, &ecb, key));
            OK(p11->C_Encrypt(session, (unsigned char *)"exactly 16 bytes", 16, out[at], &length));
        }
        EQUAL(memcmp(out[0], out[1], sizeof out[0]), 0);
    }
    agree(session, private[0], public[1], CKD_CLOUDHSM_X963_SHA512_KDF + 1, CKR_MECHANISM_PARAM_INVALID);
}

static CK_RV derive(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, void *parameters, CK_ULONG size, CK_OBJECT_HANDLE base,
                    unsigned char value[32])
{
    CK_MECHANISM mechanism = {type, parameters, size};
    CK_ULONG class = CKO_SECRET_KEY, key_type = CKK_GENERIC_SECRET, length = 32;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_KEY_TYPE, &key_type, sizeof key_type},
                               {CKA_VALUE_LEN, &length, sizeof length},
                               {CKA_SENSITIVE, &no, sizeof no}};
    CK_ATTRIBUTE shown = {CKA_VALUE, value, 32};
    CK_OBJECT_HANDLE key;
    CK_RV rv = p11->C_DeriveKey(session, &mechanism, base, template, COUNT(template), &key);
    if (rv == CKR_OK)
        OK(p11->C_GetAttributeValue(session, key, &shown, 1));
    return rv;
}

/* A structure that points to an array of structures, as CloudHSM has it and as PKCS#11 v3.0 does. */
static void derivations(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_ULONG class = CKO_SECRET_KEY, type = CKK_AES, length;
    CK_OBJECT_HANDLE base;
    unsigned char value[32], expected[64];
    unsigned char label[] = {0x01, 0xab, 0xe1}, context[] = {0x0c, 0x09, 0x7e, 0x07};
    unsigned char blocks[][15] = {{1, 0xab, 0xe1, 0, 0, 0, 1, 0x0c, 9, 0x7e, 7, 0, 0, 1, 0},
                                  {1, 0xab, 0xe1, 0, 0, 0, 2, 0x0c, 9, 0x7e, 7, 0, 0, 1, 0}};
    unsigned char whole[] = {0, 0, 0, 1, 0, 0, 1, 0, 1, 0xab, 0xe1, 0, 0x0c, 9, 0x7e, 7};
    CK_SP800_108_COUNTER_FORMAT counter = {32};
    CK_SP800_108_DKM_LENGTH_FORMAT dkm = {SP800_108_DKM_LENGTH_SUM_OF_KEYS, 32};
    CK_PRF_DATA_PARAM arrays[] = {{CK_SP800_108_BYTE_ARRAY, label, sizeof label},
                                  {CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter},
                                  {CK_SP800_108_BYTE_ARRAY, context, sizeof context},
                                  {CK_SP800_108_DKM_LENGTH, &dkm, sizeof dkm}};
    CK_PRF_DATA_PARAM named[] = {{SP800_108_COUNTER_FORMAT, &counter, sizeof counter},
                                 {SP800_108_DKM_FORMAT, &dkm, sizeof dkm},
                                 {SP800_108_PRF_LABEL, label, sizeof label},
                                 {SP800_108_PRF_CONTEXT, context, sizeof context}};
    CK_SP800_108_KDF_PARAMS cmac = {CKM_AES_CMAC, COUNT(arrays), arrays}, hmac = {CKM_SHA512_HMAC, COUNT(named), named};
    struct {
        CK_BBOOL is_little_endian;
        CK_ULONG bits;
    } counter_3_0 = {CK_FALSE, 32};
    struct {
        CK_ULONG method;
        CK_BBOOL is_little_endian;
        CK_ULONG bits;
    } dkm_3_0 = {1, CK_FALSE, 32};
    struct {
        CK_ULONG prf, count;
        CK_PRF_DATA_PARAM *parts;
        CK_ULONG further_count;
        void *further;
    } newer = {CKM_AES_CMAC, COUNT(arrays), arrays, 0, NULL};
    CK_ATTRIBUTE of_base[] = {{CKA_CLASS, &class, sizeof class},     {CKA_KEY_TYPE, &type, sizeof type},
                              {CKA_VALUE, "a key of thirty-two bytes, known", 32}, {CKA_DERIVE, &yes, sizeof yes},
                              {CKA_SIGN, &yes, sizeof yes}};
    CK_MECHANISM mac = {CKM_AES_CMAC, NULL, 0};
    OK(p11->C_CreateObject(session, of_base, COUNT(of_base), &base));

    OK(derive(session, CKM_CLOUDHSM_SP800_108_COUNTER_KDF, &cmac, sizeof cmac, base, value));
    for (int at = 0; at < 2; at++) {
        length = 16;
        OK(p11->C_SignInit(session, &mac, base));
        OK(p11->C_Sign(session, blocks[at], sizeof blocks[at], expected + 16 * at, &length));
    }
    EQUAL(memcmp(value, expected, sizeof value), 0);
    arrays[1] = (CK_PRF_DATA_PARAM){CK_SP800_108_ITERATION_VARIABLE, &counter_3_0, sizeof counter_3_0};
    arrays[3] = (CK_PRF_DATA_PARAM){CK_SP800_108_DKM_LENGTH, &dkm_3_0, sizeof dkm_3_0};
    memset(value, 0, sizeof value);
    OK(derive(session, 0x3ac, &newer, sizeof newer, base, value));
    EQUAL(memcmp(value, expected, sizeof value), 0);

    OK(derive(session, CKM_SP800_108_COUNTER_KDF, &hmac, sizeof hmac, base, value));
    TRUE_(memcmp(value, expected, sizeof value) != 0);
    memcpy(expected, value, sizeof value);
    named[2].type = SP800_108_BYTE_ARRAY;
    named[2].pValue = whole + 8;
    named[2].ulValueLen = sizeof whole - 8;
    hmac.ulNumberOfDataParams = 3;
    OK(derive(session, CKM_SP800_108_COUNTER_KDF, &hmac, sizeof hmac, base, value));
    EQUAL(memcmp(value, expected, sizeof value), 0);

    newer.further_count = 1;
    EQUAL(derive(session, 0x3ac, &newer, sizeof newer, base, value), CKR_MECHANISM_PARAM_INVALID);
    hmac.ulNumberOfDataParams = (CK_ULONG)-1;
    EQUAL(derive(session, CKM_SP800_108_COUNTER_KDF, &hmac, sizeof hmac, base, value), CKR_MECHANISM_PARAM_INVALID);
    hmac.ulNumberOfDataParams = 3;
    hmac.pDataParams = NULL;
    EQUAL(derive(session, CKM_SP800_108_COUNTER_KDF, &hmac, sizeof hmac, base, value), CKR_MECHANISM_PARAM_INVALID);
    EQUAL(derive(session, CKM_SP800_108_COUNTER_KDF, &hmac, sizeof hmac - 1, base, value), CKR_MECHANISM_PARAM_INVALID);
}

/* CloudHSM's own numbers, and a structure that points to another. */
static void wraps(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE key = aes_key(session), payload = aes_key(session), public, private;
    CK_MECHANISM no_pad = {CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, NULL, 0};
    CK_MECHANISM pkcs5 = {CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, NULL, 0};
    CK_MECHANISM zero = {CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD, NULL, 0};
    CK_MECHANISM pair = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
    CK_RSA_AES_KEY_WRAP_PARAMS parameters = {256, &oaep}, none = {256, NULL}, short_key = {64, &oaep};
    CK_MECHANISM rsa_aes = {CKM_RSA_AES_KEY_WRAP, &parameters, sizeof parameters};
    CK_MECHANISM rsa = {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
    CK_ULONG bits = 2048, length = 0;
    unsigned char exponent[] = {1, 0, 1};
    CK_ATTRIBUTE of_public[] = {{CKA_MODULUS_BITS, &bits, sizeof bits},
                                {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent},
                                {CKA_WRAP, &yes, sizeof yes}};
    CK_ATTRIBUTE of_private[] = {{CKA_UNWRAP, &yes, sizeof yes}};
    EQUAL(round_trip(session, &no_pad, key, key, payload), 40);
    EQUAL(round_trip(session, &pkcs5, key, key, payload), 48);
    EQUAL(round_trip(session, &zero, key, key, payload), 40);
    OK(p11->C_GenerateKeyPair(session, &pair, of_public, COUNT(of_public), of_private, COUNT(of_private), &public,
                              &private));
    EQUAL(round_trip(session, &rsa, public, private, payload), 256);
    EQUAL(round_trip(session, &rsa_aes, public, private, payload), 256 + 40);
    oaep.pSourceData = "label";
    oaep.ulSourceDataLen = 5;
    for (parameters.ulAESKeyBits = 128; parameters.ulAESKeyBits <= 256; parameters.ulAESKeyBits += 64)
        EQUAL(round_trip(session, &rsa_aes, public, private, payload), 256 + 40);
    rsa_aes.pParameter = &none;
    EQUAL(p11->C_WrapKey(session, &rsa_aes, public, payload, NULL, &length), CKR_MECHANISM_PARAM_INVALID);
    rsa_aes.pParameter = &short_key;
    EQUAL(p11->C_WrapKey(session, &rsa_aes, public, payload, NULL, &length), CKR_MECHANISM_PARAM_INVALID);
}

/* The child of a fork starts afresh, and its parent goes on. */
static void forks(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_OBJECT_HANDLE key = aes_key(session);
    int before = open_descriptors();
    for (int round = 0; round < 3; round++) {
        pid_t child = fork();
        if (child == 0) {
            CK_SESSION_INFO info;
            EQUAL(open_descriptors(), before - 1);
            EQUAL(p11->C_GetSessionInfo(session, &info), CKR_CRYPTOKI_NOT_INITIALIZED);
            CK_SESSION_HANDLE own = sign_in();
            digest_right(own);
            EQUAL(p11->C_DestroyObject(own, key), CKR_OBJECT_HANDLE_INVALID);
            /* And its child as well. */
            pid_t grandchild = fork();
            if (grandchild == 0) {
                digest_right(sign_in());
                exit(0);
            }
            int status;
            waitpid(grandchild, &status, 0);
            EQUAL(status, 0);
            digest_right(own);
            exit(0);
        }
        int status;
        digest_right(session);
        waitpid(child, &status, 0);
        EQUAL(status, 0);
        digest_right(session);
        aes_key(session);
    }
}

static void loads(void)
{
    void *library = load();
    OK(p11->C_Initialize(&locking));
    dlclose(library);
    int before = open_descriptors();
    for (int round = 0; round < 1000; round++) {
        library = load();
        if (round % 10 == 0) {
            CK_INFO info;
            OK(p11->C_Initialize(&locking));
            OK(p11->C_GetInfo(&info));
            if (round % 20 == 0)
                OK(p11->C_Finalize(NULL));
        }
        dlclose(library);
        EQUAL(open_descriptors(), before);
        /* Nothing of it is called when it is not there. */
        if (round % 100 == 0) {
            pid_t child = fork();
            int status;
            if (child == 0)
                _exit(0);
            waitpid(child, &status, 0);
            EQUAL(status, 0);
        }
    }
}

static CK_OBJECT_HANDLE shared_key;
static unsigned char shared_mac[32];

static void *work(void *number)
{
    CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0}, sha256 = {CKM_SHA256, NULL, 0};
    unsigned char mac[32], *large = calloc(1, 1 << 20);
    CK_SESSION_HANDLE session = open_session();
    for (int round = 0; round < 40; round++) {
        CK_ULONG length = sizeof mac;
        OK(p11->C_SignInit(session, &hmac, shared_key));
        OK(p11->C_Sign(session, (unsigned char *)"abc", 3, mac, &length));
        EQUAL(memcmp(mac, shared_mac, sizeof mac), 0);
        digest_right(session);
        if ((long)number % 4 == 0 && round % 8 == 0) {
            OK(p11->C_DigestInit(session, &sha256));
            OK(p11->C_Digest(session, large, 1 << 20, mac, &length));
        }
    }
    OK(p11->C_CloseSession(session));
    free(large);
    return NULL;
}

static void threads(void)
{
    pthread_t all[16];
    load();
    CK_SESSION_HANDLE session = sign_in();
    CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
    CK_ULONG length = sizeof shared_mac;
    shared_key = generate(session, CKM_GENERIC_SECRET_KEY_GEN);
    OK(p11->C_SignInit(session, &hmac, shared_key));
    OK(p11->C_Sign(session, (unsigned char *)"abc", 3, shared_mac, &length));
    for (size_t at = 0; at < COUNT(all); at++)
        pthread_create(all + at, NULL, work, (void *)at);
    for (size_t at = 0; at < COUNT(all); at++)
        pthread_join(all[at], NULL);
    digest_right(session);
}

static void *digest_for_ever(void *session)
{
    for (;;) {
        digest_right((CK_SESSION_HANDLE)session);
        pthread_testcancel();
    }
    return NULL;
}

/* Of each kind: in a session, in none, and the end. Those that use no session look whether the HSM is still there. */
static void *cancelled_before(void *which)
{
    CK_INFO info;
    CK_SESSION_INFO session_info;
    pthread_cancel(pthread_self());
    if (which == (void *)0)
        (void)p11->C_GetSessionInfo(0, &session_info);
    else if (which == (void *)1)
        (void)p11->C_GetInfo(&info);
    else
        (void)p11->C_Finalize(NULL);
    pthread_testcancel();
    return NULL;
}

/* A thread that is cancelled leaves no lock behind, and no other waiting. */
static void cancellation(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    for (int round = 0; round < 50; round++) {
        pthread_t one, other;
        CK_SESSION_HANDLE its = open_session(), others = open_session();
        pthread_create(&one, NULL, digest_for_ever, (void *)its);
        pthread_create(&other, NULL, digest_for_ever, (void *)others);
        digest_right(session);
        pthread_cancel(one);
        pthread_join(one, NULL);
        digest_right(session);
        pthread_cancel(other);
        pthread_join(other, NULL);
        OK(p11->C_CloseSession(its));
        OK(p11->C_CloseSession(others));
    }
    for (long which = 0; which < 3; which++) {
        pthread_t one;
        void *how;
        pthread_create(&one, NULL, cancelled_before, (void *)which);
        pthread_join(one, &how);
        TRUE_(how == PTHREAD_CANCELED);
        CK_RV expected = which < 2 ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
        CK_INFO info;
        EQUAL(p11->C_GetInfo(&info), expected);
    }
}

/* Programs that become daemons close what they do not know. Nothing of a PIN is then written into what has the number now. */
static void descriptors(void)
{
    load();
    CK_SESSION_HANDLE session = sign_in();
    int pairs[256], ends[2];
    for (int fd = 3; fd < 256; fd++)
        close(fd);
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    for (int fd = 5; fd < 64; fd++)
        pairs[fd] = dup2(ends[0], fd);
    (void)pairs;
    CK_RV rv = p11->C_Login(session, CKU_USER, (unsigned char *)pin, strlen(pin));
    /* Whether the end of the old connection has ended the login before the new one goes on with it is a matter of luck. */
    TRUE_(rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN);
    char byte;
    EQUAL(recv(ends[1], &byte, 1, MSG_DONTWAIT), -1);
    /* And nothing of the program is closed. */
    for (int fd = 5; fd < 64; fd++)
        TRUE_(fcntl(fd, F_GETFD) >= 0);
    OK(p11->C_CloseSession(session));
    session = open_session();
    digest_right(session);
    OK(p11->C_Finalize(NULL));
    for (int fd = 5; fd < 64; fd++)
        TRUE_(fcntl(fd, F_GETFD) >= 0);
}

/* Standard input and output are the program's, also those that it has closed. */
static void standard_streams(void)
{
    load();
    close(0);
    close(1);
    CK_SESSION_HANDLE session = sign_in();
    EQUAL(fcntl(0, F_GETFD), -1);
    EQUAL(fcntl(1, F_GETFD), -1);
    digest_right(session);
}

static volatile int alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

static void interruptions(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    load();
    CK_SESSION_HANDLE session = sign_in();
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int round = 0; round < 500 || alarms < 50; round++)
        digest_right(session);
    setitimer(ITIMER_REAL, &never, NULL);
}

static void say(const char *what)
{
    char line[8];
    printf("%s\n", what);
    fflush(stdout);
    TRUE_(fgets(line, sizeof line, stdin) != NULL);
}

/*
 * The HSM goes away, which takes the login with it, and comes back. While it is missed for longer than a restart takes, the program is told so; its
 * sessions are there again when it is.
 */
static void restart(void)
{
    CK_SESSION_INFO info;
    CK_ULONG count = 0;
    CK_BYTE value[32];
    CK_ATTRIBUTE wanted = {CKA_LABEL, value, sizeof value};
    CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
    load();
    CK_SESSION_HANDLE session = sign_in(), closed = open_session(), other;
    OK(p11->C_CloseSession(closed));
    OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &other));
    CK_OBJECT_HANDLE key = aes_key(session);
    say("up");
    hurries = true;
    EQUAL(p11->C_GetSessionInfo(session, &info), CKR_DEVICE_REMOVED);
    EQUAL(p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_DEVICE_REMOVED);
    EQUAL(p11->C_DestroyObject(session, key), CKR_DEVICE_REMOVED);
    EQUAL(p11->C_CloseSession(closed + 10), CKR_DEVICE_REMOVED);
    hurries = false;
    say("down");
    OK(p11->C_GetSessionInfo(session, &info));
    EQUAL(info.state, CKS_RW_PUBLIC_SESSION);
    OK(p11->C_GetSessionInfo(other, &info));
    EQUAL(info.state, CKS_RO_PUBLIC_SESSION);
    EQUAL(p11->C_GetSessionInfo(closed, &info), CKR_SESSION_HANDLE_INVALID);
    EQUAL(p11->C_SignInit(session, &hmac, key), CKR_USER_NOT_LOGGED_IN);
    digest_right(session);
    CK_SESSION_HANDLE next = open_session();
    TRUE_(next > other);
    OK(p11->C_Login(next, CKU_USER, (unsigned char *)pin, strlen(pin)));
    EQUAL(p11->C_GetAttributeValue(session, key, &wanted, 1), CKR_OBJECT_HANDLE_INVALID);
    EQUAL(p11->C_SignInit(session, &hmac, key), CKR_KEY_HANDLE_INVALID);
    OK(p11->C_Finalize(NULL));
    EQUAL(p11->C_GetSessionInfo(session, &info), CKR_CRYPTOKI_NOT_INITIALIZED);
    next = sign_in();
    EQUAL(p11->C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID);
    say("up again");
    hurries = true;
    EQUAL(p11->C_Logout(next), CKR_DEVICE_REMOVED);
    hurries = false;
    say("down again");
    OK(p11->C_GetSessionInfo(next, &info));
    EQUAL(info.state, CKS_RW_PUBLIC_SESSION);
    OK(p11->C_Finalize(NULL));
}

/* What is begun and nothing more goes on, unless the HSM made an IV or does not have the key any more. */
static void begun_before_a_stop(CK_SESSION_HANDLE session)
{
    CK_BYTE iv[12] = {0}, out[64], found[32];
    CK_GCM_PARAMS gcm = {iv, sizeof iv, 96, NULL, 0, 128};
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0}, aes_gcm = {CKM_AES_GCM, &gcm, sizeof gcm},
                 hmac = {CKM_SHA256_HMAC, NULL, 0};
    CK_OBJECT_HANDLE key = generate(session, CKM_GENERIC_SECRET_KEY_GEN), objects[4];
    CK_ULONG length = 0, count;
    CK_ATTRIBUTE none = {CKA_LABEL, "nothing has this label", 22};
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_SignInit(session, &hmac, key));
    OK(p11->C_EncryptInit(session, &aes_gcm, aes_key(session)));
    OK(p11->C_FindObjectsInit(session, &none, 1));
    say("Inits");
    OK(p11->C_Digest(session, (unsigned char *)"abc", 3, NULL, &length));
    EQUAL(length, 32);
    EQUAL(p11->C_Sign(session, (unsigned char *)"abc", 3, out, &length), CKR_KEY_HANDLE_INVALID);
    EQUAL(p11->C_Sign(session, (unsigned char *)"abc", 3, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    length = sizeof out;
    EQUAL(p11->C_Encrypt(session, (unsigned char *)"abc", 3, out, &length), CKR_OPERATION_NOT_INITIALIZED);
    OK(p11->C_FindObjects(session, objects, COUNT(objects), &count));
    EQUAL(count, 0);
    say("lengths");
    length = sizeof found;
    OK(p11->C_Digest(session, (unsigned char *)"abc", 3, found, &length));
    EQUAL(length, 32);
    EQUAL(p11->C_Digest(session, (unsigned char *)"abc", 3, found, &length), CKR_OPERATION_NOT_INITIALIZED);
    OK(p11->C_FindObjectsFinal(session));
    EQUAL(p11->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_DigestInit(session, NULL));
    say("what is given up");
    EQUAL(p11->C_Digest(session, (unsigned char *)"abc", 3, found, &length), CKR_OPERATION_NOT_INITIALIZED);
}

/* The HSM is stopped and started before each of these: nothing of it is to be noticed. */
static void stops(void)
{
    CK_SESSION_INFO info;
    CK_BYTE mac[32];
    CK_ULONG length = sizeof mac;
    CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
    load();
    CK_SESSION_HANDLE session = sign_in();
    say("a key");
    CK_OBJECT_HANDLE key = generate(session, CKM_GENERIC_SECRET_KEY_GEN);
    OK(p11->C_SignInit(session, &hmac, key));
    OK(p11->C_SignUpdate(session, (unsigned char *)"ab", 2));
    say("parts");
    EQUAL(p11->C_SignUpdate(session, (unsigned char *)"c", 1), CKR_OPERATION_NOT_INITIALIZED);
    begun_before_a_stop(session);
    say("a session");
    CK_SESSION_HANDLE another = open_session();
    TRUE_(another > session);
    say("its end");
    OK(p11->C_CloseSession(another));
    say("a login");
    EQUAL(p11->C_Login(session, CKU_USER, (unsigned char *)pin, strlen(pin)), CKR_USER_ALREADY_LOGGED_IN);
    OK(p11->C_GetSessionInfo(session, &info));
    EQUAL(info.state, CKS_RW_USER_FUNCTIONS);
    EQUAL(p11->C_GetSessionInfo(another, &info), CKR_SESSION_HANDLE_INVALID);
    EQUAL(p11->C_Sign(session, (unsigned char *)"abc", 3, mac, &length), CKR_OPERATION_NOT_INITIALIZED);
    say("a logout");
    OK(p11->C_Logout(session));
    OK(p11->C_GetSessionInfo(session, &info));
    EQUAL(info.state, CKS_RW_PUBLIC_SESSION);
    say("a program without a login");
    OK(p11->C_Login(session, CKU_USER, (unsigned char *)pin, strlen(pin)));
    say("all sessions");
    OK(p11->C_CloseAllSessions(0));
    session = open_session();
    OK(p11->C_GetSessionInfo(session, &info));
    EQUAL(info.state, CKS_RW_PUBLIC_SESSION);
    say("the end");
    OK(p11->C_Finalize(NULL));
}

/* Nobody is there, or nobody who speaks with this module. */
static void absent(void)
{
    load();
    EQUAL(p11->C_Initialize(&locking), CKR_FUNCTION_FAILED);
    EQUAL(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* Time hurries once the module is initialized. */
static bool is_impatient;

/* Prints what one call returns: its other end answers as it likes. */
static void answer(void)
{
    CK_SESSION_INFO info;
    load();
    CK_RV rv = p11->C_Initialize(&locking);
    printf("C_Initialize 0x%lx\n", rv);
    if (rv != CKR_OK)
        return;
    hurries = is_impatient;
    printf("C_GetSessionInfo 0x%lx\n", p11->C_GetSessionInfo(1, &info));
}

/* More objects than the program has room for, which is none. */
static void finds(void)
{
    CK_ULONG count = 1;
    load();
    OK(p11->C_Initialize(&locking));
    EQUAL(p11->C_FindObjects(1, NULL, 0, &count), CKR_DEVICE_ERROR);
    EQUAL(count, 0);
}

/* A template within a template, for which a program has a buffer with something else. What that points to is not written to. */
static void nested_template(void)
{
    CK_BYTE untouched[8] = {0};
    CK_ATTRIBUTE stale = {CKA_LABEL, untouched, sizeof untouched}, member = {CKA_LABEL, &stale, sizeof stale};
    CK_ATTRIBUTE template = {CKA_WRAP_TEMPLATE, &member, sizeof member};
    load();
    OK(p11->C_Initialize(&locking));
    EQUAL(p11->C_GetAttributeValue(1, 1, &template, 1), CKR_DEVICE_ERROR);
    for (size_t at = 0; at < sizeof untouched; at++)
        EQUAL(untouched[at], 0);
}

static void *initialize(void *unused)
{
    (void)p11->C_Initialize(&locking);
    return unused;
}

/* A child that is made while a thread connects does not hold on to its socket. The HSM says nothing, so the thread waits. */
static void fork_while_connecting(void)
{
    pthread_t one;
    int status;
    load();
    int before = open_descriptors();
    pthread_create(&one, NULL, initialize, NULL);
    while (open_descriptors() == before)
        usleep(1000);
    pid_t child = fork();
    if (child == 0)
        _exit(open_descriptors() - before);
    waitpid(child, &status, 0);
    EQUAL(status, 0);
    EQUAL(open_descriptors(), before + 1);
    _exit(0);
}

/* Two minutes without an answer are over, however little comes in them. */
static void impatience(void)
{
    is_impatient = true;
    answer();
}

/* And however often a signal interrupts them. */
static void interrupted_impatience(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 10000}, {0, 10000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    impatience();
}

static void *ask_of_the_second(void *unused)
{
    CK_SESSION_INFO info;
    EQUAL(p11->C_GetSessionInfo(2, &info), CKR_DEVICE_REMOVED);
    return unused;
}

/* An HSM that answers others and forgets one: that is the end of the connection, and nobody waits for ever. */
static void one_forgotten(void)
{
    CK_SESSION_INFO info;
    pthread_t one;
    load();
    OK(p11->C_Initialize(&locking));
    pthread_create(&one, NULL, ask_of_the_second, NULL);
    OK(p11->C_GetSessionInfo(1, &info));
    ahead = 121;
    OK(p11->C_GetSessionInfo(1, &info));
    pthread_join(one, NULL);
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    {"functions", functions},
    {"interfaces", interfaces},
    {"arguments", arguments},
    {"rooms", rooms},
    {"gcm", gcm},
    {"gcm in front", gcm_in_front},
    {"messages", messages},
    {"parameters", parameters},
    {"wraps", wraps},
    {"agreements", agreements},
    {"derivations", derivations},
    {"signatures", signatures},
    {"forks", forks},
    {"loads", loads},
    {"threads", threads},
    {"cancellation", cancellation},
    {"descriptors", descriptors},
    {"standard streams", standard_streams},
    {"interruptions", interruptions},
    {"restart", restart},
    {"stops", stops},
    {"absent", absent},
    {"answer", answer},
    {"finds", finds},
    {"nested template", nested_template},
    {"fork while connecting", fork_while_connecting},
    {"impatience", impatience},
    {"interrupted impatience", interrupted_impatience},
    {"one forgotten", one_forgotten},
};

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    module = words[1];
    pin = words[2];
    for (size_t at = 0; at < COUNT(scenarios); at++) {
        if (strcmp(scenarios[at].name, words[3]) == 0) {
            scenarios[at].run();
            return 0;
        }
    }
    return 2;
}
