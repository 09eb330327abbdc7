/** What C_GetMechanismList and C_GetMechanismInfo answer. */
import { factsOf, type KeyKind } from '../../contract/key-kinds.ts'
import { kindsIn, type Table } from '../../contract/mechanism-table.ts'
import type { MechanismType } from '../../contract/mechanism-types.ts'
import { MECHANISMS_TO, type Use } from '../../contract/mechanisms.ts'
import type { Mode } from '../../contract/profiles.ts'
import { CKF } from '../cryptoki/mechanism-flags.ts'
import { TYPES, USES } from './types.ts'

/** Sizes of the keys: bits of RSA and EC keys, bytes of secret ones. */
export type MechanismInfo = { readonly min: number; readonly max: number; readonly flags: number }

/** One thing that a type is good for. `keys`: none for digests. */
type Purpose = { readonly flag: number; readonly keys: readonly KeyKind[]; readonly notInFips: boolean }

const usesOf = (type: MechanismType): readonly Purpose[] =>
  (Object.keys(USES) as Use[]).flatMap((use): readonly Purpose[] => {
    const { flag, by } = USES[use]
    const table: Table = MECHANISMS_TO[use]
    const row = table[type[by]?.name ?? '']
    return row ? [{ flag, keys: kindsIn(row), notInFips: row.notInFips?.includes(use) ?? false }] : []
  })

function purposesOf(type: MechanismType): readonly Purpose[] {
  const { generate: made, digest } = type
  if (digest) return [{ flag: CKF.DIGEST, keys: [], notInFips: false }]
  if (!made) return usesOf(type)
  const { secret, notInFips } = factsOf(made)
  const flag = secret ? CKF.GENERATE : CKF.GENERATE_KEY_PAIR
  return [{ flag, keys: [made], notInFips: notInFips !== undefined }]
}

/** Kinds of the keys that mechanisms of the type make or use. */
export const kindsOf = (type: MechanismType): readonly KeyKind[] =>
  purposesOf(type).flatMap(({ keys }) => keys)

const CURVES = CKF.EC_F_P | CKF.EC_NAMEDCURVE | CKF.EC_UNCOMPRESS

function infoOf(type: MechanismType, mode: Mode): MechanismInfo | undefined {
  const purposes = purposesOf(type).filter(({ notInFips }) => mode !== 'fips' || !notInFips)
  const [first] = purposes
  if (!first) return undefined
  const sizes = first.keys.flatMap((kind) => factsOf(kind).sizes ?? [])
  const flags = purposes.reduce((all, { flag }) => all | flag, first.keys.includes('ec') ? CURVES : 0)
  return sizes.length > 0
    ? { min: Math.min(...sizes), max: Math.max(...sizes), flags }
    : { min: 0, max: 0, flags }
}

const infosIn = (mode: Mode): ReadonlyMap<number, MechanismInfo> =>
  new Map(
    [...TYPES].flatMap(([value, type]): [number, MechanismInfo][] => {
      const info = infoOf(type, mode)
      return info ? [[value, info]] : []
    }),
  )
const INFO: Readonly<Record<Mode, ReadonlyMap<number, MechanismInfo>>> = {
  fips: infosIn('fips'),
  'non-fips': infosIn('non-fips'),
}

/** Types of all that are good for something. The client library leaves out those that it cannot carry. */
export const mechanismsIn = (mode: Mode): readonly number[] => [...INFO[mode].keys()]

/** Undefined for a mechanism that there is not, or that is good for nothing in this mode. */
export const mechanismInfo = (type: number, mode: Mode): MechanismInfo | undefined => INFO[mode].get(type)

/** Of what it is also good for message by message (PKCS#11 v3.0 §5.9). @param flags of all it is good for otherwise */
export function messageFlags(type: number, flags: number): number {
  const isAead = TYPES.get(type)?.encrypt?.name === 'aes-gcm'
  const pairs = [
    [CKF.ENCRYPT, isAead ? CKF.MESSAGE_ENCRYPT : 0],
    [CKF.DECRYPT, isAead ? CKF.MESSAGE_DECRYPT : 0],
    [CKF.SIGN, CKF.MESSAGE_SIGN],
    [CKF.VERIFY, CKF.MESSAGE_VERIFY],
  ] as const
  return pairs.reduce((all, [use, message]) => (flags & use ? all | message : all), 0)
}
