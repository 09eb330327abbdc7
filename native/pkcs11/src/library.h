/*
 * What the module has between C_Initialize and C_Finalize: a connection to the HSM, and where the program stands with it. When
 * the connection breaks, the next call has another one, in which the program stands where it did.
 */
#ifndef STRONGROOM_LIBRARY_H
#define STRONGROOM_LIBRARY_H 1

#include "connection.h"
#include "platform.h"
#include "reader.h"

/* C_Initialize is counted: the handle of a session says after which it was opened, so that no handle is used twice. */
#define ANY_LIFE 0

/* A connection in use by one call. */
struct shared;
struct lease {
    /* The life that it is for; with ANY_LIFE, the present one from when it is had. */
    uint32_t life;
    /* The call changes where the program stands: nobody goes on elsewhere before it has said how. */
    bool changes;
    /* A connection whose other end is gone must not be found out by the call. */
    bool looks;
    struct shared *shared;
    struct connection *connection;
    /* Which of all connections so far. */
    uint32_t number;
};

/* Connects. CKR_CRYPTOKI_ALREADY_INITIALIZED; CKR_FUNCTION_FAILED when there is no HSM. */
CK_RV library_open(void);
/* Closes the connection when nobody uses it any more. CKR_CRYPTOKI_NOT_INITIALIZED. */
CK_RV library_close(void);
bool library_is_open(void);
/* CKR_CRYPTOKI_NOT_INITIALIZED; CKR_SESSION_HANDLE_INVALID when that life is over. */
CK_RV library_check(uint32_t life);
/*
 * The connection, for one call; a new one when the last has broken, for which it waits as long as a restart of the HSM takes. Give it back
 * with library_return. The thread must not be cancelled from before one to after the other: to look at a socket and to close it are
 * cancellation points.
 * As library_check; CKR_DEVICE_REMOVED when there is no HSM.
 */
CK_RV library_lease(struct lease *lease);
void library_return(struct lease *lease);

/* What a call has changed, before its lease is given back. CKR_HOST_MEMORY. */
CK_RV library_opened(const struct lease *by, uint32_t number, bool is_read_write);
void library_closed(const struct lease *by, uint32_t number);
void library_closed_all(const struct lease *by);
void library_logged_in(const struct lease *by, struct span credential);
/* Also without a connection, as long as it is that life. */
void library_logged_out(uint32_t life);

#endif
