/** Every outcome after "who asks" is in the audit log once, wherever it was decided, if the operation table says so. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { verifyEntries } from '../../../../src/audit/chain.ts'
import { HsmError } from '../../../../src/contract/errors.ts'
import { OPERATIONS, type Operation, type OperationName } from '../../../../src/contract/operations.ts'
import { memoryStore } from '../../../../src/store/memory.ts'
import { backupOf, cloneFrom } from '../../../support/backups.ts'
import { inClone } from '../../../support/clones.ts'
import { testEngine } from '../../../support/engine.ts'
import { createWorld, type Person } from '../../../support/world.ts'
import { CASES } from './cases.ts'
import { meansOf } from './means.ts'

const HSM = 'hsm-test2345abc'
const ALL = 100_000
const NO_KEY = 'key-reference=0xdead'

/** Two clusters with keys, and what is added to the log of one of them. */
async function start() {
  const store = memoryStore()
  const engine = await testEngine({ store })
  const world = await createWorld(engine)
  const { engine: restored } = await cloneFrom(await backupOf(engine, world.token('admin')), 'cluster-clone')
  const clone = await inClone(restored, ['admin', 'alice', 'bob'])
  const means = await meansOf(world, clone)
  let seen = (await store.audit(HSM, 0, ALL)).length
  return {
    world,
    means,
    async call(operation: OperationName, by: Person | 'nobody', request: object): Promise<string> {
      const token = by === 'nobody' ? undefined : world.token(by)
      try {
        await world.hsm.call(operation, request as never, token)
        return 'ok'
      } catch (error) {
        assert.ok(error instanceof HsmError)
        return error.code
      }
    },
    /** Since it was asked last. */
    async added() {
      const entries = await store.audit(HSM, 0, ALL)
      assert.equal(verifyEntries(entries), undefined)
      const added = entries.slice(seen)
      seen = entries.length
      return added.map(({ actor, operation, outcome }) => [actor, operation, outcome])
    },
  }
}

const whoMay = ({ access }: Operation): Person => (access === 'admin' ? 'admin' : 'alice')
const whoMayNot = ({ access }: Operation): Person | undefined =>
  access === 'admin' ? 'alice' : access === 'crypto-user' ? 'admin' : undefined

suite('every outcome is recorded as the operation table says', () => {
  for (const [name, row] of Object.entries<Operation>(OPERATIONS)) {
    const operation = name as OperationName
    const isRefusalRecorded = row.audit === 'management' || row.audit === 'refusals'
    test(name, async () => {
      const { means, call, added } = await start()
      const prepared = await CASES[operation](means)
      const { by = whoMay(row), request, policy, work } = prepared
      await added()
      const refused = async (who: Person | 'nobody', asked: object, code: string, why: string) => {
        assert.equal(await call(operation, who, asked), code, why)
        const isTried =
          code === 'bad-credentials' || (operation === 'session.resume' && code === 'not-logged-in')
        const isSaid = isRefusalRecorded && (who !== 'nobody' || isTried)
        const entry = [who === 'nobody' ? '-' : who, row.auditedAs ?? operation, code]
        assert.deepEqual(await added(), isSaid ? [entry] : [], why)
      }

      const may = by === 'nobody' ? whoMay(row) : by
      await refused(may, { ...request, 'no-such-member': 1 }, 'invalid-request', 'schema')
      if (row.access !== 'anyone') await refused('nobody', request, 'not-logged-in', 'who')
      const outsider = whoMayNot(row)
      if (outsider) await refused(outsider, request, 'not-permitted', 'role')
      for (const member of Object.keys(row.keys ?? {}).filter((at) => at !== 'stream')) {
        await refused(may, { ...request, [member]: ['attr.none=1'] }, 'invalid-filter', `malformed ${member}`)
        await refused(may, { ...request, [member]: [NO_KEY] }, 'key-selection', `selection by ${member}`)
      }
      if (policy) await refused(policy.by ?? may, policy.request, policy.code, 'policy')
      if (work) await refused(work.by ?? may, work.request, work.code, 'work')
      if (operation === 'cluster.activate') return

      assert.equal(await call(operation, by, request), 'ok')
      const entry = [by === 'nobody' ? '-' : by, row.auditedAs ?? operation, 'ok']
      assert.deepEqual(await added(), row.audit === 'management' ? [entry] : [], 'success')
    })
  }
})
