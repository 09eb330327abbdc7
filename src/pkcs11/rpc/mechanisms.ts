/** Mechanisms on the wire. Only those that the token has are read; what comes after another one is never looked at. */
import type { MechanismType, ParameterKind } from '../../contract/mechanism-types.ts'
import { BOUNDS } from '../bounds.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import { TYPES } from '../mechanisms/types.ts'
import { isOwn } from './dialect.ts'
import { malformed } from './malformed.ts'
import {
  createWireReader,
  readByte,
  readByteArray,
  readEnd,
  readMany,
  readU32,
  readU64,
  remaining,
  type WireReader,
} from './wire-reader.ts'

/** NULL instead of a mechanism: what is under way is to be given up. */
const NULL_MECHANISM = 0xffff_ffff
const NO_PARAMETER = 0xffff_ffff

/** From this offered version on, a flag says whether there is a parameter. */
const FLAGGED = 2

/** `M`; null for NULL. Throws CKR_MECHANISM_INVALID. */
export function readMechanism(from: WireReader): CallerMechanism | null {
  const type = readU32(from)
  if (type === NULL_MECHANISM) return null
  if (isOwn(from.offered)) return readOwn(type, from)
  const kind = p11KitKind(knownType(type))
  if (from.offered >= FLAGGED) {
    return kind && readByte(from) !== 0 ? withParameter(type, kind, from) : { type }
  }
  if (kind) return withParameter(type, kind, from)
  return readU32(from) === NO_PARAMETER ? { type } : refuse(CKR.MECHANISM_PARAM_INVALID)
}

/** p11-kit has no structure for EdDSA's, which most callers leave out. */
const p11KitKind = ({ parameter }: MechanismType) => (parameter === 'eddsa' ? undefined : parameter)

/** In our own dialect: there is none, it follows, or it is one that the module could not carry. */
const FLAG = { none: 0, carried: 1 } as const

function readOwn(type: number, from: WireReader): CallerMechanism {
  const flag = readByte(from)
  const carried = flag === FLAG.carried ? (readByteArray(from) ?? malformed('parameter')) : undefined
  const kind = knownType(type).parameter
  if (flag === FLAG.none) return { type, takesOutput: true }
  if (!carried || !kind) return refuse(CKR.MECHANISM_PARAM_INVALID)
  const parameter = createWireReader(carried, from.offered)
  const mechanism = withParameter(type, kind, parameter)
  readEnd(parameter)
  return { ...mechanism, takesOutput: true }
}

function knownType(type: number): MechanismType {
  return TYPES.get(type) ?? refuse(CKR.MECHANISM_INVALID, `There is no mechanism 0x${type.toString(16)}`)
}

function withParameter(type: number, kind: ParameterKind, from: WireReader): CallerMechanism {
  const parameter = READERS[kind](from)
  return parameter ? { type, parameter } : { type }
}

type Parameter = NonNullable<CallerMechanism['parameter']>
const EMPTY = Buffer.alloc(0)
const bytes = (from: WireReader): Buffer => readByteArray(from) ?? EMPTY

const readOaep = (from: WireReader) => ({
  hashAlg: readU64(from),
  mgf: readU64(from),
  source: readU64(from),
  label: bytes(from),
})

function readGcm(from: WireReader) {
  const iv = bytes(from)
  // Its length in bits, often left 0.
  readU64(from)
  return { iv, aad: bytes(from), tagBits: readU64(from) }
}

/** Type and bytes. */
const PART_BYTES = 8 + 4

/** CK_PRF_DATA_PARAM, so many as the number in front says. */
function readParts(from: WireReader) {
  const count = readU64(from)
  if (count > BOUNDS.parameterParts) refuse(CKR.MECHANISM_PARAM_INVALID, `There are ${count} data parameters`)
  if (count * PART_BYTES > remaining(from)) malformed('data parameters')
  return readMany(count, () => ({ type: readU64(from), value: bytes(from) }))
}

/** The members in the order of their structures; undefined for NULL. */
const READERS: Readonly<Record<ParameterKind, (from: WireReader) => Parameter | undefined>> = {
  pss: (from) => ({ kind: 'pss', hashAlg: readU64(from), mgf: readU64(from), saltLength: readU64(from) }),
  oaep: (from) => ({ kind: 'oaep', ...readOaep(from) }),
  'rsa-aes': (from) => ({ kind: 'rsa-aes', keyBits: readU64(from), oaep: readOaep(from) }),
  ecdh: (from) => ({ kind: 'ecdh', kdf: readU64(from), sharedData: bytes(from), publicData: bytes(from) }),
  iv: (from) => {
    const iv = readByteArray(from)
    return iv ? { kind: 'iv', iv } : undefined
  },
  ctr: (from) => ({ kind: 'ctr', counterBits: readU64(from), block: bytes(from) }),
  gcm: (from) => ({ kind: 'gcm', ...readGcm(from) }),
  'cloudhsm-gcm': (from) => ({ kind: 'cloudhsm-gcm', ...readGcm(from) }),
  eddsa: (from) => ({ kind: 'eddsa', prehash: bytes(from), context: bytes(from) }),
  'mac-length': (from) => ({ kind: 'mac-length', length: readU64(from) }),
  'counter-kdf': (from) => ({
    kind: 'counter-kdf',
    prf: readU64(from),
    parts: readParts(from),
    furtherKeys: readU64(from),
  }),
}
