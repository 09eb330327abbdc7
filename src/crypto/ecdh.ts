/** Elliptic curve Diffie-Hellman (NIST SP 800-56A §5.7.1.2; PKCS#11 v2.40 §2.3.9). */
import { createHash, diffieHellman, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { NO_BYTES } from '../base/bytes.ts'
import { CURVES, type Hash, type WeierstrassCurve } from '../contract/algorithms.ts'
import { HsmError } from '../contract/errors.ts'
import type { Derivation } from '../contract/mechanisms.ts'
import { blocks } from './blocks.ts'
import { publicKeyOfPoint } from './public-facts.ts'

type Ecdh = Extract<Derivation, { name: 'ecdh' }>

/** In the thread pool. */
const agree = promisify(
  (pair: { privateKey: KeyObject; publicKey: KeyObject }, done: (error: Error | null, z: Buffer) => void) =>
    diffieHellman(pair, done),
)

/**
 * @param privateKey on that curve
 * @param bytes how much is wanted
 * @returns in clear, for the caller to wipe
 * @throws HsmError `invalid-data` if the other public key is no point of the curve, `invalid-attribute` if there is not
 *   as much, `invalid-mechanism`
 */
export async function deriveByEcdh(
  privateKey: KeyObject,
  curve: WeierstrassCurve,
  { kdf, 'public-point': point, 'shared-info': info }: Ecdh,
  bytes: number,
): Promise<Buffer> {
  if (kdf === 'none') checkUnprocessed(curve, bytes, info)
  const z = await agree({ privateKey, publicKey: readPoint(curve, point) })
  try {
    // What is too much is taken away at the front (PKCS#11 v2.40 §2.3.9).
    if (kdf === 'none') return Buffer.from(z.subarray(z.length - bytes))
    return x963(kdf.slice('x963-'.length) as Hash, z, info ?? NO_BYTES, bytes)
  } finally {
    z.fill(0)
  }
}

function checkUnprocessed(curve: WeierstrassCurve, bytes: number, info: Buffer | undefined): void {
  if (info !== undefined) throw new HsmError('invalid-mechanism', 'shared-info needs a kdf')
  const { fieldBytes } = CURVES[curve]
  if (bytes > fieldBytes) {
    throw new HsmError(
      'invalid-attribute',
      `key-length-bytes must be at most ${fieldBytes} on ${curve} without a kdf`,
    )
  }
}

/** The key derivation function of ANSI X9.63 (SEC 1 §3.6.1), over a hash of node:crypto. */
const x963 = (hash: Hash, z: Buffer, info: Buffer, bytes: number): Buffer =>
  blocks(bytes, 4, (counter) => createHash(hash).update(z).update(counter).update(info).digest())

function readPoint(curve: WeierstrassCurve, given: Buffer): KeyObject {
  const key = publicKeyOfPoint(given, curve)
  if (key) return key
  throw new HsmError('invalid-data', `public-point is not a point on ${curve}`)
}
