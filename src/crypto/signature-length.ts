import { CURVES, HASHES } from '../contract/algorithms.ts'
import type { Mechanism } from '../contract/mechanisms.ts'
import type { KeyRecord } from '../model/records.ts'
import { ED25519_BYTES } from './eddsa.ts'
import { CMAC_BYTES } from './macs.ts'
import { ML_DSA_SIZES } from './ml-dsa.ts'

/** How many bytes a signature or MAC by that key is, of a mechanism that works with it. */
export function signatureBytes(key: Pick<KeyRecord, 'rsa' | 'ec' | 'mlDsa'>, mechanism: Mechanism): number {
  if (mechanism.name === 'hmac') return mechanism['mac-length'] ?? HASHES[mechanism.hash].bytes
  if (mechanism.name === 'aes-cmac') return mechanism['mac-length'] ?? CMAC_BYTES
  if (key.rsa) return Math.ceil(key.rsa.modulusSizeBits / 8)
  if (key.mlDsa) return ML_DSA_SIZES[key.mlDsa.algorithm].signature
  return key.ec && key.ec.curve !== 'ed25519' ? 2 * CURVES[key.ec.curve].fieldBytes : ED25519_BYTES
}
