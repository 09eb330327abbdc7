/** Attacks that find the value of an AES key of the HSM with calls that plain PKCS#11 allows its owner. */
import { createHmac, createPublicKey, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto'
import type { ErrorCode } from '../../src/contract/errors.ts'
import type { Derivation } from '../../src/contract/mechanisms.ts'
import { gcmOpen } from './gcm-open.ts'
import { AES_BYTES, type Thief } from './thief.ts'
import { base64, reference } from './world.ts'

type Loot = { readonly key: string; readonly value: Buffer }
type Attack = {
  readonly name: string
  readonly attack: (us: Thief) => Promise<Loot>
  /** How it ends under the policy trusted-wrapping. */
  readonly refused: ErrorCode
}

const target = (us: Thief) => us.generate({ encrypt: true })

/** A key that an admin trusts, and what is wrapped under it: the target. */
async function wrapped(us: Thief, attributes: Parameters<Thief['generate']>[0]) {
  const under = await us.generate({ wrap: true, ...attributes })
  await us.trust(under)
  const key = await target(us)
  return { under, key, blob: await us.wrap(key, under) }
}

const wrapThenDecrypt: Attack = {
  name: 'a key that wraps and decrypts',
  refused: 'attribute-refused',
  async attack(us) {
    const { under, key, blob } = await wrapped(us, { decrypt: true })
    return { key, value: await us.decrypt(blob, under) }
  },
}

const wrapThenBecomeDecrypting: Attack = {
  name: 'a key that wraps first and then decrypts',
  refused: 'attribute-refused',
  async attack(us) {
    const { under, key, blob } = await wrapped(us, {})
    await us.set(under, { decrypt: true })
    return { key, value: await us.decrypt(blob, under) }
  },
}

const wrapThenStopThenDecrypt: Attack = {
  name: 'a key that is no wrapping key any more',
  refused: 'attribute-refused',
  async attack(us) {
    const { under, key, blob } = await wrapped(us, {})
    await us.set(under, { wrap: false })
    await us.set(under, { decrypt: true })
    return { key, value: await us.decrypt(blob, under) }
  },
}

const copyThenDecrypt: Attack = {
  name: 'a copy of the wrapping key with another use',
  refused: 'attribute-refused',
  async attack(us) {
    const { under, key, blob } = await wrapped(us, {})
    const copy = await us.copy(under, { wrap: false, decrypt: true })
    return { key, value: await us.decrypt(blob, copy) }
  },
}

const wrapThenUnwrapShown: Attack = {
  name: 'a key that is unwrapped as one to be shown',
  refused: 'attribute-refused',
  async attack(us) {
    const { under, key, blob } = await wrapped(us, { unwrap: true })
    return { key, value: await us.show(await us.unwrap(blob, under, { sensitive: false })) }
  },
}

const trustedCopyOfItself: Attack = {
  name: 'the wrapping key wrapped by itself',
  refused: 'attribute-refused',
  async attack(us) {
    const { under, key, blob } = await wrapped(us, { unwrap: true, extractable: true })
    const twin = await us.unwrap(await us.wrap(under, under), under, { decrypt: true })
    return { key, value: await us.decrypt(blob, twin) }
  },
}

const reimportToWrap: Attack = {
  name: 'a key that is brought back to gain the right to wrap',
  refused: 'attribute-refused',
  async attack(us) {
    const under = await us.generate({ wrap: true, unwrap: true })
    await us.trust(under)
    const data = await us.generate({ decrypt: true })
    const twin = await us.unwrap(await us.wrap(data, under), under, { wrap: true })
    const key = await target(us)
    return { key, value: await us.decrypt(await us.wrap(key, twin), data) }
  },
}

const untrustedKey: Attack = {
  name: 'a wrapping key that nobody trusts',
  refused: 'wrap-refused',
  async attack(us) {
    const under = await us.generate({ wrap: true, unwrap: true })
    const key = await target(us)
    const blob = await us.wrap(key, under)
    return { key, value: await us.show(await us.unwrap(blob, under, { sensitive: false })) }
  },
}

const knownKey: Attack = {
  name: 'a wrapping key of known value that an admin trusts',
  refused: 'attribute-refused',
  async attack(us) {
    const known = randomBytes(AES_BYTES)
    const under = await us.bring(known, { wrap: true })
    await us.trust(under)
    const key = await us.generate({ encrypt: true, 'wrap-with-trusted': true })
    return { key, value: gcmOpen(known, await us.wrap(key, under)) }
  },
}

const knownPair: Attack = {
  name: 'a public key of the attacker that an admin trusts',
  refused: 'attribute-refused',
  async attack(us) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    const under = await us.bring(spki, { wrap: true }, 'rsa-public')
    await us.trust(under)
    const key = await us.generate({ encrypt: true, 'wrap-with-trusted': true })
    const blob = await us.wrap(key, under, { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' })
    return { key, value: privateDecrypt({ key: privateKey, oaepHash: 'sha256' }, blob) }
  },
}

/** Two ciphertexts of one key and IV differ as the plaintexts do. */
const sameIv: Attack = {
  name: 'two keys wrapped under one IV',
  refused: 'invalid-mechanism',
  async attack(us) {
    const mechanism = {
      name: 'aes-gcm',
      iv: randomBytes(12),
      'tag-length-bits': 128,
    } as const
    const { under, key } = await wrapped(us, {})
    const known = randomBytes(AES_BYTES)
    const one = await us.wrap(await us.bring(known, { sensitive: false }), under, mechanism)
    const other = await us.wrap(key, under, mechanism)
    return { key, value: known.map((byte, at) => byte ^ one.readUInt8(at) ^ other.readUInt8(at)) as Buffer }
  },
}

/** Of P-256, uncompressed. */
const POINT_BYTES = 65

/** Both halves of the agreement are keys of the HSM. */
async function agreement(us: Thief) {
  const { priv } = await us.pair('ec', { derive: true })
  const { pub } = await us.pair('ec', { derive: true })
  const { pem } = await us.world.as('alice', 'key.export-public', { filter: reference(pub) })
  const point = createPublicKey(pem).export({ type: 'spki', format: 'der' }).subarray(-POINT_BYTES)
  const mechanism = {
    name: 'ecdh',
    kdf: 'x963-sha256',
    'public-point': point,
  } as const
  return { priv, mechanism, key: await us.derive(priv, mechanism, { encrypt: true }) }
}

const deriveAgainShown: Attack = {
  name: 'a key that is derived a second time, to be shown',
  refused: 'attribute-refused',
  async attack(us) {
    const { priv, mechanism, key } = await agreement(us)
    return { key, value: await us.show(await us.derive(priv, mechanism, { sensitive: false })) }
  },
}

/** Byte by byte: all before it are known, so 256 MACs tell the next. */
const deriveShorter: Attack = {
  name: 'a key that is derived again in all lengths',
  refused: 'attribute-refused',
  async attack(us) {
    const { priv, mechanism, key } = await agreement(us)
    let value: Buffer = Buffer.alloc(0)
    while (value.length < AES_BYTES) {
      const part = await us.derive(priv, mechanism, { sign: true }, value.length + 1)
      value = await nextByte(us, part, value)
    }
    return { key, value }
  },
}

async function nextByte(us: Thief, part: string, known: Buffer): Promise<Buffer> {
  const { signatures } = await us.world.as('alice', 'crypto.sign', {
    filter: reference(part),
    mechanism: { name: 'hmac', hash: 'sha256' },
    data: [base64('x')],
  })
  for (let byte = 0; byte < 256; byte++) {
    const guess = Buffer.concat([known, Buffer.of(byte)])
    if (
      createHmac('sha256', guess)
        .update('x')
        .digest()
        .equals(signatures[0] ?? known)
    )
      return guess
  }
  throw new Error('No byte fits')
}

const BLOCKS: Derivation = { name: 'counter-kdf', prf: 'aes-cmac', 'counter-bits': 8 }

/** What the AES key computes is what is derived from it. */
async function blocksBy(us: Thief, base: string): Promise<Buffer> {
  const { signatures } = await us.world.as('alice', 'crypto.sign', {
    filter: reference(base),
    mechanism: { name: 'aes-cmac' },
    data: [1, 2].map((count) => Buffer.of(count).toString('base64')),
  })
  return Buffer.concat(signatures)
}

const deriveThenSign: Attack = {
  name: 'a key that is derived from one that signs',
  refused: 'attribute-refused',
  async attack(us) {
    const base = await us.generate({ derive: true, sign: true })
    return { key: await us.derive(base, BLOCKS, { encrypt: true }), value: await blocksBy(us, base) }
  },
}

const deriveThenBecomeSigning: Attack = {
  name: 'a key that derived and then signs',
  refused: 'attribute-refused',
  async attack(us) {
    const base = await us.generate({ derive: true })
    const key = await us.derive(base, BLOCKS, { encrypt: true })
    await us.set(base, { derive: false })
    await us.set(base, { sign: true })
    return { key, value: await blocksBy(us, base) }
  },
}

const signingTwin: Attack = {
  name: 'a second key of the value of one that derives, unwrapped to sign',
  refused: 'attribute-refused',
  async attack(us) {
    const base = await us.generate({ derive: true, extractable: true, 'wrap-with-trusted': true })
    const under = await us.generate({ wrap: true, unwrap: true, extractable: false })
    await us.trust(under)
    const key = await us.derive(base, BLOCKS, { encrypt: true })
    const twin = await us.unwrap(await us.wrap(base, under), under, { sign: true, 'wrap-with-trusted': true })
    return { key, value: await blocksBy(us, twin) }
  },
}

const signingCopy: Attack = {
  name: 'a copy of a key that derives, to sign',
  refused: 'attribute-refused',
  async attack(us) {
    const base = await us.generate({ derive: true, extractable: false })
    const key = await us.derive(base, BLOCKS, { encrypt: true })
    return { key, value: await blocksBy(us, await us.copy(base, { derive: false, sign: true })) }
  },
}

export const KNOWN_ATTACKS: readonly Attack[] = [
  wrapThenDecrypt,
  wrapThenBecomeDecrypting,
  wrapThenStopThenDecrypt,
  copyThenDecrypt,
  wrapThenUnwrapShown,
  trustedCopyOfItself,
  reimportToWrap,
  untrustedKey,
  knownKey,
  knownPair,
  sameIv,
  deriveAgainShown,
  deriveShorter,
  deriveThenSign,
  deriveThenBecomeSigning,
  signingTwin,
  signingCopy,
]
