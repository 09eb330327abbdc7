import { octetString, sequence, unsigned } from '../../../src/base/der.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { KeyObject } from '../../../src/contract/key-object.ts'
import type { OperationName, Reply, Request } from '../../../src/contract/operations.ts'
import type { Interface, Key, Material, Outcome } from './interface.ts'

const SHOWN = { extractable: true, sensitive: false }
const first = ([result = Buffer.alloc(0)]: readonly Buffer[]): Buffer => result
const one = (key: Key) => ({ filter: [`key-reference=${key}`] })

/** @param token of a crypto user's session, whose session keys all of them are */
export function throughHsm(name: Interface['name'], hsm: Hsm, token: string): Interface {
  async function ask<K extends OperationName, T>(
    operation: K,
    request: Request<K>,
    of: (reply: Reply<K>) => T,
  ): Promise<Outcome<T>> {
    try {
      return { value: of(await hsm.call(operation, request, token)) }
    } catch (error) {
      if (error instanceof HsmError) return { refused: error.code }
      throw error
    }
  }
  const forget = async (key: Key) => void (await hsm.call('key.delete', one(key), token))

  /** Of a new key that is of no use but for its value. */
  async function taken(made: Outcome<Key>): Promise<Outcome<Buffer>> {
    if ('refused' in made) return made
    const { value } = await hsm.call('key.export-value', one(made.value), token)
    await forget(made.value)
    return { value }
  }
  const reference = ({ key }: { key: KeyObject }): Key => key['key-reference']

  return {
    name,
    forget,
    bring(material, uses, { label, session } = { label: 'vector', session: true }) {
      const secret = 'value' in material ? SHOWN : {}
      const request = {
        'key-type-class': material.kind,
        material: bytesIn(material),
        label,
        session,
        attributes: { ...secret, ...Object.fromEntries(uses.map((use) => [use, true])) },
      }
      return ask('key.import', request, reference)
    },
    sign: (key, mechanism, data) =>
      ask('crypto.sign', { ...one(key), mechanism, data: [data] }, ({ signatures }) => first(signatures)),
    verify(key, mechanism, data, signature) {
      const request = { ...one(key), mechanism, data: [data], signatures: [signature] }
      return ask('crypto.verify', request, ({ verified }) => verified[0] === true)
    },
    encrypt: (key, cipher, data) =>
      ask('crypto.encrypt', { ...one(key), cipher, data: [data] }, (reply) => first(reply.data)),
    decrypt: (key, cipher, data) =>
      ask('crypto.decrypt', { ...one(key), cipher, data: [data] }, (reply) => first(reply.data)),
    wrap(under, mechanism, payload) {
      const request = {
        'payload-filter': one(payload).filter,
        'wrapping-filter': one(under).filter,
        mechanism,
      }
      return ask('key.wrap', request, (reply) => reply['wrapped-key'])
    },
    async unwrap(under, mechanism, wrapped) {
      const request = {
        ...one(under),
        mechanism,
        'wrapped-key': wrapped,
        'key-type-class': 'generic-secret',
        label: 'unwrapped',
        session: true,
        attributes: SHOWN,
      } as const
      return taken(await ask('key.unwrap', request, reference))
    },
    async derive(key, point, bytes) {
      const request = {
        ...one(key),
        mechanism: { name: 'ecdh', kdf: 'none', 'public-point': point },
        'key-type': 'generic-secret',
        'key-length-bytes': bytes,
        label: 'derived',
        session: true,
        attributes: SHOWN,
      } as const
      return taken(await ask('key.derive', request, reference))
    },
    async point(key) {
      const { matched_keys: keys } = await hsm.call('key.list', { ...one(key), verbose: true }, token)
      const [found] = keys as readonly KeyObject[]
      return Buffer.from(String(found?.attributes['ec-point']).slice(2), 'hex')
    },
  }
}

function bytesIn(material: Material): Buffer {
  if ('value' in material) return material.value
  if ('spki' in material) return material.spki
  return 'pkcs8' in material ? material.pkcs8 : ecPkcs8(material.curve, material.scalar)
}

/** PKCS #8 of ECPrivateKey (RFC 5915 §3) without its public half. */
function ecPkcs8(curve: Buffer, scalar: Buffer): Buffer {
  const [zero, one] = [unsigned(Buffer.of(0)), unsigned(Buffer.of(1))]
  const algorithm = sequence(Buffer.from('06072a8648ce3d0201', 'hex'), curve)
  return Buffer.from(sequence(zero, algorithm, octetString(sequence(one, octetString(scalar)))))
}
