import type { KeyObject } from 'node:crypto'
import type { WeierstrassCurve } from '../contract/algorithms.ts'
import type { Derivation } from '../contract/mechanisms.ts'
import type { KeyRecord } from '../model/records.ts'
import { deriveByCounter } from './counter-kdf.ts'
import { deriveByEcdh } from './ecdh.ts'

/**
 * The value of a new key.
 *
 * @param base what is known of `key`, which is one that the mechanism derives from
 * @param bytes how much is wanted
 * @returns in clear, for the caller to wipe
 * @throws HsmError as the mechanism says
 */
export async function deriveValue(
  key: KeyObject,
  base: Pick<KeyRecord, 'ec'>,
  mechanism: Derivation,
  bytes: number,
): Promise<Buffer> {
  switch (mechanism.name) {
    case 'ecdh':
      return await deriveByEcdh(key, base.ec?.curve as WeierstrassCurve, mechanism, bytes)
    case 'counter-kdf':
      return deriveByCounter(key, mechanism, bytes)
  }
}
