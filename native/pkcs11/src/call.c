#include "call.h"

#include <string.h>

#include "begun.h"
#include "patience.h"
#include "uncancellable.h"

/* Room of a buffer that is there and has no size: the length is not what is asked for. */
#define EMPTY_ROOM UINT32_MAX

/* Handles of sessions: the number of the HSM, and above it the life that it belongs to. The first has 0 there. */
#define LIFE_SHIFT 32

/* An HSM that sends everybody on to the next is not followed for ever. */
#define MOST_CONNECTIONS 8

static void begin(struct call *call, struct rpc which)
{
    call->cancel_state = uncancellable();
    call->which = which;
    call->is_once = false;
    call->changes = false;
    call->is_repeated = false;
    call->is_answered = false;
    call->lease.shared = NULL;
    call->session = 0;
    buffer_init(&call->request);
    buffer_init(&call->reply);
    reader_init(&call->results, NULL, 0);
    rpc_begin(&call->request, which);
}

void call_begin(struct call *call, struct rpc which)
{
    begin(call, which);
    call->life = ANY_LIFE;
    call->rv = library_check(call->life);
}

void call_begin_in(struct call *call, struct rpc which, CK_SESSION_HANDLE session)
{
    CK_ULONG life = (session >> LIFE_SHIFT) + 1;
    begin(call, which);
    call->session = session;
    call->life = life > UINT32_MAX ? UINT32_MAX : (uint32_t)life;
    call->rv = library_check(call->life);
    call_put_number(call, session & UINT32_MAX);
}

CK_SESSION_HANDLE call_get_session(struct call *call, bool is_read_write)
{
    CK_ULONG number = call_get_number(call);
    if (number > UINT32_MAX)
        reader_fail(&call->results);
    if (!reader_ended_well(&call->results))
        return 0;
    call_refuse(call, library_opened(&call->lease, (uint32_t)number, is_read_write));
    return ((CK_ULONG)call->lease.life - 1) << LIFE_SHIFT | number;
}

/* With a connection that lasted, if only for this. */
static enum fate exchange_once(struct call *call)
{
    enum fate fate = FATE_UNTOUCHED;
    call->lease = (struct lease){
        .life = call->life,
        .changes = call->changes,
        .looks = call->life == ANY_LIFE || call->is_once,
    };
    call->rv = library_lease(&call->lease);
    if (call->rv != CKR_OK)
        return FATE_ANSWERED;
    struct asked asked = {.session = call->session, .which = call->which, .connection = call->lease.number};
    call->rv = begun_again(&asked, call->lease.connection, &fate);
    if (call->rv != CKR_OK || asked.is_done)
        return fate;
    call->rv = rpc_exchange(call->lease.connection, call->which, &call->request, &call->reply, &call->results, &fate);
    if (fate == FATE_ANSWERED)
        begun_note(&asked, &call->request, call->rv == CKR_OK ? &call->results : NULL);
    return fate;
}

/* What the HSM may have done is asked for once more, if that comes to the same: a request may be what made the HSM fall. */
void call_exchange(struct call *call)
{
    time_t since = patience_begin();
    enum fate fate = exchange_once(call);
    for (int connections = 1; connections < MOST_CONNECTIONS && call->rv == CKR_DEVICE_REMOVED; connections++) {
        bool may_repeat = !call->is_once && !call->is_repeated && !patience_is_over(since);
        if (fate == FATE_ANSWERED || (fate == FATE_UNKNOWN && !may_repeat))
            break;
        call->is_repeated = call->is_repeated || fate == FATE_UNKNOWN;
        library_return(&call->lease);
        buffer_free(&call->reply);
        fate = exchange_once(call);
    }
    call->is_answered = call->rv == CKR_OK && call->reply.length > 0;
}

CK_RV call_end(struct call *call)
{
    if (call->is_answered && !reader_ended_well(&call->results))
        call->rv = CKR_DEVICE_ERROR;
    buffer_free(&call->request);
    buffer_free(&call->reply);
    if (call->lease.shared != NULL)
        library_return(&call->lease);
    cancellable_again(call->cancel_state);
    return call->rv;
}

void call_put_byte(struct call *call, unsigned char value)
{
    buffer_byte(&call->request, value);
}

void call_put_number(struct call *call, CK_ULONG value)
{
    buffer_u64(&call->request, value);
}

void call_put_bytes(struct call *call, const unsigned char *bytes, CK_ULONG length)
{
    call_require(call, bytes != NULL || length == 0);
    if (length > RPC_FRAME_BYTES)
        call_refuse(call, CKR_DATA_LEN_RANGE);
    if (call->rv != CKR_OK)
        return;
    buffer_byte(&call->request, bytes != NULL);
    buffer_u32(&call->request, (uint32_t)length);
    buffer_bytes(&call->request, bytes, length);
}

static uint32_t at_most(CK_ULONG count, uint32_t most)
{
    return count < most ? (uint32_t)count : most;
}

void call_put_room(struct call *call, const void *out, const CK_ULONG *length)
{
    call_require(call, length != NULL);
    if (call->rv != CKR_OK)
        return;
    uint32_t room = *length == 0 ? EMPTY_ROOM : at_most(*length, EMPTY_ROOM - 1);
    buffer_u32(&call->request, out == NULL ? 0 : room);
}

void call_put_count(struct call *call, const void *out, const CK_ULONG *count)
{
    call_require(call, count != NULL);
    if (call->rv == CKR_OK)
        buffer_u32(&call->request, out == NULL ? 0 : at_most(*count, UINT32_MAX));
}

CK_ULONG call_get_number(struct call *call)
{
    return reader_u64(&call->results);
}

CK_VERSION call_get_version(struct call *call)
{
    CK_VERSION version;
    version.major = reader_byte(&call->results);
    version.minor = reader_byte(&call->results);
    return version;
}

void call_get_text(struct call *call, unsigned char *field, size_t size)
{
    struct span text = reader_array(&call->results);
    if (text.length == size)
        memcpy(field, text.bytes, size);
    else
        reader_fail(&call->results);
}

/* Only the length came, or the caller's buffer is too small. */
static void get_length(struct call *call, const void *out, CK_ULONG *length, CK_ULONG needed)
{
    if (call->results.failed)
        return;
    *length = needed;
    if (out != NULL)
        call->rv = CKR_BUFFER_TOO_SMALL;
}

void call_get_bytes(struct call *call, unsigned char *out, CK_ULONG *length)
{
    if (reader_byte(&call->results) == 0) {
        get_length(call, out, length, reader_u32(&call->results));
        return;
    }
    struct span found = reader_array(&call->results);
    CK_ULONG room = out == NULL ? 0 : *length;
    if (call->results.failed || found.length > room) {
        reader_fail(&call->results);
        return;
    }
    if (found.length > 0)
        memcpy(out, found.bytes, found.length);
    *length = found.length;
}

void call_get_numbers(struct call *call, CK_ULONG *out, CK_ULONG *count)
{
    bool are_there = reader_byte(&call->results) != 0;
    CK_ULONG found = reader_u32(&call->results);
    if (!are_there) {
        get_length(call, out, count, found);
        return;
    }
    CK_ULONG room = out == NULL ? 0 : *count;
    if (call->results.failed || found > room || found * 8 > reader_remaining(&call->results)) {
        reader_fail(&call->results);
        return;
    }
    for (CK_ULONG at = 0; at < found; at++)
        out[at] = reader_u64(&call->results);
    *count = found;
}
