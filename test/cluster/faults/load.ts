/** Owners who share keys and take them back, and a user on every node who uses them, all the while; and what came of it. */
import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { createRecorder, violations } from '../../support/history.ts'
import { base64, ECDSA, reference } from '../../support/world.ts'
import type { NodeCluster } from './nodes.ts'
import { createPerson, type Person, untilDone } from './people.ts'
import { createSteps, type Step } from './steps.ts'

/** Whether bob may use one key of alice's. Only one change of it is made at a time. */
type Right = {
  readonly key: string
  readonly history: ReturnType<typeof createRecorder>
  /** As the last change left it; undefined when what became of that is not known. */
  shared: boolean | undefined
}

export type Load = {
  readonly next: ReturnType<typeof createSteps>['next']
  /** Ends it, and holds what happened against guarantee G, and against the state that is left. All nodes must serve. */
  verdict(): Promise<void>
  /** Ends it. */
  stop(): Promise<void>
}

/** How often a key is shared and taken back before its owner turns to another. */
const ROUNDS = 8
/** How long a right stands, and how long it does not, at least. */
const HOLD_MS = 15
/** Between two uses of a user. */
const PACE_MS = 5

const WITH_BOB = { usernames: ['bob'], role: 'crypto-user' as const }
const P256 = { 'key-type': 'ec', curve: 'secp256r1', 'private-attributes': { sign: true } } as const

/** @param owners the nodes that owners are at */
export function startLoad({ nodes, ca }: NodeCluster, owners: readonly (0 | 1 | 2)[]): Load {
  const steps = createSteps()
  const over = new AbortController()
  const rights: Right[] = []
  const latest: (Right | undefined)[] = []
  const people: Person[] = []

  const personAt = (name: 'alice' | 'bob', node: 0 | 1 | 2): Person => {
    const person = createPerson(name, [nodes[node].address], ca())
    people.push(person)
    return person
  }

  async function own(lane: number, node: 0 | 1 | 2): Promise<void> {
    const alice = personAt('alice', node)
    const change = async (kind: 'grant' | 'revoke', right: Right): Promise<boolean> => {
      const operation = kind === 'grant' ? 'key.share' : 'key.unshare'
      const request = { filter: reference(right.key), ...WITH_BOB }
      right.shared = undefined
      const act = () => right.history[kind](() => alice.call(operation, request))
      const outcome = await steps.record({ kind, node }, act)
      if (outcome === 'ok') right.shared = kind === 'grant'
      await setTimeout(HOLD_MS)
      return outcome === 'ok' && !over.signal.aborted
    }
    while (!over.signal.aborted) {
      const label = `${node}-${rights.length}`
      const names = { 'public-label': `${label}-public`, 'private-label': label }
      const made = await untilDone(() => alice.call('key.generate-pair', { ...P256, ...names }), over.signal)
      if (!made) return
      const right: Right = {
        key: made.private_key['key-reference'],
        history: createRecorder(),
        shared: false,
      }
      rights.push(right)
      latest[lane] = right
      for (let round = 0; round < ROUNDS; round++) {
        if (!((await change('grant', right)) && (await change('revoke', right)))) break
      }
    }
  }

  const use = (node: number, bob: Person, { key, history }: Right): Promise<Step['outcome']> =>
    steps.record({ kind: 'use', node }, async () => {
      const request = { filter: reference(key), mechanism: ECDSA, data: [base64('x')] }
      let refusal: unknown
      await history.use(() =>
        bob.call('crypto.sign', request).catch((error: unknown) => {
          refusal = error
          throw error
        }),
      )
      if (refusal) throw refusal
    })

  async function useAll(bob: Person, node: number): Promise<void> {
    while (!over.signal.aborted) {
      for (const right of latest) if (right) await use(node, bob, right)
      await setTimeout(PACE_MS)
    }
  }

  const users = ([0, 1, 2] as const).map((node) => personAt('bob', node))
  const work = Promise.all([...owners.map((node, lane) => own(lane, node)), ...users.map(useAll)])

  /** What was acknowledged is what every node has. */
  async function compare({ ...right }: Right): Promise<void> {
    for (const [node, bob] of users.entries()) {
      const outcome = await untilAnswered(() => use(node, bob, right))
      if (right.shared !== undefined) assert.equal(outcome, right.shared ? 'ok' : 'key-selection', right.key)
    }
  }

  return {
    next: (count, isSuch) => Promise.race([steps.next(count, isSuch), work.then(() => undefined)]),
    async verdict() {
      over.abort()
      await work
      for (const right of rights) await compare(right)
      const broken = rights.flatMap(({ history }) => violations(history.events, { deliveredInOrder: false }))
      assert.deepEqual(broken, [])
      steps.assertHonest()
      const total = (count: 'successes' | 'refusals') =>
        rights.reduce((sum, { history }) => sum + history[count](), 0)
      assert.ok(total('successes') > 0 && total('refusals') > 0)
    },
    async stop() {
      over.abort()
      for (const person of people) person.close()
      await work.catch(() => undefined)
    },
  }
}

const SETTLED: readonly Step['outcome'][] = ['ok', 'key-selection']

async function untilAnswered(act: () => Promise<Step['outcome']>): Promise<Step['outcome']> {
  for (;;) {
    const outcome = await act()
    if (SETTLED.includes(outcome)) return outcome
    await setTimeout(PACE_MS)
  }
}
