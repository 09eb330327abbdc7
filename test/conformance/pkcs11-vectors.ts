/** Published test vectors through the PKCS#11 socket, in mechanisms that the client library of this system may not carry too. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { type Attribute, bytes, mechanism, room, template, ulong, wanted } from '../support/p11-client.ts'
import { A, bench, C, CLASS, M, P256, type Program, type Way } from '../unit/pkcs11/fixture.ts'

const KEY = { GENERIC: 0x10, DES3: 0x15, AES: 0x1f, EC: 3 }
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** SP 800-38A F.1, F.2 and F.5; SP 800-38D (McGrew and Viega's test case 4); SP 800-67 by NIST's example. */
const AES_128 = hex('2b7e151628aed2a6abf7158809cf4f3c')
const BLOCK = hex('6bc1bee22e409f96e93d7e117393172a')
const CIPHERS = {
  'AES-ECB': {
    type: KEY.AES,
    key: AES_128,
    mechanism: mechanism(M.AES_ECB),
    plain: BLOCK,
    sealed: hex('3ad77bb40d7a3660a89ecaf32466ef97'),
  },
  'AES-CBC': {
    type: KEY.AES,
    key: AES_128,
    mechanism: mechanism(M.AES_CBC, hex('000102030405060708090a0b0c0d0e0f')),
    plain: BLOCK,
    sealed: hex('7649abac8119b246cee98e9b12e9197d'),
  },
  'AES-CTR': {
    type: KEY.AES,
    key: AES_128,
    mechanism: mechanism(M.AES_CTR, 128, hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')),
    plain: BLOCK,
    sealed: hex('874d6191b620e3261bef6864990db6ce'),
  },
  'AES-GCM': {
    type: KEY.AES,
    key: hex('feffe9928665731c6d6a8f9467308308'),
    mechanism: mechanism(
      M.AES_GCM,
      hex('cafebabefacedbaddecaf888'),
      0,
      hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
      128,
    ),
    plain: hex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    ),
    sealed: hex(
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091 5bc94fbc3221a5db94fae95ae7121a47',
    ),
  },
  'DES3-ECB': {
    type: KEY.DES3,
    key: hex('0123456789abcdef 23456789abcdef01 456789abcdef0123'),
    mechanism: mechanism(M.DES3_ECB),
    plain: Buffer.from('The qufck brown fox jump'),
    sealed: hex('a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900'),
  },
}

