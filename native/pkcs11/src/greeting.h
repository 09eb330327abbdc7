/* What is said first on a connection, and last. */
#ifndef STRONGROOM_GREETING_H
#define STRONGROOM_GREETING_H 1

#include "rpc.h"
#include "standing.h"

/* What a greeting came to. */
struct greeted {
    /* The call that it is, RPC_C_Initialize or RPC_Resume. */
    struct rpc which;
    /* The other end does not know what it is asked: there is no use in trying again. */
    bool is_foreign;
    /* Of RPC_Resume: the login goes on. */
    bool is_logged_in;
};

/* Writes the request: a program that begins, and one that goes on. */
void greeting_initialize(struct buffer *request);
void greeting_resume(struct buffer *request, const struct standing *standing);
/* False when the HSM does not take it. */
bool greeting_say(struct connection *to, struct buffer *request, struct greeted *greeted);
/* A program that ends. */
void greeting_finalize(struct connection *with);

#endif
