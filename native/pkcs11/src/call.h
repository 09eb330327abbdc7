/*
 * A function of PKCS#11 as a request to the HSM. Arguments are written in the order of the call's signature, the request is
 * sent, results are read in the order of theirs. The first thing that goes wrong is what the function returns; everything
 * after it does nothing. A connection that breaks is replaced, and the request is sent again if to do it twice is the same as once.
 */
#ifndef STRONGROOM_CALL_H
#define STRONGROOM_CALL_H 1

#include "library.h"
#include "rpc.h"

struct call {
    struct lease lease;
    struct rpc which;
    struct buffer request;
    struct buffer reply;
    struct reader results;
    /* Its session, if it has one, and the life that this belongs to. */
    CK_SESSION_HANDLE session;
    uint32_t life;
    /* To do it twice would not be the same as once. */
    bool is_once;
    /* It changes where the program stands. */
    bool changes;
    /* The HSM may have done it twice. */
    bool is_repeated;
    /* There are results, and all of them are to be read. */
    bool is_answered;
    CK_RV rv;
    int cancel_state;
};

/* Begins a call that needs no session. The thread cannot be cancelled before it ends. */
void call_begin(struct call *call, struct rpc which);
/* Begins a call whose first argument is a session. */
void call_begin_in(struct call *call, struct rpc which, CK_SESSION_HANDLE session);
void call_exchange(struct call *call);

static inline void call_refuse(struct call *call, CK_RV rv)
{
    if (call->rv == CKR_OK)
        call->rv = rv;
}

/* Otherwise the function returns CKR_ARGUMENTS_BAD. */
static inline void call_require(struct call *call, bool condition)
{
    if (!condition)
        call_refuse(call, CKR_ARGUMENTS_BAD);
}

static inline void call_once(struct call *call)
{
    call->is_once = true;
}

/* Sends the request. True when there are results to be read. */
static inline bool call_send(struct call *call)
{
    if (call->rv != CKR_OK)
        return false;
    call_exchange(call);
    return call->is_answered;
}

/* Ends the call. An answer of which something is left, or was missing, is CKR_DEVICE_ERROR. */
CK_RV call_end(struct call *call);

/* Arguments: y, u, ay, fy and fu of the signature. */
void call_put_byte(struct call *call, unsigned char value);
void call_put_number(struct call *call, CK_ULONG value);
/* bytes may be NULL if there are none. */
void call_put_bytes(struct call *call, const unsigned char *bytes, CK_ULONG length);
/* Room for bytes at `out`, of which `length` has the size; neither is known to be there. */
void call_put_room(struct call *call, const void *out, const CK_ULONG *length);
/* Room for numbers. */
void call_put_count(struct call *call, const void *out, const CK_ULONG *count);

/* Results: u, v, s, ay and au of the signature. */
CK_ULONG call_get_number(struct call *call);
CK_VERSION call_get_version(struct call *call);
/* Text that fills a field of so many bytes. */
void call_get_text(struct call *call, unsigned char *field, size_t size);
/* Bytes into the room that was put, or how many there are: then the function returns CKR_BUFFER_TOO_SMALL, unless it was asked. */
void call_get_bytes(struct call *call, unsigned char *out, CK_ULONG *length);
void call_get_numbers(struct call *call, CK_ULONG *out, CK_ULONG *count);
/* A new session, the last of the results. */
CK_SESSION_HANDLE call_get_session(struct call *call, bool is_read_write);

#endif
