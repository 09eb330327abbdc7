#include "attribute_kinds.h"

#include <stdlib.h>

struct row {
    CK_ATTRIBUTE_TYPE type; /* cppcheck-suppress unusedStructMember */
    enum attribute_kind kind;
};

static const struct row rows[] = {
#include "attribute_kinds.inc"
};

static int compare(const void *key, const void *row)
{
    CK_ATTRIBUTE_TYPE one = *(const CK_ATTRIBUTE_TYPE *)key;
    CK_ATTRIBUTE_TYPE other = ((const struct row *)row)->type;
    return (one > other) - (one < other);
}

enum attribute_kind attribute_kind(CK_ATTRIBUTE_TYPE type)
{
    const struct row *found = bsearch(&type, rows, sizeof rows / sizeof *rows, sizeof *rows, compare);
    return found == NULL ? KIND_BYTES : found->kind;
}
