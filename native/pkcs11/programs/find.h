/* Finding objects, and labels that no other object has. */
#ifndef FIND_H
#define FIND_H

#include <stddef.h>

#include "program.h"

#define LABEL_ROOM 33

/* All that match the template, at most `room` of them; their number. */
CK_ULONG find_all(CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *objects, CK_ULONG room);

/* The only object of that class with these bytes in an attribute, such as CKA_LABEL. */
CK_OBJECT_HANDLE find_one(CK_ULONG class, CK_ATTRIBUTE_TYPE type, const void *bytes, CK_ULONG length);

/* 32 hex digits and a zero. */
void random_label(char label[LABEL_ROOM]);

#endif
