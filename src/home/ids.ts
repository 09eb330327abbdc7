import { randomInt } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'
import { createFile, readIfThere } from './files.ts'
import type { Home } from './home.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const LENGTH = 11

/** Ids look as in CloudHSM: `cluster-`, `hsm-` and 11 of these. */
export function newId(kind: 'cluster' | 'hsm'): string {
  const characters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)])
  return `${kind}-${characters.join('')}`
}

/** Undefined before the first start. */
export const knownHsmId = ({ hsmId }: Home): string | undefined => readIfThere(hsmId)?.trim()

/**
 * The id of the HSM in this home; one that it can have if it has none yet.
 *
 * @param wanted undefined: any
 * @throws HsmError `invalid-request` when it has another one
 */
export function chosenHsmId(home: Home, wanted?: string): string {
  const known = knownHsmId(home)
  if (known !== undefined && wanted !== undefined && wanted !== known) {
    throw new HsmError('invalid-request', `The HSM in ${home.root} is ${known} and cannot become ${wanted}`)
  }
  return known ?? wanted ?? newId('hsm')
}

/** From now on the HSM in this home has this id. */
export function saveHsmId(home: Home, id: string): void {
  if (knownHsmId(home) === undefined) createFile(home.hsmId, `${id}\n`, 'private')
}
