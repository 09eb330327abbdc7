/* Keys that end with the session, made as CloudHSM makes them: RSA by X9.31, secrets of 32 bytes. */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>

#include "program.h"

/* What a key may do; of a pair, what its halves do for each other. All can be wrapped. */
enum use { SIGN = 1, ENCRYPT = 2, WRAP = 4, DERIVE = 8 };

struct pair {
    CK_OBJECT_HANDLE public, private;
};

/* The object identifier of a curve, in DER. */
struct curve {
    const char *name;
    CK_BYTE oid[10];
    CK_ULONG field_bytes;
};
extern const struct curve P224, P256, P384, P521, SECP256K1, ED25519;

CK_OBJECT_HANDLE secret_key(CK_MECHANISM_TYPE type, unsigned uses);
struct pair rsa_pair(unsigned uses);
struct pair ec_pair(const struct curve *curve, unsigned uses);
struct pair ml_dsa_pair(CK_CLOUDHSM_ML_DSA_PARAMETER_SET_TYPE set);

CK_ULONG number_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
CK_BBOOL flag_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
/* At most `room` bytes; their number. */
CK_ULONG bytes_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *bytes, CK_ULONG room);

/* Whether they encrypt alike. */
bool is_same_key(CK_MECHANISM_TYPE ecb, CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE other);

#endif
