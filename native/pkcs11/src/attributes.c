#include "attributes.h"

#include <string.h>

#include "attribute_kinds.h"

/* Templates within templates, in what is asked: the HSM refuses them. */
#define MAX_DEPTH 4

/* Otherwise the HSM is told that there is none, and refuses it. */
static bool has_value(const CK_ATTRIBUTE *attribute)
{
    CK_ULONG length = attribute->ulValueLen;
    bool is_whole = attribute_kind(attribute->type) != KIND_TEMPLATE || length % sizeof(CK_ATTRIBUTE) == 0;
    return is_whole && length <= RPC_FRAME_BYTES && (attribute->pValue != NULL || length == 0);
}

static void put_attributes(struct call *call, const CK_ATTRIBUTE *attributes, CK_ULONG count, int depth);

static void put_numbers(struct buffer *to, const unsigned char *numbers, CK_ULONG count)
{
    buffer_u32(to, (uint32_t)count);
    for (CK_ULONG at = 0; at < count; at++) {
        CK_ULONG number;
        memcpy(&number, numbers + at * sizeof number, sizeof number);
        buffer_u64(to, number);
    }
}

/* A value of another length than its type has is written as 0: the HSM sees the length, and refuses it. */
static void put_number(struct buffer *to, const CK_ATTRIBUTE *attribute)
{
    CK_ULONG number = 0;
    if (attribute->ulValueLen == sizeof number)
        memcpy(&number, attribute->pValue, sizeof number);
    buffer_u64(to, number);
}

static bool is_set(const CK_ATTRIBUTE *attribute)
{
    const CK_BBOOL *value = attribute->pValue;
    return value != NULL && attribute->ulValueLen == sizeof *value && *value != CK_FALSE;
}

static void put_value(struct call *call, const CK_ATTRIBUTE *attribute, int depth)
{
    struct buffer *to = &call->request;
    switch (attribute_kind(attribute->type)) {
    case KIND_BOOLEAN:
        buffer_byte(to, is_set(attribute));
        break;
    case KIND_NUMBER:
        put_number(to, attribute);
        break;
    case KIND_NUMBERS:
        put_numbers(to, attribute->pValue, attribute->ulValueLen / sizeof(CK_ULONG));
        break;
    case KIND_TEMPLATE:
        put_attributes(call, attribute->pValue, attribute->ulValueLen / sizeof(CK_ATTRIBUTE), depth + 1);
        break;
    case KIND_BYTES:
        buffer_u32(to, (uint32_t)attribute->ulValueLen);
        buffer_bytes(to, attribute->pValue, attribute->ulValueLen);
        break;
    }
}

static void put_attribute(struct call *call, const CK_ATTRIBUTE *attribute, int depth)
{
    bool is_there = has_value(attribute);
    if (attribute->type > UINT32_MAX)
        call_refuse(call, CKR_ATTRIBUTE_TYPE_INVALID);
    if (call->rv != CKR_OK)
        return;
    buffer_u32(&call->request, (uint32_t)attribute->type);
    buffer_byte(&call->request, is_there);
    if (!is_there)
        return;
    buffer_u32(&call->request, (uint32_t)attribute->ulValueLen);
    put_value(call, attribute, depth);
}

static void put_attributes(struct call *call, const CK_ATTRIBUTE *attributes, CK_ULONG count, int depth)
{
    call_require(call, (attributes != NULL || count == 0) && count <= RPC_ATTRIBUTES && depth <= MAX_DEPTH);
    if (call->rv != CKR_OK)
        return;
    buffer_u32(&call->request, (uint32_t)count);
    for (CK_ULONG at = 0; call->rv == CKR_OK && at < count; at++)
        put_attribute(call, attributes + at, depth);
}

void call_put_template(struct call *call, const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    put_attributes(call, attributes, count, 0);
}

void call_put_new(struct call *call, const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    put_attributes(call, attributes, count, 0);
    for (CK_ULONG at = 0; call->rv == CKR_OK && at < count; at++) {
        if (attributes[at].type == CKA_TOKEN && is_set(attributes + at))
            call_once(call);
    }
}

/* One that is too large to be written is asked for as one that no object has: the others are answered. */
static uint32_t asked_type(CK_ATTRIBUTE_TYPE type)
{
    return type < UINT32_MAX ? (uint32_t)type : UINT32_MAX;
}

