/*
 * libFuzzer's target: every function with an HSM that answers as it likes. The input says which function is called, with how
 * much room, and what comes back: an answer to that call with these results, or bytes that need not even be a frame.
 *
 * byte 0: the call; byte 1: 0 for bytes as they are, otherwise results; byte 2: room; then what comes.
 */
#include <stdlib.h>
#include <string.h>

#include "answering_stream.h"
#include "rpc.h"

#define ROOMS 64

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const struct rpc *find_rpc(unsigned char id);

/* What the program had there before. It points nowhere, should it be taken for a pointer. */
#define STALE 0xa5

/* Exactly as much as was said, so that AddressSanitizer sees every byte beyond it. */
static unsigned char *exact(size_t size)
{
    unsigned char *room = size == 0 ? NULL : malloc(size);
    return room == NULL ? NULL : memset(room, STALE, size);
}

static void attributes(CK_SESSION_HANDLE session, size_t room)
{
    CK_ATTRIBUTE inner[2] = {{CKA_LABEL, NULL, 0}, {CKA_ID, NULL, 0}};
    unsigned char *label = exact(room), *flag = exact(room), *number = exact(room), *list = exact(room);
    inner[0].pValue = label;
    inner[0].ulValueLen = room;
    CK_ATTRIBUTE all[] = {
        {CKA_LABEL, label, room},
        {CKA_SIGN, flag, room},
        {CKA_CLASS, number, room},
        {CKA_ALLOWED_MECHANISMS, list, room},
        {CKA_WRAP_TEMPLATE, room < 2 ? NULL : inner, room < 2 ? 0 : sizeof inner},
    };
    (void)C_GetAttributeValue(session, 1, all, sizeof all / sizeof *all);
    free(label);
    free(flag);
    free(number);
    free(list);
}

static void infos(unsigned char id)
{
    CK_INFO info;
    CK_SLOT_INFO slot;
    CK_TOKEN_INFO token;
    CK_MECHANISM_INFO mechanism;
    CK_SESSION_INFO session;
    CK_SLOT_ID event;
    switch (id) {
    case 3:
        (void)C_GetInfo(&info);
        break;
    case 5:
        (void)C_GetSlotInfo(0, &slot);
        break;
    case 6:
        (void)C_GetTokenInfo(0, &token);
        break;
    case 8:
        (void)C_GetMechanismInfo(0, CKM_AES_GCM, &mechanism);
        break;
    case 13:
        (void)C_GetSessionInfo(1, &session);
        break;
    default:
        (void)C_WaitForSlotEvent(0, &event, NULL);
        break;
    }
}

static void lists(unsigned char id, size_t room)
{
    CK_ULONG count = room;
    CK_ULONG *list = (CK_ULONG *)(void *)exact(room * sizeof *list);
    if (id == 4)
        (void)C_GetSlotList(CK_TRUE, list, &count);
    else if (id == 7)
        (void)C_GetMechanismList(0, list, &count);
    else
        (void)C_FindObjects(1, list, count, &count);
    free(list);
}

static void outputs(unsigned char id, size_t room)
{
    unsigned char *iv = exact(room);
    unsigned char *out = exact(room);
    unsigned char tag[16];
    CK_GCM_PARAMS gcm = {iv, room, 0, NULL, 0, 128};
    CK_GCM_MESSAGE_PARAMS message = {iv, room, 0, CKG_GENERATE, tag, sizeof tag * 8};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &gcm, sizeof gcm};
    CK_ULONG length = room;
    if (id == 29)
        (void)C_EncryptInit(1, &mechanism, 1);
    else if (id == 60)
        (void)C_WrapKey(1, &mechanism, 1, 1, out, &length);
    else if (id == 64)
        (void)C_GenerateRandom(1, out, room);
    else if (id == 130)
        (void)C_EncryptMessage(1, &message, sizeof message, NULL, 0, out, room, out, &length);
    else
        (void)C_Encrypt(1, out, room, out, &length);
    free(iv);
    free(out);
}

static void handles(unsigned char id)
{
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ULONG one = 0;
    CK_ULONG other = 0;
    if (id == 10)
        (void)C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &one);
    else if (id == 59)
        (void)C_GenerateKeyPair(1, &mechanism, NULL, 0, NULL, 0, &one, &other);
    else
        (void)C_GenerateKey(1, &mechanism, NULL, 0, &one);
}

/* By the numbers of the protocol. */
static void call(unsigned char id, size_t room)
{
    switch (id) {
    case 3:
    case 5:
    case 6:
    case 8:
    case 13:
    case 65:
        infos(id);
        break;
    case 4:
    case 7:
    case 27:
        lists(id, room);
        break;
    case 10:
    case 58:
    case 59:
        handles(id);
        break;
    case 24:
        attributes(1, room);
        break;
    default:
        outputs(id, room);
        break;
    }
}

static const struct rpc *find_rpc(unsigned char id)
{
    static const struct rpc known[] = {
        RPC_C_GetInfo,          RPC_C_GetSlotList,      RPC_C_GetSlotInfo,       RPC_C_GetTokenInfo,
        RPC_C_GetMechanismList, RPC_C_GetMechanismInfo, RPC_C_OpenSession,       RPC_C_GetSessionInfo,
        RPC_C_GetAttributeValue, RPC_C_FindObjects,     RPC_C_EncryptInit,       RPC_C_Encrypt,
        RPC_C_GenerateKey,      RPC_C_GenerateKeyPair,  RPC_C_WrapKey,           RPC_C_GenerateRandom,
        RPC_C_WaitForSlotEvent, RPC_C_EncryptMessage,
    };
    for (size_t at = 0; at < sizeof known / sizeof *known; at++) {
        if (known[at].id == id)
            return known + at;
    }
    return NULL;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 3)
        return 0;
    const struct rpc *which = find_rpc(data[0]);
    if (which == NULL)
        return 0;
    answering_stream_set(data[1] == 0 ? NULL : which, data + 3, size - 3);
    if (C_Initialize(NULL) != CKR_OK)
        abort();
    call(data[0], data[2] % ROOMS);
    (void)C_Finalize(NULL);
    return 0;
}
