/** Records uses of keys, as the pipeline tells of them, in the key-use journal of this HSM. */
import type { KeyUseJournal } from '../../journal/key-use-journal.ts'
import { eventOf, type RequestOutcome } from './outcome.ts'

export interface UseRecorder {
  /** Whether uses are recorded at all: what nobody records need not be put together. */
  isOn(): boolean
  /** Before a use. @throws HsmError `journal-full` when the audit policy refuses what could not be recorded */
  checkRoom(): void
  /**
   * After the work, and before the right to it is checked for the last time.
   *
   * @returns undefined when nothing has to be waited for; else a promise that resolves when the entry is on disk, and rejects with
   *   HsmError `journal-full` when it is not: the result must not be released then
   */
  record(outcome: RequestOutcome): Promise<void> | undefined
}

/**
 * @param journal left out: uses are not recorded, as where there is no home
 * @param now Unix time in milliseconds
 */
export const createUseRecorder = (journal: KeyUseJournal | undefined, now: () => number): UseRecorder => ({
  isOn: () => journal?.isOn() ?? false,
  checkRoom: () => journal?.checkRoom(),
  record: (outcome) => (journal?.isOn() ? journal.record(eventOf(outcome, now())) : undefined),
})
