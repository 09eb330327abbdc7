/*
 * Asks for every kind of attribute and for everything that can be empty, with exact control of pointers and lengths, through
 * whatever client library is on the machine. Prints one line for each call: its name, what it returned, what came.
 *
 * usage: client-probe MODULE PIN
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <p11-kit/pkcs11.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define GCM_IV "123456789012"

/* Newer than the header. */
#define UNIQUE_ID 0x4
#define PUBLIC_KEY_INFO 0x129
#define DESTROYABLE 0x172

static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_ULONG secret = CKO_SECRET_KEY, public = CKO_PUBLIC_KEY, private = CKO_PRIVATE_KEY;
static CK_ULONG generic = CKK_GENERIC_SECRET, aes = CKK_AES, ec = CKK_EC;
static CK_BYTE value[32] = "thirty-two bytes that are known", id[] = {1, 2};
static CK_BYTE p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};

/* RFC 5903 section 8.1, the initiator. */
static CK_BYTE scalar[] = "\xc8\x8f\x01\xf5\x10\xd9\xac\x3f\x70\xa2\x92\xda\xa2\x31\x6d\xe5"
                          "\x44\xe9\xaa\xb8\xaf\xe8\x40\x49\xc6\x2a\x9c\x57\x86\x2d\x14\x33";
static CK_BYTE point[] = "\x04\x41\x04\xda\xd0\xb6\x53\x94\x22\x1c\xf9\xb0\x51\xe1\xfe\xca\x57\x87\xd0"
                         "\x98\xdf\xe6\x37\xfc\x90\xb9\xef\x94\x5d\x0c\x37\x72\x58\x11\x80\x52\x71\xa0"
                         "\x46\x1c\xdb\x82\x52\xd6\x1f\x1c\x45\x6f\xa3\xe5\x9a\xb1\xf4\x5b\x33\xac\xcf"
                         "\x5f\x58\x38\x9e\x05\x77\xb8\x99\x0b\xb3";

static void said(const char *name, CK_RV rv, const CK_BYTE *bytes, CK_ULONG length)
{
    printf("%s: 0x%lx", name, rv);
    if (rv == CKR_OK && bytes) {
        printf(" %lu ", length);
        for (CK_ULONG at = 0; at < length; at++)
            printf("%02x", bytes[at]);
    }
    printf("\n");
}

static CK_RV plain(const char *name, CK_RV rv)
{
    said(name, rv, NULL, 0);
    return rv;
}

static CK_OBJECT_HANDLE made(const char *name, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    CK_OBJECT_HANDLE handle = 0;
    plain(name, p11->C_CreateObject(session, attributes, count, &handle));
    return handle;
}

/* The length of every attribute, then the value. */
static void show(const char *name, CK_OBJECT_HANDLE object)
{
    static const CK_ATTRIBUTE_TYPE types[] = {
        CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_KEY_TYPE, CKA_ID, CKA_SENSITIVE, CKA_ENCRYPT, CKA_DECRYPT,
        CKA_WRAP, CKA_UNWRAP, CKA_SIGN, CKA_SIGN_RECOVER, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_DERIVE, CKA_START_DATE,
        CKA_END_DATE, CKA_MODULUS_BITS, CKA_VALUE_LEN, CKA_EXTRACTABLE, CKA_LOCAL, CKA_NEVER_EXTRACTABLE,
        CKA_ALWAYS_SENSITIVE, CKA_KEY_GEN_MECHANISM, CKA_MODIFIABLE, CKA_COPYABLE, DESTROYABLE, CKA_EC_PARAMS,
        CKA_EC_POINT, CKA_ALWAYS_AUTHENTICATE, CKA_WRAP_WITH_TRUSTED, CKA_TRUSTED, CKA_CHECK_VALUE, CKA_SUBJECT,
        PUBLIC_KEY_INFO, CKA_VALUE, CKA_ALLOWED_MECHANISMS, CKA_VENDOR_DEFINED | 1,
    };
    static CK_BYTE room[COUNT(types)][256];
    CK_ATTRIBUTE all[COUNT(types)];
    CK_ULONG lengths[COUNT(types)];
    char line[64];
    for (size_t at = 0; at < COUNT(types); at++)
        all[at] = (CK_ATTRIBUTE){types[at], NULL, 0};
    printf("%s lengths: 0x%lx\n", name, p11->C_GetAttributeValue(session, object, all, COUNT(types)));
    for (size_t at = 0; at < COUNT(types); at++) {
        lengths[at] = all[at].ulValueLen;
        all[at] = (CK_ATTRIBUTE){types[at], room[at], sizeof room[at]};
    }
    printf("%s values: 0x%lx\n", name, p11->C_GetAttributeValue(session, object, all, COUNT(types)));
    for (size_t at = 0; at < COUNT(types); at++) {
        snprintf(line, sizeof line, "%s %lx", name, types[at]);
        if (all[at].ulValueLen != lengths[at])
            printf("%s: %ld announced, %ld came\n", line, (long)lengths[at], (long)all[at].ulValueLen);
        else if (lengths[at] == CK_UNAVAILABLE_INFORMATION)
            printf("%s: none\n", line);
        else
            said(line, CKR_OK, room[at], lengths[at]);
    }
}

