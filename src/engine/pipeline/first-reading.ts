/** What a use must wait for before it can have a ticket: material that is not at hand on this HSM. */
import { HsmError } from '../../contract/errors.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { Pinned } from './selection.ts'

/** How often material may be gone again when its turn comes: others were read meanwhile, or the key was written anew. */
const MOST_READINGS = 3

/**
 * Of one use, which asks each time before it begins.
 *
 * @param used names of the keys in use @param inClear the one whose bytes are taken
 * @returns what to wait for; undefined when all is at hand
 */
export function createFirstReading(
  { toRead }: Pick<Keyring, 'toRead'>,
  used: readonly string[],
  inClear: string | undefined,
): (keys: Pinned) => Promise<unknown> | undefined {
  let readings = 0
  function lacking(keys: Pinned): Promise<unknown> | undefined {
    let first: Promise<unknown> | undefined
    for (const name of used) {
      const key = keys[name]
      const reading = key && toRead(key, name === inClear)
      if (reading) first = first ? Promise.all([first, reading]) : reading
    }
    return first
  }
  return (keys) => {
    const first = lacking(keys)
    if (!first || readings++ < MOST_READINGS) return first
    return first.then(goneAgain)
  }
}

function goneAgain(): never {
  throw new HsmError('busy', 'The material of the key was read, and was gone again; try again')
}
