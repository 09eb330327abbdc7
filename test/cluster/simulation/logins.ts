/** Logins that are resumed on one node while they are ended on another, in a world where everything follows from the seed. */
import type { CatalogView } from '../../../src/catalog/catalog.ts'
import type { LoginRecord, UserRecord, Write } from '../../../src/model/records.ts'
import { mayResume } from '../../../src/policy/login.ts'
import { mayLogoutUser } from '../../../src/policy/users.ts'
import { aCluster, anActor, aUser, OWNER } from '../../support/records.ts'
import { createEtcdModel } from './etcd-model.ts'
import { type Machine, troubleEtcd, troubleMachine } from './faults.ts'
import { createNetwork } from './network.ts'
import { createProcess } from './process.ts'
import { createSimStore, type SimStore } from './sim-store.ts'
import { createChance, createVirtualTime } from './virtual-time.ts'

export type LoginsOutcome = {
  /** One line for each login that was resumed after its end was answered. */
  readonly breaches: readonly string[]
  readonly resumed: number
  readonly refused: number
  readonly ended: number
}

type Change<R> = { readonly writes: readonly Write[]; readonly result: R }
type Transact = <R>(store: SimStore, body: (view: CatalogView) => Change<R>) => Promise<R>

const committed: Transact = async (store, body) =>
  (await store.transact((view) => ({ ...body(view), audit: [] }))).result

/** Nodes that break a rule each: how they resume, and how they end. */
export const LOGIN_MUTANTS = {
  'resumes by what it has applied': {
    resume: async (store, body) => body(store.catalog).result,
  },
  'answers that a login has ended before that is committed': {
    end: async (store, body) => {
      void committed(store, body).catch(() => undefined)
      return body(store.catalog).result
    },
  },
} as const satisfies Record<string, { readonly resume?: Transact; readonly end?: Transact }>

const NODES = 3
const TROUBLE_MS = 14_000
const END_MS = 25_000

const login = (id: number, user: UserRecord): LoginRecord => ({
  kind: 'login',
  id: id.toString(16).padStart(16, '0'),
  user: user.id,
  credentialVersion: user.credentialVersion,
  secretHash: 'ff',
  through: 'https',
  session: 'first',
  expiresAt: Number.MAX_SAFE_INTEGER,
  availabilityCheck: undefined,
  weakHashes: false,
  idleMs: 1000,
})

/** Whether a login could be resumed on this view. */
function resumption(view: CatalogView, id: string, session: string): Change<boolean> {
  const found = view.login(id)
  const decision = mayResume({
    user: found && view.user(found.user),
    login: found,
    proven: true,
    through: 'https',
    session,
    now: 0,
    sessions: 0,
    sessionsOfUser: 0,
  })
  return { writes: decision.writes, result: decision.allow }
}

export async function simulateLogins(
  seed: number,
  mutant?: keyof typeof LOGIN_MUTANTS,
): Promise<LoginsOutcome> {
  const mutation: { readonly resume?: Transact; readonly end?: Transact } = mutant
    ? LOGIN_MUTANTS[mutant]
    : {}
  const time = createVirtualTime()
  const chance = createChance(seed)
  const etcd = createEtcdModel(time, chance)
  etcd.commit(0, [{ put: aCluster() }, { put: aUser() }])
  const boot = (network: Machine['network']) => {
    const process = createProcess(time, chance, 1)
    const store = createSimStore({ process, etcd, network, now: time.now })
    void store.load()
    return { network, process, store }
  }
  const machines = Array.from({ length: NODES }, (): Machine => {
    const network = createNetwork(time, chance, etcd)
    const machine: Machine = { ...boot(network), restart: () => void Object.assign(machine, boot(network)) }
    return machine
  })
  for (const machine of machines)
    troubleMachine({ time, chance, until: TROUBLE_MS }, { machine, etcd, onAbsence: () => undefined })
  troubleEtcd({ time, chance, until: TROUBLE_MS }, etcd)

  /** When each login was made, and when somebody was first told that it has ended. */
  const logins = new Map<string, number>()
  const ends = new Map<string, number>()
  const breaches: string[] = []
  const counts = { resumed: 0, refused: 0, ended: 0 }
  let last = 0

  const somewhere = () => machines[Math.floor(chance.next() * NODES)]
  const anyLogin = () => [...logins.keys()].at(-1 - Math.floor(chance.next() * 3))

  function isUp(machine: Machine | undefined): machine is Machine {
    return machine?.process.alive === true && !machine.process.paused && machine.store.catalog.userCount() > 0
  }

  async function logIn({ store }: Machine): Promise<void> {
    last += 1
    const id = last
    const made = await committed(store, (view) => {
      const one = login(id, view.user(OWNER) ?? aUser())
      return { writes: [{ put: one }], result: one.id }
    })
    logins.set(made, time.now())
  }

  async function logOut({ store, process }: Machine, id: string): Promise<void> {
    await (mutation.end ?? committed)(store, () => ({
      writes: [{ delete: `login/${id}` }],
      result: undefined,
    }))
    if (process.alive) ended([id])
  }

  /** As an admin; whatever login there was when it was asked for has ended then. */
  async function logOutAll({ store, process }: Machine): Promise<void> {
    const before = [...logins.keys()]
    await (mutation.end ?? committed)(store, (view) => {
      const named = { username: 'owner', role: 'crypto-user' } as const
      const { writes } = mayLogoutUser(anActor('u-admin', 'admin'), named, { user: view.user(OWNER) })
      return { writes, result: undefined }
    })
    if (process.alive) ended(before)
  }

  function ended(ids: readonly string[]): void {
    counts.ended += 1
    for (const id of ids) if (!ends.has(id)) ends.set(id, time.now())
  }

  async function goOn({ store, process }: Machine, id: string): Promise<void> {
    const start = time.now()
    last += 1
    const session = `session-${last}`
    const allowed = await (mutation.resume ?? committed)(store, (view) => resumption(view, id, session))
    if (!process.alive) return
    if (!allowed) counts.refused += 1
    else counts.resumed += 1
    const over = ends.get(id)
    if (allowed && over !== undefined && over < start)
      breaches.push(`login ${id} was resumed from ${start} on, and ended by ${over}`)
  }

  function next(): void {
    if (time.now() < TROUBLE_MS) time.at(time.now() + chance.between(5, 150), next)
    const [machine, id] = [somewhere(), anyLogin()]
    if (!isUp(machine)) return
    const what = chance.next()
    const doing =
      id === undefined || what < 0.3
        ? logIn(machine)
        : what < 0.75
          ? goOn(machine, id)
          : what < 0.95
            ? logOut(machine, id)
            : logOutAll(machine)
    doing.catch(() => undefined)
  }
  next()
  await time.run(END_MS)
  return { breaches, ...counts }
}