/* One that cannot be shown spoils none of the others. */
static void together(CK_OBJECT_HANDLE object)
{
    CK_ULONG class = 99, type = 99;
    CK_BBOOL destroyable = 9;
    CK_BYTE label[32], hidden[64];
    CK_ATTRIBUTE all[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_VALUE, hidden, sizeof hidden}, {DESTROYABLE, &destroyable, 1},
        {CKA_LABEL, label, 2}, {CKA_MODULUS, hidden, sizeof hidden}, {CKA_KEY_TYPE, &type, sizeof type},
    };
    CK_RV rv = p11->C_GetAttributeValue(session, object, all, COUNT(all));
    printf("together: 0x%lx class %lu type %lu destroyable %d lengths %ld %ld %ld\n", rv, class, type, destroyable,
           (long)all[1].ulValueLen, (long)all[3].ulValueLen, (long)all[4].ulValueLen);
}

static void find(const char *name, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    CK_OBJECT_HANDLE found[8];
    CK_ULONG number = 0;
    CK_RV rv = p11->C_FindObjectsInit(session, attributes, count);
    if (rv == CKR_OK)
        rv = p11->C_FindObjects(session, found, COUNT(found), &number);
    p11->C_FindObjectsFinal(session);
    printf("%s: 0x%lx %lu\n", name, rv, number);
}

typedef CK_RV (*whole_function)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);

/* Nothing goes in, as NULL and as a pointer. */
static void whole(const char *name, CK_RV begun, whole_function function, int null)
{
    CK_BYTE out[64];
    CK_ULONG length = sizeof out;
    if (begun != CKR_OK) {
        plain(name, begun);
        return;
    }
    CK_RV rv = function(session, null ? NULL : value, 0, out, &length);
    said(name, rv, out, length);
}

static void digests(void)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE out[64];
    CK_ULONG length = sizeof out;
    CK_RV rv;
    whole("C_Digest NULL", p11->C_DigestInit(session, &sha256), p11->C_Digest, 1);
    whole("C_Digest empty", p11->C_DigestInit(session, &sha256), p11->C_Digest, 0);
    plain("C_DigestInit", p11->C_DigestInit(session, &sha256));
    plain("C_DigestUpdate NULL", p11->C_DigestUpdate(session, NULL, 0));
    plain("C_DigestUpdate empty", p11->C_DigestUpdate(session, value, 0));
    plain("C_DigestUpdate", p11->C_DigestUpdate(session, value, 3));
    rv = p11->C_DigestFinal(session, out, &length);
    said("C_DigestFinal", rv, out, length);
}

