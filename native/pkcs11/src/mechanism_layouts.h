/* How the parameter of a mechanism lies in the program's memory. */
#ifndef STRONGROOM_MECHANISM_LAYOUTS_H
#define STRONGROOM_MECHANISM_LAYOUTS_H 1

#include <stdbool.h>
#include <stddef.h>

#include "platform.h"

enum field_kind {
    /* CK_ULONG. */
    FIELD_NUMBER,
    /* A pointer to bytes, and their length in another member. */
    FIELD_BYTES,
    /* Bytes inside the structure. */
    FIELD_BLOCK,
    /* A pointer to another structure. */
    FIELD_POINTER,
    /* A pointer to as many structures as another member says. */
    FIELD_ARRAY,
    /* A number that this structure does not have. */
    FIELD_ABSENT
};

struct field {
    enum field_kind kind;
    /* The HSM may write there, as many bytes as there are. */
    bool is_output;
    size_t offset;
    /* Where the length of FIELD_BYTES is, and the number of FIELD_ARRAY; the size of FIELD_BLOCK. */
    size_t extent;
    /* Of FIELD_POINTER and FIELD_ARRAY. */
    const struct field *inner;
    size_t inner_count;
    /* Of one structure of FIELD_ARRAY. */
    size_t inner_size;
};

/* size SIZE_ANY: the parameter is bytes itself. */
#define SIZE_ANY 0

struct mechanism_layout {
    CK_MECHANISM_TYPE type;
    size_t size;
    const struct field *fields;
    size_t count;
};

/* The layout of what the program has given; NULL when there is none for a parameter of that size. */
const struct mechanism_layout *mechanism_layout(const CK_MECHANISM *mechanism);

#endif