/** RFC 2202 and RFC 4231, case 2; SP 800-38B D.1 (RFC 4493). */
const JEFE = {
  type: KEY.GENERIC,
  key: Buffer.from('Jefe'),
  data: Buffer.from('what do ya want for nothing?'),
}
const MACS = {
  'HMAC-SHA-1': { ...JEFE, mechanism: 0x221, mac: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79' },
  'HMAC-SHA-224': {
    ...JEFE,
    mechanism: 0x256,
    mac: 'a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44',
  },
  'HMAC-SHA-256': {
    ...JEFE,
    mechanism: 0x251,
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  'HMAC-SHA-384': {
    ...JEFE,
    mechanism: 0x261,
    mac: 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  },
  'HMAC-SHA-512': {
    ...JEFE,
    mechanism: 0x271,
    mac: '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  },
  'AES-CMAC': {
    type: KEY.AES,
    key: AES_128,
    data: BLOCK,
    mechanism: M.AES_CMAC,
    mac: '070a16b46b4d4144f79bdd9dd04a287c',
  },
  'AES-CMAC of nothing': {
    type: KEY.AES,
    key: AES_128,
    data: Buffer.alloc(0),
    mechanism: M.AES_CMAC,
    mac: 'bb1d6929e95937287fa37d129b756746',
  },
}

/** FIPS 180-4, "abc". */
const DIGESTS = {
  544: 'a9993e364706816aba3e25717850c26c9cd0d89d',
  597: '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7',
  592: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
}

/** RFC 3394 §4.1 and RFC 5649 §6. */
const WRAPPINGS = {
  AES_KEY_WRAP: {
    mechanism: 0x2109,
    under: hex('000102030405060708090a0b0c0d0e0f'),
    key: hex('00112233445566778899aabbccddeeff'),
    wrapped: hex('1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5'),
  },
  AES_KEY_WRAP_KWP: {
    mechanism: 0x210b,
    under: hex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'),
    key: hex('c37b7e6492584340bed12207808941155068f738'),
    wrapped: hex('138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a'),
  },
}

const READABLE: readonly Attribute[] = [
  [A.SENSITIVE, false],
  [A.EXTRACTABLE, true],
]

/**
 * @param way the client that the program has
 * @param decryptOnly ciphers whose IV the client does not leave to the program
 */
export function vectorTests(way: Way, decryptOnly: readonly string[] = []): void {
  suite('published vectors', () => {
    const shared = bench({}, { transport: way.transport })
    let program: Program
    let session: ReturnType<typeof ulong>
    before(async () => {
      program = await way.program(shared)
      session = ulong(await program.login())
    })

    const made = async (id: number, ...given: Parameters<Program['call']>[1][]) =>
      ulong((await program.call(id, session, ...given)).numbers[0] ?? 0)
    const create = (...given: readonly Attribute[]) => made(C.CreateObject, template(...given))
    const secret = (type: number, value: Buffer, ...uses: readonly number[]) =>
      create(
        [A.CLASS, CLASS.SECRET],
        [A.KEY_TYPE, type],
        [A.VALUE, value],
        ...READABLE,
        ...uses.map((use): Attribute => [use, true]),
      )
    const value = async (key: ReturnType<typeof ulong>) => {
      const { attributes } = await program.call(C.GetAttributeValue, session, key, wanted([A.VALUE, 100]))
      return attributes[0]?.value
    }

    for (const [name, { type, key, mechanism: how, plain, sealed }] of Object.entries(CIPHERS)) {
      test(name, async () => {
        const handle = await secret(type, key, A.ENCRYPT, A.DECRYPT)
        if (!decryptOnly.includes(name)) {
          await program.call(C.EncryptInit, session, how, handle)
          const encrypted = await program.call(C.Encrypt, session, bytes(plain), room(sealed.length))
          assert.deepEqual(encrypted.bytes, sealed)
        }
        await program.call(C.DecryptInit, session, how, handle)
        const decrypted = await program.call(C.Decrypt, session, bytes(sealed), room(sealed.length))
        assert.deepEqual(decrypted.bytes, plain)
      })
    }

    for (const [name, { type, key, data, mechanism: how, mac }] of Object.entries(MACS)) {
      test(name, async () => {
        const handle = await secret(type, key, A.SIGN, A.VERIFY)
        await program.call(C.SignInit, session, mechanism(how), handle)
        assert.deepEqual((await program.call(C.Sign, session, bytes(data), room(64))).bytes, hex(mac))
        await program.call(C.VerifyInit, session, mechanism(how), handle)
        assert.equal(await program.refusal(C.Verify, session, bytes(data), bytes(hex(mac))), 0)
      })
    }

    test('digests', async () => {
      for (const [type, digest] of Object.entries(DIGESTS)) {
        await program.call(C.DigestInit, session, mechanism(Number(type)))
        assert.deepEqual((await program.call(C.Digest, session, bytes('abc'), room(64))).bytes, hex(digest))
      }
    })

    for (const [name, { mechanism: how, under, key, wrapped }] of Object.entries(WRAPPINGS)) {
      test(name, async () => {
        const wrapping = await secret(KEY.AES, under, A.WRAP, A.UNWRAP)
        const payload = await secret(KEY.GENERIC, key, A.SIGN)
        const out = await program.call(C.WrapKey, session, mechanism(how), wrapping, payload, room(64))
        assert.deepEqual(out.bytes, wrapped)
        const kind = [[A.CLASS, CLASS.SECRET] as const, [A.KEY_TYPE, KEY.GENERIC] as const, ...READABLE]
        const back = await made(C.UnwrapKey, mechanism(how), wrapping, bytes(wrapped), template(...kind))
        assert.deepEqual(await value(back), key)
      })
    }

    test('ECDSA: the signature of RFC 6979 §A.2.5 is valid, over the message and over its digest', async () => {
      const x = '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6'
      const y = '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299'
      const signature = hex(
        'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
          'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
      )
      const digest = hex('af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf')
      const key = await create(
        [A.CLASS, CLASS.PUBLIC],
        [A.KEY_TYPE, KEY.EC],
        [A.EC_PARAMS, P256],
        [A.EC_POINT, hex(`044104${x}${y}`)],
        [A.VERIFY, true],
      )
      for (const [type, data] of [
        [M.ECDSA_SHA256, Buffer.from('sample')],
        [M.ECDSA, digest],
      ] as const) {
        await program.call(C.VerifyInit, session, mechanism(type), key)
        assert.equal(await program.refusal(C.Verify, session, bytes(data), bytes(signature)), 0)
        await program.call(C.VerifyInit, session, mechanism(type), key)
        assert.equal(await program.refusal(C.Verify, session, bytes('other'), bytes(signature)), 0xc0)
      }
    })

    test('ECDH: the shared secret of RFC 5903 §8.1', async () => {
      const key = await create(
        [A.CLASS, CLASS.PRIVATE],
        [A.KEY_TYPE, KEY.EC],
        [A.EC_PARAMS, P256],
        [A.VALUE, hex('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433')],
        [A.DERIVE, true],
      )
      const point = hex(
        '04 d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63' +
          '56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab',
      )
      const shared = template(
        [A.CLASS, CLASS.SECRET],
        [A.KEY_TYPE, KEY.GENERIC],
        [A.VALUE_LEN, 32],
        ...READABLE,
      )
      const secretKey = await made(C.DeriveKey, mechanism(M.ECDH, 1, undefined, point), key, shared)
      assert.deepEqual(
        await value(secretKey),
        hex('d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de'),
      )
    })
  })
}
