/** A mechanism as the caller gave it. */
import type { ParameterKind } from '../../contract/mechanism-types.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'

/** By the structures of PKCS#11 and of CloudHSM: CK_RSA_PKCS_PSS_PARAMS and so on. */
export type Parameters = {
  readonly pss: { readonly hashAlg: number; readonly mgf: number; readonly saltLength: number }
  readonly oaep: {
    readonly hashAlg: number
    readonly mgf: number
    readonly source: number
    readonly label: Buffer
  }
  readonly ecdh: { readonly kdf: number; readonly sharedData: Buffer; readonly publicData: Buffer }
  readonly iv: { readonly iv: Buffer }
  readonly ctr: { readonly counterBits: number; readonly block: Buffer }
  readonly gcm: { readonly iv: Buffer; readonly aad: Buffer; readonly tagBits: number }
  /** The same structure, whose IV is NULL. */
  readonly 'cloudhsm-gcm': Parameters['gcm']
  readonly 'rsa-aes': { readonly keyBits: number; readonly oaep: Parameters['oaep'] }
  /** `prehash`: the byte of the CK_BBOOL. */
  readonly eddsa: { readonly prehash: Buffer; readonly context: Buffer }
  readonly 'mac-length': { readonly length: number }
  /** `parts`: in their order, with the values as they lie in the program's memory. */
  readonly 'counter-kdf': {
    readonly prf: number
    readonly parts: readonly { readonly type: number; readonly value: Buffer }[]
    readonly furtherKeys: number
  }
}

/** CK_MECHANISM, read off the wire and not believed yet. */
export type CallerMechanism = {
  readonly type: number
  /** Undefined: NULL. */
  readonly parameter?: { readonly [K in ParameterKind]: { readonly kind: K } & Parameters[K] }[ParameterKind]
  /** What the HSM makes for the parameter, such as an IV, can be given back. */
  readonly takesOutput?: boolean
}

/** Throws CKR_MECHANISM_PARAM_INVALID when the mechanism has another parameter, or none. */
export function parameterOf<K extends ParameterKind>({ parameter }: CallerMechanism, kind: K): Parameters[K] {
  if (parameter?.kind !== kind) return refuse(CKR.MECHANISM_PARAM_INVALID)
  return parameter as unknown as Parameters[K]
}

/** Throws CKR_MECHANISM_PARAM_INVALID when the mechanism has a parameter that it should not have. */
export function withoutParameter({ parameter }: CallerMechanism): void {
  if (parameter) refuse(CKR.MECHANISM_PARAM_INVALID)
}
