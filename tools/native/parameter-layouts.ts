/**
 * How each kind of mechanism parameter lies in a program's memory, and in which order its members travel: that in which
 * `src/pkcs11/rpc/mechanisms.ts` reads them.
 */
import type { ParameterKind } from '../../src/contract/mechanism-types.ts'

/** A member of a structure of PKCS#11, by its name in C. */
export type Field =
  | { readonly kind: 'number'; readonly member: string }
  /** `output`: the HSM may write as many bytes back. */
  | { readonly kind: 'bytes'; readonly member: string; readonly length: string; readonly output?: true }
  /** Bytes inside the structure itself. */
  | { readonly kind: 'block'; readonly member: string }
  /** A pointer to another structure, whose members follow. */
  | { readonly kind: 'pointer'; readonly member: string; readonly to: Structure }
  /** A pointer to as many structures as another member says, each with its members; the number goes in front. */
  | { readonly kind: 'array'; readonly member: string; readonly count: string; readonly of: Structure }
  /** A number that this form of the structure has no member for: 0 travels. */
  | { readonly kind: 'absent' }

export type Structure = { readonly struct: string; readonly fields: readonly Field[] }

/** `whole`: the parameter is bytes itself. */
export type Layout = Structure | 'whole'

const number = (member: string): Field => ({ kind: 'number', member })
const bytes = (member: string, length: string): Field => ({ kind: 'bytes', member, length })
const oaep: Structure = {
  struct: 'CK_RSA_PKCS_OAEP_PARAMS',
  fields: [number('hashAlg'), number('mgf'), number('source'), bytes('pSourceData', 'ulSourceDataLen')],
}
/** PKCS#11 v2.40 has the second in its text and the first in its header; programs were built with either. */
const gcm = (iv: Field): readonly Layout[] =>
  (
    [
      ['CK_GCM_PARAMS', number('ulIvBits')],
      ['struct gcm_parameters_without_iv_bits', { kind: 'absent' }],
    ] as const
  ).map(([struct, ivBits]) => ({
    struct,
    fields: [iv, ivBits, bytes('pAAD', 'ulAADLen'), number('ulTagBits')],
  }))
/** CloudHSM's structure ends before what the standard's has of further keys. */
const counterKdf = (struct: string, furtherKeys: Field): Structure => ({
  struct,
  fields: [
    number('prftype'),
    {
      kind: 'array',
      member: 'pDataParams',
      count: 'ulNumberOfDataParams',
      of: { struct: 'CK_PRF_DATA_PARAM', fields: [number('type'), bytes('pValue', 'ulValueLen')] },
    },
    furtherKeys,
  ],
})
const iv = { kind: 'bytes', member: 'pIv', length: 'ulIvLen' } as const

/** Several: the size of what the program gives says which it is. */
export const PARAMETER_LAYOUTS: Readonly<Record<ParameterKind, readonly Layout[]>> = {
  pss: [{ struct: 'CK_RSA_PKCS_PSS_PARAMS', fields: [number('hashAlg'), number('mgf'), number('sLen')] }],
  oaep: [oaep],
  ecdh: [
    {
      struct: 'CK_ECDH1_DERIVE_PARAMS',
      fields: [
        number('kdf'),
        bytes('pSharedData', 'ulSharedDataLen'),
        bytes('pPublicData', 'ulPublicDataLen'),
      ],
    },
  ],
  iv: ['whole'],
  ctr: [{ struct: 'CK_AES_CTR_PARAMS', fields: [number('ulCounterBits'), { kind: 'block', member: 'cb' }] }],
  gcm: gcm({ ...iv, output: true }),
  'cloudhsm-gcm': gcm(iv),
  'rsa-aes': [
    {
      struct: 'CK_RSA_AES_KEY_WRAP_PARAMS',
      fields: [number('ulAESKeyBits'), { kind: 'pointer', member: 'pOAEPParams', to: oaep }],
    },
  ],
  eddsa: [
    {
      struct: 'CK_EDDSA_PARAMS',
      fields: [{ kind: 'block', member: 'phFlag' }, bytes('pContextData', 'ulContextDataLen')],
    },
  ],
  'counter-kdf': [
    counterKdf('CK_SP800_108_KDF_PARAMS', { kind: 'absent' }),
    counterKdf('struct counter_kdf_parameters', number('ulAdditionalDerivedKeys')),
  ],
  'mac-length': [{ struct: 'struct number_parameter', fields: [number('value')] }],
}
