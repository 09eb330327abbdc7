/* Attributes on the wire. Every type has a kind, and the kind says how its value lies in memory and how it is written. */
#ifndef STRONGROOM_ATTRIBUTES_H
#define STRONGROOM_ATTRIBUTES_H 1

#include "call.h"

/* aA: a template. */
void call_put_template(struct call *call, const CK_ATTRIBUTE *attributes, CK_ULONG count);
/* aA: the template of a new object. One of the token is not made twice; one of the session is gone with its connection. */
void call_put_new(struct call *call, const CK_ATTRIBUTE *attributes, CK_ULONG count);
/* fA: the attributes that are asked for. */
void call_put_wanted(struct call *call, const CK_ATTRIBUTE *attributes, CK_ULONG count);
/* aA: what was asked for, each into its buffer. One that is not there or does not fit has length CK_UNAVAILABLE_INFORMATION. */
void call_get_attributes(struct call *call, CK_ATTRIBUTE *attributes, CK_ULONG count);

#endif
