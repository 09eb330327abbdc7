/* Programs about objects: how they are found, looked at and destroyed, and certificates, which are kept beside keys. */
#include <string.h>

#include "find.h"
#include "keys.h"
#include "names.h"

static int contains(const CK_OBJECT_HANDLE *objects, size_t count, CK_OBJECT_HANDLE object)
{
    while (count > 0 && objects[count - 1] != object)
        count--;
    return count > 0;
}

void find_objects(void)
{
    char label[LABEL_ROOM];
    CK_OBJECT_HANDLE made[5], found[10];
    CK_ULONG class = CKO_SECRET_KEY, length = 16;
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    random_label(label);
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_LABEL, label, strlen(label)},
                               {CKA_VALUE_LEN, &length, sizeof length}};
    for (size_t at = 0; at < COUNT(made); at++)
        OK(p11->C_GenerateKey(session, &mechanism, template, COUNT(template), made + at));
    EQUAL(find_all(template, COUNT(template), found, COUNT(found)), COUNT(made));
    for (size_t at = 0; at < COUNT(made); at++)
        TRUE_(contains(found, COUNT(made), made[at]));
    class = CKO_PUBLIC_KEY;
    EQUAL(find_all(template, 2, found, COUNT(found)), 0);
}

/* Asks how long each is, then for all of them at once. */
static void read_attributes(CK_OBJECT_HANDLE key, const CK_ATTRIBUTE_TYPE *types, CK_ULONG count)
{
    CK_ATTRIBUTE *attributes = calloc(count, sizeof *attributes);
    for (CK_ULONG at = 0; at < count; at++)
        attributes[at].type = types[at];
    OK(p11->C_GetAttributeValue(session, key, attributes, count));
    for (CK_ULONG at = 0; at < count; at++) {
        TRUE_(attributes[at].ulValueLen != CK_UNAVAILABLE_INFORMATION);
        attributes[at].pValue = malloc(attributes[at].ulValueLen + 1);
    }
    OK(p11->C_GetAttributeValue(session, key, attributes, count));
    for (CK_ULONG at = 0; at < count; at++)
        free(attributes[at].pValue);
    free(attributes);
}

void attributes_cmd(void)
{
    static const CK_ATTRIBUTE_TYPE of_public[] = {CKA_CLASS,        CKA_KEY_TYPE, CKA_TOKEN, CKA_PRIVATE,
                                                  CKA_LABEL,        CKA_ID,       CKA_LOCAL, CKA_MODIFIABLE,
                                                  CKA_DESTROYABLE,  CKA_VERIFY,   CKA_WRAP,  CKA_ENCRYPT,
                                                  CKA_MODULUS_BITS, CKA_MODULUS,  CKA_PUBLIC_EXPONENT};
    static const CK_ATTRIBUTE_TYPE of_private[] = {
        CKA_CLASS,       CKA_KEY_TYPE,          CKA_TOKEN,  CKA_PRIVATE,   CKA_LABEL,            CKA_ID,
        CKA_LOCAL,       CKA_MODIFIABLE,        CKA_SIGN,   CKA_UNWRAP,    CKA_DECRYPT,          CKA_DERIVE,
        CKA_SENSITIVE,   CKA_ALWAYS_SENSITIVE,  CKA_MODULUS, CKA_EXTRACTABLE, CKA_NEVER_EXTRACTABLE,
        CKA_DESTROYABLE, CKA_WRAP_WITH_TRUSTED, CKA_PUBLIC_EXPONENT};
    CK_BYTE exponent[256];
    CK_ATTRIBUTE secret = {CKA_PRIVATE_EXPONENT, exponent, sizeof exponent};
    struct pair pair = rsa_pair(SIGN);
    read_attributes(pair.public, of_public, COUNT(of_public));
    read_attributes(pair.private, of_private, COUNT(of_private));
    EQUAL(p11->C_GetAttributeValue(session, pair.private, &secret, 1), CKR_ATTRIBUTE_SENSITIVE);
    EQUAL(secret.ulValueLen, CK_UNAVAILABLE_INFORMATION);
}

