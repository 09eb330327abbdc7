/*
 * A program that is at work while its HSM is killed and started: one scenario in each run. It says on its output what it has come to, and goes
 * on when it is told to; says what was wrong and ends with 1.
 *
 * usage: module-restarts MODULE PIN SCENARIO
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checks.h"
#include "cloudhsm_pkcs11_vendor_defs.h"

#define THREADS 8
#define SESSIONS 8

static const char *module, *pin;
static CK_FUNCTION_LIST *p11;
static CK_FUNCTION_LIST_3_0 *v3;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* By the clock of this program no time passes but when it says so: however long the HSM takes to start, it is waited for. */
static _Atomic time_t now = 1000;
static _Atomic bool hurries;

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_MONOTONIC)
        time->tv_sec = hurries ? atomic_fetch_add(&now, 50) : now;
    return result;
}

/* The credential that was sent last, each byte inverted so that it is not found here. */
static unsigned char inverted[54];
static bool has_credential;

__attribute__((visibility("default"))) ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
    const unsigned char *frame = bytes;
    bool is_resume = length > 100 && frame[15] == 128 && frame[12] == 0 && frame[13] == 0 && frame[14] == 0;
    for (size_t at = 0; is_resume && at < sizeof inverted; at++)
        inverted[at] = (unsigned char)~frame[length - sizeof inverted + at];
    has_credential = has_credential || is_resume;
    return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}

static void load(void)
{
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    TRUE_(library != NULL);
    CK_C_GetFunctionList list = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
    OK(list(&p11));
    CK_INTERFACE *interface;
    CK_VERSION version = {3, 0};
    CK_C_GetInterface get = (CK_C_GetInterface)dlsym(library, "C_GetInterface");
    OK(get(NULL, &version, &interface, 0));
    v3 = interface->pFunctionList;
}

static CK_SESSION_HANDLE open_session(CK_FLAGS flags)
{
    CK_SLOT_ID slot;
    CK_ULONG count = 1;
    CK_SESSION_HANDLE session;
    OK(p11->C_GetSlotList(CK_TRUE, &slot, &count));
    OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &session));
    return session;
}

static CK_RV log_in(CK_SESSION_HANDLE session)
{
    return p11->C_Login(session, CKU_USER, (unsigned char *)pin, strlen(pin));
}

static CK_SESSION_HANDLE sign_in(void)
{
    CK_C_INITIALIZE_ARGS locking = {.flags = CKF_OS_LOCKING_OK};
    load();
    OK(p11->C_Initialize(&locking));
    CK_SESSION_HANDLE session = open_session(CKF_RW_SESSION);
    OK(log_in(session));
    return session;
}

/* Says something, and waits until it is told to go on. False when there is nothing more to come. */
static bool say(const char *what)
{
    char line[8];
    printf("%s\n", what);
    fflush(stdout);
    return fgets(line, sizeof line, stdin) != NULL;
}

static CK_OBJECT_HANDLE generate(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const char *label, CK_BBOOL *token)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_ULONG length = 32;
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE template[] = {
        {CKA_LABEL, (void *)label, strlen(label)}, {CKA_VALUE_LEN, &length, sizeof length},
        {CKA_TOKEN, token, sizeof *token},         {CKA_ENCRYPT, &yes, sizeof yes},
        {CKA_DECRYPT, &yes, sizeof yes},           {CKA_SIGN, &yes, sizeof yes},
    };
    OK(p11->C_GenerateKey(session, &mechanism, template, COUNT(template), &key));
    return key;
}

static CK_ULONG find(CK_SESSION_HANDLE session, const char *label, CK_OBJECT_HANDLE *found, CK_ULONG most)
{
    CK_ATTRIBUTE template[] = {{CKA_LABEL, (void *)label, strlen(label)}};
    CK_ULONG count;
    OK(p11->C_FindObjectsInit(session, template, 1));
    OK(p11->C_FindObjects(session, found, most, &count));
    OK(p11->C_FindObjectsFinal(session));
    return count;
}

/* What all threads work with. */
static CK_OBJECT_HANDLE mac_key, aes_key;
static CK_BYTE data[64] = "what is signed and encrypted", expected_mac[32], expected_sealed[64];
static _Atomic unsigned long rounds_begun_after, rounds[THREADS];
static _Atomic bool is_over;

static void sign(CK_SESSION_HANDLE session, bool asks_first, CK_BYTE *mac)
{
    CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
    CK_ULONG length = 0;
    OK(p11->C_SignInit(session, &hmac, mac_key));
    if (asks_first) {
        OK(p11->C_Sign(session, data, sizeof data, NULL, &length));
        EQUAL(length, 32);
    }
    length = 32;
    OK(p11->C_Sign(session, data, sizeof data, mac, &length));
    EQUAL(length, 32);
}

