/* How the value of an attribute is written. */
#ifndef STRONGROOM_ATTRIBUTE_KINDS_H
#define STRONGROOM_ATTRIBUTE_KINDS_H 1

#include "platform.h"

enum attribute_kind { KIND_BYTES, KIND_BOOLEAN, KIND_NUMBER, KIND_NUMBERS, KIND_TEMPLATE };

enum attribute_kind attribute_kind(CK_ATTRIBUTE_TYPE type);

#endif
