/* Keys generated, wrapped, unwrapped and derived, and random bytes (PKCS#11 v2.40 sections 5.13 and 5.14). */
#include <string.h>

#include "attributes.h"
#include "call.h"
#include "mechanisms.h"

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *attributes, CK_ULONG count,
                    CK_OBJECT_HANDLE *key)
{
    struct call call;
    call_begin_in(&call, RPC_C_GenerateKey, session);
    call_put_mechanism(&call, mechanism);
    call_put_new(&call, attributes, count);
    call_require(&call, mechanism != NULL && key != NULL);
    if (call_send(&call))
        *key = call_get_number(&call);
    return call_end(&call);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_attributes,
                        CK_ULONG public_count, CK_ATTRIBUTE *private_attributes, CK_ULONG private_count,
                        CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    struct call call;
    call_begin_in(&call, RPC_C_GenerateKeyPair, session);
    call_put_mechanism(&call, mechanism);
    call_put_new(&call, public_attributes, public_count);
    call_put_new(&call, private_attributes, private_count);
    call_require(&call, mechanism != NULL && public_key != NULL && private_key != NULL);
    if (call_send(&call)) {
        *public_key = call_get_number(&call);
        *private_key = call_get_number(&call);
    }
    return call_end(&call);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key,
                unsigned char *wrapped, CK_ULONG *wrapped_length)
{
    struct call call;
    call_begin_in(&call, RPC_C_WrapKey, session);
    call_put_mechanism(&call, mechanism);
    call_put_number(&call, wrapping_key);
    call_put_number(&call, key);
    call_put_room(&call, wrapped, wrapped_length);
    call_require(&call, mechanism != NULL);
    if (call_send(&call)) {
        call_get_bytes(&call, wrapped, wrapped_length);
        call_get_outputs(&call, mechanism);
    }
    return call_end(&call);
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping_key,
                  unsigned char *wrapped, CK_ULONG wrapped_length, CK_ATTRIBUTE *attributes, CK_ULONG count,
                  CK_OBJECT_HANDLE *key)
{
    struct call call;
    call_begin_in(&call, RPC_C_UnwrapKey, session);
    call_put_mechanism(&call, mechanism);
    call_put_number(&call, unwrapping_key);
    call_put_bytes(&call, wrapped, wrapped_length);
    call_put_new(&call, attributes, count);
    call_require(&call, mechanism != NULL && key != NULL);
    if (call_send(&call))
        *key = call_get_number(&call);
    return call_end(&call);
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE *attributes,
                  CK_ULONG count, CK_OBJECT_HANDLE *key)
{
    struct call call;
    call_begin_in(&call, RPC_C_DeriveKey, session);
    call_put_mechanism(&call, mechanism);
    call_put_number(&call, base_key);
    call_put_new(&call, attributes, count);
    call_require(&call, mechanism != NULL && key != NULL);
    if (call_send(&call))
        *key = call_get_number(&call);
    return call_end(&call);
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, unsigned char *seed, CK_ULONG length)
{
    struct call call;
    call_begin_in(&call, RPC_C_SeedRandom, session);
    call_put_bytes(&call, seed, length);
    (void)call_send(&call);
    return call_end(&call);
}

/* Exactly as many as the program wants: less would leave it with bytes that are not random. */
static void get_random(struct call *call, unsigned char *random, CK_ULONG length)
{
    CK_ULONG found = length;
    call_get_bytes(call, random, &found);
    if (found != length)
        reader_fail(&call->results);
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, unsigned char *random, CK_ULONG length)
{
    struct call call;
    call_begin_in(&call, RPC_C_GenerateRandom, session);
    if (length > RPC_FRAME_BYTES)
        call_refuse(&call, CKR_DATA_LEN_RANGE);
    buffer_u32(&call.request, (uint32_t)length);
    call_require(&call, random != NULL || length == 0);
    if (call_send(&call))
        get_random(&call, random, length);
    return call_end(&call);
}
