/** Authenticated encryption of what is stored: without the master key nobody can read, change or move it. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
} from 'node:crypto'

/** Authenticated encryption under one key. What was sealed for one context does not open in another. */
export type Sealer = {
  /**
   * Seals with a random nonce, so the same plaintext never looks the same again.
   *
   * @param context what the plaintext is and where it belongs; must be given again to open it
   * @returns version (1 byte), nonce (12), ciphertext, tag (16)
   */
  seal(plaintext: Uint8Array, context: string): Buffer
  /** @throws Error without saying why, for anything that was not sealed so, under this key and for this context */
  open(sealed: Uint8Array, context: string): Buffer
  /** HMAC-SHA256 of a text, 32 bytes: lets the store recognise a state that it wrote itself. */
  mark(text: string): Buffer
}

const MASTER_KEY_BYTES = 32
const VERSION = Buffer.of(1)
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = VERSION.length + NONCE_BYTES
const ALGORITHM = 'aes-256-gcm'

/**
 * AES-256-GCM (NIST SP 800-38D) under keys derived from the master key by HKDF-SHA256 (RFC 5869), different ones for
 * each purpose and cluster. One derived key is good for 2^32 seals with random nonces (SP 800-38D §8.3).
 *
 * @param masterKey 32 bytes; read here and not kept. What leaves the cluster is sealed under a secret of its own instead:
 *   a join token, what is in a backup, what goes to a clone
 */
export function createSealer(
  masterKey: Uint8Array,
  purpose: 'records' | 'snapshot' | 'material' | 'key-use' | 'invitation' | 'backup' | 'parcel' | 'peers',
  clusterId: string,
): Sealer {
  const sealKey = deriveKey(masterKey, 'seal', purpose, clusterId)
  const markKey = deriveKey(masterKey, 'mark', purpose, clusterId)
  const additionalData = (context: string) => encode(clusterId, context)
  return {
    seal(plaintext, context) {
      const nonce = newNonce()
      const cipher = createCipheriv(ALGORITHM, sealKey, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(additionalData(context))
      return Buffer.concat([VERSION, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    },
    open: (sealed, context) => open(sealKey, sealed, additionalData(context)),
    mark: (text) => createHmac('sha256', markKey).update(text).digest(),
  }
}

/**
 * 16 hex digits that tell one master key from another and nothing else about it. Kept in clear, they tell a wrong
 * master key from a damaged record.
 */
export function masterKeyCheck(masterKey: Uint8Array): string {
  return derive(masterKey, ['check'], 8).toString('hex')
}

function open(key: KeyObject, sealed: Uint8Array, additionalData: Buffer): Buffer {
  const tagStart = sealed.length - TAG_BYTES
  if (tagStart < HEADER_BYTES || sealed[0] !== VERSION[0]) throw unopened()
  const nonce = sealed.subarray(VERSION.length, HEADER_BYTES)
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(additionalData)
  decipher.setAuthTag(sealed.subarray(tagStart))
  const plaintext = decipher.update(sealed.subarray(HEADER_BYTES, tagStart))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw unopened()
  }
  return plaintext
}

const unopened = (): Error => new Error('The sealed data cannot be opened')

function deriveKey(masterKey: Uint8Array, ...info: readonly string[]): KeyObject {
  const bytes = derive(masterKey, info, 32)
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

function derive(masterKey: Uint8Array, info: readonly string[], bytes: number): Buffer {
  if (masterKey.length !== MASTER_KEY_BYTES)
    throw new Error(`The master key must be ${MASTER_KEY_BYTES} bytes`)
  return Buffer.from(hkdfSync('sha256', masterKey, '', encode('strongroom', ...info), bytes))
}

/** Each text behind its length in 4 bytes, so that no two lists of texts look the same. */
function encode(...texts: readonly string[]): Buffer {
  const bytes = Buffer.alloc(texts.reduce((sum, text) => sum + 4 + Buffer.byteLength(text), 0))
  let at = 0
  for (const text of texts) {
    const length = bytes.write(text, at + 4)
    bytes.writeUInt32BE(length, at)
    at += 4 + length
  }
  return bytes
}

/** Random bytes for nonces, which are not secret. Drawn many at a time: one draw takes as long as the encryption of a record. */
const random = Buffer.alloc(256 * NONCE_BYTES)
let used = random.length

/** Good until the next call. */
function newNonce(): Buffer {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  used += NONCE_BYTES
  return random.subarray(used - NONCE_BYTES, used)
}
