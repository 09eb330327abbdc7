/** The journals of a cluster as an admin reaches them: each through an HSM that has it. */
import { type Break, EMPTY_JOURNAL, verifyEntries } from '../../audit/chain.ts'
import type { AuditFilter } from '../../audit/filter.ts'
import { parseListen } from '../../base/listen-address.ts'
import type { Credentials } from '../../cli/cluster-login.ts'
import type { ServerAddress } from '../../client/failures.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { JournalName } from '../../contract/operations/audit.ts'
import type { OperationName, Reply, Request } from '../../contract/operations.ts'
import { shown, visible } from '../../contract/shown.ts'
import type { Home } from '../../home/home.ts'
import type { AuditEntry } from '../../model/audit.ts'
import type { JournalHead } from '../../model/records.ts'
import { loggedIn, logIn } from '../logged-in.ts'
import type { Outcome } from '../outcome.ts'

type Call = <K extends OperationName>(operation: K, request: Request<K>) => Promise<Reply<K>>

/** One journal, and how it is read. */
export type Journal = {
  readonly hsm: string
  readonly name: JournalName
  readonly head: JournalHead
  readonly call: Call
  /** It is read through another HSM than that of this home. */
  readonly isElsewhere?: true
}

/** A journal of the cluster that cannot be reached. */
export type Unreached = {
  readonly hsm: string
  readonly name: JournalName
  readonly why: string
  /** It never will be: its HSM is of the cluster that a backup was made of. */
  readonly isOfOriginal?: true
}

export type Cluster = {
  readonly call: Call
  /** @param hsm left out: that of this home; `all`: every one that there is a journal of */
  journals(
    name: JournalName,
    hsm: string | undefined,
  ): Promise<{ readonly found: readonly Journal[]; readonly unreached: readonly Unreached[] }>
}

/** Logs in, at other HSMs too when their journals are asked for, and out again when `body` has ended. Throws HsmError. */
export const inCluster = (
  home: Home,
  who: Credentials,
  body: (cluster: Cluster) => Promise<Outcome>,
): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) => {
    const others: (() => void)[] = []
    const session = async (server: ServerAddress): Promise<Call> => {
      const other = await lasting(() => logIn(home, server, who))
      others.push(other.close)
      return other.call
    }
    const call: Call = (operation, request) => hsm.call(operation, request, token)
    try {
      const heads = await call('audit.heads', {})
      return await body({
        call,
        journals: (name, wanted) => journals({ call, heads, session }, name, wanted),
      })
    } finally {
      for (const close of others) close()
    }
  })

/** A login that is made anew for the call after one that found it gone, as when the HSM has restarted. */
async function lasting(logIn: () => Promise<Login>): Promise<{ readonly call: Call; close(): void }> {
  let login: Login | undefined = await logIn()
  let isClosed = false
  async function current(): Promise<Login> {
    if (login) return login
    const made = await logIn()
    if (isClosed) made.close()
    else login = made
    return made
  }
  return {
    async call(operation, request) {
      const { hsm, token, close } = await current()
      try {
        return await hsm.call(operation, request, token)
      } catch (error) {
        if (isGone(error)) {
          close()
          login = undefined
        }
        throw error
      }
    },
    close() {
      isClosed = true
      login?.close()
    },
  }
}

type Login = Awaited<ReturnType<typeof logIn>>

const isGone = (error: unknown): boolean =>
  error instanceof HsmError && (error.code === 'unavailable' || error.code === 'not-logged-in')

type Reach = {
  readonly call: Call
  readonly heads: Reply<'audit.heads'>
  readonly session: (server: ServerAddress) => Promise<Call>
}

