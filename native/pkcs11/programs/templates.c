/*
 * Programs with a trusted key, whose template says which keys it wraps, or what the keys that it unwraps may do.
 *
 * The first time there is no such key: the program makes it and ends with 3. An admin then sets its attribute `trusted`.
 */
#include <string.h>

#include "find.h"
#include "keys.h"
#include "names.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_MECHANISM pkcs5 = {CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, NULL, 0};

static CK_OBJECT_HANDLE generate(CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE key;
    OK(p11->C_GenerateKey(session, &mechanism, template, count, &key));
    return key;
}

/* `type`: CKA_WRAP_TEMPLATE or CKA_UNWRAP_TEMPLATE. */
static CK_OBJECT_HANDLE trusted_key(const char *label, CK_ATTRIBUTE_TYPE type, CK_ATTRIBUTE *inner, CK_ULONG inner_size)
{
    CK_OBJECT_HANDLE key;
    CK_ULONG length = 32;
    CK_ATTRIBUTE template[] = {{CKA_LABEL, (void *)label, strlen(label)}, {CKA_TOKEN, &yes, sizeof yes},
                               {CKA_WRAP, &yes, sizeof yes},      {CKA_UNWRAP, &yes, sizeof yes},
                               {CKA_EXTRACTABLE, &no, sizeof no}, {CKA_SIGN, &no, sizeof no},
                               {CKA_VERIFY, &no, sizeof no},      {CKA_VALUE_LEN, &length, sizeof length},
                               {type, inner, inner_size}};
    if (find_all(template, 1, &key, 1) == 0) {
        (void)generate(template, COUNT(template));
        (void)printf("made the key %s: let an admin set its attribute trusted\n", label);
        exit(3);
    }
    EQUAL(flag_of(key, CKA_TRUSTED), CK_TRUE);
    return key;
}

/* A key that leaves under a trusted key only. */
static CK_OBJECT_HANDLE payload(CK_BBOOL *encrypts)
{
    CK_ULONG length = 32;
    CK_ATTRIBUTE template[] = {{CKA_VALUE_LEN, &length, sizeof length},
                               {CKA_ENCRYPT, encrypts, sizeof *encrypts},
                               {CKA_WRAP_WITH_TRUSTED, &yes, sizeof yes}};
    return generate(template, COUNT(template));
}

/* Keys that encrypt leave, and no others; under a key that is not trusted none leaves. */
void wrap_with_template(void)
{
    CK_ATTRIBUTE only[] = {{CKA_ENCRYPT, &yes, sizeof yes}};
    CK_OBJECT_HANDLE trusted = trusted_key("wrap_with_template", CKA_WRAP_TEMPLATE, only, sizeof only);
    CK_BYTE wrapped[64];
    CK_ULONG length = sizeof wrapped;
    CK_OBJECT_HANDLE key = payload(&yes);
    OK(p11->C_WrapKey(session, &pkcs5, trusted, key, wrapped, &length));
    EQUAL(length, 32 + 8 + 8);
    EQUAL(p11->C_WrapKey(session, &pkcs5, secret_key(CKM_AES_KEY_GEN, WRAP), key, wrapped, &length),
          CKR_KEY_NOT_WRAPPABLE);
    EQUAL(p11->C_WrapKey(session, &pkcs5, trusted, payload(&no), wrapped, &length), CKR_KEY_NOT_WRAPPABLE);
}

/* What comes back encrypts and cannot leave again, whoever unwraps it, and nobody gets to say otherwise. */
void unwrap_with_template(void)
{
    CK_ATTRIBUTE as[] = {{CKA_ENCRYPT, &yes, sizeof yes}, {CKA_EXTRACTABLE, &no, sizeof no}};
    CK_OBJECT_HANDLE trusted = trusted_key("unwrap_with_template", CKA_UNWRAP_TEMPLATE, as, sizeof as), unwrapped;
    CK_BYTE wrapped[64];
    CK_ULONG length = sizeof wrapped, class = CKO_SECRET_KEY, type = CKK_AES;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_KEY_TYPE, &type, sizeof type},
                               {CKA_EXTRACTABLE, &yes, sizeof yes}};
    CK_OBJECT_HANDLE key = payload(&yes);
    OK(p11->C_WrapKey(session, &pkcs5, trusted, key, wrapped, &length));
    OK(p11->C_UnwrapKey(session, &pkcs5, trusted, wrapped, length, template, COUNT(template) - 1, &unwrapped));
    EQUAL(flag_of(unwrapped, CKA_EXTRACTABLE), CK_FALSE);
    EQUAL(flag_of(unwrapped, CKA_SIGN), CK_FALSE);
    TRUE_(is_same_key(CKM_AES_ECB, key, unwrapped));
    EQUAL(p11->C_UnwrapKey(session, &pkcs5, trusted, wrapped, length, template, COUNT(template), &unwrapped),
          CKR_TEMPLATE_INCONSISTENT);
}
