/** Signatures: what OpenSSL gives in this process, and what is left of it behind `Hsm.call`. */
import { generateKeyPairSync, sign as signNow } from 'node:crypto'
import { promisify } from 'node:util'
import { base64, ECDSA, makePair, RSA_PKCS, reference, type World } from '../test/support/world.ts'
import { type Contender, race, type Standing } from './measure.ts'

const message = Buffer.alloc(256, 7)
const signInPool = promisify(signNow) as (hash: string, data: Buffer, key: object) => Promise<Buffer>

export async function signing(here: World, there: World): Promise<readonly [string, readonly Standing[]][]> {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const [hereRsa, thereRsa] = [await signer(here, 2048), await signer(there, 2048)]
  const [hereEc, thereEc] = [await signer(here), await signer(there)]
  const rsaRows: Contender[] = [
    { name: 'crypto.sign, one thread', inFlight: 1, operation: () => signNow('sha256', message, rsa) },
    { name: 'crypto.sign, thread pool', inFlight: 16, operation: () => signInPool('sha256', message, rsa) },
    ...doors(hereRsa, thereRsa),
  ]
  const p1363 = { key: ec, dsaEncoding: 'ieee-p1363' } as const
  const ecRows: Contender[] = [
    { name: 'crypto.sign, one thread', inFlight: 1, operation: () => signNow('sha256', message, p1363) },
    { name: 'crypto.sign, thread pool', inFlight: 16, operation: () => signInPool('sha256', message, p1363) },
    ...doors(hereEc, thereEc),
  ]
  return [
    // RSA runs in the thread pool, so many in flight are held against the pool; P-256 runs on the event loop.
    ['RSA-2048 sign, 256 bytes', await race(rsaRows, [undefined, 0, 0, 1, 0, 1])],
    ['P-256 sign, 256 bytes', await race(ecRows, [undefined, 0, 0, 0, 0, 0])],
  ]
}

const doors = (here: () => unknown, there: () => unknown): Contender[] => [
  { name: 'Hsm.call in process', inFlight: 1, operation: here },
  { name: 'Hsm.call in process', inFlight: 64, operation: here },
  { name: 'Hsm.call over HTTPS', inFlight: 1, operation: there },
  { name: 'Hsm.call over HTTPS', inFlight: 64, operation: there },
]

async function signer(world: World, rsa?: number): Promise<() => unknown> {
  const { priv } = await makePair(world, 'alice', { label: `bench-${rsa ?? 'p256'}`, ...(rsa && { rsa }) })
  const request = {
    filter: reference(priv),
    mechanism: rsa ? RSA_PKCS : ECDSA,
    data: [base64(message.toString('latin1'))],
  }
  return () => world.as('alice', 'crypto.sign', request)
}
