#include "find.h"

/* A few at a time, as programs do that do not know how many there are. */
CK_ULONG find_all(CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *objects, CK_ULONG room)
{
    CK_ULONG found = 0, more;
    OK(p11->C_FindObjectsInit(session, template, count));
    do {
        CK_ULONG at_once = room - found < 2 ? room - found : 2;
        OK(p11->C_FindObjects(session, objects + found, at_once, &more));
        found += more;
    } while (more > 0 && found < room);
    OK(p11->C_FindObjectsFinal(session));
    return found;
}

CK_OBJECT_HANDLE find_one(CK_ULONG class, CK_ATTRIBUTE_TYPE type, const void *bytes, CK_ULONG length)
{
    CK_OBJECT_HANDLE found[2];
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {type, (void *)bytes, length}};
    EQUAL(find_all(template, COUNT(template), found, COUNT(found)), 1);
    return found[0];
}

void random_label(char label[LABEL_ROOM])
{
    CK_BYTE bytes[(LABEL_ROOM - 1) / 2];
    OK(p11->C_GenerateRandom(session, bytes, sizeof bytes));
    for (size_t at = 0; at < sizeof bytes; at++)
        (void)snprintf(label + 2 * at, 3, "%02x", bytes[at]);
}
