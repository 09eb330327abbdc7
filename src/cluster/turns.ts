/**
 * Whose turn it is to commit. Commits of several nodes stand in one order, and one that was made on an older state than the
 * newest is refused and made again. So those who want to commit at the same time take turns, in the order of their ids; what
 * each sees of the others' commits passes the turn on. It is advice: nothing but time depends on it.
 */
import type { Change } from '../store/store.ts'
import type { Turns } from './coordination.ts'
import type { Registration } from './registration.ts'
import type { After, Clock } from './timing.ts'

export interface TurnTaking extends Turns {
  /** To be called with every commit, in the stretch of code in which it is applied. */
  applied(changes: readonly Change[]): void
  /** A process has said that it wants to commit after the commit of this number. */
  hear(boot: string, commit: number): void
}

export type TurnsNeeds = {
  readonly id: () => string
  readonly registered: () => readonly Registration[]
  /** The number of the newest commit that is applied. */
  readonly newestCommit: () => number
  /** Says to the others that this node wants to commit after a commit. */
  readonly say: (commit: number) => void
  readonly clock: Clock
  readonly after: After
}

/** How long a node waits for the commit of one whose turn it is: so many times what commits have taken lately, within bounds. */
const PATIENCE = 4
const SHORTEST_MS = 5
const LONGEST_MS = 250
/** A node that has seen no other want to commit for so long says nothing of its own wishes. */
const ALONE_MS = 1000

export function createTurns(needs: TurnsNeeds): TurnTaking {
  const { id, registered, newestCommit, say, clock, after } = needs
  /** After which commit each node wants to make its next, by the id of the node. */
  const wishes = new Map<string, number>()
  const waiting = new Set<() => void>()
  let last = ''
  let wished = -1
  let othersAt = Number.NEGATIVE_INFINITY
  /** Milliseconds from one commit to the next that was wished for, smoothed. */
  let takes = SHORTEST_MS
  let committedAt = clock()

  /** Of the nodes that want to commit, the one that comes after the one that did last. */
  function next(): string {
    const inOrder = [...wishes.keys(), id()].sort((a, b) => (a < b ? -1 : 1))
    return inOrder.find((one) => one > last) ?? inOrder[0] ?? id()
  }

  function otherIsThere(): void {
    othersAt = clock()
  }

  return {
    wish(commit) {
      if (wished >= commit || clock() - othersAt > ALONE_MS) return
      wished = commit
      say(commit)
    },
    mine() {
      const whose = next()
      if (whose === id()) return undefined
      return new Promise((resolve) => {
        const go = () => {
          cancel()
          waiting.delete(look)
          resolve()
        }
        const look = () => {
          if (next() === id()) go()
        }
        const patienceMs = Math.min(Math.max(PATIENCE * takes, SHORTEST_MS), LONGEST_MS)
        const cancel = after(patienceMs, () => {
          wishes.delete(next())
          go()
        })
        waiting.add(look)
      })
    },
    applied(changes) {
      const author = changes.find(({ key }) => key.startsWith('audit-head/'))?.key.slice('audit-head/'.length)
      if (author === undefined) return
      last = author
      if (author !== id()) otherIsThere()
      const now = clock()
      if (wishes.has(author)) takes += (Math.min(now - committedAt, LONGEST_MS) - takes) / 8
      committedAt = now
      if ((wishes.get(author) ?? 0) < newestCommit()) wishes.delete(author)
      for (const look of [...waiting]) look()
    },
    hear(from, commit) {
      const node = registered().find((one) => one.boot === from)
      if (!node || node.id === id()) return
      otherIsThere()
      wishes.set(node.id, commit)
    },
  }
}
