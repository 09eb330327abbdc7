#include "greeting.h"

/* What clients of the protocol say first. */
static const char HANDSHAKE[] = "PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1";

static void array(struct buffer *to, const char *bytes, size_t length)
{
    buffer_byte(to, 1);
    buffer_u32(to, (uint32_t)length);
    buffer_bytes(to, bytes, length);
}

void greeting_initialize(struct buffer *request)
{
    buffer_init(request);
    rpc_begin(request, RPC_C_Initialize);
    array(request, HANDSHAKE, sizeof HANDSHAKE - 1);
    buffer_byte(request, 0); /* pReserved was not given, and is an empty text. */
    array(request, "", 1);
}

void greeting_resume(struct buffer *request, const struct standing *standing)
{
    buffer_init(request);
    rpc_begin(request, RPC_Resume);
    standing_put(standing, request);
}

bool greeting_say(struct connection *to, struct buffer *request, struct greeted *greeted)
{
    struct buffer reply;
    struct reader results;
    enum fate fate;
    buffer_init(&reply);
    CK_RV rv = rpc_exchange(to, greeted->which, request, &reply, &results, &fate);
    if (rv == CKR_OK && reader_remaining(&results) > 0)
        greeted->is_logged_in = reader_u64(&results) != 0;
    if (rv == CKR_OK && !reader_ended_well(&results))
        rv = CKR_DEVICE_ERROR;
    greeted->is_foreign = fate == FATE_ANSWERED && rv == CKR_DEVICE_ERROR;
    buffer_free(&reply);
    return rv == CKR_OK;
}

void greeting_finalize(struct connection *with)
{
    struct greeted greeted = {.which = RPC_C_Finalize};
    struct buffer request;
    buffer_init(&request);
    rpc_begin(&request, RPC_C_Finalize);
    (void)greeting_say(with, &request, &greeted);
    buffer_free(&request);
}