async function journals(reach: Reach, name: JournalName, wanted: string | undefined) {
  const self = reach.heads['hsm-id']
  const live = name === 'key-use' ? await addresses(reach) : new Map<string, string>()
  const known = new Map<string, Row | undefined>([...live.keys()].map((hsm) => [hsm, undefined]))
  for (const row of reach.heads.hsms) known.set(row.hsm, row)
  const asked = [...known].filter(([hsm]) => wanted === 'all' || hsm === (wanted ?? self))
  if (asked.length === 0 && wanted !== undefined) {
    throw new HsmError('invalid-request', `There is no audit log of ${shown(wanted)} here`)
  }
  const all = await Promise.all(asked.map(([hsm, row]) => journalOf(reach, hsm, row, name, live.get(hsm))))
  return {
    found: all.filter((one) => one !== undefined && 'call' in one),
    unreached: all.filter((one) => one !== undefined && 'why' in one),
  }
}

type Row = Reply<'audit.heads'>['hsms'][number]

/** Undefined when there is no entry in it. */
async function journalOf(
  reach: Reach,
  hsm: string,
  row: Row | undefined,
  name: JournalName,
  address: string | undefined,
): Promise<Journal | Unreached | undefined> {
  const { call } = reach
  if (name === 'management') return row && { hsm, name, head: row.management, call }
  if (hsm === reach.heads['hsm-id']) return { hsm, name, head: row?.['key-use'] ?? EMPTY_JOURNAL, call }
  if (address !== undefined) return keyUseOf(reach, hsm, address, row?.['key-use'])
  if (!row?.['key-use']) return undefined
  if (await cameInBackup(reach, row)) {
    return {
      hsm,
      name,
      why: 'it is from before the restore, and is with the original HSM',
      isOfOriginal: true,
    }
  }
  return { hsm, name, why: 'the HSM is not running' }
}

/** Whether the HSM has written nothing since its audit log came in a backup: the log of the restored HSM begins with where it ended. */
async function cameInBackup({ call, heads }: Reach, { hsm, management }: Row): Promise<boolean> {
  const pin = `audit/${hsm}/${management.count}/${management.hash}`
  const logs = await Promise.all(
    heads.hsms.map((row) => call('audit.list', { hsm: row.hsm, first: 0, count: 1 })),
  )
  const first = logs.flatMap(({ entries }) => entries)
  return first.some(({ operation, subjects }) => operation === 'backup.restore' && subjects.includes(pin))
}

/** Of the HSMs that are live. */
async function addresses({ call }: Reach): Promise<ReadonlyMap<string, string>> {
  const { hsms } = await call('cluster.hsm-info', {})
  return new Map(hsms.map((hsm) => [hsm['hsm-id'], hsm.address]))
}

/**
 * The files are in the home of that HSM. One of an earlier version has none.
 *
 * @param known head of it that the cluster has kept, if any
 */
async function keyUseOf(
  { session }: Reach,
  hsm: string,
  address: string,
  known: JournalHead | undefined,
): Promise<Journal | Unreached | undefined> {
  const name = 'key-use'
  const server = parseListen(address)
  if (!server) return { hsm, name, why: `${address} is no address` }
  try {
    const call = await session(server)
    const heads = await call('audit.heads', {})
    if (heads['hsm-id'] !== hsm) return { hsm, name, why: `another HSM answers at ${address}` }
    const head = heads.hsms.find((row) => row.hsm === hsm)?.['key-use']
    return head && { hsm, name, head, call, isElsewhere: true }
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    if (error.code !== 'unknown-operation') return { hsm, name, why: error.message }
    return known && { hsm, name, why: 'the HSM is of an earlier version' }
  }
}

/**
 * For programs that go on where they stopped: they learn that the entry is gone, as when a store was rolled back.
 *
 * @param after sequence of an entry that one of the journals has
 * @throws HsmError `invalid-request`
 */
export function refuseBeyond(journals: readonly Journal[], after: number | undefined): void {
  const longest = Math.max(...journals.map(({ head }) => head.count))
  if (after === undefined || after < longest || journals.length === 0) return
  throw new HsmError('invalid-request', `There is no entry ${after}: the journal has ${longest}`)
}

