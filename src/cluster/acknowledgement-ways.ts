/**
 * The two ways by which an acknowledgement reaches the other nodes. Directly, if they are linked: to whoever waits for it at
 * once, to the others soon. Through etcd for everybody, also for those that are not linked, do not hear it or look later. When
 * all are linked and heard, etcd has time. One message and one entry stand for all that were told meanwhile.
 */
import type { Peers } from './peers.ts'
import type { After } from './timing.ts'

export interface AcknowledgementWays {
  /**
   * @param waiting ids of the nodes that wait for it
   * @returns false when it was not told; it must be told again
   */
  tell(revision: number, waiting: readonly string[]): Promise<boolean>
  /** Tells again, by either way, what may not have arrived. */
  repeat(): void
  /** What stood in etcd is gone. */
  startOver(): void
}

export type AcknowledgementWaysNeeds = {
  readonly peers: Pick<Peers, 'tell' | 'tellRest' | 'repeat'>
  /** Writes it to etcd. @returns whether it was */
  readonly write: (revision: number) => Promise<boolean>
  readonly after: After
}

/** How long an acknowledgement may wait for the next: directly to a node that does not need it, and through etcd. */
const SOON_MS = 50
const LATER_MS = 1000

export function createAcknowledgementWays({
  peers,
  write,
  after,
}: AcknowledgementWaysNeeds): AcknowledgementWays {
  /** Each was true when it was told, and stays true. */
  let told = 0
  let written = 0

  async function writeNow(): Promise<boolean> {
    const revision = told
    const done = await write(revision)
    if (done) written = Math.max(written, revision)
    return done
  }
  const tellRestSoon = within(after, SOON_MS, peers.tellRest)
  const writeLater = within(after, LATER_MS, () => {
    if (written < told) void writeNow()
  })

  return {
    async tell(revision, waiting) {
      told = Math.max(told, revision)
      const allReached = peers.tell(told, waiting)
      tellRestSoon()
      if (!allReached) return writeNow()
      writeLater()
      return true
    },
    repeat() {
      peers.repeat()
      if (written < told) writeLater()
    },
    startOver() {
      written = 0
    },
  }
}

/** Calls so many milliseconds after it was asked to, once for all that ask meanwhile. */
function within(after: After, ms: number, act: () => void): () => void {
  let planned = false
  return () => {
    if (planned) return
    planned = true
    after(ms, () => {
      planned = false
      act()
    })
  }
}
