/** RSAES-PKCS1-v1_5, RSAES-OAEP and RSA without padding (RFC 8017 §7 and §5.1). */
import { constants, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto'
import { NO_BYTES } from '../../base/bytes.ts'
import { HASHES, type Hash } from '../../contract/algorithms.ts'
import { HsmError } from '../../contract/errors.ts'
import { CIPHER_KEY_TYPE, type Cipher } from '../../contract/mechanisms.ts'
import { queueOnEventLoop } from '../event-loop.ts'
import { heldMessage } from '../held-message.ts'
import { opensslAvailable } from '../openssl.ts'
import { type Oaep, oaepDecrypt, oaepEncrypt } from '../openssl-oaep.ts'
import { type CipherStream, type Direction, decryptionFailed } from './cipher-stream.ts'

export type RsaCipher = Extract<Cipher, { name: `rsa-${string}` }>
export const isRsa = (cipher: Cipher): cipher is RsaCipher => CIPHER_KEY_TYPE[cipher.name] === 'rsa'

/** An RSA key makes one block of a message, so parts are kept until the end. */
export function rsaStream(key: KeyObject, cipher: RsaCipher, direction: Direction): CipherStream {
  checkOaep(cipher)
  const modulusBits = key.asymmetricKeyDetails?.modulusLength ?? 0
  const modulusBytes = Math.ceil(modulusBits / 8)
  const longest = direction === 'encrypt' ? longestMessage(cipher, modulusBytes) : modulusBytes
  const message = heldMessage(longest, `The mechanism ${cipher.name}`)
  const work = direction === 'encrypt' ? encrypt : decrypt
  const tooLong = () =>
    direction === 'decrypt'
      ? decryptionFailed()
      : new HsmError('invalid-data', `data must be at most ${longest} bytes with this key and mechanism`)
  return {
    update(part) {
      if (message.bytes() + part.length > longest) throw tooLong()
      message.add(part)
      return NO_BYTES
    },
    finish(used, last) {
      if (message.bytes() + last.length > longest) throw tooLong()
      return work(used, cipher, modulusBytes, message.whole(last))
    },
    held: message.bytes,
    close: message.close,
  }
}

/** Of the message, in bytes. */
export function longestMessage(cipher: RsaCipher, modulusBytes: number): number {
  if (cipher.name === 'rsa-x509') return modulusBytes
  return modulusBytes - (cipher.name === 'rsa-pkcs' ? 11 : 2 * HASHES[cipher.hash].bytes + 2)
}

function encrypt(key: KeyObject, cipher: RsaCipher, modulusBytes: number, message: Buffer): Buffer {
  switch (cipher.name) {
    case 'rsa-pkcs':
      return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, message)
    case 'rsa-oaep':
      return sameHash(cipher)
        ? publicEncrypt(oneHash(key, cipher), message)
        : oaepEncrypt(key, twoHashes(cipher), message)
    case 'rsa-x509':
      return encryptUnpadded(key, Buffer.concat([Buffer.alloc(modulusBytes - message.length), message]))
  }
}

function encryptUnpadded(key: KeyObject, block: Buffer): Buffer {
  try {
    return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block)
  } catch (cause) {
    // RFC 8017 §5.1.1 step 1.
    throw new HsmError('invalid-data', 'data must be less than the modulus', { cause })
  }
}

/** There is no thread pool for it, so it waits for its turn. */
async function decrypt(
  key: KeyObject,
  cipher: RsaCipher,
  modulusBytes: number,
  sealed: Buffer,
): Promise<Buffer> {
  // RFC 8017 §7.1.2 step 1b and §7.2.2 step 1; OpenSSL alone would take one without its leading zeros.
  if (sealed.length !== modulusBytes) throw decryptionFailed()
  try {
    return await queueOnEventLoop(() => decryptBlock(key, cipher, sealed))
  } catch {
    throw decryptionFailed()
  }
}

/**
 * Of PKCS #1 v1.5 a block with wrong padding gives a message like any other, made of the key and the block (implicit
 * rejection, draft-irtf-cfrg-rsa-guidance §7): nothing can be learned from whether it succeeds.
 */
function decryptBlock(key: KeyObject, cipher: RsaCipher, sealed: Buffer): Buffer {
  switch (cipher.name) {
    case 'rsa-pkcs':
      return privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, sealed)
    case 'rsa-oaep':
      return sameHash(cipher)
        ? privateDecrypt(oneHash(key, cipher), sealed)
        : oaepDecrypt(key, twoHashes(cipher), sealed)
    case 'rsa-x509':
      return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, sealed)
  }
}

type OaepCipher = Extract<RsaCipher, { name: 'rsa-oaep' }>

/** All that node:crypto can do. It is not enough for Java, which by default takes SHA-1 for MGF1. */
const sameHash = ({ hash, mgf }: OaepCipher): boolean => mgf === `mgf1-${hash}`

const oneHash = (key: KeyObject, { hash, label }: OaepCipher) => ({
  key,
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: hash,
  oaepLabel: label ?? NO_BYTES,
})

const twoHashes = ({ hash, mgf, label }: OaepCipher): Oaep => ({
  hash,
  mgfHash: mgf.slice('mgf1-'.length) as Hash,
  label: label ?? NO_BYTES,
})

function checkOaep(cipher: RsaCipher): void {
  if (cipher.name !== 'rsa-oaep' || sameHash(cipher) || opensslAvailable()) return
  throw new HsmError('invalid-mechanism', `mgf must be mgf1-${cipher.hash} here: no access to OpenSSL`)
}
