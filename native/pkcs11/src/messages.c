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

/* Functions that are one of these, under their own names. */
#define STARTS(name)                                                                                                   \
    CK_RV name(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)                               \
    {                                                                                                                  \
        return start(RPC_##name, session, mechanism, key);                                                             \
    }
#define TRANSFORMS(name)                                                                                               \
    CK_RV name(CK_SESSION_HANDLE session, unsigned char *in, CK_ULONG length, unsigned char *out,                      \
               CK_ULONG *out_length)                                                                                   \
    {                                                                                                                  \
        return transform(RPC_##name, session, in, length, out, out_length);                                            \
    }
#define FEEDS(name)                                                                                                    \
    CK_RV name(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG length)                                        \
    {                                                                                                                  \
        return feed(RPC_##name, session, data, length);                                                                \
    }
#define FINISHES(name)                                                                                                 \
    CK_RV name(CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *out_length)                                    \
    {                                                                                                                  \
        return finish(RPC_##name, session, out, out_length);                                                           \
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

TRANSFORMS(C_Encrypt)
TRANSFORMS(C_EncryptUpdate)
FINISHES(C_EncryptFinal)

STARTS(C_DecryptInit)
TRANSFORMS(C_Decrypt)
TRANSFORMS(C_DecryptUpdate)
FINISHES(C_DecryptFinal)

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism)
{
    struct call call;
    call_begin_in(&call, RPC_C_DigestInit, session);
    call_put_mechanism(&call, mechanism);
    (void)call_send(&call);
    return call_end(&call);
}

TRANSFORMS(C_Digest)
FEEDS(C_DigestUpdate)

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    struct call call;
    call_begin_in(&call, RPC_C_DigestKey, session);
    call_put_number(&call, key);
    (void)call_send(&call);
    return call_end(&call);
}

FINISHES(C_DigestFinal)

STARTS(C_SignInit)
TRANSFORMS(C_Sign)
FEEDS(C_SignUpdate)
FINISHES(C_SignFinal)

STARTS(C_VerifyInit)

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

FEEDS(C_VerifyUpdate)
FEEDS(C_VerifyFinal)