static void encrypt(CK_SESSION_HANDLE session, CK_BYTE first, CK_BYTE *sealed)
{
    CK_BYTE iv[16] = {first};
    CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof iv};
    CK_ULONG length = sizeof data;
    OK(p11->C_EncryptInit(session, &cbc, aes_key));
    memset(iv, 0xff, sizeof iv);
    OK(p11->C_Encrypt(session, data, sizeof data, sealed, &length));
    EQUAL(length, sizeof data);
}

static void decrypt(CK_SESSION_HANDLE session, CK_BYTE first, CK_BYTE *sealed)
{
    CK_BYTE iv[16] = {first}, opened[sizeof data];
    CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof iv};
    CK_ULONG length = sizeof opened;
    OK(p11->C_DecryptInit(session, &cbc, aes_key));
    OK(p11->C_Decrypt(session, sealed, sizeof data, opened, &length));
    EQUAL(memcmp(opened, data, sizeof data), 0);
}

/* Messages one after another. */
static void sign_messages(CK_SESSION_HANDLE session)
{
    CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
    CK_BYTE mac[32];
    OK(v3->C_MessageSignInit(session, &hmac, mac_key));
    for (int message = 0; message < 2; message++) {
        CK_ULONG length = sizeof mac;
        OK(v3->C_SignMessage(session, NULL, 0, data, sizeof data, mac, &length));
        EQUAL(memcmp(mac, expected_mac, sizeof mac), 0);
    }
    OK(v3->C_MessageSignFinal(session));
}

/* Each of these would notice a restart if anything did. Another IV each time: then an Init is never the one before. */
static void work_once(CK_SESSION_HANDLE session, CK_STATE state, CK_BYTE round)
{
    CK_BYTE mac[32], sealed[64], label[8], random[16];
    CK_ATTRIBUTE wanted = {CKA_LABEL, label, sizeof label};
    CK_OBJECT_HANDLE found[2];
    CK_SESSION_INFO info;
    OK(p11->C_GetSessionInfo(session, &info));
    EQUAL(info.state, state);
    sign(session, round % 2 == 0, mac);
    EQUAL(memcmp(mac, expected_mac, sizeof mac), 0);
    encrypt(session, 0, sealed);
    EQUAL(memcmp(sealed, expected_sealed, sizeof sealed), 0);
    encrypt(session, round, sealed);
    decrypt(session, round, sealed);
    sign_messages(session);
    EQUAL(find(session, "mac", found, 2), 1);
    EQUAL(found[0], mac_key);
    OK(p11->C_GetAttributeValue(session, aes_key, &wanted, 1));
    EQUAL(wanted.ulValueLen, 3);
    OK(p11->C_GenerateRandom(session, random, sizeof random));
    (void)generate(session, CKM_AES_KEY_GEN, "of a session", &no);
}

static void *work(void *which)
{
    CK_SESSION_HANDLE sessions[SESSIONS];
    size_t own = (size_t)which;
    for (size_t at = 0; at < SESSIONS; at++)
        sessions[at] = open_session(at % 2 == 0 ? CKF_RW_SESSION : 0);
    for (CK_BYTE round = 0; !is_over; round++) {
        unsigned long begun = rounds_begun_after;
        for (size_t at = 0; at < SESSIONS && !is_over; at++)
            work_once(sessions[at], at % 2 == 0 ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS, round);
        OK(p11->C_CloseSession(sessions[0]));
        sessions[0] = open_session(CKF_RW_SESSION);
        rounds[own] = begun;
    }
    return NULL;
}

/* Told to go on, it waits until each thread has done all there is to do. */
static void work_of_many(void)
{
    pthread_t all[THREADS];
    CK_SESSION_HANDLE session = sign_in();
    mac_key = generate(session, CKM_GENERIC_SECRET_KEY_GEN, "mac", &yes);
    aes_key = generate(session, CKM_AES_KEY_GEN, "aes", &yes);
    sign(session, true, expected_mac);
    encrypt(session, 0, expected_sealed);
    for (size_t at = 0; at < THREADS; at++)
        pthread_create(all + at, NULL, work, (void *)at);
    do {
        unsigned long wanted = ++rounds_begun_after;
        for (size_t at = 0; at < THREADS; at++)
            while (rounds[at] < wanted)
                usleep(1000);
    } while (say("on"));
    is_over = true;
    for (size_t at = 0; at < THREADS; at++)
        pthread_join(all[at], NULL);
    OK(p11->C_DestroyObject(session, mac_key));
    OK(p11->C_DestroyObject(session, aes_key));
    OK(p11->C_Finalize(NULL));
}

