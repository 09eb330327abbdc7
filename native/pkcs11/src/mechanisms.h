/* Mechanisms on the wire: parameters are data, written by a table of their structures. */
#ifndef STRONGROOM_MECHANISMS_H
#define STRONGROOM_MECHANISMS_H 1

#include "call.h"

/* M. NULL gives up what is under way (PKCS#11 v3.0 section 5.1.6). */
void call_put_mechanism(struct call *call, const CK_MECHANISM *mechanism);
/* P: what the HSM made for the parameter goes where the caller's structure points. */
void call_get_outputs(struct call *call, const CK_MECHANISM *mechanism);

#endif