static void signatures(CK_OBJECT_HANDLE key)
{
    CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
    CK_BYTE mac[64], other[64];
    CK_ULONG length = sizeof mac, same = sizeof other;
    CK_RV rv;
    whole("C_Sign NULL", p11->C_SignInit(session, &hmac, key), p11->C_Sign, 1);
    whole("C_Sign empty", p11->C_SignInit(session, &hmac, key), p11->C_Sign, 0);
    plain("C_SignInit", p11->C_SignInit(session, &hmac, key));
    plain("C_SignUpdate NULL", p11->C_SignUpdate(session, NULL, 0));
    plain("C_SignUpdate", p11->C_SignUpdate(session, value, 3));
    plain("C_SignUpdate empty", p11->C_SignUpdate(session, value, 0));
    rv = p11->C_SignFinal(session, mac, &length);
    said("C_SignFinal", rv, mac, length);
    p11->C_SignInit(session, &hmac, key);
    rv = p11->C_SignFinal(session, other, &same);
    said("C_SignFinal at once", rv, other, same);
    plain("C_VerifyInit", p11->C_VerifyInit(session, &hmac, key));
    plain("C_Verify NULL", p11->C_Verify(session, NULL, 0, other, same));
    p11->C_VerifyInit(session, &hmac, key);
    plain("C_Verify NULL, signature NULL", p11->C_Verify(session, NULL, 0, NULL, 0));
    p11->C_VerifyInit(session, &hmac, key);
    plain("C_VerifyUpdate NULL", p11->C_VerifyUpdate(session, NULL, 0));
    plain("C_VerifyUpdate", p11->C_VerifyUpdate(session, value, 3));
    plain("C_VerifyFinal", p11->C_VerifyFinal(session, mac, length));
    p11->C_VerifyInit(session, &hmac, key);
    plain("C_VerifyFinal NULL", p11->C_VerifyFinal(session, NULL, 0));
}

static void cipher(const char *name, CK_MECHANISM *how, CK_OBJECT_HANDLE key)
{
    char line[64];
    CK_BYTE sealed[64], out[64];
    CK_ULONG length = sizeof sealed, some = sizeof out;
    CK_RV rv = p11->C_EncryptInit(session, how, key);
    if (rv != CKR_OK) {
        plain(name, rv);
        return;
    }
#define NAMED(what) (snprintf(line, sizeof line, "%s " what, name), line)
    rv = p11->C_Encrypt(session, NULL, 0, sealed, &length);
    said(NAMED("C_Encrypt NULL"), rv, sealed, length);
    p11->C_DecryptInit(session, how, key);
    rv = p11->C_Decrypt(session, rv == CKR_OK && length ? sealed : NULL, rv == CKR_OK ? length : 0, out, &some);
    said(NAMED("C_Decrypt"), rv, out, some);
    p11->C_EncryptInit(session, how, key);
    some = sizeof out;
    rv = p11->C_EncryptUpdate(session, NULL, 0, out, &some);
    said(NAMED("C_EncryptUpdate NULL"), rv, out, some);
    some = sizeof out;
    rv = p11->C_EncryptFinal(session, out, &some);
    said(NAMED("C_EncryptFinal"), rv, out, some);
    p11->C_DecryptInit(session, how, key);
    some = sizeof out;
    rv = p11->C_DecryptUpdate(session, NULL, 0, out, &some);
    said(NAMED("C_DecryptUpdate NULL"), rv, out, some);
    some = sizeof out;
    rv = p11->C_DecryptFinal(session, out, &some);
    said(NAMED("C_DecryptFinal"), rv, out, some);
}

