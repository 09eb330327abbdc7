/**
 * What `key.describe` says is what the HSM does: every user tries everything with keys of random attributes. A seed that
 * fails is printed; `STRONGROOM_SEED=123 node --test test/property/key-rights/describe.test.ts` begins there.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { FLAG_NAMES } from '../../../src/contract/attributes.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { KeyObject } from '../../../src/contract/key-object.ts'
import type { KeyRights } from '../../../src/contract/key-rights.ts'
import { type KeyOperation, RULES } from '../../../src/policy/key-rights/rules.ts'
import { testEngine } from '../../support/engine.ts'
import { createWorld, type Person, reference, type World } from '../../support/world.ts'
import { attempts, type Means } from './attempts.ts'
import { makeKey, makeMeans, makeOwnKeys, type Wish, wishes } from './keys.ts'

const seed = Number(process.env['STRONGROOM_SEED'] ?? Date.now() % 2 ** 31)
/** In each of three states of the cluster, of keys that can be in it; most wishes cannot. */
const KEYS = 5
const WISHES = 300

/** Who tries for whom; the owner last, who can delete the key. */
const PARTIES = [
  ['bob', 'shared-users'],
  ['carol', 'other-crypto-users'],
  ['admin', 'admins'],
  ['alice', 'owner'],
] as const
/** All but deleting, which comes last, and setting attributes, which is tried for each of them. */
const WITHOUT_ATTRIBUTES = (Object.keys(RULES) as KeyOperation[]).filter(
  (operation): operation is Exclude<KeyOperation, 'set-attribute' | 'delete'> =>
    operation !== 'set-attribute' && operation !== 'delete',
)

suite(`key rights, from seed ${seed}`, () => {
  for (const mode of ['non-fips', 'fips'] as const) {
    test(`described and real ones agree, with and without the policy trusted-wrapping, in mode ${mode}`, async () => {
      const engine = await testEngine({ profile: { mode } })
      const world = await createWorld(engine)
      const means = await makeMeans(world)
      const wanted = fc.sample(wishes, { seed, numRuns: WISHES })
      await checkAll(means, await makeSome(world, wanted))
      const older = await makeSome(world, wanted)
      await world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
      const now = { ...means, ...(await makeOwnKeys(world)) }
      await checkAll(now, older)
      await checkAll(now, await makeSome(world, wanted))
      await checkAll(now, [now.untrusted.get('alice') ?? ''])
      await engine.close()
    })
  }
})

/** Of the first wishes that are allowed; they are used up. */
async function makeSome(world: World, wanted: Wish[]): Promise<readonly string[]> {
  const made: string[] = []
  for (let wish = wanted.shift(); wish && made.length < KEYS; wish = wanted.shift()) {
    try {
      made.push(await makeKey(world, wish))
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
    }
  }
  assert.equal(made.length, KEYS)
  return made
}

async function checkAll(means: Means, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const { key: shown, rights } = await means.world.as('alice', 'key.describe', { filter: reference(key) })
    await agree(means.world, key, rights)
    for (const [who, party] of PARTIES) {
      const said = rights.find((one) => one.who === party)
      if (said) await check(means, who, shown as KeyObject, said)
    }
  }
}

/** Everyone who sees the key is told the same, and an admin only about admins. */
async function agree(world: World, key: string, rights: readonly KeyRights[]): Promise<void> {
  for (const who of ['bob', 'carol', 'admin'] as const) {
    const seen = await world.as(who, 'key.list', { filter: reference(key) })
    const asked = world.as(who, 'key.describe', { filter: reference(key) })
    if (seen.total_key_count === 0) await assert.rejects(asked)
    else assert.deepEqual((await asked).rights, who === 'admin' ? rights.slice(-1) : rights)
  }
}

async function check(
  means: Means,
  who: Person,
  key: KeyObject,
  { allowed, refused }: KeyRights,
): Promise<void> {
  const tried = attempts(means, who, key['key-reference'])
  const said = new Map(allowed.map((right) => [right.operation, right]))
  const about = (operation: string) => `${who}, ${operation}: ${JSON.stringify({ key, allowed, refused })}`
  const expected = (operation: string): ReadonlySet<string> => {
    const right = said.get(operation)
    if (!right) return new Set()
    if (operation === 'export' || operation === 'replicate')
      return new Set(right.limits ? ['trusted'] : ['trusted', 'untrusted'])
    return new Set(right.mechanisms ?? ['yes'])
  }
  for (const operation of WITHOUT_ATTRIBUTES) {
    assert.deepEqual(await tried[operation](), expected(operation), about(operation))
  }
  const settable = said.get('set-attribute')?.attributes ?? []
  for (const name of FLAG_NAMES.filter((name) => !settable.includes(name))) {
    assert.equal(await tried.set(name, !key.attributes[name]), false, about(name))
  }
  for (const name of ['label', 'id']) {
    assert.equal(await tried.set(name, '0x77'), settable.includes(name), about(name))
  }
  const [some] = settable.filter((name) => name in key.attributes)
  if (some) assert.ok(await tried.set(some, !key.attributes[some]), about(some))
  if (some) await tried.set(some, key.attributes[some] as boolean)
  assert.deepEqual(await tried.delete(), expected('delete'), about('delete'))
}