void destroy_cmd(void)
{
    CK_OBJECT_HANDLE key = secret_key(CKM_AES_KEY_GEN, ENCRYPT);
    CK_MECHANISM mechanism = {CKM_AES_ECB, NULL, 0};
    OK(p11->C_DestroyObject(session, key));
    EQUAL(p11->C_DestroyObject(session, key), CKR_OBJECT_HANDLE_INVALID);
    EQUAL(p11->C_EncryptInit(session, &mechanism, key), CKR_KEY_HANDLE_INVALID);
}

/* Ed25519, made with openssl: CN=sample, to the year 9966. */
static CK_BYTE certificate[] = {
    0x30, 0x81, 0xca, 0x30, 0x7e, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x30, 0x11, 0x31,
    0x0f, 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x06, 0x73, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x30, 0x20,
    0x17, 0x0d, 0x32, 0x36, 0x31, 0x31, 0x32, 0x39, 0x30, 0x34, 0x34, 0x38, 0x30, 0x38, 0x5a, 0x18, 0x0f, 0x39,
    0x39, 0x36, 0x36, 0x31, 0x31, 0x30, 0x34, 0x30, 0x34, 0x34, 0x38, 0x30, 0x38, 0x5a, 0x30, 0x11, 0x31, 0x0f,
    0x30, 0x0d, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x06, 0x73, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x30, 0x2a, 0x30,
    0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x40, 0x62, 0x03, 0xa2, 0xd1, 0x05, 0xd9, 0x7a, 0xd9,
    0xf4, 0xde, 0xa9, 0x69, 0x4e, 0x13, 0xf0, 0x65, 0xa9, 0x9c, 0x03, 0xfe, 0xbb, 0xa8, 0xd8, 0xe9, 0x9d, 0x34,
    0x7d, 0xd7, 0xc6, 0x75, 0x9c, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x41, 0x00, 0x77, 0x0a, 0x83,
    0x32, 0xed, 0xdb, 0x8e, 0x2f, 0x5d, 0x19, 0x4e, 0x4b, 0xe2, 0x06, 0x30, 0xc1, 0x73, 0x89, 0x80, 0x73, 0x34,
    0x4d, 0xe7, 0xd0, 0x19, 0x0c, 0x9f, 0x6a, 0xba, 0x5e, 0x13, 0xb3, 0x74, 0x61, 0xc7, 0x8a, 0x6a, 0x2e, 0x3e,
    0x06, 0x39, 0x4a, 0x7f, 0x43, 0x50, 0x64, 0xa5, 0xe8, 0xae, 0xf7, 0xf1, 0xcb, 0x9f, 0xa2, 0xc2, 0xc6, 0xe6,
    0x95, 0x18, 0x9c, 0x64, 0x3b, 0xf4, 0x05,
};

void certificate_storage(void)
{
    char label[LABEL_ROOM];
    CK_BYTE value[512];
    CK_BBOOL no = CK_FALSE;
    CK_OBJECT_HANDLE made, found;
    CK_ULONG class = CKO_CERTIFICATE, type = CKC_X_509;
    random_label(label);
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_LABEL, label, strlen(label)},
                               {CKA_CERTIFICATE_TYPE, &type, sizeof type},
                               {CKA_TOKEN, &no, sizeof no},
                               {CKA_VALUE, certificate, sizeof certificate}};
    OK(p11->C_CreateObject(session, template, COUNT(template), &made));
    EQUAL(find_all(template, 2, &found, 1), 1);
    EQUAL(found, made);
    EQUAL(bytes_of(found, CKA_VALUE, value, sizeof value), sizeof certificate);
    EQUAL(memcmp(value, certificate, sizeof certificate), 0);
    OK(p11->C_DestroyObject(session, made));
    EQUAL(find_all(template, 2, &found, 1), 0);
}
