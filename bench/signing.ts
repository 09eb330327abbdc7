/** Signatures and MACs: what OpenSSL gives in this process, and what is left of it behind `Hsm.call`. */
import { createHmac, createSecretKey, generateKeyPairSync, sign as signNow } from 'node:crypto'
import { promisify } from 'node:util'
import { callerOf } from '../src/contract/hsm.ts'
import type { Request } from '../src/contract/operations.ts'
import { ECDSA, makePair, RSA_PKCS, reference, type World } from '../test/support/world.ts'
import { type Contender, type Rounds, race, type Standing } from './measure.ts'
import type { Remote } from './world.ts'

const MANY = 64
/** Items in one request. */
const BATCH = 16
const message = Buffer.alloc(256, 7)
const signInPool = promisify(signNow) as (hash: string, data: Buffer, key: object) => Promise<Buffer>

type Way = 'HTTP/2' | 'frames'

/** Where it is signed. */
export type Places = {
  /** In this process; left out, it is not. */
  readonly here?: World
  /** Another process, and how it is reached. */
  readonly there: Remote
  readonly ways: Readonly<Record<Way, World>>
  /** An earlier version in another process, over HTTP/2. */
  readonly before: Remote | undefined
}

/** A comparison under its title. */
export type Compared = readonly [title: string, standings: readonly Standing[]]

export async function signing(places: Places, rounds?: Rounds): Promise<readonly Compared[]> {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const p1363 = { key: ec, dsaEncoding: 'ieee-p1363' } as const
  const secret = createSecretKey(Buffer.alloc(32, 1))
  const works: readonly Work[] = [
    {
      title: 'P-256 sign, 256 bytes',
      mechanism: ECDSA,
      make: async (world) => (await makePair(world, 'alice', { label: 'bench-p256' })).priv,
      raw: () => signNow('sha256', message, p1363),
      pool: () => signInPool('sha256', message, p1363),
      inPool: false,
      targets: { here: '≥ 0.85', there: { 'HTTP/2': '≥ 1.6', frames: '≥ 4' } },
    },
    {
      title: 'RSA-2048 sign, 256 bytes',
      mechanism: RSA_PKCS,
      make: async (world) => (await makePair(world, 'alice', { label: 'bench-rsa', rsa: 2048 })).priv,
      raw: () => signNow('sha256', message, rsa),
      pool: () => signInPool('sha256', message, rsa),
      inPool: true,
      targets: { there: { frames: '≥ 0.8' } },
    },
    {
      title: 'HMAC-SHA256, 256 bytes',
      mechanism: { name: 'hmac', hash: 'sha256' },
      make: makeSecret,
      raw: () => createHmac('sha256', secret).update(message).digest(),
      inPool: false,
      targets: { here: 'published' },
    },
  ]
  const compared: Compared[] = []
  for (const work of works) compared.push([work.title, await race(await contenders(work, places), rounds)])
  return compared
}

type Work = {
  readonly title: string
  readonly mechanism: Request<'crypto.sign'>['mechanism']
  /** Makes the key; its reference. */
  readonly make: (world: World) => Promise<string>
  /** node:crypto on one thread, and in its thread pool. */
  readonly raw: () => unknown
  readonly pool?: () => unknown
  /** The HSM signs in the pool when many are under way: these are held against the pool. */
  readonly inPool: boolean
  /** In process on one thread; over the network with many under way, against the earlier version where the pool is not the peer. */
  readonly targets: { readonly here?: string; readonly there?: Readonly<Partial<Record<Way, string>>> }
}

async function contenders({ targets, ...work }: Work, places: Places): Promise<readonly Contender[]> {
  const raw: Contender = { name: 'node:crypto, one thread', inFlight: 1, operation: work.raw }
  const pool: Contender | undefined = work.pool && {
    name: 'node:crypto, thread pool',
    inFlight: 16,
    operation: work.pool,
    against: raw,
  }
  const many = work.inPool && pool ? pool : raw
  const asked = async (
    name: string,
    world: World,
    pid?: number,
  ): Promise<readonly [one: Contender, many: Contender]> => {
    const request = await requestOf(work, world)
    const operation = () => world.as('alice', 'crypto.sign', request)
    return [
      { name, inFlight: 1, operation, against: raw, pid },
      { name, inFlight: MANY, operation, against: many, pid },
    ]
  }
  const batched = async (name: string, world: World, pid?: number): Promise<Contender> => {
    const { data, ...rest } = await requestOf(work, world)
    const request = { ...rest, data: Array.from({ length: BATCH }, () => data[0] ?? message) }
    const operation = () => world.as('alice', 'crypto.sign', request)
    return { name, inFlight: MANY / BATCH, operation, items: BATCH, against: many, pid }
  }
  const inProcess = async (world: World): Promise<readonly Contender[]> => {
    const request = await requestOf(work, world)
    const caller = callerOf(world.hsm, world.token('alice'))
    const local: Contender = {
      name: 'a caller in process',
      inFlight: 1,
      operation: () => caller('crypto.sign', request),
      against: raw,
      ...(targets.here !== undefined && { target: targets.here }),
    }
    return [local, ...(await asked('Hsm.call in process', world))]
  }
  const { here, there, ways, before } = places
  const earlier = before && (await asked('an earlier version over HTTP/2', before.world, before.pid))[1]
  const remote: Contender[] = []
  for (const [way, world] of Object.entries(ways) as [Way, World][]) {
    const [one, more] = await asked(`Hsm.call over ${way}`, world, there.pid)
    const target = targets.there?.[way]
    remote.push(
      one,
      {
        ...more,
        against: work.inPool ? many : (earlier ?? raw),
        ...((work.inPool || earlier) && target !== undefined && { target }),
      },
      await batched(`${BATCH} items a call over ${way}`, world, there.pid),
    )
  }
  return [
    raw,
    ...(pool ? [pool] : []),
    ...(here ? await inProcess(here) : []),
    ...(earlier ? [earlier] : []),
    ...remote,
  ]
}

async function requestOf({ make, mechanism }: Pick<Work, 'make' | 'mechanism'>, world: World) {
  return { filter: reference(await make(world)), mechanism, data: [message] }
}

/** 32 bytes. */
async function makeSecret(world: World): Promise<string> {
  const { key } = await world.as('alice', 'key.generate-symmetric', {
    'key-type': 'generic-secret',
    'key-length-bytes': 32,
    label: 'bench-hmac',
  })
  return key['key-reference']
}
