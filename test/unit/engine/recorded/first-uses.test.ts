/** Every operation that uses a key has what it needs of its material read first, without a ticket. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { OPERATIONS, type Operation, type OperationName } from '../../../../src/contract/operations.ts'
import { memoryStore } from '../../../../src/store/memory.ts'
import type { Store } from '../../../../src/store/store.ts'
import { backupOf, cloneFrom } from '../../../support/backups.ts'
import { inClone } from '../../../support/clones.ts'
import { testEngine } from '../../../support/engine.ts'
import { createWorld } from '../../../support/world.ts'
import { CASES } from './cases.ts'
import { meansOf } from './means.ts'

/** A store that reads material when it is asked for, and has it at hand for one turn of the event loop. */
function forgetfulStore() {
  const store = memoryStore()
  const atHand = new Set<string>()
  const read: string[] = []
  let isForgetful = false
  const hasMaterial: Store['hasMaterial'] = (key) => !isForgetful || atHand.has(key)
  const material: Store['material'] = async (key) => {
    read.push(key)
    await new Promise((resolve) => setImmediate(resolve))
    atHand.add(key)
    setImmediate(() => atHand.delete(key))
    return store.material(key)
  }
  return {
    store: {
      ...store,
      hasMaterial,
      material: (key) => (hasMaterial(key) ? store.material(key) : material(key)),
    } satisfies Store,
    read,
    forget() {
      isForgetful = true
    },
  }
}

const uses = ([, { keys }]: [string, Operation]) => Object.values(keys ?? {}).includes('use')

suite('material that must be read', () => {
  for (const [name] of Object.entries<Operation>(OPERATIONS).filter(uses)) {
    test(`is read for ${name}, of a key that is open too`, async () => {
      const { store, read, forget } = forgetfulStore()
      const engine = await testEngine({ store })
      const world = await createWorld(engine)
      const { engine: restored } = await cloneFrom(
        await backupOf(engine, world.token('admin')),
        'cluster-clone',
      )
      const means = await meansOf(world, await inClone(restored, ['admin', 'alice', 'bob']))
      forget()
      const run = async (operation: OperationName) => {
        const { request } = await CASES[operation](means)
        await world.as('alice', operation, request as never)
      }
      await run(name as OperationName)
      assert.ok(read.length > 0)
      for (const opening of ['crypto.sign', 'crypto.verify', 'crypto.encrypt'] as const) await run(opening)
      await run(name as OperationName)
      await engine.close()
    })
  }
})
