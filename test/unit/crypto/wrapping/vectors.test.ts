import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Wrapping } from '../../../../src/contract/mechanisms.ts'
import { unwrapPayload, wrapPayload } from '../../../../src/crypto/wrapping/wrapping.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const RFC_3394_KEK = hex('000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F')
const RFC_3394_DATA = hex('00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F')
const RFC_5649_KEK = hex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8')

const gcm = {
  aad: Buffer.of(0x10),
  'tag-length-bits': 64,
} as const
const GCM_IV = hex('0102030405060708090a0b0c')

type Vector = readonly [
  source: string,
  wrapping: Wrapping,
  kek: Buffer,
  payload: Buffer,
  wrapped: Buffer,
  /** The HSM makes up part of it. */
  onlyUnwraps?: true,
]

const VECTORS: readonly Vector[] = [
  [
    'RFC 3394 §4.1',
    { name: 'aes-no-pad' },
    RFC_3394_KEK.subarray(0, 16),
    RFC_3394_DATA.subarray(0, 16),
    hex('1FA68B0A8112B447 AEF34BD8FB5A7B82 9D3E862371D2CFE5'),
  ],
  [
    'RFC 3394 §4.5',
    { name: 'aes-no-pad' },
    RFC_3394_KEK,
    RFC_3394_DATA.subarray(0, 24),
    hex('A8F9BC1612C68B3F F6E6F4FBE30E71E4 769C8B80A32CB895 8CD5D17D6B254DA1'),
  ],
  [
    'RFC 3394 §4.6',
    { name: 'aes-no-pad' },
    RFC_3394_KEK,
    RFC_3394_DATA,
    hex('28C9F404C4B810F4 CBCCB35CFB87F826 3F5786E2D80ED326 CBC7F0E71A99F43B FB988B9B7A02DD21'),
  ],
  [
    'RFC 5649 §6, 20 octets',
    { name: 'aes-zero-pad' },
    RFC_5649_KEK,
    hex('c37b7e6492584340bed12207808941155068f738'),
    hex('138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a'),
  ],
  [
    'RFC 5649 §6, 7 octets',
    { name: 'aes-zero-pad' },
    RFC_5649_KEK,
    hex('466f7250617369'),
    hex('afbeb0f07dfbf5419200f2ccb50bb24f'),
  ],
  [
    'a 16-byte payload, aes-no-pad',
    { name: 'aes-no-pad' },
    RFC_3394_KEK,
    RFC_3394_DATA.subarray(0, 16),
    Buffer.from('ZOjD+c4PW6Jj6Xd5BYGKKpPIGR59born', 'base64'),
  ],
  [
    'a 16-byte payload, aes-zero-pad',
    { name: 'aes-zero-pad' },
    RFC_3394_KEK,
    RFC_3394_DATA.subarray(0, 16),
    Buffer.from('r8hgAV/+LXW+30PERP5Y9K2dicTsceI7', 'base64'),
  ],
  [
    'a 16-byte payload, aes-pkcs5-pad',
    { name: 'aes-pkcs5-pad' },
    RFC_3394_KEK,
    RFC_3394_DATA.subarray(0, 16),
    Buffer.from('NCaxOGK1vyWt8/jI90s1+BgpIk2OdG63xdq6wdRy4hQ=', 'base64'),
  ],
  [
    'a 16-byte payload, aes-gcm',
    { name: 'aes-gcm', iv: GCM_IV, ...gcm },
    RFC_3394_KEK,
    RFC_3394_DATA.subarray(0, 16),
    Buffer.from('Bft45qjBlvHEO8n83M4E1xggtNu5kYeh', 'base64'),
  ],
  [
    'a 16-byte payload, cloudhsm-aes-gcm',
    { name: 'cloudhsm-aes-gcm', ...gcm },
    RFC_3394_KEK,
    RFC_3394_DATA.subarray(0, 16),
    Buffer.from('AQIDBAUGBwgJCgsMBft45qjBlvHEO8n83M4E1xggtNu5kYeh', 'base64'),
    true,
  ],
]

suite('key wrapping as published', () => {
  for (const [source, wrapping, kek, payload, wrapped, onlyUnwraps] of VECTORS) {
    test(source, async () => {
      const key = createSecretKey(kek)
      assert.deepEqual(await unwrapPayload(key, wrapping, wrapped), payload)
      if (!onlyUnwraps) assert.deepEqual((await wrapPayload(key, wrapping, payload)).wrapped, wrapped)
    })
  }
})
