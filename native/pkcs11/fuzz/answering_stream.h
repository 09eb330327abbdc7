/* In place of the socket: C_Initialize is answered as it should be, the next call with what was set, and then comes the end. */
#ifndef STRONGROOM_ANSWERING_STREAM_H
#define STRONGROOM_ANSWERING_STREAM_H 1

#include "rpc.h"

/* which: the answer is one to that call, with these results; NULL: the bytes are what comes. */
void answering_stream_set(const struct rpc *which, const unsigned char *bytes, size_t length);

#endif
