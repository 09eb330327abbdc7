import { createPrivateKey, createPublicKey, type webcrypto } from 'node:crypto'
import { bitString, bytesOfBitString, type Element, elements, sequence } from '../../../src/base/der.ts'
import type { Hash } from '../../../src/contract/algorithms.ts'
import type { FlagName } from '../../../src/contract/attributes.ts'
import type { Cipher, Mechanism, Wrapping } from '../../../src/contract/mechanisms.ts'
import { CKK } from '../../../src/pkcs11/cryptoki/objects.ts'
import {
  type Argument,
  type Attribute,
  bytes,
  mechanism,
  Refused,
  type Results,
  room,
  template,
  ulong,
  wanted,
} from '../../support/p11-client.ts'
import { A, C, CLASS, type Program } from '../../unit/pkcs11/fixture.ts'
import type { Interface, Key, Material, Outcome } from './interface.ts'

const KEY = { RSA: 0, EC: 3, 'generic-secret': 0x10, aes: 0x1f }
const PART = { PRIME_1: 0x124, PRIME_2: 0x125, EXPONENT_1: 0x126, EXPONENT_2: 0x127, COEFFICIENT: 0x128 }
const USES: Readonly<Partial<Record<FlagName, number>>> = {
  encrypt: A.ENCRYPT,
  decrypt: A.DECRYPT,
  sign: A.SIGN,
  verify: A.VERIFY,
  wrap: A.WRAP,
  unwrap: A.UNWRAP,
  derive: A.DERIVE,
}
const READABLE: readonly Attribute[] = [
  [A.SENSITIVE, false],
  [A.EXTRACTABLE, true],
]
/** More than any result of a vector. */
const ROOM = room(4096)
/** CKR_SIGNATURE_INVALID and CKR_SIGNATURE_LEN_RANGE. */
const UNVERIFIED = [0xc0, 0xc1]

/** @param other brings the keys that PKCS#11 does not create, which only a search for their type shows */
export function throughPkcs11(
  name: Interface['name'],
  program: Program,
  session: number,
  other: Interface,
): Interface {
  const own = ulong(session)
  const handle = (key: Key) => ulong(Number(key))

  async function ask<T>(work: () => Promise<T>): Promise<Outcome<T>> {
    try {
      return { value: await work() }
    } catch (error) {
      if (error instanceof Refused) return { refused: error.message }
      throw error
    }
  }
  const made = (id: number, ...given: readonly Argument[]): Promise<Outcome<Key>> =>
    ask(async () => (await program.call(id, own, ...given)).numbers[0] ?? 0)
  const forget = async (key: Key) => void (await program.call(C.DestroyObject, own, handle(key)))
  const result = ({ bytes: found }: Results): Buffer => found ?? Buffer.alloc(0)
  const work = (init: number, how: Argument, key: Key, last: number, ...given: readonly Argument[]) =>
    ask(async () => {
      await program.call(init, own, how, handle(key))
      return result(await program.call(last, own, ...given))
    })
  const attribute = async (key: Key, type: number): Promise<Buffer> => {
    const { attributes } = await program.call(C.GetAttributeValue, own, handle(key), wanted([type, 4096]))
    return Buffer.from(attributes[0]?.value as Buffer)
  }
  async function taken(key: Outcome<Key>): Promise<Outcome<Buffer>> {
    if ('refused' in key) return key
    const value = await attribute(key.value, A.VALUE)
    await forget(key.value)
    return { value }
  }
  let count = 0
  async function elsewhere(material: Material): Promise<Outcome<Key>> {
    const label = `brought-${count++}`
    const brought = await other.bring(material, ['verify'], { label, session: false })
    const [found] =
      brought && 'value' in brought
        ? await program.find(session, template([A.LABEL, label], [A.KEY_TYPE, CKK.EC_EDWARDS]))
        : []
    return found === undefined ? { refused: `not found: ${label}` } : { value: found }
  }
  const generic = (...more: readonly Attribute[]) =>
    template([A.CLASS, CLASS.SECRET], [A.KEY_TYPE, KEY['generic-secret']], ...READABLE, ...more)

  return {
    name,
    forget,
    async bring(material, uses) {
      if ('spki' in material && material.spki.indexOf(ED25519) === 4) return elsewhere(material)
      const attributes = attributesOf(material)
      const flags = uses.map((use): Attribute => [USES[use] ?? 0, true])
      return attributes && made(C.CreateObject, template(...attributes, ...flags))
    },
    sign: (key, how, data) => work(C.SignInit, signing(how), key, C.Sign, bytes(data), ROOM),
    async verify(key, how, data, signature) {
      const done = await work(C.VerifyInit, signing(how), key, C.Verify, bytes(data), bytes(signature))
      if ('value' in done) return { value: true }
      return UNVERIFIED.some((value) => done.refused === new Refused(value).message) ? { value: false } : done
    },
    encrypt: (key, how, data) => work(C.EncryptInit, encrypting(how), key, C.Encrypt, bytes(data), ROOM),
    decrypt: (key, how, data) => work(C.DecryptInit, encrypting(how), key, C.Decrypt, bytes(data), ROOM),
    wrap: (under, how, payload) =>
      ask(async () =>
        result(await program.call(C.WrapKey, own, wrapping(how), handle(under), handle(payload), ROOM)),
      ),
    unwrap: async (under, how, wrapped) =>
      taken(await made(C.UnwrapKey, wrapping(how), handle(under), bytes(wrapped), generic())),
    derive: async (key, point, length) =>
      taken(
        await made(
          C.DeriveKey,
          mechanism(0x1050, 1, undefined, point),
          handle(key),
          generic([A.VALUE_LEN, length]),
        ),
      ),
    point: (key) => attribute(key, A.EC_POINT),
  }
}

