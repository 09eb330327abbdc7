/* Messages one after another, after one Init (PKCS#11 v3.0 sections 5.9, 5.11, 5.14 and 5.16). */
#include <string.h>

#include "call.h"
#include "mechanisms.h"

#define BITS_PER_BYTE 8
#define TAG_BITS_MAX 128

static CK_RV start(struct rpc which, CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    struct call call;
    call_begin_in(&call, which, session);
    call_put_mechanism(&call, mechanism);
    call_put_number(&call, key);
    (void)call_send(&call);
    return call_end(&call);
}

/* The parameter comes with each message: what programs give here, if anything, is not read. */
static CK_RV start_cipher(struct rpc which, CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM bare = {0, NULL, 0};
    if (mechanism != NULL)
        bare.mechanism = mechanism->mechanism;
    return start(which, session, mechanism == NULL ? NULL : &bare, key);
}

static CK_RV stop(struct rpc which, CK_SESSION_HANDLE session)
{
    struct call call;
    call_begin_in(&call, which, session);
    (void)call_send(&call);
    return call_end(&call);
}

/* The parameter, or NULL: then the function returns CKR_MECHANISM_PARAM_INVALID. */
static const CK_GCM_MESSAGE_PARAMS *gcm_parameter(struct call *call, const void *parameter, CK_ULONG size)
{
    const CK_GCM_MESSAGE_PARAMS *gcm = parameter;
    if (gcm != NULL && size == sizeof *gcm && gcm->pTag != NULL && gcm->ulTagBits <= TAG_BITS_MAX &&
        gcm->ulTagBits % BITS_PER_BYTE == 0)
        return gcm;
    call_refuse(call, CKR_MECHANISM_PARAM_INVALID);
    return NULL;
}

/* Of signatures, which have none. */
static void require_no_parameter(struct call *call, const void *parameter, CK_ULONG size)
{
    if (parameter != NULL || size != 0)
        call_refuse(call, CKR_MECHANISM_PARAM_INVALID);
}

static void get_made(struct reader *from, unsigned char *to, CK_ULONG size)
{
    struct span made = reader_array(from);
    if (made.bytes == NULL || to == NULL || made.length != size)
        reader_fail(from);
    else
        memcpy(to, made.bytes, made.length);
}

/* The IV and the tag, unless only the length of the ciphertext was told. */
static void get_iv_and_tag(struct call *call, const CK_GCM_MESSAGE_PARAMS *gcm)
{
    struct span outputs = reader_array(&call->results);
    struct reader from;
    if (call->results.failed || outputs.bytes == NULL)
        return;
    reader_init(&from, outputs.bytes, outputs.length);
    get_made(&from, gcm->pIv, gcm->ulIvLen);
    get_made(&from, gcm->pTag, gcm->ulTagBits / BITS_PER_BYTE);
    if (!reader_ended_well(&from))
        reader_fail(&call->results);
}

CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return start_cipher(RPC_C_MessageEncryptInit, session, mechanism, key);
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, unsigned char *aad,
                       CK_ULONG aad_len, unsigned char *in, CK_ULONG in_len, unsigned char *out, CK_ULONG *out_len)
{
    struct call call;
    call_begin_in(&call, RPC_C_EncryptMessage, session);
    const CK_GCM_MESSAGE_PARAMS *gcm = gcm_parameter(&call, parameter, parameter_len);
    if (gcm != NULL) {
        call_put_bytes(&call, gcm->pIv, gcm->ulIvLen);
        call_put_number(&call, gcm->ulIvFixedBits);
        call_put_number(&call, gcm->ivGenerator);
        call_put_number(&call, gcm->ulTagBits);
    }
    call_put_bytes(&call, aad, aad_len);
    call_put_bytes(&call, in, in_len);
    call_put_room(&call, out, out_len);
    if (call_send(&call)) {
        call_get_bytes(&call, out, out_len);
        get_iv_and_tag(&call, gcm);
    }
    return call_end(&call);
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session)
{
    return stop(RPC_C_MessageEncryptFinal, session);
}

CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return start_cipher(RPC_C_MessageDecryptInit, session, mechanism, key);
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, unsigned char *aad,
                       CK_ULONG aad_len, unsigned char *in, CK_ULONG in_len, unsigned char *out, CK_ULONG *out_len)
{
    struct call call;
    call_begin_in(&call, RPC_C_DecryptMessage, session);
    const CK_GCM_MESSAGE_PARAMS *gcm = gcm_parameter(&call, parameter, parameter_len);
    if (gcm != NULL) {
        call_put_bytes(&call, gcm->pIv, gcm->ulIvLen);
        call_put_bytes(&call, gcm->pTag, gcm->ulTagBits / BITS_PER_BYTE);
    }
    call_put_bytes(&call, aad, aad_len);
    call_put_bytes(&call, in, in_len);
    call_put_room(&call, out, out_len);
    if (call_send(&call))
        call_get_bytes(&call, out, out_len);
    return call_end(&call);
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session)
{
    return stop(RPC_C_MessageDecryptFinal, session);
}

CK_RV C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return start(RPC_C_MessageSignInit, session, mechanism, key);
}

CK_RV C_SignMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, unsigned char *data,
                    CK_ULONG data_len, unsigned char *signature, CK_ULONG *signature_len)
{
    struct call call;
    call_begin_in(&call, RPC_C_SignMessage, session);
    require_no_parameter(&call, parameter, parameter_len);
    call_put_bytes(&call, data, data_len);
    call_put_room(&call, signature, signature_len);
    if (call_send(&call))
        call_get_bytes(&call, signature, signature_len);
    return call_end(&call);
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session)
{
    return stop(RPC_C_MessageSignFinal, session);
}

CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return start(RPC_C_MessageVerifyInit, session, mechanism, key);
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len, unsigned char *data,
                      CK_ULONG data_len, unsigned char *signature, CK_ULONG signature_len)
{
    struct call call;
    call_begin_in(&call, RPC_C_VerifyMessage, session);
    require_no_parameter(&call, parameter, parameter_len);
    call_put_bytes(&call, data, data_len);
    call_put_bytes(&call, signature, signature_len);
    (void)call_send(&call);
    return call_end(&call);
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session)
{
    return stop(RPC_C_MessageVerifyFinal, session);
}
