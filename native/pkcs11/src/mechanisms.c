#include "mechanisms.h"

#include <string.h>

#include "mechanism_layouts.h"

#define NULL_MECHANISM UINT32_MAX
#define NULL_LENGTH UINT32_MAX

/* There is no parameter, it follows, or it is one that this module cannot carry: the HSM says what is wrong with it. */
enum { FLAG_NONE = 0, FLAG_CARRIED = 1, FLAG_NOT_CARRIED = 2 };

static CK_ULONG number_at(const unsigned char *parameter, size_t offset)
{
    CK_ULONG number;
    memcpy(&number, parameter + offset, sizeof number);
    return number;
}

static unsigned char *pointer_at(const unsigned char *parameter, size_t offset)
{
    unsigned char *pointer;
    memcpy(&pointer, parameter + offset, sizeof pointer); /* NOLINT(bugprone-sizeof-expression) */
    return pointer;
}

static void put_array(struct call *call, const unsigned char *bytes, CK_ULONG length)
{
    if (length > RPC_FRAME_BYTES || (bytes == NULL && length > 0))
        call_refuse(call, CKR_MECHANISM_PARAM_INVALID);
    if (call->rv != CKR_OK)
        return;
    buffer_u32(&call->request, bytes == NULL ? NULL_LENGTH : (uint32_t)length);
    buffer_bytes(&call->request, bytes, length);
}

static void put_field(struct call *call, const struct field *field, const unsigned char *parameter);

static void put_fields(struct call *call, const struct field *fields, size_t count, const unsigned char *parameter)
{
    if (parameter == NULL)
        call_refuse(call, CKR_MECHANISM_PARAM_INVALID);
    for (size_t at = 0; call->rv == CKR_OK && at < count; at++)
        put_field(call, fields + at, parameter);
}

static void put_structures(struct call *call, const struct field *field, const unsigned char *parameter)
{
    CK_ULONG count = number_at(parameter, field->extent);
    const unsigned char *structures = pointer_at(parameter, field->offset);
    if (count > RPC_PARAMETER_PARTS)
        call_refuse(call, CKR_MECHANISM_PARAM_INVALID);
    if (call->rv != CKR_OK)
        return;
    buffer_u64(&call->request, count);
    for (CK_ULONG at = 0; call->rv == CKR_OK && at < count; at++)
        put_fields(call, field->inner, field->inner_count,
                   structures == NULL ? NULL : structures + at * field->inner_size);
}

static void put_field(struct call *call, const struct field *field, const unsigned char *parameter)
{
    switch (field->kind) {
    case FIELD_NUMBER:
        buffer_u64(&call->request, number_at(parameter, field->offset));
        break;
    case FIELD_BYTES:
        put_array(call, pointer_at(parameter, field->offset), number_at(parameter, field->extent));
        break;
    case FIELD_BLOCK:
        put_array(call, parameter + field->offset, field->extent);
        break;
    case FIELD_POINTER:
        put_fields(call, field->inner, field->inner_count, pointer_at(parameter, field->offset));
        break;
    case FIELD_ARRAY:
        put_structures(call, field, parameter);
        break;
    case FIELD_ABSENT:
        buffer_u64(&call->request, 0);
        break;
    }
}

static void put_parameter(struct call *call, const CK_MECHANISM *mechanism, const struct mechanism_layout *layout)
{
    size_t length_at = call->request.length;
    buffer_u32(&call->request, 0);
    if (layout->size == SIZE_ANY)
        put_array(call, mechanism->pParameter, mechanism->ulParameterLen);
    else
        put_fields(call, layout->fields, layout->count, mechanism->pParameter);
    buffer_set_u32(&call->request, length_at, (uint32_t)(call->request.length - length_at - 4));
}

void call_put_mechanism(struct call *call, const CK_MECHANISM *mechanism)
{
    if (mechanism != NULL && mechanism->mechanism >= NULL_MECHANISM)
        call_refuse(call, CKR_MECHANISM_INVALID);
    if (call->rv != CKR_OK)
        return;
    buffer_u32(&call->request, mechanism == NULL ? NULL_MECHANISM : (uint32_t)mechanism->mechanism);
    if (mechanism == NULL)
        return;
    if (mechanism->ulParameterLen == 0) {
        buffer_byte(&call->request, FLAG_NONE);
        return;
    }
    const struct mechanism_layout *layout = mechanism->pParameter == NULL ? NULL : mechanism_layout(mechanism);
    buffer_byte(&call->request, layout == NULL ? FLAG_NOT_CARRIED : FLAG_CARRIED);
    if (layout != NULL)
        put_parameter(call, mechanism, layout);
}

/* The program's buffer has the length that it had in the request. */
static void get_output(struct reader *from, const struct field *field, const unsigned char *parameter)
{
    struct span made = reader_array(from);
    unsigned char *to = pointer_at(parameter, field->offset);
    if (made.bytes == NULL || to == NULL || made.length != number_at(parameter, field->extent))
        reader_fail(from);
    else
        memcpy(to, made.bytes, made.length);
}

static bool get_all(struct reader *from, const CK_MECHANISM *mechanism)
{
    const struct mechanism_layout *layout = mechanism->pParameter == NULL ? NULL : mechanism_layout(mechanism);
    if (layout == NULL)
        return false;
    for (size_t at = 0; at < layout->count; at++) {
        if (layout->fields[at].is_output)
            get_output(from, layout->fields + at, mechanism->pParameter);
    }
    return reader_ended_well(from);
}

void call_get_outputs(struct call *call, const CK_MECHANISM *mechanism)
{
    struct span outputs = reader_array(&call->results);
    struct reader from;
    if (call->results.failed || outputs.bytes == NULL)
        return;
    reader_init(&from, outputs.bytes, outputs.length);
    if (mechanism == NULL || !get_all(&from, mechanism))
        reader_fail(&call->results);
}
