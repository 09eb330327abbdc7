/** Keys under AES-GCM, with the IV beside them or, as CloudHSM's own mechanism has it, in front. */
import type { KeyObject } from 'node:crypto'
import type { Wrapping } from '../../contract/mechanisms.ts'
import { cipherStream, withIv } from '../ciphers/ciphers.ts'
import { unwrapFailed } from './unwrap-failed.ts'

/** Ciphers of the same names. */
type GcmWrapping = Extract<Wrapping, { name: 'aes-gcm' | 'cloudhsm-aes-gcm' }>

/** @returns the IV only where it is not part of what is wrapped and the HSM made it */
export async function gcmWrap(
  key: KeyObject,
  mechanism: GcmWrapping,
  payload: Buffer,
): Promise<{ readonly wrapped: Buffer; readonly iv?: Buffer }> {
  const { cipher, made } = withIv(mechanism)
  const stream = cipherStream(key, cipher, 'encrypt')
  try {
    const wrapped = await stream.finish(key, payload)
    return made ? { wrapped, iv: made } : { wrapped }
  } finally {
    stream.close()
  }
}

/** Throws `unwrap-failed`, and `invalid-mechanism` when there is no IV. */
export async function gcmUnwrap(key: KeyObject, mechanism: GcmWrapping, wrapped: Buffer): Promise<Buffer> {
  const stream = cipherStream(key, mechanism, 'decrypt')
  try {
    return await stream.finish(key, wrapped)
  } catch {
    throw unwrapFailed()
  } finally {
    stream.close()
  }
}
