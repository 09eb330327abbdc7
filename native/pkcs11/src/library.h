/* What the module has between C_Initialize and C_Finalize: a connection to the HSM, which is opened anew when it broke. */
#ifndef STRONGROOM_LIBRARY_H
#define STRONGROOM_LIBRARY_H 1

#include "connection.h"
#include "platform.h"

/*
 * A connection in use by one call. epoch counts the connections: the handle of a session says which it belongs to, so that one that went
 * with its connection is never taken for a session of the next.
 */
struct shared;
struct lease {
    struct shared *shared;
    struct connection *connection;
    uint32_t epoch;
};

/* Connects. CKR_CRYPTOKI_ALREADY_INITIALIZED; CKR_FUNCTION_FAILED when there is no HSM. */
CK_RV library_open(void);
/* Closes the connection when nobody uses it any more. CKR_CRYPTOKI_NOT_INITIALIZED. */
CK_RV library_close(void);
bool library_is_open(void);
/*
 * The connection, for one call; a new one when the last has broken. Give it back with library_return. The thread must not be
 * cancelled from before one to after the other: to look at a socket and to close it are cancellation points.
 * CKR_CRYPTOKI_NOT_INITIALIZED; CKR_DEVICE_REMOVED when there is no HSM.
 */
CK_RV library_lease(struct lease *lease);
/* The same for a session of that epoch. CKR_SESSION_HANDLE_INVALID when its connection is gone. */
CK_RV library_lease_epoch(struct lease *lease, uint32_t epoch);
void library_return(struct lease *lease);

#endif
