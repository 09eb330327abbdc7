/* C_Initialize and C_Finalize, as the HSM is told of them on each connection. */
#ifndef STRONGROOM_GREETING_H
#define STRONGROOM_GREETING_H 1

#include "connection.h"

CK_RV greeting_initialize(struct connection *with);
CK_RV greeting_finalize(struct connection *with);

#endif
