#include "mechanism_layouts.h"

#include "cloudhsm_pkcs11_vendor_defs.h"

/* CK_GCM_PARAMS as the text of PKCS#11 v2.40 has it, and some programs. */
struct gcm_parameters_without_iv_bits {
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulTagBits;
};

/* CK_MAC_GENERAL_PARAMS, which is a number. */
struct number_parameter {
    CK_ULONG value;
};

/* CK_SP800_108_KDF_PARAMS as PKCS#11 v3.0 has it. */
struct counter_kdf_parameters {
    CK_ULONG prftype;
    CK_ULONG ulNumberOfDataParams;
    CK_PRF_DATA_PARAM *pDataParams;
    CK_ULONG ulAdditionalDerivedKeys;
    void *pAdditionalDerivedKeys;
};

#include "mechanism_layouts.inc"

const struct mechanism_layout *mechanism_layout(const CK_MECHANISM *mechanism)
{
    for (size_t at = 0; at < sizeof mechanism_layouts / sizeof *mechanism_layouts; at++) {
        const struct mechanism_layout *row = mechanism_layouts + at;
        if (row->type == mechanism->mechanism && (row->size == SIZE_ANY || row->size == mechanism->ulParameterLen))
            return row;
    }
    return NULL;
}
