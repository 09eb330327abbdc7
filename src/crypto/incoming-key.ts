/** Keys made elsewhere: everything about them is checked. */

import type { SecretKeyType } from '../contract/key-kinds.ts'
import { KEY_TYPE_CLASSES, type KeyTypeClass } from '../contract/key-type-classes.ts'
import { LIMITS } from '../contract/limits.ts'
import type { KeyRecord } from '../model/records.ts'
import { bad } from './incoming-der.ts'
import { readEcPrivate, readEcPublic } from './incoming-ec.ts'
import { readRsaPrivate, readRsaPublic } from './incoming-rsa.ts'
import { checkValueOf, DES3_BYTES } from './secret-keys.ts'

/** What is known of a key, and the key itself in its one encoding, in clear: whoever has it wipes it. */
export type IncomingKey = Pick<
  KeyRecord,
  'keyType' | 'keyClass' | 'checkValue' | 'keyLengthBytes' | 'rsa' | 'ec'
> & { readonly material: Buffer }

/**
 * @param bytes raw, PKCS #8 DER or SubjectPublicKeyInfo DER
 * @throws HsmError `invalid-data` naming what is wrong with `field`
 */
export async function readIncomingKey(
  name: KeyTypeClass,
  bytes: Buffer,
  field: string,
): Promise<IncomingKey> {
  const kind = KEY_TYPE_CLASSES[name]
  switch (name) {
    case 'rsa-public':
      return { ...kind, ...(await readRsaPublic(bytes, field)) }
    case 'rsa-private':
      return { ...kind, ...(await readRsaPrivate(bytes, field)) }
    case 'ec-public':
      return { ...kind, ...(await readEcPublic(bytes, field)) }
    case 'ec-private':
      return { ...kind, ...(await readEcPrivate(bytes, field)) }
    case 'aes':
    case 'des3':
    case 'generic-secret':
      return readSecret(name, bytes, field)
  }
}

function readSecret(name: SecretKeyType, bytes: Buffer, field: string): IncomingKey {
  checkLength(name, bytes, field)
  return {
    ...KEY_TYPE_CLASSES[name],
    checkValue: checkValueOf(name, bytes),
    keyLengthBytes: bytes.length,
    rsa: undefined,
    ec: undefined,
    material: Buffer.from(bytes),
  }
}

function checkLength(keyType: SecretKeyType, { length }: Buffer, field: string): void {
  switch (keyType) {
    case 'aes':
      if (![16, 24, 32].includes(length)) throw bad(field, 'must be 16, 24 or 32 bytes')
      return
    case 'des3':
      if (length !== DES3_BYTES) throw bad(field, `must be ${DES3_BYTES} bytes`)
      return
    case 'generic-secret': {
      const { genericSecretBytes: most } = LIMITS
      if (length < 1 || length > most) throw bad(field, `must be 1 to ${most} bytes`)
    }
  }
}
