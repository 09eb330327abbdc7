#include "greeting.h"

#include "rpc.h"

/* What clients of the protocol say first. */
static const char HANDSHAKE[] = "PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1";

static void array(struct buffer *to, const char *bytes, size_t length)
{
    buffer_byte(to, 1);
    buffer_u32(to, (uint32_t)length);
    buffer_bytes(to, bytes, length);
}

static CK_RV exchange(struct connection *with, struct rpc which, struct buffer *request)
{
    struct buffer reply;
    struct reader results;
    buffer_init(&reply);
    CK_RV rv = rpc_exchange(with, which, request, &reply, &results);
    if (rv == CKR_OK && !reader_ended_well(&results))
        rv = CKR_DEVICE_ERROR;
    buffer_free(&reply);
    buffer_free(request);
    return rv;
}

CK_RV greeting_initialize(struct connection *with)
{
    struct buffer request;
    buffer_init(&request);
    rpc_begin(&request, RPC_C_Initialize);
    array(&request, HANDSHAKE, sizeof HANDSHAKE - 1);
    buffer_byte(&request, 0); /* pReserved was not given, and is an empty text. */
    array(&request, "", 1);
    return exchange(with, RPC_C_Initialize, &request);
}

CK_RV greeting_finalize(struct connection *with)
{
    struct buffer request;
    buffer_init(&request);
    rpc_begin(&request, RPC_C_Finalize);
    return exchange(with, RPC_C_Finalize, &request);
}
