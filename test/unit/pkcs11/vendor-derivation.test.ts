/** CKM_ECDH1_DERIVE with the key derivation functions of X9.63, by the standard's numbers and by those of CloudHSM's names. */
import assert from 'node:assert/strict'
import { createCipheriv, createECDH, createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { bytes, mechanism, OWN, room, template, ulong, wanted } from '../../support/p11-client.ts'
import { A, bench, C, CLASS, ecPair, M } from './fixture.ts'

/** Hash function, CKD_…_KDF, CKD_CLOUDHSM_X963_…_KDF. */
const KDFS = [
  ['sha1', 2, 0x8000_5301],
  ['sha224', 5, 0x8000_5302],
  ['sha256', 6, 0x8000_5303],
  ['sha384', 7, 0x8000_5304],
  ['sha512', 8, 0x8000_5305],
] as const
const PARAMETER = 0x71
const INFO = Buffer.from('both know this')
const BLOCK = Buffer.from('exactly 16 bytes')
const AES = 0x1f

/** SEC 1 §3.6.1, for 32 bytes. */
function x963(hash: string, shared: Buffer): Buffer {
  const blocks = [1, 2].map((counter) =>
    createHash(hash)
      .update(shared)
      .update(Buffer.of(0, 0, 0, counter))
      .update(INFO)
      .digest(),
  )
  return Buffer.concat(blocks).subarray(0, 32)
}

suite('CKM_ECDH1_DERIVE with a key derivation function', () => {
  const shared = bench()

  async function derivation() {
    const program = await shared.program({ offered: OWN })
    const handle = await program.login()
    const session = ulong(handle)
    const [publicKey, privateKey] = await ecPair(program, handle)
    const point = await program.call(C.GetAttributeValue, session, ulong(publicKey), wanted([A.EC_POINT, 80]))
    // Without the DER OCTET STRING around it.
    const bare = Buffer.from(point.attributes[0]?.value as Buffer).subarray(2)
    const outside = createECDH('prime256v1')
    outside.generateKeys()
    const given = template([A.CLASS, CLASS.SECRET], [A.KEY_TYPE, AES], [A.VALUE_LEN, 32], [A.ENCRYPT, true])
    const how = (kdf: number) => mechanism(M.ECDH, kdf, INFO, outside.getPublicKey())
    return {
      secret: outside.computeSecret(bare),
      refusal: (kdf: number) => program.refusal(C.DeriveKey, session, how(kdf), ulong(privateKey), given),
      async encrypted(kdf: number) {
        const { numbers } = await program.call(C.DeriveKey, session, how(kdf), ulong(privateKey), given)
        await program.call(C.EncryptInit, session, mechanism(M.AES_ECB), ulong(numbers[0] ?? 0))
        return (await program.call(C.Encrypt, session, bytes(BLOCK), room(16))).bytes
      },
    }
  }

  test('both sides have the same key', async () => {
    const { secret, encrypted } = await derivation()
    for (const [hash, ...numbers] of KDFS) {
      const expected = createCipheriv('aes-256-ecb', x963(hash, secret), null).update(BLOCK)
      for (const kdf of numbers) assert.deepEqual(await encrypted(kdf), expected, `${hash} ${kdf}`)
    }
  })

  test('other numbers are none', async () => {
    const { refusal } = await derivation()
    for (const kdf of [0, 1, 3, 9, 0x8000_5300, 0x8000_5306, 0x5303, 2 ** 40 + 6])
      assert.equal(await refusal(kdf), PARAMETER, String(kdf))
  })
})
