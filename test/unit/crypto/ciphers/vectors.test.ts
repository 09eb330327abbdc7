import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Cipher } from '../../../../src/contract/mechanisms.ts'
import { decrypt, encrypt, hex, secret } from './cipher-support.ts'

type Vector = {
  readonly name: string
  readonly key: string
  readonly cipher: Cipher
  readonly plain: string
  readonly sealed: string
}

const AES_128 = '2b7e151628aed2a6abf7158809cf4f3c'
const AES_192 = '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b'
const AES_256 = '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4'
const BLOCKS = `6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51
  30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710`
const ecb: Cipher = { name: 'aes-ecb' }
const cbc: Cipher = { name: 'aes-cbc', iv: hex('000102030405060708090a0b0c0d0e0f') }
const ctr: Cipher = {
  name: 'aes-ctr',
  'counter-block': hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'),
  'counter-bits': 16,
}

/** NIST SP 800-38A, appendix F. */
const MODES: readonly Vector[] = [
  {
    name: 'F.1.1 ECB-AES128',
    key: AES_128,
    cipher: ecb,
    plain: BLOCKS,
    sealed: `3ad77bb40d7a3660a89ecaf32466ef97 f5d3d58503b9699de785895a96fdbaaf
      43b1cd7f598ece23881b00e3ed030688 7b0c785e27e8ad3f8223207104725dd4`,
  },
  {
    name: 'F.1.3 ECB-AES192',
    key: AES_192,
    cipher: ecb,
    plain: BLOCKS,
    sealed: `bd334f1d6e45f25ff712a214571fa5cc 974104846d0ad3ad7734ecb3ecee4eef
      ef7afd2270e2e60adce0ba2face6444e 9a4b41ba738d6c72fb16691603c18e0e`,
  },
  {
    name: 'F.1.5 ECB-AES256',
    key: AES_256,
    cipher: ecb,
    plain: BLOCKS,
    sealed: `f3eed1bdb5d2a03c064b5a7e3db181f8 591ccb10d410ed26dc5ba74a31362870
      b6ed21b99ca6f4f9f153e7b1beafed1d 23304b7a39f9f3ff067d8d8f9e24ecc7`,
  },
  {
    name: 'F.2.1 CBC-AES128',
    key: AES_128,
    cipher: cbc,
    plain: BLOCKS,
    sealed: `7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2
      73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7`,
  },
  {
    name: 'F.2.3 CBC-AES192',
    key: AES_192,
    cipher: cbc,
    plain: BLOCKS,
    sealed: `4f021db243bc633d7178183a9fa071e8 b4d9ada9ad7dedf4e5e738763f69145a
      571b242012fb7ae07fa9baac3df102e0 08b0e27988598881d920a9e64f5615cd`,
  },
  {
    name: 'F.2.5 CBC-AES256',
    key: AES_256,
    cipher: cbc,
    plain: BLOCKS,
    sealed: `f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d
      39f23369a9d9bacfa530e26304231461 b2eb05e2c39be9fcda6c19078c6a9d1b`,
  },
  {
    name: 'F.5.1 CTR-AES128',
    key: AES_128,
    cipher: ctr,
    plain: BLOCKS,
    sealed: `874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff
      5ae4df3edbd5d35e5b4f09020db03eab 1e031dda2fbe03d1792170a0f3009cee`,
  },
  {
    name: 'F.5.3 CTR-AES192',
    key: AES_192,
    cipher: ctr,
    plain: BLOCKS,
    sealed: `1abc932417521ca24f2b0459fe7e6e0b 090339ec0aa6faefd5ccc2c6f4ce8e94
      1e36b26bd1ebc670d1bd1d665620abf7 4f78a7f6d29809585a97daec58c6b050`,
  },
  {
    name: 'F.5.5 CTR-AES256',
    key: AES_256,
    cipher: ctr,
    plain: BLOCKS,
    sealed: `601ec313775789a5b7a7f504bbf3d228 f443e3ca4d62b59aca84e990cacaf5c5
      2b0930daa23de94ce87017ba2d84988d dfc9c58db67aada613c2dd08457941a6`,
  },
]

const GCM_PLAIN = `d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72
  1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39`
const gcm = (iv: string): Cipher => ({
  name: 'aes-gcm',
  iv: hex(iv),
  aad: hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
  'tag-length-bits': 128,
})

/** D. McGrew, J. Viega: The Galois/Counter Mode of Operation, appendix B, with the tag behind the ciphertext. */
const GCM: readonly Vector[] = [
  {
    name: 'GCM test case 1: nothing at all',
    key: '00000000000000000000000000000000',
    cipher: { name: 'aes-gcm', iv: hex('000000000000000000000000'), 'tag-length-bits': 128 },
    plain: '',
    sealed: '58e2fccefa7e3061367f1d57a4e7455a',
  },
  {
    name: 'GCM test case 16: a key of 256 bits',
    key: 'feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308',
    cipher: gcm('cafebabefacedbaddecaf888'),
    plain: GCM_PLAIN,
    sealed: `522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa
      8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b`,
  },
  {
    name: 'GCM test case 4: an IV of 96 bits',
    key: 'feffe9928665731c6d6a8f9467308308',
    cipher: gcm('cafebabefacedbaddecaf888'),
    plain: GCM_PLAIN,
    sealed: `42831ec2217774244b7221b784d0d49c e3aa212f2c02a4e035c17e2329aca12e
      21d514b25466931c7d8f6a5aac84aa05 1ba30b396a0aac973d58e091 5bc94fbc3221a5db94fae95ae7121a47`,
  },
  {
    name: 'GCM test case 5: an IV of 64 bits',
    key: 'feffe9928665731c6d6a8f9467308308',
    cipher: gcm('cafebabefacedbad'),
    plain: GCM_PLAIN,
    sealed: `61353b4c2806934a777ff51fa22a4755 699b2a714fcdc6f83766e5f97b6c7423
      73806900e49f24b22b097544d4896b42 4989b5e1ebac0f07c23f4598 3612d2e79e3b0785561be14aaca2fccb`,
  },
  {
    name: 'GCM test case 6: an IV of 480 bits',
    key: 'feffe9928665731c6d6a8f9467308308',
    cipher: gcm(
      `9313225df88406e555909c5aff5269aa 6a7a9538534f7da1e4c303d2a318a728
       c3c0c95156809539fcf0e2429a6b5254 16aedbf5a0de6a57a637b39b`,
    ),
    plain: GCM_PLAIN,
    sealed: `8ce24998625615b603a033aca13fb894 be9112a5c3a211a8ba262a3cca7e2ca7
      01e4a9a4fba43c90ccdcb281d48c7c6f d62875d2aca417034c34aee5 619cc5aefffe0bfa462af43c1699d050`,
  },
]

/** NIST SP 800-67, appendix B. */
const TDEA: readonly Vector[] = [
  {
    name: 'TECB with three keys',
    key: '0123456789abcdef 23456789abcdef01 456789abcdef0123',
    cipher: { name: 'des3-ecb' },
    plain: '5468652071756663 6b2062726f776e20 666f78206a756d70',
    sealed: 'a826fd8ce53b855f cce21c8112256fe6 68d5c05dd9b6b900',
  },
]

suite('published vectors', () => {
  for (const { name, key, cipher, plain, sealed } of [...MODES, ...GCM, ...TDEA]) {
    test(name, async () => {
      const opened = secret(hex(key))
      assert.deepEqual(await encrypt(opened, cipher, hex(plain)), hex(sealed))
      assert.deepEqual(await decrypt(opened, cipher, hex(sealed)), hex(plain))
    })
  }
})
