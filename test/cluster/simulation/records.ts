/** The history of a simulated world as it truly was, and what of it guarantee G forbids. */
import { type Event, violations } from '../../support/history.ts'
import type { EtcdModel } from './etcd-model.ts'
import type { Machine } from './faults.ts'
import type { SimNode, Used } from './sim-node.ts'
import type { VirtualTime } from './virtual-time.ts'

export type Outcome = {
  /** One line for each breach of guarantee G. */
  readonly breaches: readonly string[]
  readonly uses: number
  readonly refusals: number
  /** Confirmed revocations: how, and true milliseconds from commit to success. */
  readonly revocations: readonly { readonly how: string; readonly took: number; readonly begun: number }[]
  readonly unfinished: number
  /** Nodes that serve at the end. */
  readonly serving: number
}

export type User = 'bob' | 'carol'
export const USERS = ['bob', 'carol'] as const

export type Seat = Machine & { readonly id: string; node: SimNode | undefined }

export type Records = ReturnType<typeof createRecords>

export function createRecords(time: VirtualTime, etcd: EtcdModel, seats: readonly Seat[], bounded: boolean) {
  const events: Record<User, Event[]> = { bob: [], carol: [] }
  const spans: Record<User, { readonly permitted: number; readonly end: number }[]> = { bob: [], carol: [] }
  const breaches: string[] = []
  const revocations: Outcome['revocations'][number][] = []
  let refusals = 0
  let unfinished = 0

  const committedAt = (revision: number) => etcd.log[revision - 1]?.time ?? 0

  /** Commits that shared the key with the user, from the log itself. */
  const grants = (user: User): Event[] =>
    sharedSteps(etcd, user).flatMap(({ shared, at }) =>
      shared ? [{ kind: 'grant', start: at, end: at, ok: true } as const] : [],
    )

  /** A use that goes on where the node has been registered all the time, although every node has said that none does. */
  function checkDrained(user: User, revision: number): void {
    const regranted = sharedSteps(etcd, user).some(({ shared, at }) => shared && at > committedAt(revision))
    const stays = new Map(etcd.members('node/').map((member) => [member.key, member.revision]))
    const survivor = seats
      .filter(
        ({ id, node }) =>
          node?.process.alive && node.serves() && (stays.get(`node/${id}`) ?? revision) < revision,
      )
      .some(({ node }) => [...(node?.underWay ?? [])].some((use) => use.user === user))
    if (survivor && !regranted)
      breaches.push(`a use by ${user} goes on after revision ${revision} was acknowledged`)
  }

  /** Results of uses that were permitted before a revocation and released after its success, shared again or not. */
  const outlived = (user: User): readonly string[] =>
    spans[user].flatMap(({ permitted, end }) => {
      const revoke = events[user].find(
        ({ kind, start, end: confirmed }) => kind === 'revoke' && permitted < start && confirmed < end,
      )
      if (!revoke) return []
      return [
        `${user}: a use permitted at ${permitted}, released at ${end}, outlived ${revoke.start} to ${revoke.end}`,
      ]
    })

  return {
    /**
     * Without clocks a result that was there before a revocation was confirmed may be on its way for as long as it
     * likes, as over any network; by the clock it must have been released.
     */
    used(user: User, start: number, { permitted, workDone }: Used): void {
      const end = bounded ? time.now() : workDone
      events[user].push({ kind: 'use', start, end, ok: true })
      spans[user].push({ permitted, end })
    },
    refused() {
      refusals += 1
    },
    begun() {
      unfinished += 1
    },
    revoked(user: User, revision: number, how: string | undefined): void {
      unfinished -= 1
      const start = committedAt(revision)
      events[user].push({ kind: 'revoke', start, end: time.now(), ok: true })
      if (how) revocations.push({ how, took: time.now() - start, begun: start })
      if (how === 'acknowledged') checkDrained(user, revision)
    },
    failed() {
      unfinished -= 1
    },
    outcome(serving: number): Outcome {
      for (const user of USERS) {
        breaches.push(...outlived(user))
        const history = [...events[user], ...grants(user)].sort((a, b) => a.end - b.end)
        for (const { use, revoke } of violations(history, { deliveredInOrder: true })) {
          breaches.push(
            `${user}: a use from ${use.start} to ${use.end}, revoked at ${revoke.start}, confirmed at ${revoke.end}`,
          )
        }
      }
      const uses = events.bob.length + events.carol.length
      return { breaches, uses, refusals, revocations, unfinished, serving }
    },
  }
}

function sharedSteps(etcd: EtcdModel, user: User) {
  let shared = false
  return etcd.log.flatMap(({ writes, time: at }) => {
    const put = writes?.flatMap((write) => ('put' in write && write.put.kind === 'key' ? write.put : []))[0]
    const after = put ? put.sharedWith.includes(user) : shared
    if (after === shared) return []
    shared = after
    return [{ shared, at }]
  })
}
