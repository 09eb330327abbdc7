/** A message encrypted or decrypted by the HSM: in one request, or in several when it is larger than one. */

import { NO_BYTES } from '../../../base/bytes.ts'
import { LIMITS } from '../../../contract/limits.ts'
import type { Cipher } from '../../../contract/mechanisms.ts'
import type { Context } from '../../spec.ts'
import { send } from './signature-calls.ts'

type Call = Context['call']
/** The IV is one that the HSM made. */
type Ciphered = { readonly reference: string; readonly data: Buffer; readonly iv: Buffer | undefined }

/** Encrypts or decrypts a message of any size: in parts when it is longer than one request may hold. */
export function cipherMessage(
  call: Call,
  purpose: 'encrypt' | 'decrypt',
  filter: string[],
  cipher: Cipher,
  message: Buffer,
): Promise<Ciphered> {
  if (message.length > LIMITS.dataBytes) return inParts(call, purpose, filter, cipher, message)
  return atOnce(call, purpose, filter, cipher, message)
}

async function atOnce(...[call, purpose, filter, cipher, message]: Parameters<typeof cipherMessage>) {
  const request = { filter, cipher, data: [message] }
  const reply = await call(`crypto.${purpose}`, request)
  const iv = 'ivs' in reply ? reply.ivs?.[0] : undefined
  return { reference: reply['key-reference'], data: reply.data[0] ?? NO_BYTES, iv }
}

async function inParts(...[call, purpose, filter, cipher, message]: Parameters<typeof cipherMessage>) {
  const { stream, iv, 'key-reference': reference } = await call('crypto.begin', { filter, purpose, cipher })
  const results: Buffer[] = []
  await send(call, stream, blocksOf(message), (ready) => results.push(ready))
  const { data } = await call('crypto.finish', { stream })
  return { reference, data: Buffer.concat([...results, data ?? NO_BYTES]), iv }
}

function* blocksOf(message: Buffer): Generator<Buffer> {
  for (let at = 0; at < message.length; at += LIMITS.dataBytes) {
    yield message.subarray(at, at + LIMITS.dataBytes)
  }
}