function attributesOf(material: Material): readonly Attribute[] | undefined {
  switch (material.kind) {
    case 'aes':
    case 'generic-secret':
      return [
        [A.CLASS, CLASS.SECRET],
        [A.KEY_TYPE, KEY[material.kind]],
        [A.VALUE, material.value],
        ...READABLE,
      ]
    case 'rsa-public': {
      const key = createPublicKey({ key: material.spki, format: 'der', type: 'spki' })
      const parts = numbers(key.export({ format: 'jwk' }), RSA_PUBLIC)
      return [[A.CLASS, CLASS.PUBLIC], [A.KEY_TYPE, KEY.RSA], ...parts]
    }
    case 'rsa-private': {
      const key = createPrivateKey({ key: material.pkcs8, format: 'der', type: 'pkcs8' })
      const parts = { ...RSA_PUBLIC, ...RSA_PRIVATE }
      return [
        [A.CLASS, CLASS.PRIVATE],
        [A.KEY_TYPE, KEY.RSA],
        ...numbers(key.export({ format: 'jwk' }), parts),
      ]
    }
    case 'ec-public':
      return ecPublic(material.spki)
    case 'ec-private':
      return [
        [A.CLASS, CLASS.PRIVATE],
        [A.KEY_TYPE, KEY.EC],
        [A.EC_PARAMS, material.curve],
        [A.VALUE, material.scalar],
      ]
  }
}

const RSA_PUBLIC = { n: A.MODULUS, e: A.PUBLIC_EXPONENT }
const RSA_PRIVATE = {
  d: A.PRIVATE_EXPONENT,
  p: PART.PRIME_1,
  q: PART.PRIME_2,
  dp: PART.EXPONENT_1,
  dq: PART.EXPONENT_2,
  qi: PART.COEFFICIENT,
}

const numbers = (jwk: webcrypto.JsonWebKey, parts: Readonly<Record<string, number>>): Attribute[] =>
  Object.entries(parts).map(([name, type]) => [
    type,
    Buffer.from(String((jwk as Readonly<Record<string, unknown>>)[name]), 'base64url'),
  ])

/** Undefined for what is wrong outside of the parameters and the point. */
function ecPublic(spki: Buffer): readonly Attribute[] | undefined {
  const inside = (element: Element | undefined) => (element && elements(element.content)) ?? []
  const [info] = elements(spki) ?? []
  const [algorithm, point] = inside(info)
  const [name, params] = inside(algorithm)
  if (!name || !params || !point) return undefined
  const exact = sequence(sequence(EC_PUBLIC_KEY, params.whole), bitString(bytesOfBitString(point)))
  if (!spki.equals(exact)) return undefined
  return [
    [A.CLASS, CLASS.PUBLIC],
    [A.KEY_TYPE, KEY.EC],
    [A.EC_PARAMS, params.whole],
    [A.EC_POINT, Buffer.from(bytesOfBitString(point))],
  ]
}

/** RFC 8410 §3. */
const ED25519 = Buffer.from('06032b6570', 'hex')

/** RFC 5480 §2.1.1. */
const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex')

const HASHES = { sha1: 0x220, sha224: 0x255, sha256: 0x250, sha384: 0x260, sha512: 0x270 } as const
const MGFS = { sha1: 1, sha224: 5, sha256: 2, sha384: 3, sha512: 4 } as const
const RSA_WITH = { sha1: 0x06, sha224: 0x46, sha256: 0x40, sha384: 0x41, sha512: 0x42 } as const
const PSS_WITH = { sha1: 0x0e, sha224: 0x47, sha256: 0x43, sha384: 0x44, sha512: 0x45 } as const
const ECDSA_WITH = { sha1: 0x1042, sha224: 0x1043, sha256: 0x1044, sha384: 0x1045, sha512: 0x1046 } as const

function signing(how: Mechanism): Argument {
  switch (how.name) {
    case 'ecdsa':
      return mechanism(ECDSA_WITH[how.hash])
    case 'rsa-pkcs':
      return mechanism(RSA_WITH[how.hash])
    case 'rsa-pkcs-pss':
      return mechanism(PSS_WITH[how.hash], HASHES[how.hash], MGFS[how.hash], how['salt-length'])
    // CKM_SHA256_HMAC_GENERAL and so on.
    case 'hmac':
      return mechanism(HASHES[how.hash] + 2, how['mac-length'] ?? 0)
    case 'aes-cmac':
      return mechanism(0x108b, how['mac-length'] ?? 16)
    case 'ed25519':
      return mechanism(0x1057)
    default:
      throw new Error(`No vector needs ${how.name}`)
  }
}

const NONE = Buffer.alloc(0)

function encrypting(how: Cipher): Argument {
  switch (how.name) {
    case 'aes-cbc-pad':
      return mechanism(0x1085, how.iv)
    case 'aes-gcm': {
      const iv = how.iv ?? NONE
      return mechanism(0x1087, iv, 8 * iv.length, how.aad ?? NONE, how['tag-length-bits'])
    }
    case 'rsa-pkcs':
      return mechanism(1)
    case 'rsa-oaep': {
      const mgf = MGFS[how.mgf.slice('mgf1-'.length) as Hash]
      return mechanism(9, HASHES[how.hash], mgf, 1, how.label ?? NONE)
    }
    default:
      throw new Error(`No vector needs ${how.name}`)
  }
}

const wrapping = ({ name }: Wrapping): Argument => mechanism(name === 'aes-zero-pad' ? 0x210b : 0x2109)
