/** HMAC (RFC 2104) and AES-CMAC (NIST SP 800-38B). Whoever can make a MAC can verify one, and the other way round. */
import { createHmac, createMac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { HASHES } from '../contract/algorithms.ts'
import type { KeyType } from '../contract/attributes.ts'
import type { Mechanism } from '../contract/mechanisms.ts'
import { checkMacLength, mechanismAmong, type Named } from './mechanism-rules.ts'
import { opensslAvailable } from './openssl.ts'
import { NATIVE_MESSAGE_BYTES, nativeHmac } from './openssl-macs.ts'
import type { MessageStream, SigningKey, VerifyingKey } from './signing-keys.ts'

/** Of a whole MAC: one block of AES (NIST SP 800-38B §5.5). */
export const CMAC_BYTES = 16

declare module 'node:crypto' {
  /** Missing from the type declarations of Node 26. */
  function createMac(
    name: 'cmac',
    key: KeyObject,
    options: { cipher: string },
  ): { update(data: Uint8Array): unknown; final(): Buffer }
}

/** @param key stays usable by others when this is closed */
export function openMacKey(keyType: KeyType, key: KeyObject): SigningKey & VerifyingKey {
  const begin = (mechanism: Mechanism): MessageStream => macStream(checkFor(keyType, mechanism), key)
  const native = opensslAvailable() ? nativeHmac(key) : undefined
  const mac = (mechanism: Mechanism, data: Buffer): Buffer => {
    const checked = checkFor(keyType, mechanism)
    if (native && checked.name === 'hmac' && data.length <= NATIVE_MESSAGE_BYTES)
      return native.mac(checked.hash, data).subarray(0, checked['mac-length'])
    const { update, finish } = macOf(checked, key)
    update(data)
    return finish()
  }
  return {
    sign: mac,
    verify: (mechanism, data, signature) => equal(mac(mechanism, data), signature),
    begin,
    close: () => native?.close(),
  }
}

function checkFor(keyType: KeyType, mechanism: Mechanism): Named<'hmac' | 'aes-cmac'> {
  if (keyType === 'generic-secret') {
    const checked = mechanismAmong(mechanism, ['hmac'], keyType)
    checkMacLength(checked, HASHES[checked.hash].bytes)
    return checked
  }
  const checked = mechanismAmong(mechanism, keyType === 'aes' ? ['aes-cmac'] : [], keyType)
  checkMacLength(checked, CMAC_BYTES)
  return checked
}

type Mac = { readonly update: (part: Uint8Array) => void; readonly finish: () => Buffer }

/** @param key outlives the MAC */
export function macOf(mechanism: Named<'hmac' | 'aes-cmac'>, key: KeyObject): Mac {
  const kept = (whole: Buffer) => whole.subarray(0, mechanism['mac-length'])
  if (mechanism.name === 'hmac') {
    const hmac = createHmac(mechanism.hash, key)
    return { update: (part) => void hmac.update(part), finish: () => kept(hmac.digest()) }
  }
  const cipher = `aes-${(key.symmetricKeySize ?? 0) * 8}-cbc`
  const cmac = createMac('cmac', key, { cipher })
  return { update: (part) => void cmac.update(part), finish: () => kept(cmac.final()) }
}

/** Made when the first part comes: a message that comes whole does without. The key it is finished with does not matter. */
function macStream(mechanism: Named<'hmac' | 'aes-cmac'>, key: KeyObject): MessageStream {
  let begun: Mac | undefined
  const mac = () => {
    begun ??= macOf(mechanism, key)
    return begun
  }
  return {
    update: (part) => mac().update(part),
    sign: () => mac().finish(),
    verify: (_key, signature) => equal(mac().finish(), signature),
    held: () => 0,
    close: () => undefined,
  }
}

const equal = (mac: Buffer, claimed: Buffer): boolean =>
  mac.length === claimed.length && timingSafeEqual(mac, claimed)
