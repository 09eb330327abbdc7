/*
 * One connection to the HSM, shared by the threads of a program: sessions and logins belong to it. Each thread has one
 * request under way; answers come in any order. There is no thread of our own: one of those that wait reads for all.
 */
#ifndef STRONGROOM_CONNECTION_H
#define STRONGROOM_CONNECTION_H 1

#include <stdbool.h>

#include "buffer.h"
#include "platform.h"

/* Code, length of the options, length of the body. */
#define FRAME_HEADER_BYTES 12

struct connection;

/* What became of a request. */
enum fate {
    FATE_ANSWERED,
    /* The HSM has not looked at it, and will not. */
    FATE_UNTOUCHED,
    /* The HSM is gone, and may have done it. */
    FATE_UNKNOWN,
};

/* NULL when there is no HSM, or when what is there is foreign: it does not speak with this module. */
struct connection *connection_open(bool *is_foreign);
/*
 * Sends a request and waits for its answer. The thread must not be cancelled meanwhile.
 *
 * request: a frame, with room for its header at the beginning
 * reply: gets the body of the answer
 * CKR_DEVICE_REMOVED when the HSM is gone; CKR_HOST_MEMORY.
 */
CK_RV connection_exchange(struct connection *to, struct buffer *request, struct buffer *reply, enum fate *fate);
/* A request has found it broken. */
bool connection_is_broken(struct connection *of);
/* The next request would find it broken, as far as can be known without one. */
bool connection_has_ended(struct connection *of);
/* No request may be under way. */
void connection_close(struct connection *to);
/* In a child process, whose parent goes on with it; after stream_in_child. */
void connection_abandon(struct connection *to);

#endif