static void ciphers(CK_OBJECT_HANDLE key)
{
    CK_BYTE iv[16] = "sixteen bytes..";
    CK_AES_CTR_PARAMS counter = {128, "sixteen bytes.."};
    struct { /* The header's structure may be without ivBits. */
        CK_BYTE_PTR iv;
        CK_ULONG ivLength, ivBits;
        CK_BYTE_PTR aad;
        CK_ULONG aadLength, tagBits;
    } gcm = {(CK_BYTE_PTR)GCM_IV, 12, 96, NULL, 0, 128}, zeros = {(CK_BYTE[12]){0}, 12, 96, NULL, 0, 128};
    cipher("AES-ECB", &(CK_MECHANISM){CKM_AES_ECB, NULL, 0}, key);
    cipher("AES-CBC-PAD", &(CK_MECHANISM){CKM_AES_CBC_PAD, iv, 16}, key);
    cipher("AES-CTR", &(CK_MECHANISM){CKM_AES_CTR, &counter, sizeof counter}, key);
    cipher("AES-GCM", &(CK_MECHANISM){CKM_AES_GCM, &gcm, sizeof gcm}, key);
    cipher("AES-GCM with zeros", &(CK_MECHANISM){CKM_AES_GCM, &zeros, sizeof zeros}, key);
}

static void templates(CK_OBJECT_HANDLE key)
{
    CK_OBJECT_HANDLE handle = 0;
    CK_ULONG length = 32;
    CK_ATTRIBUTE inner[] = {{DESTROYABLE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1}};
    CK_ATTRIBUTE nested[] = {
        {CKA_VALUE_LEN, &length, sizeof length}, {CKA_UNWRAP, &yes, 1}, {CKA_UNWRAP_TEMPLATE, inner, sizeof inner},
        {CKA_TOKEN, &yes, 1}};
    CK_ATTRIBUTE empties[] = {
        {CKA_VALUE_LEN, &length, sizeof length}, {CKA_LABEL, NULL, 0}, {CKA_ID, NULL, 0},
        {CKA_START_DATE, NULL, 0}, {CKA_TOKEN, &yes, 1}};
    CK_ATTRIBUTE none[] = {{CKA_VALUE_LEN, &length, sizeof length}, {CKA_TOKEN, NULL, 0}};
    CK_ATTRIBUTE wide[] = {{CKA_VALUE_LEN, &length, sizeof length}, {DESTROYABLE, &length, sizeof length}};
    CK_MECHANISM generate = {CKM_AES_KEY_GEN, NULL, 0};
    plain("nested template", p11->C_GenerateKey(session, &generate, nested, COUNT(nested), &handle));
    plain("empty values", p11->C_GenerateKey(session, &generate, empties, COUNT(empties), &handle));
    plain("a boolean without a value", p11->C_GenerateKey(session, &generate, none, COUNT(none), &handle));
    plain("a boolean that is too long", p11->C_GenerateKey(session, &generate, wide, COUNT(wide), &handle));
    plain("C_SetAttributeValue", p11->C_SetAttributeValue(session, handle, (CK_ATTRIBUTE[]){{DESTROYABLE, &yes, 1}}, 1));
    plain("C_SetAttributeValue of nothing", p11->C_SetAttributeValue(session, key, NULL, 0));
    plain("C_CopyObject with nothing", p11->C_CopyObject(session, key, NULL, 0, &handle));
    plain("C_CreateObject of nothing", p11->C_CreateObject(session, NULL, 0, &handle));
    plain("C_GenerateKey with nothing", p11->C_GenerateKey(session, &generate, NULL, 0, &handle));
    plain("C_UnwrapKey of nothing", p11->C_UnwrapKey(session, &(CK_MECHANISM){CKM_AES_ECB, NULL, 0}, key, NULL, 0, NULL,
                                                     0, &handle));
}

static int begin(const char *module, const char *pin)
{
    CK_C_GetFunctionList list;
    CK_C_INITIALIZE_ARGS locking = {.flags = CKF_OS_LOCKING_OK};
    CK_SLOT_ID slot = 0;
    CK_ULONG slots = 1;
    void *library = dlopen(module, RTLD_NOW);
    *(void **)&list = library ? dlsym(library, "C_GetFunctionList") : NULL;
    return list && list(&p11) == CKR_OK && plain("C_Initialize", p11->C_Initialize(&locking)) == CKR_OK &&
           plain("C_GetSlotList", p11->C_GetSlotList(CK_TRUE, &slot, &slots)) == CKR_OK &&
           plain("C_OpenSession", p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session)) ==
               CKR_OK &&
           plain("C_Login NULL", p11->C_Login(session, CKU_USER, NULL, 0)) != CKR_OK &&
           plain("C_Login", p11->C_Login(session, CKU_USER, (CK_BYTE_PTR)pin, strlen(pin))) == CKR_OK;
}

