/** Tells the other nodes what this one has applied: one acknowledgement at a time, always the newest. */

export type AcknowledgementSenderNeeds = {
  /** The newest that is applied. */
  readonly newestRevision: () => number
  /** Resolves when no use is under way that a commit up to the revision has ended. */
  readonly settled: (revision: number) => Promise<void>
  /** @returns false when it could not be told; it is tried again when next there is reason to */
  readonly tell: (revision: number) => Promise<boolean>
}

export interface AcknowledgementSender {
  /** Sees to it that a revision, which is applied or just being so, is acknowledged. */
  upTo(revision: number): void
  /** What was told is forgotten and must be told again. */
  startOver(): void
}

/** Nothing is told before `upTo` asks for it. */
export function createAcknowledgementSender({
  newestRevision,
  settled,
  tell,
}: AcknowledgementSenderNeeds): AcknowledgementSender {
  let busy = false
  let wanted = 0
  let told = 0

  async function run(): Promise<void> {
    let telling = true
    try {
      while (telling && wanted > told) {
        // Subscribers are told of a commit one by one: the uses it ends are marked when all of them have been.
        await undefined
        const revision = newestRevision()
        await settled(revision)
        telling = await tell(revision)
        if (telling) told = revision
      }
    } finally {
      busy = false
    }
  }

  return {
    upTo(revision) {
      wanted = Math.max(wanted, revision)
      if (busy || wanted <= told) return
      busy = true
      void run()
    },
    startOver() {
      told = 0
    },
  }
}
