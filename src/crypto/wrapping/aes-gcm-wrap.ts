/** Keys under AES-GCM, with the IV beside them or, as CloudHSM's own mechanism has it, in front. */
import { type KeyObject, randomBytes } from 'node:crypto'
import type { Wrapping } from '../../contract/mechanisms.ts'
import { gcmStream } from '../ciphers/aes-gcm.ts'
import { unwrapFailed } from './unwrap-failed.ts'

export type GcmWrapping = Extract<Wrapping, { name: 'aes-gcm' | 'cloudhsm-aes-gcm' }>

/** NIST SP 800-38D §8.2.2. */
const IV_BYTES = 12

/** @returns the IV only where it is not part of what is wrapped and the HSM made it */
export async function gcmWrap(
  key: KeyObject,
  mechanism: GcmWrapping,
  payload: Buffer,
): Promise<{ readonly wrapped: Buffer; readonly iv?: Buffer }> {
  const given = mechanism.name === 'aes-gcm' ? mechanism.iv : undefined
  const iv = given ?? randomBytes(IV_BYTES)
  const stream = gcmStream(key, cipher(mechanism, iv), 'encrypt')
  const sealed = await stream.finish(key, payload)
  if (mechanism.name === 'cloudhsm-aes-gcm') return { wrapped: Buffer.concat([iv, sealed]) }
  return given === undefined ? { wrapped: sealed, iv } : { wrapped: sealed }
}

/** Throws `unwrap-failed`, and `invalid-mechanism` when there is no IV. */
export async function gcmUnwrap(key: KeyObject, mechanism: GcmWrapping, wrapped: Buffer): Promise<Buffer> {
  const inFront = mechanism.name === 'cloudhsm-aes-gcm'
  if (inFront && wrapped.length < IV_BYTES) throw unwrapFailed()
  const iv = inFront ? wrapped.subarray(0, IV_BYTES) : mechanism.iv
  const stream = gcmStream(key, cipher(mechanism, iv), 'decrypt')
  try {
    return await stream.finish(key, inFront ? wrapped.subarray(IV_BYTES) : wrapped)
  } catch {
    throw unwrapFailed()
  } finally {
    stream.close()
  }
}

const cipher = (mechanism: GcmWrapping, iv: Buffer | undefined) =>
  ({
    name: 'aes-gcm',
    aad: mechanism.aad,
    'tag-length-bits': mechanism['tag-length-bits'],
    iv,
  }) as const
