/** What a move of the attackers is, and how it chooses among what there is at that moment. */
import type { KeyObject } from 'node:crypto'
import type { FlagName } from '../../../src/contract/attributes.ts'
import type { KeyRecord } from '../../../src/model/records.ts'
import { reference as byReference, type World } from '../../support/world.ts'
import type { Knowledge } from './knowledge.ts'
import { pick } from './wishes.ts'

export const MOVE_NAMES = [
  'generate',
  'pair',
  'bring',
  'bringPublic',
  'wrap',
  'unwrap',
  'encrypt',
  'decrypt',
  'derive',
  'deriveByMac',
  'mac',
  'copy',
  'set',
  'template',
  'trust',
  'share',
  'unshare',
  'show',
] as const
export type MoveName = (typeof MOVE_NAMES)[number]
export type Step = {
  readonly move: MoveName
  readonly who: 'alice' | 'bob'
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

export type Made = {
  readonly reference: string
  readonly owner: 'alice' | 'bob'
  /** The base key and what else makes the value: undefined where that is no key of the HSM. */
  readonly derivedFrom?: readonly (string | undefined)[]
}

export type Walk = {
  readonly world: World
  readonly knowledge: Knowledge
  readonly keys: Made[]
  /** A key as it is: its owner can read all attributes. */
  record(reference: string): KeyRecord
}

/** @returns false when there was nothing to do it with; throws HsmError when it is refused */
export type Move = (walk: Walk, step: Step, rsa: KeyObject) => Promise<boolean>

/** Whoever tries much with few keys finds more than with many. */
const FAVOURED = 4

/** Those that fit, if there are any: the attackers know what their keys can do. */
export function choose(
  { keys, record }: Walk,
  number: number,
  fits: (key: KeyRecord) => boolean,
): Made | undefined {
  const fitting = keys.filter(({ reference }) => fits(record(reference)))
  const favoured = number % 2 === 0 ? fitting.slice(0, FAVOURED) : fitting
  return pick(fitting.length > 0 ? favoured : keys, number >> 1)
}

export const can =
  (flag: FlagName) =>
  ({ flags }: KeyRecord): boolean =>
    flags[flag]

export const isPayload = ({ flags, keyClass }: KeyRecord) => flags.extractable && keyClass !== 'public-key'

export const filter = ({ reference }: Made): string[] => byReference(reference)

export const LABELS = { label: 'walk', session: false } as const
