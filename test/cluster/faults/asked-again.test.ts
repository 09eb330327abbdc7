/** What becomes of guarantee G when a revocation is asked again, because the node that made it died before it answered. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createRecorder, violations } from '../../support/history.ts'
import { base64, ECDSA, PASSWORD, reference } from '../../support/world.ts'
import type { NodeCluster } from './nodes.ts'
import { createPerson, type Person } from './people.ts'
import { inBothModes, LIMIT } from './under-load.ts'

const BOB = { usernames: ['bob'], role: 'crypto-user' as const }
const P256 = { 'key-type': 'ec', curve: 'secp256r1', 'private-attributes': { sign: true } } as const

type Scene = {
  readonly key: string
  /** The user, and whoever takes the right back, each at one node. */
  readonly user: Person
  readonly at: (node: 0 | 1) => Person
}

/** The commands: who asks, for what, and how the answer begins that says that it is so already. */
const REVOCATIONS = {
  'key unshare': [
    'alice',
    (by, key) => by.call('key.unshare', { filter: reference(key), ...BOB }),
    'not-shared',
  ],
  'key delete': ['alice', (by, key) => by.call('key.delete', { filter: reference(key) }), 'key-selection'],
  'user delete': [
    'admin',
    (by) => by.call('user.delete', { username: 'bob', role: 'crypto-user' }),
    'user-not-found',
  ],
} as const satisfies Record<
  string,
  readonly ['alice' | 'admin', (by: Person, key: string) => Promise<unknown>, string]
>

async function prepare(t: TestContext, { nodes, ca }: NodeCluster, asker: 'alice' | 'admin'): Promise<Scene> {
  const person = (name: 'alice' | 'bob' | 'admin', node: 0 | 1 | 2): Person => {
    const made = createPerson(name, [nodes[node].address], ca())
    t.after(made.close)
    return made
  }
  const alice = person('alice', 0)
  const { private_key } = await alice.call('key.generate-pair', {
    ...P256,
    'public-label': 'public',
    'private-label': t.name,
  })
  const key = private_key['key-reference']
  await alice.call('key.share', { filter: reference(key), ...BOB })
  const askers = [person(asker, 0), person(asker, 1)] as const
  for (const one of askers) await one.call('key.list', { filter: [] })
  return { key, user: person('bob', 2), at: (node) => askers[node] }
}

inBothModes((cluster) => {
  for (const [command, [asker, revoke, refusal]] of Object.entries(REVOCATIONS)) {
    test(
      `${command}: its node dies when it is made; another is asked while a third is cut off`,
      LIMIT,
      async (t) => {
        const { nodes, links } = cluster()
        const { key, user, at } = await prepare(t, cluster(), asker)
        const history = createRecorder()
        const use = () =>
          history.use(() =>
            user.call('crypto.sign', { filter: reference(key), mechanism: ECDSA, data: [base64('x')] }),
          )
        await use()
        assert.equal(history.successes(), 1)

        links.toEtcd.silence()
        // Until the node that is cut off serves no more.
        const using = (async () => {
          for (let refused = 0; refused === 0; refused = history.refusals()) await use()
        })()
        // It waits for the node that is cut off, and does not live to tell.
        const lost = assert.rejects(revoke(at(1), key), { code: 'unavailable' })
        while (!(await isMade(command, at(0), key)));
        const killed = nodes[1].kill()
        await history.revoke(() => assert.rejects(revoke(at(0), key), { code: refusal }))
        await Promise.all([using, lost, killed])
        assert.deepEqual(violations(history.events, { deliveredInOrder: false }), [])

        links.toEtcd.mend()
        await nodes[1].start()
        if (command === 'user delete')
          await at(0).call('user.create', { username: 'bob', role: 'crypto-user', password: PASSWORD })
      },
    )
  }
})

/** As a list shows it, which waits for nobody. */
async function isMade(command: string, by: Person, key: string): Promise<boolean> {
  if (command === 'user delete') {
    const { users } = await by.call('user.list', {})
    return !users.some(({ username }) => username === 'bob')
  }
  const { matched_keys } = await by.call('key.list', { filter: reference(key), verbose: true })
  return matched_keys.every((found) => 'key-info' in found && found['key-info']['shared-users'].length === 0)
}