/* Asked once, keys are made once at the most: whether they were is said, or not known. */
static void generation(void)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ULONG bits = 4096;
    CK_BYTE exponent[] = {1, 0, 1};
    CK_ATTRIBUTE public[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_LABEL, "made", 4},
        {CKA_MODULUS_BITS, &bits, sizeof bits},
        {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent},
    };
    CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof yes}, {CKA_LABEL, "made", 4}, {CKA_SIGN, &yes, sizeof yes}};
    CK_OBJECT_HANDLE pair[2], found[8];
    CK_SESSION_HANDLE session = sign_in();
    printf("asks\n");
    fflush(stdout);
    CK_RV rv = p11->C_GenerateKeyPair(session, &mechanism, public, COUNT(public), private, COUNT(private), pair, pair + 1);
    TRUE_(rv == CKR_OK || rv == CKR_DEVICE_REMOVED);
    CK_ULONG count = find(session, "made", found, COUNT(found));
    TRUE_(count == 2 || (count == 0 && rv == CKR_DEVICE_REMOVED));
    for (CK_ULONG at = 0; at < count; at++)
        OK(p11->C_DestroyObject(session, found[at]));
    OK(p11->C_Finalize(NULL));
}

/* It stays away longer than a restart takes. */
static void absence(void)
{
    CK_SESSION_INFO info;
    CK_OBJECT_HANDLE key;
    CK_SESSION_HANDLE session = sign_in();
    key = generate(session, CKM_AES_KEY_GEN, "of a session", &no);
    TRUE_(say("up"));
    hurries = true;
    EQUAL(p11->C_GetSessionInfo(session, &info), CKR_DEVICE_REMOVED);
    EQUAL(p11->C_DestroyObject(session, key), CKR_DEVICE_REMOVED);
    hurries = false;
    TRUE_(say("missed"));
    OK(p11->C_GetSessionInfo(session, &info));
    EQUAL(info.state, CKS_RW_USER_FUNCTIONS);
    EQUAL(p11->C_DestroyObject(session, key), CKR_OBJECT_HANDLE_INVALID);
    OK(p11->C_Finalize(NULL));
}

/* The password is changed meanwhile, to one that is longer by an x. */
static void another_password(void)
{
    CK_SESSION_INFO info;
    CK_BYTE random[8];
    char changed[64];
    CK_SESSION_HANDLE session = sign_in();
    TRUE_(say("up"));
    EQUAL(p11->C_GenerateRandom(session, random, sizeof random), CKR_USER_NOT_LOGGED_IN);
    OK(p11->C_GetSessionInfo(session, &info));
    EQUAL(info.state, CKS_RW_PUBLIC_SESSION);
    EQUAL(log_in(session), CKR_PIN_INCORRECT);
    snprintf(changed, sizeof changed, "%sx", pin);
    pin = changed;
    OK(log_in(session));
    OK(p11->C_GenerateRandom(session, random, sizeof random));
    OK(p11->C_Finalize(NULL));
}

/* How often the credential is in the memory of this process. */
static unsigned count_credentials(void)
{
    unsigned count = 0;
    char line[256];
    FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "r");
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char mode[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[0] != 'r' || strstr(line, "[v") != NULL)
            continue;
        unsigned char *bytes = malloc(to - from);
        size_t there = pread(fileno(memory), bytes, to - from, (off_t)from) == (ssize_t)(to - from) ? to - from : 0;
        for (size_t at = 0; at + sizeof inverted <= there; at++) {
            size_t same = 0;
            while (same < sizeof inverted && bytes[at + same] == (unsigned char)~inverted[same])
                same++;
            count += same == sizeof inverted;
        }
        memset(bytes, 0, to - from);
        free(bytes);
    }
    fclose(maps);
    fclose(memory);
    return count;
}

/* The child of a program whose HSM was restarted has nothing of its login, and the program has it as before, until it logs out. */
static void fork_afterwards(void)
{
    CK_SESSION_INFO info;
    CK_BYTE random[8];
    int status;
    CK_SESSION_HANDLE session = sign_in();
    TRUE_(say("up"));
    OK(p11->C_GenerateRandom(session, random, sizeof random));
    TRUE_(has_credential);
    EQUAL(count_credentials(), 1);
    pid_t child = fork();
    if (child == 0) {
        EQUAL(count_credentials(), 0);
        EQUAL(p11->C_GetSessionInfo(session, &info), CKR_CRYPTOKI_NOT_INITIALIZED);
        OK(p11->C_Initialize(NULL));
        CK_SESSION_HANDLE own = open_session(0);
        EQUAL(p11->C_GenerateRandom(own, random, sizeof random), CKR_USER_NOT_LOGGED_IN);
        OK(log_in(own));
        OK(p11->C_Finalize(NULL));
        exit(0);
    }
    waitpid(child, &status, 0);
    EQUAL(status, 0);
    OK(p11->C_GenerateRandom(session, random, sizeof random));
    OK(p11->C_Logout(session));
    EQUAL(count_credentials(), 0);
    OK(p11->C_Finalize(NULL));
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    {"work", work_of_many},         {"generation", generation},
    {"absence", absence},           {"another password", another_password},
    {"fork", fork_afterwards},
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