int main(int count, char **words)
{
    if (count != 3 || !begin(words[1], words[2])) {
        fprintf(stderr, "no session\n");
        return 1;
    }
    CK_ATTRIBUTE mac[] = {
        {CKA_CLASS, &secret, sizeof secret}, {CKA_KEY_TYPE, &generic, sizeof generic}, {CKA_VALUE, value, 32},
        {CKA_LABEL, "probe", 5}, {CKA_ID, id, 2}, {CKA_SENSITIVE, &no, 1}, {CKA_EXTRACTABLE, &yes, 1},
        {DESTROYABLE, &yes, 1}, {CKA_SIGN, &yes, 1}, {CKA_VERIFY, &yes, 1}, {CKA_START_DATE, NULL, 0},
        {CKA_DERIVE, &no, 1}, {CKA_TOKEN, &yes, 1},
    };
    CK_ATTRIBUTE cipherKey[] = {
        {CKA_CLASS, &secret, sizeof secret}, {CKA_KEY_TYPE, &aes, sizeof aes}, {CKA_VALUE, value, 32},
        {CKA_ENCRYPT, &yes, 1}, {CKA_DECRYPT, &yes, 1}, {DESTROYABLE, &no, 1}, {CKA_TOKEN, &yes, 1},
    };
    CK_ATTRIBUTE half[] = {
        {CKA_CLASS, &public, sizeof public}, {CKA_KEY_TYPE, &ec, sizeof ec}, {CKA_EC_PARAMS, p256, sizeof p256},
        {CKA_EC_POINT, point, sizeof point - 1}, {CKA_LABEL, "half", 5}, {CKA_VERIFY, &yes, 1}, {CKA_TOKEN, &yes, 1},
    };
    CK_ATTRIBUTE otherHalf[] = {
        {CKA_CLASS, &private, sizeof private}, {CKA_KEY_TYPE, &ec, sizeof ec}, {CKA_EC_PARAMS, p256, sizeof p256},
        {CKA_VALUE, scalar, sizeof scalar - 1}, {CKA_SIGN, &yes, 1}, {CKA_TOKEN, &yes, 1},
    };
    CK_OBJECT_HANDLE key = made("secret", mac, COUNT(mac));
    CK_OBJECT_HANDLE aesKey = made("AES", cipherKey, COUNT(cipherKey));
    CK_OBJECT_HANDLE publicKey = made("public", half, COUNT(half));
    CK_OBJECT_HANDLE privateKey = made("private", otherHalf, COUNT(otherHalf));
    show("secret", key);
    show("public", publicKey);
    show("private", privateKey);
    together(privateKey);
    find("found destroyable", (CK_ATTRIBUTE[]){{CKA_LABEL, "probe", 5}, {DESTROYABLE, &yes, 1}}, 2);
    find("found not destroyable", (CK_ATTRIBUTE[]){{CKA_LABEL, "probe", 5}, {DESTROYABLE, &no, 1}}, 2);
    digests();
    signatures(key);
    ciphers(aesKey);
    templates(key);
    CK_BYTE out[8];
    plain("C_GenerateRandom of nothing", p11->C_GenerateRandom(session, out, 0));
    plain("C_SeedRandom NULL", p11->C_SeedRandom(session, NULL, 0));
    plain("C_EncryptInit NULL", p11->C_EncryptInit(session, NULL, 0));
    plain("C_DigestInit NULL", p11->C_DigestInit(session, NULL));
    find("found by nothing", NULL, 0);
    plain("C_DestroyObject", p11->C_DestroyObject(session, key));
    plain("C_DestroyObject of what may not be", p11->C_DestroyObject(session, aesKey));
    plain("C_Finalize", p11->C_Finalize(NULL));
    return 0;
}
