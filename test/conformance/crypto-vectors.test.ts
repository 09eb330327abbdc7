import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import type { Hash, WeierstrassCurve } from '../../src/contract/algorithms.ts'
import type { Mechanism } from '../../src/contract/mechanisms.ts'
import { ecFacts, publicCheckValue, publicKeyLength } from '../../src/crypto/public-facts.ts'
import { aesCheckValue } from '../../src/crypto/secret-keys.ts'
import { toHex } from '../../src/model/octets.ts'
import { verifyingKey } from '../unit/crypto/signing-support.ts'

const counting = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, (_, at) => at))

test('check values of AES keys', () => {
  assert.equal(aesCheckValue(counting(16)), '0xc6a13b')
  assert.equal(aesCheckValue(counting(24)), '0x916251')
  assert.equal(aesCheckValue(counting(32)), '0xf29000')
})

test('check value and point of the P-256 key with the private scalar 1', () => {
  const spki = publicKeyOf('secp256r1', '01'.padStart(64, '0'))
  assert.equal(publicCheckValue(spki), '0xdba4cd')
  assert.equal(publicKeyLength('secp256r1', spki), 65)
  // The base point of P-256 (SP 800-186 §3.2.1.3).
  assert.equal(
    toHex(ecFacts(spki, 'secp256r1').ecPoint),
    '0x0441046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
      '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  )
})

/** RFC 6979 §A.2: private key, then `r‖s` over "sample" by hash. */
const RFC6979: Partial<Record<WeierstrassCurve, { key: string; signatures: Partial<Record<Hash, string>> }>> =
  {
    secp224r1: {
      key: 'f220266e1105bfe3083e03ec7a3a654651f45e37167e88600bf257c1',
      signatures: {
        sha1: '22226f9d40a96e19c4a301ce5b74b115303c0f3a4fd30fc257fb57ac66d1cdd83e3af75605dd6e2feff196d30aa7ed7a2edf7af475403d69',
        sha256:
          '61aa3da010e8e8406c656bc477a7a7189895e7e840cdfe8ff42307babc814050dab5d23770879494f9e0a680dc1af7161991bde692b10101',
      },
    },
    secp256r1: {
      key: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
      signatures: {
        sha1: '61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d326d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb',
        sha224:
          '53b2fff5d1752b2c689df257c04c40a587fababb3f6fc2702f1343af7ca9aa3fb9afb64fdc03dc1a131c7d2386d11e349f070aa432a4acc918bea988bf75c74c',
        sha256:
          'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
        sha384:
          '0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef77194861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954',
        sha512:
          '8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f002362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe',
      },
    },
    secp384r1: {
      key: '6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5',
      signatures: {
        sha256:
          '21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd' +
          'f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0',
        sha384:
          '94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46' +
          '99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
      },
    },
    secp521r1: {
      key: '00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538',
      signatures: {
        sha512:
          '00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa' +
          '00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a',
      },
    },
  }

for (const [name, { key, signatures }] of Object.entries(RFC6979)) {
  const curve = name as WeierstrassCurve
  test(`RFC 6979: signatures on ${curve} are valid, raw and as digests, and only for their data`, () => {
    const verifying = verifyingKey(curve, publicKeyOf(curve, key))
    for (const [hash, hex] of Object.entries(signatures) as [Hash, string][]) {
      const signature = Buffer.from(hex, 'hex')
      const [raw, digest] = (['raw', 'digest'] as const).map(
        (input): Mechanism => ({ name: 'ecdsa', hash, input }),
      )
      assert.ok(raw && digest)
      const hashed = (text: string) => createHash(hash).update(text).digest()
      assert.equal(verifying.verify(raw, Buffer.from('sample'), signature), true, hash)
      assert.equal(verifying.verify(digest, hashed('sample'), signature), true, hash)
      assert.equal(verifying.verify(raw, Buffer.from('test'), signature), false, hash)
      assert.equal(verifying.verify(digest, hashed('test'), signature), false, hash)
    }
  })
}

/** The SubjectPublicKeyInfo that belongs to a private scalar, in hex of the width of the field. */
function publicKeyOf(curve: WeierstrassCurve, scalar: string): Buffer {
  // RFC 5915 §3 without the public key, in PKCS #8 (RFC 5208 §5); OpenSSL computes the point.
  const oid = {
    secp224r1: '06052b81040021',
    secp256r1: '06082a8648ce3d030107',
    secp256k1: '06052b8104000a',
    secp384r1: '06052b81040022',
    secp521r1: '06052b81040023',
  }[curve]
  const sequence = (...parts: string[]) => element('30', parts.join(''))
  const algorithm = sequence('06072a8648ce3d0201', oid)
  const ecPrivateKey = sequence('020101', element('04', scalar))
  const der = Buffer.from(sequence('020100', algorithm, element('04', ecPrivateKey)), 'hex')
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ type: 'spki', format: 'der' })
}

function element(tag: string, content: string): string {
  const length = content.length / 2
  const header = length < 0x80 ? [length] : [0x81, length]
  return tag + Buffer.from(header).toString('hex') + content
}
