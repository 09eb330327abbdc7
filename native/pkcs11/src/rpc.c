#include "rpc.h"

#include <string.h>

/* Id of an answer that only says what the function returns, and its signature. */
#define ERROR_ID 0
#define ERROR_SIGNATURE "u"

void rpc_begin(struct buffer *request, struct rpc which)
{
    size_t length = strlen(which.request);
    (void)buffer_extend(request, FRAME_HEADER_BYTES);
    buffer_u32(request, which.id);
    buffer_u32(request, (uint32_t)length);
    buffer_bytes(request, which.request, length);
}

static bool is_signature(struct reader *results, const char *expected)
{
    struct span found = reader_array(results);
    size_t length = strlen(expected);
    return !results->failed && found.length == length && (length == 0 || memcmp(found.bytes, expected, length) == 0);
}

static CK_RV refusal(struct reader *results)
{
    if (!is_signature(results, ERROR_SIGNATURE))
        return CKR_DEVICE_ERROR;
    CK_RV rv = reader_u64(results);
    return reader_ended_well(results) && rv != CKR_OK ? rv : CKR_DEVICE_ERROR;
}

CK_RV rpc_exchange(struct connection *with, struct rpc which, struct buffer *request, struct buffer *reply,
                   struct reader *results, enum fate *fate)
{
    CK_RV rv = connection_exchange(with, request, reply, fate);
    if (rv != CKR_OK)
        return rv;
    reader_init(results, reply->bytes, reply->length);
    uint32_t id = reader_u32(results);
    if (id == ERROR_ID)
        return refusal(results);
    return id == which.id && is_signature(results, which.response) ? CKR_OK : CKR_DEVICE_ERROR;
}
