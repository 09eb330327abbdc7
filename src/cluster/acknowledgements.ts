/** Which commits this node acknowledges, and when. */
import type { Change } from '../store/store.ts'
import {
  type AcknowledgementSender,
  type AcknowledgementSenderNeeds,
  createAcknowledgementSender,
} from './acknowledgement-sender.ts'
import type { AcknowledgementWays } from './acknowledgement-ways.ts'

export type AcknowledgementsNeeds = Pick<AcknowledgementSenderNeeds, 'newestRevision'> &
  Pick<AcknowledgementWays, 'tell' | 'startOver'> & {
    readonly id: () => string
    /** Whether the commits are seen one by one. */
    readonly seen: () => boolean
    /** Whether a change of this revision waits for the other nodes. */
    readonly awaits: (revision: number) => boolean
  }

export interface Acknowledgements extends AcknowledgementSender {
  /** Nothing is acknowledged before. */
  begin(settled: AcknowledgementSenderNeeds['settled']): void
  /** To be called in the stretch of code in which a commit is applied. */
  applied(changes: readonly Change[]): void
  /** Acknowledges a commit when its wait for the other nodes is over. */
  after<R>(revision: number, waiting: Promise<R>): Promise<R>
}

/** Which revisions this node has acknowledged, and when it may acknowledge the next. */
export function createAcknowledgements(needs: AcknowledgementsNeeds): Acknowledgements {
  let sender: AcknowledgementSender | undefined
  /** The nodes that wait for the word of this one on a commit of theirs, and the newest such commit. */
  const waiting = new Map<string, number>()
  let settled: AcknowledgementSenderNeeds['settled'] = () => Promise.resolve()
  const upTo = (revision: number) => sender?.upTo(revision)

  /**
   * While this node waits for the others itself nobody needs its word, which would only stand in the way of theirs: etcd
   * takes one write after the other. Whoever waits has begun to when the commit has settled.
   */
  async function ownCommit(revision: number): Promise<void> {
    await settled(revision)
    if (!needs.awaits(revision)) upTo(revision)
  }

  function tell(revision: number): Promise<boolean> {
    const ids = [...waiting.keys()]
    for (const [id, commit] of waiting) if (commit <= revision) waiting.delete(id)
    return needs.tell(revision, ids)
  }

  return {
    begin(when) {
      settled = when
      sender = createAcknowledgementSender({ ...needs, settled, tell })
    },
    applied(changes) {
      const newest = changes.findLast(concernsOthers)?.revision
      if (newest === undefined) return
      const authors = authorsOf(changes)
      for (const id of authors) if (id !== needs.id()) waiting.set(id, newest)
      // What is loaded anew may be the work of many.
      if (needs.seen() && authors.includes(needs.id())) void ownCommit(newest)
      else upTo(newest)
    },
    after: (revision, waiting) => waiting.finally(() => upTo(revision)),
    upTo,
    startOver() {
      needs.startOver()
      sender?.startOver()
    },
  }
}

const HEAD = 'audit-head/'

/** Ids of nodes: every commit of a node adds to its audit log. */
const authorsOf = (changes: readonly Change[]): readonly string[] =>
  changes.filter(({ key }) => key.startsWith(HEAD)).map(({ key }) => key.slice(HEAD.length))

/** Heads of audit logs change with every commit and give nobody rights; they are acknowledged with the next renewal. */
const concernsOthers = ({ key }: Change): boolean => !key.startsWith(HEAD)
