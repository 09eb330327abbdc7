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
 * The id of the HSM in this home, made and kept if it has none yet.
 *
 * @param wanted undefined: any
 * @throws HsmError `invalid-request` when it has another one
 */
export function hsmIdOf(home: Home, wanted?: string): string {
  const known = knownHsmId(home)
  if (known !== undefined && wanted !== undefined && wanted !== known) {
    throw new HsmError('invalid-request', `The HSM in ${home.root} is ${known} and cannot become ${wanted}`)
  }
  if (known !== undefined) return known
  const id = wanted ?? newId('hsm')
  createFile(home.hsmId, `${id}\n`, 'private')
  return id
}
