/** Two crypto users who play together, with short ways to say what they try, and an admin who trusts any key they name. */
import { createCipheriv } from 'node:crypto'
import type { AttributeValue, NewAttributes } from '../../src/contract/attributes.ts'
import type { Derivation, Wrapping } from '../../src/contract/mechanisms.ts'
import { reference, type World } from './world.ts'

export type Thief = ReturnType<typeof thief>

const GCM = { name: 'cloudhsm-aes-gcm', 'tag-length-bits': 128 } as const
export const AES_BYTES = 32
const IV_BYTES = 12

export function thief(world: World) {
  const as = world.as
  const us = {
    world,
    /** An AES key, of no use but those that are named. */
    async generate(attributes: NewAttributes, session = false): Promise<string> {
      const { key } = await as('alice', 'key.generate-symmetric', {
        'key-type': 'aes',
        'key-length-bytes': AES_BYTES,
        label: 'made',
        session,
        attributes: { sign: false, verify: false, ...attributes },
      })
      return key['key-reference']
    },
    async pair(type: 'rsa' | 'ec', attributes: NewAttributes): Promise<{ pub: string; priv: string }> {
      const kind =
        type === 'rsa'
          ? ({ 'key-type': 'rsa', 'modulus-size-bits': 2048, 'public-exponent': 65_537 } as const)
          : ({ 'key-type': 'ec', curve: 'secp256r1' } as const)
      const labels = { 'public-label': 'made', 'private-label': 'made' }
      const made = await as('alice', 'key.generate-pair', {
        ...kind,
        ...labels,
        'private-attributes': attributes,
      })
      return { pub: made.public_key['key-reference'], priv: made.private_key['key-reference'] }
    },
    /** A key whose value is known. */
    async bring(
      material: Buffer,
      attributes: NewAttributes,
      type: 'aes' | 'rsa-public' = 'aes',
    ): Promise<string> {
      const { key } = await as('alice', 'key.import', {
        'key-type-class': type,
        material: material.toString('base64'),
        label: 'known',
        attributes: { sign: false, verify: false, ...attributes },
      })
      return key['key-reference']
    },
    trust: (key: string) =>
      as('admin', 'key.set-attribute', { filter: reference(key), attributes: { trusted: true } }),
    set: (key: string, attributes: Record<string, AttributeValue>) =>
      as('alice', 'key.set-attribute', { filter: reference(key), attributes }),
    async copy(key: string, attributes: NewAttributes): Promise<string> {
      const { key: made } = await as('alice', 'key.copy', { filter: reference(key), attributes })
      return made['key-reference']
    },
    async wrap(payload: string, under: string, mechanism: Wrapping = GCM): Promise<Buffer> {
      const { 'wrapped-key': wrapped } = await as('alice', 'key.wrap', {
        'payload-filter': reference(payload),
        'wrapping-filter': reference(under),
        mechanism,
      })
      return wrapped
    },
    async unwrap(
      wrapped: Buffer,
      under: string,
      attributes: NewAttributes,
      mechanism: Wrapping = GCM,
    ): Promise<string> {
      const { key } = await as('alice', 'key.unwrap', {
        filter: reference(under),
        mechanism,
        'wrapped-key': wrapped,
        'key-type-class': 'aes',
        label: 'unwrapped',
        attributes: { sign: false, verify: false, ...attributes },
      })
      return key['key-reference']
    },
    /** An AES key, or a generic secret of so many bytes. */
    async derive(
      key: string,
      mechanism: Derivation,
      attributes: NewAttributes,
      bytes?: number,
    ): Promise<string> {
      const made = await as('alice', 'key.derive', {
        filter: reference(key),
        mechanism,
        'key-type': bytes === undefined ? 'aes' : 'generic-secret',
        'key-length-bytes': bytes ?? AES_BYTES,
        label: 'derived',
        attributes,
      })
      return made.key['key-reference']
    },
    async show(key: string): Promise<Buffer> {
      const { value } = await as('alice', 'key.export-value', { filter: reference(key) })
      return value
    },
    /** With a key of the HSM, what was wrapped as `GCM` does. */
    async decrypt(wrapped: Buffer, key: string): Promise<Buffer> {
      const { data } = await as('alice', 'crypto.decrypt', {
        filter: reference(key),
        cipher: {
          name: 'aes-gcm',
          'tag-length-bits': 128,
          iv: wrapped.subarray(0, IV_BYTES),
        },
        data: [wrapped.subarray(IV_BYTES)],
      })
      return data[0] ?? Buffer.alloc(0)
    },
    /** Whether what a key encrypts is what these bytes encrypt. */
    async isValueOf(key: string, value: Buffer): Promise<boolean> {
      const block = Buffer.alloc(16)
      const { data } = await as('alice', 'crypto.encrypt', {
        filter: reference(key),
        cipher: { name: 'aes-ecb' },
        data: [block],
      })
      const own = createCipheriv(`aes-${value.length * 8}-ecb`, value, null).update(block)
      return own.equals(data[0] ?? block)
    },
  }
  return us
}
