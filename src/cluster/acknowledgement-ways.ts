/**
 * The two ways by which an acknowledgement reaches the other nodes. Directly at once, to those that are linked; through etcd
 * for everybody, also for those that are not linked, do not hear it or look later. When all are linked, etcd has time: one
 * entry stands for all that were told meanwhile.
 */
import type { Peers } from './peers.ts'
import type { After } from './timing.ts'

export interface AcknowledgementWays {
  /** @returns false when it was not told; it must be told again */
  tell(revision: number): Promise<boolean>
  /** Tells again, by either way, what may not have arrived. */
  repeat(): void
  /** What stood in etcd is gone. */
  startOver(): void
}

export type AcknowledgementWaysNeeds = {
  readonly peers: Pick<Peers, 'tell' | 'repeat'>
  /** Writes it to etcd. @returns whether it was */
  readonly write: (revision: number) => Promise<boolean>
  readonly after: After
}

/** How long an acknowledgement that was told directly may wait for the next. */
const LATER_MS = 200

export function createAcknowledgementWays({
  peers,
  write,
  after,
}: AcknowledgementWaysNeeds): AcknowledgementWays {
  /** Each was true when it was told, and stays true. */
  let told = 0
  let written = 0
  let planned = false

  async function writeNow(): Promise<boolean> {
    const revision = told
    const done = await write(revision)
    if (done) written = Math.max(written, revision)
    return done
  }
  function writeLater(): void {
    if (planned || written >= told) return
    planned = true
    after(LATER_MS, () => {
      planned = false
      if (written < told) void writeNow()
    })
  }

  return {
    async tell(revision) {
      told = Math.max(told, revision)
      if (!peers.tell(told)) return writeNow()
      writeLater()
      return true
    },
    repeat() {
      peers.repeat()
      writeLater()
    },
    startOver() {
      written = 0
    },
  }
}
