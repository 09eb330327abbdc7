/** The requests of one connection, from when they are sent until their replies have come, also when nobody waits any more. */
import type { WireReply } from './link.ts'

export type Sent = {
  /** @param reply undefined when the HSM never took the request */
  readonly settle: (reply: WireReply | undefined) => void
  readonly fail: (error: Error) => void
}

export type SentRequests = {
  /**
   * Calls `go` when there is room for one more, or when nothing is sent any more.
   *
   * @param isWanted whether that is still of use; it is not called otherwise, and the next one has the room
   */
  whenRoom(go: () => void, isWanted: () => boolean): void
  begin(id: number, sent: Sent): void
  /** Does nothing when there is none with this id. */
  end(id: number, reply: WireReply | undefined): void
  failAll(error: Error): void
  /** The HSM has taken none beyond this one, and will not. */
  takenUpTo(id: number): void
  /** Nothing is sent any more. @param done called as soon as no reply is due */
  stop(done: () => void): void
}

type Waiting = { readonly go: () => void; readonly isWanted: () => boolean }

/** @param most that the HSM works on at once */
export function createSentRequests(most: number): SentRequests {
  const underWay = new Map<number, Sent>()
  let waiting: Waiting[] = []
  let done: (() => void) | undefined

  function over(id: number, how: (sent: Sent) => void): void {
    const sent = underWay.get(id)
    if (!sent) return
    underWay.delete(id)
    how(sent)
    wakeNext()
    if (underWay.size === 0) done?.()
  }
  function wakeNext(): void {
    let next = waiting.shift()
    while (next && !next.isWanted()) next = waiting.shift()
    next?.go()
  }
  const end: SentRequests['end'] = (id, reply) => over(id, ({ settle }) => settle(reply))
  return {
    whenRoom(go, isWanted) {
      if (done || underWay.size < most) go()
      else waiting.push({ go, isWanted })
    },
    begin(id, sent) {
      underWay.set(id, sent)
    },
    end,
    failAll(error) {
      for (const id of [...underWay.keys()]) over(id, ({ fail }) => fail(error))
    },
    takenUpTo(last) {
      for (const id of [...underWay.keys()]) if (id > last) end(id, undefined)
    },
    stop(whenDone) {
      done = whenDone
      const all = waiting
      waiting = []
      for (const { go } of all) go()
      if (underWay.size === 0) done()
    },
  }
}
