/* Encryption, decryption, digests, signatures and MACs (PKCS#11 v2.40 sections 5.8 to 5.12). */
#include "call.h"
#include "mechanisms.h"

/* Data goes in, and comes out into the caller's room. */
static CK_RV transform(struct rpc which, CK_SESSION_HANDLE session, const unsigned char *data, CK_ULONG length,
                       unsigned char *out, CK_ULONG *out_length)
{
    struct call call;
    call_begin_in(&call, which, session);
    call_put_bytes(&call, data, length);
    call_put_room(&call, out, out_length);
    if (call_send(&call))
        call_get_bytes(&call, out, out_length);
    return call_end(&call);
}

/* Data comes out at the end. */
static CK_RV finish(struct rpc which, CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *out_length)
{
    struct call call;
    call_begin_in(&call, which, session);
    call_put_room(&call, out, out_length);
    if (call_send(&call))
        call_get_bytes(&call, out, out_length);
    return call_end(&call);
}

/* Data goes in. */
static CK_RV feed(struct rpc which, CK_SESSION_HANDLE session, const unsigned char *data, CK_ULONG length)
{
    struct call call;
    call_begin_in(&call, which, session);
    call_put_bytes(&call, data, length);
    (void)call_send(&call);
    return call_end(&call);
}

static CK_RV start(struct rpc which, CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    struct call call;
    call_begin_in(&call, which, session);
    call_put_mechanism(&call, mechanism);
    call_put_number(&call, key);
    (void)call_send(&call);
    return call_end(&call);
}

/* The IV that the HSM made is there from here on. */
CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    struct call call;
    call_begin_in(&call, RPC_C_EncryptInit, session);
    call_put_mechanism(&call, mechanism);
    call_put_number(&call, key);
    if (call_send(&call))
        call_get_outputs(&call, mechanism);
    return call_end(&call);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length, unsigned char *out, CK_ULONG *out_length)
{
    return transform(RPC_C_Encrypt, session, data, length, out, out_length);
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length, unsigned char *out,
                      CK_ULONG *out_length)
{
    return transform(RPC_C_EncryptUpdate, session, data, length, out, out_length);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *out_length)
{
    return finish(RPC_C_EncryptFinal, session, out, out_length);
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return start(RPC_C_DecryptInit, session, mechanism, key);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, unsigned char *sealed, CK_ULONG length, unsigned char *out, CK_ULONG *out_length)
{
    return transform(RPC_C_Decrypt, session, sealed, length, out, out_length);
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, unsigned char *sealed, CK_ULONG length, unsigned char *out,
                      CK_ULONG *out_length)
{
    return transform(RPC_C_DecryptUpdate, session, sealed, length, out, out_length);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *out_length)
{
    return finish(RPC_C_DecryptFinal, session, out, out_length);
}

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism)
{
    struct call call;
    call_begin_in(&call, RPC_C_DigestInit, session);
    call_put_mechanism(&call, mechanism);
    (void)call_send(&call);
    return call_end(&call);
}

CK_RV C_Digest(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length, unsigned char *out, CK_ULONG *out_length)
{
    return transform(RPC_C_Digest, session, data, length, out, out_length);
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length)
{
    return feed(RPC_C_DigestUpdate, session, data, length);
}

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    struct call call;
    call_begin_in(&call, RPC_C_DigestKey, session);
    call_put_number(&call, key);
    (void)call_send(&call);
    return call_end(&call);
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *out_length)
{
    return finish(RPC_C_DigestFinal, session, out, out_length);
}

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return start(RPC_C_SignInit, session, mechanism, key);
}

CK_RV C_Sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length, unsigned char *signature,
             CK_ULONG *signature_length)
{
    return transform(RPC_C_Sign, session, data, length, signature, signature_length);
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length)
{
    return feed(RPC_C_SignUpdate, session, data, length);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, unsigned char *signature, CK_ULONG *signature_length)
{
    return finish(RPC_C_SignFinal, session, signature, signature_length);
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return start(RPC_C_VerifyInit, session, mechanism, key);
}

CK_RV C_Verify(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length, unsigned char *signature,
               CK_ULONG signature_length)
{
    struct call call;
    call_begin_in(&call, RPC_C_Verify, session);
    call_put_bytes(&call, data, length);
    call_put_bytes(&call, signature, signature_length);
    (void)call_send(&call);
    return call_end(&call);
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length)
{
    return feed(RPC_C_VerifyUpdate, session, data, length);
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, unsigned char *signature, CK_ULONG signature_length)
{
    return feed(RPC_C_VerifyFinal, session, signature, signature_length);
}
