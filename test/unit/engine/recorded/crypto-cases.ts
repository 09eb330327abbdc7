/** Of the use of keys: how each succeeds, how policy refuses it, and how its work fails. */
import type { OperationName, Request } from '../../../../src/contract/operations.ts'
import { base64, ECDSA, reference, sign } from '../../../support/world.ts'
import type { Cases, Means } from './means.ts'

const GCM = { name: 'aes-gcm', 'tag-length-bits': 128 } as const

async function streamOf({ world, priv }: Means): Promise<string> {
  const begun = await world.as('alice', 'crypto.begin', {
    ...{ filter: reference(priv), purpose: 'sign', mechanism: ECDSA },
  } as Request<'crypto.begin'>)
  return begun.stream
}

export const CRYPTO_CASES: Cases<Extract<OperationName, `crypto.${string}`>> = {
  'crypto.sign': ({ priv, pub }) => ({
    request: { filter: reference(priv), mechanism: ECDSA, data: [''] },
    policy: { request: { filter: reference(pub), mechanism: ECDSA, data: [''] }, code: 'key-type' },
  }),
  'crypto.verify': async ({ world, priv, pub }) => {
    const signatures = [await sign(world, 'alice', priv, 'm')]
    const wanted = { filter: reference(pub), mechanism: ECDSA, data: [base64('m')], signatures }
    return {
      request: wanted,
      policy: { request: { ...wanted, filter: reference(priv) }, code: 'key-type' },
      work: { request: { ...wanted, data: ['', ''] }, code: 'invalid-request' },
    }
  },
  'crypto.encrypt': ({ payload, priv }) => ({
    request: { filter: reference(payload), cipher: GCM, data: [''] },
    policy: { request: { filter: reference(priv), cipher: GCM, data: [''] }, code: 'key-type' },
  }),
  'crypto.decrypt': async ({ world, payload, priv }) => {
    const filter = reference(payload)
    const { data, ivs = [] } = await world.as('alice', 'crypto.encrypt', { filter, cipher: GCM, data: [''] })
    const wanted = { filter, cipher: { ...GCM, iv: ivs[0] ?? '' }, data }
    return {
      request: wanted,
      policy: { request: { ...wanted, filter: reference(priv) }, code: 'key-function' },
      work: { request: { ...wanted, data: [base64('x'.repeat(16))] }, code: 'decryption-failed' },
    }
  },
  'crypto.begin': ({ priv, pub }) => ({
    request: { filter: reference(priv), purpose: 'sign', mechanism: ECDSA },
    policy: { request: { filter: reference(pub), purpose: 'sign', mechanism: ECDSA }, code: 'key-type' },
  }),
  'crypto.update': async (means) => ({
    request: { stream: await streamOf(means), data: '' },
    work: { request: { stream: 'none', data: '' }, code: 'stream-not-found' },
  }),
  'crypto.finish': async (means) => ({
    request: { stream: await streamOf(means), data: '' },
    work: { request: { stream: await streamOf(means), signature: '' }, code: 'invalid-request' },
  }),
  'crypto.cancel': async (means) => ({
    request: { stream: await streamOf(means) },
    work: { request: { stream: 'none' }, code: 'stream-not-found' },
  }),
  'crypto.random': () => ({ request: { bytes: 8 } }),
}
