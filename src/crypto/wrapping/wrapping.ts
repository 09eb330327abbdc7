/** Wraps and unwraps keys. */
import type { KeyObject } from 'node:crypto'
import type { Wrapping } from '../../contract/mechanisms.ts'
import { gcmUnwrap, gcmWrap } from './aes-gcm-wrap.ts'
import { aesUnwrap, aesWrap } from './aes-key-wrap.ts'
import { rsaUnwrap, rsaWrap } from './rsa-wrap.ts'

/** `iv`: one that the HSM made and that is not part of what is wrapped. */
export type WrappedPayload = { readonly wrapped: Buffer; readonly iv?: Buffer }

/**
 * @param key secret, or the public one of an RSA pair
 * @param payload in clear; whoever has it wipes it
 * @throws HsmError `invalid-data` for a payload of a length that the mechanism or the key cannot take,
 *   `invalid-mechanism`
 */
export async function wrapPayload(
  key: KeyObject,
  mechanism: Wrapping,
  payload: Buffer,
): Promise<WrappedPayload> {
  switch (mechanism.name) {
    case 'aes-gcm':
    case 'cloudhsm-aes-gcm':
      return await gcmWrap(key, mechanism, payload)
    case 'aes-no-pad':
    case 'aes-pkcs5-pad':
    case 'aes-zero-pad':
      return { wrapped: aesWrap(key, mechanism.name, payload) }
    case 'rsa-aes':
    case 'rsa-oaep':
    case 'rsa-pkcs':
      return { wrapped: await rsaWrap(key, mechanism, payload) }
  }
}

/**
 * @param key secret, or the private one of an RSA pair
 * @returns the payload in clear, for the caller to wipe. Of `rsa-pkcs` it need not be what anyone wrapped: see there
 * @throws HsmError `unwrap-failed`, `invalid-mechanism`
 */
export async function unwrapPayload(key: KeyObject, mechanism: Wrapping, wrapped: Buffer): Promise<Buffer> {
  switch (mechanism.name) {
    case 'aes-gcm':
    case 'cloudhsm-aes-gcm':
      return await gcmUnwrap(key, mechanism, wrapped)
    case 'aes-no-pad':
    case 'aes-pkcs5-pad':
    case 'aes-zero-pad':
      return aesUnwrap(key, mechanism.name, wrapped)
    case 'rsa-aes':
    case 'rsa-oaep':
    case 'rsa-pkcs':
      return await rsaUnwrap(key, mechanism, wrapped)
  }
}
