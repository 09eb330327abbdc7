/* One request and its answer, on a connection. */
#ifndef STRONGROOM_RPC_H
#define STRONGROOM_RPC_H 1

#include "buffer.h"
#include "connection.h"
#include "reader.h"
#include "rpc_calls.h"

/* A call of the protocol: its number, and the signatures of what it takes and gives. */
struct rpc {
    uint32_t id;
    const char *request;
    const char *response;
};

/* The beginning of a request, up to its arguments. */
void rpc_begin(struct buffer *request, struct rpc which);
/*
 * Sends the request, and leaves the results to be read.
 *
 * What the function returns if the HSM says so; CKR_DEVICE_ERROR for an answer to something else.
 */
CK_RV rpc_exchange(struct connection *with, struct rpc which, struct buffer *request, struct buffer *reply,
                   struct reader *results, enum fate *fate);

#endif
