/*
 * Operations that were begun, and of which nothing more has been done, or only whole messages one after another: the requests of their
 * Inits. A connection that breaks takes an operation with it; in the next one it is begun again before its next step, and the HSM
 * decides on it again.
 */
#ifndef STRONGROOM_BEGUN_H
#define STRONGROOM_BEGUN_H 1

#include "rpc.h"

/* A call of a session, in a connection. */
struct asked {
    CK_SESSION_HANDLE session;
    struct rpc which;
    /* The number of the connection. */
    uint32_t connection;
    /* There is nothing left to be asked. */
    bool is_done;
};

/* Before the call: begins its operation again, if it was begun in another connection. Otherwise as the Init that is sent. */
CK_RV begun_again(struct asked *asked, struct connection *with, enum fate *fate);
/* After it. results: nothing of them has been read; NULL when it was refused */
void begun_note(const struct asked *asked, const struct buffer *request, const struct reader *results);
void begun_forget_session(CK_SESSION_HANDLE session);
void begun_forget_all(void);

/* Around a fork. The child has none of its parent's sessions. */
void begun_before_fork(void);
void begun_in_parent(void);
void begun_in_child(void);

#endif
