/**
 * The key derivation function in counter mode of NIST SP 800-108 (§4.1), over the MACs of node:crypto. OpenSSL's KBKDF has the
 * counter in front of everything, and nowhere else.
 */
import type { KeyObject } from 'node:crypto'
import { NO_BYTES } from '../base/bytes.ts'
import type { Hash } from '../contract/algorithms.ts'
import type { Derivation } from '../contract/mechanisms.ts'
import { blocks } from './blocks.ts'
import { macOf } from './macs.ts'
import type { Named } from './mechanism-rules.ts'

type CounterKdf = Extract<Derivation, { name: 'counter-kdf' }>

/**
 * @param key secret, of AES for AES-CMAC
 * @param bytes how much is wanted
 * @returns in clear, for the caller to wipe
 */
export function deriveByCounter(
  key: KeyObject,
  {
    prf,
    'counter-bits': bits,
    'before-counter': before = NO_BYTES,
    'after-counter': after = NO_BYTES,
  }: CounterKdf,
  bytes: number,
): Buffer {
  return blocks(bytes, bits / 8, (counter) => {
    const mac = macOf(macNamed(prf), key)
    for (const part of [before, counter, after]) mac.update(part)
    return mac.finish()
  })
}

const macNamed = (prf: CounterKdf['prf']): Named<'hmac' | 'aes-cmac'> =>
  prf === 'aes-cmac' ? { name: prf } : { name: 'hmac', hash: prf.slice('hmac-'.length) as Hash }
