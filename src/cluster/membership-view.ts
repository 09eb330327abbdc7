/**
 * Who may be serving, and on what state at the least. Nothing here is taken back by what is learnt later: a node that
 * has applied a revision has it for good, and one that is gone from the cluster may serve for `graceMs` more.
 *
 * Only what a node has sealed counts for it. When an entry came to stand in etcd, under which lease, and that it is gone
 * may be the work of whoever administers etcd, and is only ever a reason to wait.
 */
import type { Member, MemberChange } from './coordination.ts'
import {
  type Acknowledgement,
  isNode,
  type Registration,
  readAcknowledgement,
  readRegistration,
} from './registration.ts'

/** A node that may act on a state older than the one asked about. */
export type Laggard = {
  readonly id: string
  /** When it will certainly have stopped; undefined while it is registered. */
  readonly until: number | undefined
}

export interface MembershipView {
  /** To be given every change of a member key, in order. */
  apply(change: MemberChange, now: number): void
  /** A process has said so directly. It counts for that process alone, as long as it may be serving as far as is known here. */
  hear(acknowledgement: Acknowledgement): void
  /** Nodes may have come and gone unseen until `now`, as they may before this began. */
  missed(now: number): void
  /** Live nodes, this one among them. */
  registered(): readonly Registration[]
  /** Every other node that may act on a state older than `revision`. */
  behind(revision: number, now: number): readonly Laggard[]
}

/** Stands for nodes that left before this one looked. */
const UNSEEN = 'a node that has left'

type Gone = { readonly registration: Registration; readonly until: number }

export type MembershipViewNeeds = {
  /** Of this process, which needs no word from itself. */
  readonly boot: string
  readonly graceMs: number
  /** Whether all changes are seen. */
  readonly seen: () => boolean
  /** As they stand now. */
  readonly members: readonly Member[]
}

/** @param now on the clock that all later times are on */
export function createMembershipView(
  { boot, graceMs, seen, members }: MembershipViewNeeds,
  now: number,
): MembershipView {
  const registered = new Map<string, Registration>()
  const acknowledged = new Map<string, number>()
  let gone: readonly Gone[] = []
  let unseenUntil = now + graceMs

  const leave = (registration: Registration | undefined, at: number) => {
    if (registration) gone = [...gone, { registration, until: at + graceMs }]
  }
  const lacks = (registration: Registration, revision: number) =>
    registration.boot !== boot && (acknowledged.get(registration.boot) ?? 0) < revision
  const acknowledge = ({ boot: of, revision }: Acknowledgement) =>
    void acknowledged.set(of, Math.max(revision, acknowledged.get(of) ?? 0))
  const known = () =>
    new Set([...registered.values(), ...gone.map(({ registration }) => registration)].map((one) => one.boot))

  function forget(at: number): void {
    gone = gone.filter(({ until }) => until > at)
    const boots = known()
    for (const old of acknowledged.keys()) if (!boots.has(old)) acknowledged.delete(old)
  }

  function applyNode({ key, member }: Pick<MemberChange, 'key' | 'member'>, at: number): void {
    const before = registered.get(key)
    const after = member && readRegistration(member)
    // While a process is registered it is waited for in any case, whichever of its registrations this is.
    gone = gone.filter(({ registration }) => registration.boot !== after?.boot)
    if (before?.boot !== after?.boot) leave(before, at)
    if (after) {
      registered.set(key, after)
      acknowledge({ boot: after.boot, revision: after.begun })
    } else registered.delete(key)
    forget(at)
  }

  function apply({ key, member }: Pick<MemberChange, 'key' | 'member'>, at: number): void {
    if (isNode(key)) applyNode({ key, member }, at)
    else if (member) acknowledge(readAcknowledgement(member))
  }

  function unseen(at: number): readonly Laggard[] {
    const until = seen() ? unseenUntil : at + graceMs
    return until > at ? [{ id: UNSEEN, until }] : []
  }

  for (const member of members) apply({ key: member.key, member }, now)
  return {
    apply,
    hear(acknowledgement) {
      if (known().has(acknowledgement.boot)) acknowledge(acknowledgement)
    },
    missed(at) {
      unseenUntil = at + graceMs
    },
    registered: () => [...registered.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    behind: (revision, at) => [
      ...[...registered.values()]
        .filter((registration) => lacks(registration, revision))
        .map(({ id }) => ({ id, until: undefined })),
      ...gone
        .filter(({ registration, until }) => until > at && lacks(registration, revision))
        .map(({ registration: { id }, until }) => ({ id, until })),
      ...unseen(at),
    ],
  }
}
