/** Keys under an RSA key, or under an AES key made for it that is itself under the RSA key. */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { HsmError } from '../../contract/errors.ts'
import type { Wrapping } from '../../contract/mechanisms.ts'
import { longestMessage, type RsaCipher, rsaStream } from '../ciphers/rsa-encryption.ts'
import { aesUnwrap, aesWrap } from './aes-key-wrap.ts'
import { unwrapFailed } from './unwrap-failed.ts'

export type RsaWrapping = Extract<Wrapping, { name: `rsa-${string}` }>

/** Of the key that CKM_RSA_AES_KEY_WRAP (PKCS#11 v2.40 mechanisms §2.1.21) makes for one payload. */
const EPHEMERAL_BITS = 256
const AES_BYTES: readonly number[] = [16, 24, 32]

/**
 * RSA-AES, RSA-OAEP or PKCS#1 v1.5, as the mechanism says.
 *
 * @param payload raw bytes, or PKCS #8
 */
export async function rsaWrap(key: KeyObject, mechanism: RsaWrapping, payload: Buffer): Promise<Buffer> {
  if (mechanism.name !== 'rsa-aes') return encrypt(key, mechanism, payload)
  const { 'aes-key-bits': bits = EPHEMERAL_BITS } = mechanism
  const ephemeral = randomBytes(bits / 8)
  try {
    const wrappedKey = await encrypt(key, oaepOf(mechanism), ephemeral)
    return Buffer.concat([wrappedKey, aesWrap(createSecretKey(ephemeral), 'aes-zero-pad', payload)])
  } finally {
    ephemeral.fill(0)
  }
}

/** How the key that was made for the payload travels. */
const oaepOf = ({ hash, mgf, label }: Extract<RsaWrapping, { name: 'rsa-aes' }>): RsaCipher => ({
  name: 'rsa-oaep',
  hash,
  mgf,
  label,
})

async function encrypt(key: KeyObject, cipher: RsaCipher, payload: Buffer): Promise<Buffer> {
  const most = longestMessage(cipher, modulusBytes(key))
  if (payload.length > most) {
    throw new HsmError(
      'invalid-data',
      `The mechanism ${cipher.name} wraps at most ${most} bytes under this key`,
    )
  }
  const stream = rsaStream(key, cipher, 'encrypt')
  try {
    return await stream.finish(key, payload)
  } finally {
    stream.close()
  }
}

/**
 * Of PKCS #1 v1.5 a block with wrong padding unwraps to bytes like any other, made of the key and the block and of any
 * length (implicit rejection, draft-irtf-cfrg-rsa-guidance §7). They become a key, or have a length that is none of its
 * type's, about as often as those of a block that happens to have right padding: neither success nor failure tells an
 * attacker which it was (D. Bleichenbacher, CRYPTO '98).
 *
 * @throws HsmError `unwrap-failed`, `invalid-mechanism`
 */
export async function rsaUnwrap(key: KeyObject, mechanism: RsaWrapping, wrapped: Buffer): Promise<Buffer> {
  if (mechanism.name !== 'rsa-aes') return decrypt(key, mechanism, wrapped)
  const size = modulusBytes(key)
  const ephemeral = await decrypt(key, oaepOf(mechanism), wrapped.subarray(0, size))
  try {
    if (!AES_BYTES.includes(ephemeral.length)) throw unwrapFailed()
    return aesUnwrap(createSecretKey(ephemeral), 'aes-zero-pad', wrapped.subarray(size))
  } finally {
    ephemeral.fill(0)
  }
}

async function decrypt(key: KeyObject, cipher: RsaCipher, wrapped: Buffer): Promise<Buffer> {
  const stream = rsaStream(key, cipher, 'decrypt')
  try {
    return await stream.finish(key, wrapped)
  } catch {
    throw unwrapFailed()
  } finally {
    stream.close()
  }
}

const modulusBytes = (key: KeyObject): number => Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