void call_put_wanted(struct call *call, const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    call_require(call, (attributes != NULL || count == 0) && count <= RPC_ATTRIBUTES);
    if (call->rv != CKR_OK)
        return;
    buffer_u32(&call->request, (uint32_t)count);
    for (CK_ULONG at = 0; at < count; at++) {
        const CK_ATTRIBUTE *wanted = attributes + at;
        CK_ULONG room = wanted->ulValueLen < UINT32_MAX ? wanted->ulValueLen : UINT32_MAX;
        buffer_u32(&call->request, asked_type(wanted->type));
        buffer_u32(&call->request, wanted->pValue == NULL ? 0 : (uint32_t)room);
    }
}

/* Where the value of an attribute goes. NULL: nowhere, its length is asked for or there is no room. */
static void *room_for(struct call *call, CK_ATTRIBUTE *attribute, CK_ULONG length)
{
    bool has_buffer = attribute->pValue != NULL;
    bool fits = has_buffer && length <= attribute->ulValueLen;
    if (has_buffer && !fits && call->rv == CKR_OK)
        call->rv = CKR_BUFFER_TOO_SMALL;
    attribute->ulValueLen = has_buffer && !fits ? CK_UNAVAILABLE_INFORMATION : length;
    return fits ? attribute->pValue : NULL;
}

static void get_attributes(struct call *call, CK_ATTRIBUTE *attributes, CK_ULONG count, int depth);

/*
 * None is within another: whoever asked for the first did not ask for the second, and what its buffer holds are no attributes
 * whose values could be written to where they point.
 */
static void get_template(struct call *call, CK_ATTRIBUTE *attribute, CK_ULONG length, int depth)
{
    CK_ULONG count = reader_u32(&call->results);
    if (count > RPC_ATTRIBUTES || length != count * sizeof(CK_ATTRIBUTE) || depth > 0) {
        reader_fail(&call->results);
        return;
    }
    get_attributes(call, room_for(call, attribute, length), count, depth + 1);
}

static void get_numbers(struct call *call, CK_ATTRIBUTE *attribute, CK_ULONG length)
{
    CK_ULONG count = reader_u32(&call->results);
    if (length != count * sizeof(CK_ULONG) || length > reader_remaining(&call->results)) {
        reader_fail(&call->results);
        return;
    }
    unsigned char *to = room_for(call, attribute, length);
    for (CK_ULONG at = 0; at < count; at++) {
        CK_ULONG number = reader_u64(&call->results);
        if (to != NULL)
            memcpy(to + at * sizeof number, &number, sizeof number);
    }
}

static void get_plain(struct call *call, CK_ATTRIBUTE *attribute, const void *value, CK_ULONG found, CK_ULONG length)
{
    if (call->results.failed || found != length) {
        reader_fail(&call->results);
        return;
    }
    void *to = room_for(call, attribute, length);
    if (to != NULL && length > 0)
        memcpy(to, value, length);
}

static void get_value(struct call *call, CK_ATTRIBUTE *attribute, CK_ULONG length, int depth)
{
    struct reader *from = &call->results;
    switch (attribute_kind(attribute->type)) {
    case KIND_BOOLEAN: {
        CK_BBOOL value = reader_byte(from) != 0 ? CK_TRUE : CK_FALSE;
        get_plain(call, attribute, &value, sizeof value, length);
        break;
    }
    case KIND_NUMBER: {
        CK_ULONG value = reader_u64(from);
        get_plain(call, attribute, &value, sizeof value, length);
        break;
    }
    case KIND_NUMBERS:
        get_numbers(call, attribute, length);
        break;
    case KIND_TEMPLATE:
        get_template(call, attribute, length, depth);
        break;
    case KIND_BYTES: {
        struct span value = reader_array(from);
        get_plain(call, attribute, value.bytes, value.length, length);
        break;
    }
    }
}

static void get_attribute(struct call *call, CK_ATTRIBUTE *attribute, int depth)
{
    if (reader_byte(&call->results) == 0) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return;
    }
    CK_ULONG length = reader_u32(&call->results);
    get_value(call, attribute, length, depth);
}

/* attributes may be NULL: then they are passed over. Members of a template are told their types; others were asked for by type. */
static void get_attributes(struct call *call, CK_ATTRIBUTE *attributes, CK_ULONG count, int depth)
{
    for (CK_ULONG at = 0; !call->results.failed && at < count; at++) {
        CK_ATTRIBUTE nowhere = {0};
        CK_ATTRIBUTE *to = attributes == NULL ? &nowhere : attributes + at;
        CK_ATTRIBUTE_TYPE type = reader_u32(&call->results);
        if (depth > 0)
            to->type = type;
        else if (asked_type(to->type) != type)
            reader_fail(&call->results);
        get_attribute(call, to, depth);
    }
}

void call_get_attributes(struct call *call, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    if (reader_u32(&call->results) != count)
        reader_fail(&call->results);
    get_attributes(call, attributes, count, 0);
}
