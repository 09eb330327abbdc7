import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import {
  CURVES,
  DIGEST_INFO_PREFIX,
  HASH_NAMES,
  type Hash,
  type WeierstrassCurve,
} from '../../src/contract/algorithms.ts'
import { fromDer, toDer } from '../../src/contract/ecdsa-signature.ts'
import type { Mechanism } from '../../src/contract/mechanisms.ts'
import type { KeyFamily } from '../../src/crypto/key-family.ts'
import { generateEcPair, generateRsaPair, type KeyPair } from '../../src/crypto/key-pairs.ts'
import { publicCheckValue, toPem } from '../../src/crypto/public-facts.ts'
import { signingKey, verifyingKey } from '../unit/crypto/signing-support.ts'

const run = promisify(execFile)
const DATA = Buffer.from('signed by one, verified by the other\n')
let folder = ''

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'strongroom-openssl-'))
  writeFileSync(join(folder, 'data'), DATA)
})
after(() => rmSync(folder, { recursive: true }))

/** Runs the `openssl` command where the files are. */
const openssl = (...words: string[]) => run('openssl', words, { cwd: folder })

type Scheme = {
  /** The data as the digest mechanism wants them. */
  readonly digest: (hash: Hash) => Buffer
  readonly mechanism: (hash: Hash, input: 'raw' | 'digest') => Mechanism
  readonly options: (hash: Hash) => string[]
  /** Between the command's encoding of a signature and ours. */
  readonly encode: (signature: Buffer) => Buffer
  readonly decode: (signature: Buffer) => Buffer
}

const hashed = (hash: Hash): Buffer => createHash(hash).update(DATA).digest()
const asItIs = { encode: (signature: Buffer) => signature, decode: (signature: Buffer) => signature }

const ecdsaScheme = (curve: WeierstrassCurve): Scheme => ({
  digest: hashed,
  mechanism: (hash, input) => ({ name: 'ecdsa', hash, input }),
  options: () => [],
  encode: (signature) => Buffer.from(toDer(signature)),
  decode: (der) => Buffer.from(fromDer(der, CURVES[curve].fieldBytes)),
})

const PKCS1: Scheme = {
  digest: (hash) => Buffer.concat([Buffer.from(DIGEST_INFO_PREFIX[hash], 'hex'), hashed(hash)]),
  mechanism: (hash, input) => ({ name: 'rsa-pkcs', hash, input }),
  options: () => [],
  ...asItIs,
}

const pssScheme = (salt: number): Scheme => ({
  digest: hashed,
  mechanism: (hash, input) => ({
    name: 'rsa-pkcs-pss',
    hash,
    input,
    mgf: `mgf1-${hash}`,
    'salt-length': salt,
  }),
  options: (hash) =>
    ['rsa_padding_mode:pss', `rsa_pss_saltlen:${salt}`, `rsa_mgf1_md:${hash}`].flatMap((option) => [
      '-sigopt',
      option,
    ]),
  ...asItIs,
})

for (const curve of Object.keys(CURVES) as WeierstrassCurve[]) {
  test(`ECDSA on ${curve} and the openssl command accept each other`, async () => {
    await crossCheck(curve, await generateEcPair(curve), ecdsaScheme(curve))
  })
}

test('RSA and the openssl command accept each other', async () => {
  const pair = await generateRsaPair(2048, 65_537)
  await crossCheck('rsa', pair, PKCS1)
  await crossCheck('rsa', pair, pssScheme(20))
})

test('the openssl command computes the same check value from our PEM', async () => {
  for (const { spki } of [await generateEcPair('secp384r1'), await generateRsaPair(2048, 65_537)]) {
    await writeFile(join(folder, 'public.pem'), toPem(spki))
    await openssl('pkey', '-pubin', '-in', 'public.pem', '-outform', 'DER', '-out', 'public.der')
    const { stdout } = await openssl('dgst', '-sha1', '-r', 'public.der')
    assert.equal(`0x${stdout.slice(0, 6)}`, publicCheckValue(spki))
  }
})

/** Signs here raw and as digest and verifies there; signs there and verifies here both ways; for every hash. */
async function crossCheck(family: KeyFamily, pair: KeyPair, scheme: Scheme) {
  const privateKey = createPrivateKey({ key: pair.pkcs8, format: 'der', type: 'pkcs8' })
  await writeFile(join(folder, 'private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await writeFile(join(folder, 'public.pem'), toPem(pair.spki))
  const signing = signingKey(family, pair.pkcs8)
  const verifying = verifyingKey(family, pair.spki)
  for (const hash of HASH_NAMES) {
    const options = [`-${hash}`, ...scheme.options(hash)]
    const inputs = { raw: DATA, digest: scheme.digest(hash) }
    await openssl('dgst', ...options, '-sign', 'private.pem', '-out', 'theirs', 'data')
    const theirs = scheme.decode(await readFile(join(folder, 'theirs')))
    for (const input of ['raw', 'digest'] as const) {
      const mechanism = scheme.mechanism(hash, input)
      assert.equal(verifying.verify(mechanism, inputs[input], theirs), true, `${hash} ${input}`)
      await writeFile(join(folder, 'ours'), scheme.encode(await signing.sign(mechanism, inputs[input])))
      const verdict = await openssl('dgst', ...options, '-verify', 'public.pem', '-signature', 'ours', 'data')
      assert.equal(verdict.stdout, 'Verified OK\n')
    }
  }
  signing.close()
}
