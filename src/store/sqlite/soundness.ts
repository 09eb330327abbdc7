/**
 * Whether an open store is what was written. The first record that is found not to be ends it for good, whoever finds it: somebody
 * else has written to the store, or its disk is failing. What is in memory was proven, but could not be changed any more.
 */
import { HsmError } from '../../contract/errors.ts'

export interface Soundness {
  /** @throws why the store has ended */
  check(): void
  /**
   * Runs `read`. HsmError `store-damaged` ends the store.
   *
   * @throws what it throws; why the store has ended, without running it
   */
  watching<T>(read: () => T): T
  /** As if `watching` had met it. */
  note(error: HsmError): void
  /** For another reason. */
  end(error: HsmError): void
}

/** @param onDamage called when the store has ended because it is damaged */
export function createSoundness(onDamage: (error: HsmError) => void): Soundness {
  let ended: HsmError | undefined
  function check(): void {
    if (ended) throw ended
  }
  function note(error: unknown): void {
    if (!(error instanceof HsmError) || error.code !== 'store-damaged') return
    ended = error
    onDamage(error)
  }
  return {
    check,
    watching(read) {
      check()
      try {
        return read()
      } catch (error) {
        note(error)
        throw error
      }
    },
    note,
    end(error) {
      ended = error
    },
  }
}
