/** Single steps of a node's life; what becomes of them in a hostile world is for the simulation. */
import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { createMembership, type Membership } from '../../../src/cluster/membership.ts'
import { EVERYTHING, readAcknowledgement, writeRegistration } from '../../../src/cluster/registration.ts'
import { TIMING } from '../../../src/cluster/timing.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { createEtcdModel } from '../../cluster/simulation/etcd-model.ts'
import { createNetwork } from '../../cluster/simulation/network.ts'
import { createProcess, type Process } from '../../cluster/simulation/process.ts'
import { createSimStore, type SimStore } from '../../cluster/simulation/sim-store.ts'
import { createChance, createVirtualTime } from '../../cluster/simulation/virtual-time.ts'
import { fails } from '../../support/errors.ts'

suite('membership', () => {
  let time: ReturnType<typeof createVirtualTime>
  let etcd: ReturnType<typeof createEtcdModel>
  let process: Process
  let store: SimStore
  const pass = (ms: number) => time.run(time.now() + ms)
  const member = (key: string) => etcd.members(key)[0]
  const keys = () => etcd.members('').map(({ key }) => key)

  beforeEach(async () => {
    time = createVirtualTime()
    const chance = createChance(1)
    etcd = createEtcdModel(time, chance)
    etcd.commit(0, [])
    process = createProcess(time, chance, 1)
    store = createSimStore({ process, etcd, network: createNetwork(time, chance, etcd), now: time.now })
    void store.load()
    await pass(100)
  })

  const live = (boot: string, changes: Partial<SimStore> = {}, place = 'here'): Membership =>
    createMembership({
      coordination: { ...store, ...changes },
      place,
      self: () => ({ id: 'hsm-a', address: 'a.example', version: '1.0.0' }),
      boot,
      clock: process.clock,
      after: process.after,
      timing: TIMING,
      log: () => undefined,
      onRegistered: () => undefined,
      onProof: () => undefined,
    })

  test('serves from the first proof on, for as long as it can prove anew', async () => {
    const node = live('boot')
    assert.throws(() => node.check(), fails('not-serving'))
    const joined = node.join()
    await pass(500)
    await joined
    await pass(20_000)
    node.check()
    etcd.changeLeader(60_000)
    await pass(TIMING.servingMs - TIMING.renewMs - 100)
    node.check()
    await pass(TIMING.renewMs + 200)
    assert.throws(() => node.check(), fails('not-serving'))
  })

  test('a registration of a former life is removed', async () => {
    void live('former').join()
    await pass(500)
    const lease = member('node/hsm-a')?.lease
    const node = live('boot')
    const joined = node.join()
    await pass(500)
    await joined
    assert.notEqual(member('node/hsm-a')?.lease, lease)
    assert.match(member('node/hsm-a')?.value ?? '', /"boot":"boot","begun":\d/)
  })

  test('what is put back of an earlier process does not keep a node from registering, nor from staying', async () => {
    const former = { id: 'hsm-a', address: 'a.example', version: '1.0.0', boot: 'former', begun: 0 }
    const putBack = (place: string, lease: string) =>
      etcd.put('node/hsm-a', writeRegistration({ ...former, place }), lease)
    const replays = [
      () => putBack('here', '0'),
      () => putBack('elsewhere', '0'),
      () => putBack('here', etcd.grantLease(3600)),
    ]
    for (const replay of replays) {
      replay()
      const node = live('boot')
      const joined = node.join()
      await pass(500)
      await joined
      replay()
      await pass(TIMING.renewMs * 2)
      node.check()
      assert.match(member('node/hsm-a')?.value ?? '', /"boot":"boot"/)
      await Promise.all([node.leave(), pass(100)])
    }
  })

  test('a process that runs elsewhere under the same id is left alone, and the newcomer gives way', async () => {
    const former = live('former')
    void former.join()
    await pass(500)
    const before = member('node/hsm-a')
    const newcomer = live('boot', {}, 'elsewhere')
    const refused = assert.rejects(newcomer.join(), {
      code: 'unavailable',
      message: /^hsm-a runs already, at a\.example, on another machine or from another copy of this home; /,
    })
    await pass(10_000)
    await refused
    former.check()
    assert.throws(() => newcomer.check(), fails('not-serving'))
    assert.deepEqual(member('node/hsm-a'), before)
    assert.equal(etcd.members('node/').length, 1)
  })

  test('a process that ran elsewhere and is over is waited for', async () => {
    // Its lease is never renewed.
    const keepAlive = () => new Promise<never>(() => undefined)
    const former = live('former', { keepAlive })
    void former.join()
    await pass(500)
    const newcomer = live('boot', {}, 'elsewhere')
    const joined = newcomer.join()
    await pass(10_000)
    await joined
    newcomer.check()
    assert.match(member('node/hsm-a')?.value ?? '', /"boot":"boot"/)
    assert.throws(() => former.check(), fails('not-serving'))
  })

  test('of two processes in one place, as in a machine copied while it ran, the later one serves until it leaves', async () => {
    const former = live('former')
    void former.join()
    await pass(500)
    const copy = live('boot')
    void copy.join()
    await pass(500)
    for (let checks = 0; checks < 20; checks++) {
      await pass(TIMING.renewMs)
      copy.check()
    }
    assert.throws(() => former.check(), fails('not-serving'))
    const leaving = copy.leave()
    await pass(TIMING.renewMs * 2)
    await leaving
    former.check()
  })

  test('a node whose registration was removed does not serve until it is registered again', async () => {
    const node = live('boot')
    void node.join()
    await pass(500)
    etcd.revokeLease(member('node/hsm-a')?.lease ?? '')
    assert.equal(await Promise.all([node.acknowledge(1), pass(50)]).then(([told]) => told), false)
    assert.throws(() => node.check(), fails('not-serving'))
    await pass(TIMING.renewMs + 50)
    node.check()
    assert.match(member('node/hsm-a')?.value ?? '', /"boot":"boot","begun":\d/)
  })

  test('a node that leaves says that nobody need wait for it, and is gone', async () => {
    const node = live('boot')
    void node.join()
    await pass(500)
    await Promise.all([node.leave(), pass(100)])
    assert.throws(() => node.check(), fails('not-serving'))
    assert.deepEqual(keys(), [])
    const acknowledged = etcd.log.flatMap(({ members }) =>
      members.flatMap(({ key, member: put }) => (key === 'ack/hsm-a' && put ? readAcknowledgement(put) : [])),
    )
    assert.deepEqual(acknowledged.at(-1), { boot: 'boot', revision: EVERYTHING })
    await pass(10_000)
    assert.deepEqual(keys(), [])
  })

  test('a store that has failed is the reason given, at the start and later', async () => {
    const error = new HsmError('store-damaged', 'The root record is damaged')
    const node = live('boot', { replicaState: () => ({ state: 'failed', error }) })
    await assert.rejects(node.join(), fails('store-damaged'))
    assert.throws(() => node.check(), fails('store-damaged'))
  })
})
