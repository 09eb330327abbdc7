/**
 * `npm run bench:scaling`: how cost grows with users, nodes and processors. How it grows with keys is in `npm run bench`. Processors are
 * taken from the HSM by `taskset`: as many as there are, and no more.
 */
import { availableParallelism } from 'node:os'
import { connect } from '../src/client/connect.ts'
import type { Hsm } from '../src/contract/hsm.ts'
import { type NodeCluster, startNodes } from '../test/cluster/faults/nodes.ts'
import {
  base64,
  createWorld,
  ECDSA,
  makeAes,
  makePair,
  PASSWORD,
  RSA_PKCS,
  reference,
  type World,
} from '../test/support/world.ts'
import { type Contender, race, type Standing } from './measure.ts'
import { printLoad, printMachine, printRace } from './table.ts'
import { behindHttps, inProcess, type Place } from './world.ts'

const MANY = 64
const USERS = [1, 10, 100]
const DATA = [base64('x'.repeat(256))]

await printMachine()
printRace('P-256 sign in process, users who take turns', await byUsers())
printRace('Signatures over HTTPS, by processors of the HSM', await byProcessors())
printRace('Shares and unshares on etcd, by nodes', await byNodes())
await printLoad('Afterwards')

/** Each user has a key of their own, and is another one with each signature. */
async function byUsers(): Promise<readonly Standing[]> {
  const { world, close } = await inProcess()
  try {
    const signers: (() => unknown)[] = []
    for (let user = 0; user < Math.max(...USERS); user++) signers.push(await signerOf(world, `user${user}`))
    return await race(
      heldAgainstTheFirst(
        USERS.map((users) => {
          let turn = 0
          return { name: `${users} users`, inFlight: 1, operation: () => signers[turn++ % users]?.() }
        }),
      ),
    )
  } finally {
    await close()
  }
}

async function signerOf(world: World, username: string): Promise<() => unknown> {
  await world.as('admin', 'user.create', { username, role: 'crypto-user', password: PASSWORD })
  const token = await world.login(username)
  const as: World['as'] = (_, operation, request) => world.hsm.call(operation, request, token)
  const { priv } = await makePair({ ...world, as }, 'alice', { label: username })
  const request = { filter: reference(priv), mechanism: ECDSA, data: DATA }
  return () => world.hsm.call('crypto.sign', request, token)
}

async function byProcessors(): Promise<readonly Standing[]> {
  const places: Place[] = []
  const [p256, rsa]: [Contender[], Contender[]] = [[], []]
  try {
    for (let count = 1; count <= Math.min(8, availableParallelism()); count++) {
      const place = await behindHttps({ cpus: count === 1 ? '0' : `0-${count - 1}` })
      places.push(place)
      const { world } = place
      const ec = { filter: reference((await makePair(world, 'alice', { label: 'ec' })).priv), data: DATA }
      const long = {
        filter: reference((await makePair(world, 'alice', { label: 'rsa', rsa: 2048 })).priv),
        data: DATA,
      }
      const on = `${count} of the processors`
      p256.push({
        name: `P-256, ${on}`,
        inFlight: MANY,
        operation: () => world.as('alice', 'crypto.sign', { ...ec, mechanism: ECDSA }),
      })
      rsa.push({
        name: `RSA-2048, ${on}`,
        inFlight: MANY,
        operation: () => world.as('alice', 'crypto.sign', { ...long, mechanism: RSA_PKCS }),
      })
    }
    return await race([...heldAgainstTheFirst(p256), ...heldAgainstTheFirst(rsa)])
  } finally {
    for (const place of places) await place.close()
  }
}

/** Nodes stop one after the other; one that has stopped is waited for no more. */
async function byNodes(): Promise<readonly Standing[]> {
  const cluster = await startNodes({ links: false, clocks: false })
  const hsm = connect({ servers: [cluster.nodes[0].address], trust: { ca: cluster.ca() } })
  try {
    const operation = await toggles(hsm)
    const standings: Standing[] = []
    for (let nodes = cluster.nodes.length; nodes > 0; nodes--) {
      await onlyFirst(cluster, nodes)
      const contenders = [1, MANY].map((inFlight) => ({ name: `${nodes} nodes`, inFlight, operation }))
      standings.push(...(await race(contenders, { ms: 1000 })))
    }
    return standings
  } finally {
    hsm.close()
    await cluster.stop()
  }
}

async function onlyFirst({ nodes }: NodeCluster, count: number): Promise<void> {
  for (const node of nodes.slice(count)) await node.stop()
}

async function toggles(hsm: Hsm): Promise<Contender['operation']> {
  const world = await createWorld(hsm)
  const keys: string[] = []
  while (keys.length < MANY) keys.push(await makeAes(world, 'alice', `bench-${keys.length}`))
  const shared = new Set<number>()
  return (lane) => {
    const verb = shared.delete(lane) ? 'key.unshare' : 'key.share'
    if (verb === 'key.share') shared.add(lane)
    const request = { filter: reference(keys[lane] ?? ''), usernames: ['bob'], role: 'crypto-user' as const }
    return world.as('alice', verb, request)
  }
}

function heldAgainstTheFirst([first, ...others]: readonly Contender[]): Contender[] {
  return first ? [first, ...others.map((other) => ({ ...other, against: first }))] : []
}