/** `read`: how many entries were read, of which those are here that are wanted. */
export type Page = { readonly entries: readonly AuditEntry[]; readonly read: number }

/** Entries that the audit policy has let go of, both included. */
export type Dropped = { readonly from: number; readonly to: number }

/** The sentence about entries that were asked for, and are not kept any more. */
export const droppedMeanwhile = (
  { hsm, name }: Pick<Journal, 'hsm' | 'name'>,
  { from, to }: Dropped,
): string =>
  visible(`strongroom: entries ${from} to ${to} of the ${titleOf(name)} of ${hsm} were dropped meanwhile\n`)

/** Consecutive pages from an entry on; each is proven to follow the one before it. */
export type Reading = {
  /** @throws HsmError `store-damaged` saying where the chain is broken */
  page(): Promise<Page>
  /** Entries that were read and verified so far. */
  verified(): number
}

/**
 * @param first sequence of the first entry
 * @param previous hash of the entry before it, if it is known
 * @param only which entries are wanted; all are read and verified
 * @param dropped called when the HSM has let go of what would have come next; it is gone on behind that
 */
export function reading(
  { hsm, name, call }: Journal,
  first: number,
  previous: string | undefined,
  only: AuditFilter | undefined,
  dropped: (entries: Dropped) => void | Promise<void>,
): Reading {
  const at: At = { next: first, expected: previous, verified: 0 }
  return {
    verified: () => at.verified,
    async page() {
      const wanted = only && { only: given(only) }
      const request = { hsm, journal: name, first: at.next, count: LIMITS.auditEntries, ...wanted }
      const reply = await call('audit.list', request)
      const entries = reply.entries as readonly AuditEntry[]
      const begin = reply.first ?? at.next
      if (begin > at.next) {
        await dropped({ from: at.next, to: begin - 1 })
        Object.assign(at, { next: begin, expected: reply.previous })
      }
      const read = reply.next - at.next
      if (read <= 0) return { entries: [], read: 0 }
      const why = linked(at, reply.previous) ?? (only ? undefined : chained(entries, at.next, reply.previous))
      if (why) throw broken(name, why)
      Object.assign(at, { next: reply.next, expected: reply.hash, verified: at.verified + read })
      return { entries, read }
    },
  }
}

type At = { next: number; expected: string | undefined; verified: number }

const linked = ({ next, expected }: At, previous: string): Break | undefined =>
  expected === undefined || previous === expected
    ? undefined
    : { sequence: next, why: 'the entry does not follow the one before it' }

const chained = (entries: readonly AuditEntry[], first: number, previous: string): Break | undefined =>
  entries[0]?.sequence === first
    ? verifyEntries(entries, previous)
    : { sequence: first, why: 'the entry is missing' }

const given = (only: AuditFilter) =>
  Object.fromEntries(Object.entries(only).filter(([, value]) => value !== undefined))

const broken = (name: JournalName, { sequence, why }: Break): HsmError =>
  new HsmError('store-damaged', `The ${titleOf(name)} is damaged at entry ${sequence}: ${why}`)

/** As messages name a journal. */
export const titleOf = (name: JournalName): string =>
  name === 'management' ? 'audit log' : 'key-use journal'

export const entriesIn = (count: number): string => (count === 1 ? '1 entry' : `${count} entries`)

/** A clock may have been set back by so much, and entries are found all the same. */
const CLOCK_STEP_MS = 3_600_000

/** The first entry that may be so young. Entries are looked up by halves, not read. */
export async function firstSince({ hsm, name, head, call }: Journal, since: number): Promise<number> {
  let [low, high] = [head.first, head.count]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { entries } = await call('audit.list', { hsm, journal: name, first: middle, count: 1 })
    const [entry] = entries
    if (entry && entry.at < since - CLOCK_STEP_MS) low = middle + 1
    else high = middle
  }
  return low
}
