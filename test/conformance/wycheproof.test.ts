/** Vectors of Project Wycheproof, through every interface. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { connect, type RemoteHsm } from '../../src/client/connect.ts'
import { createHttpsServer, type HttpsServer } from '../../src/server/https-server.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { needsOwnModule, ownModule } from '../e2e/pkcs11/own-module.ts'
import { connectModule } from '../support/module-client.ts'
import { bench, type Program, programOf } from '../unit/pkcs11/fixture.ts'
import { admitAll, authority, identity } from '../unit/server/fixture.ts'
import type { Interface } from './wycheproof/interface.ts'
import { mlDsaSign, mlDsaVerify, placeIn } from './wycheproof/ml-dsa.ts'
import {
  aesCbc,
  aesGcm,
  type End,
  ecdh,
  ecdsaDer,
  ecdsaP1363,
  ed25519,
  keyWrap,
  mac,
  type Runner,
  rsaDecrypt,
  rsaPkcs1,
  rsaPss,
} from './wycheproof/runners.ts'
import { throughHsm } from './wycheproof/through-hsm.ts'
import { throughPkcs11 } from './wycheproof/through-pkcs11.ts'
import { type Group, load, missing, names, type Vector } from './wycheproof/vectors.ts'

const store = memoryStore()
const place = placeIn(store)

const FILES: Readonly<Record<string, Runner>> = {
  aes_cbc_pkcs5: aesCbc,
  aes_cmac: mac('aes', (bytes) => ({ name: 'aes-cmac', 'mac-length': bytes })),
  aes_gcm: aesGcm,
  aes_kwp: keyWrap('aes-zero-pad'),
  aes_wrap: keyWrap('aes-no-pad'),
  ecdh_secp256r1_ecpoint: ecdh('secp256r1', 'point'),
  ecdh_secp256r1: ecdh('secp256r1', 'spki'),
  ecdh_secp384r1_ecpoint: ecdh('secp384r1', 'point'),
  ecdh_secp521r1_ecpoint: ecdh('secp521r1', 'point'),
  ecdsa_secp224r1_sha256: ecdsaDer('secp224r1', 'sha256'),
  ecdsa_secp256k1_sha256_p1363: ecdsaP1363('sha256'),
  ecdsa_secp256k1_sha256: ecdsaDer('secp256k1', 'sha256'),
  ecdsa_secp256r1_sha256_p1363: ecdsaP1363('sha256'),
  ecdsa_secp256r1_sha256: ecdsaDer('secp256r1', 'sha256'),
  ecdsa_secp256r1_sha512: ecdsaDer('secp256r1', 'sha512'),
  ecdsa_secp384r1_sha384_p1363: ecdsaP1363('sha384'),
  ecdsa_secp384r1_sha384: ecdsaDer('secp384r1', 'sha384'),
  ecdsa_secp521r1_sha512_p1363: ecdsaP1363('sha512'),
  ecdsa_secp521r1_sha512: ecdsaDer('secp521r1', 'sha512'),
  ed25519,
  hmac_sha1: mac('generic-secret', (bytes) => ({ name: 'hmac', hash: 'sha1', 'mac-length': bytes })),
  hmac_sha256: mac('generic-secret', (bytes) => ({ name: 'hmac', hash: 'sha256', 'mac-length': bytes })),
  hmac_sha384: mac('generic-secret', (bytes) => ({ name: 'hmac', hash: 'sha384', 'mac-length': bytes })),
  hmac_sha512: mac('generic-secret', (bytes) => ({ name: 'hmac', hash: 'sha512', 'mac-length': bytes })),
  mldsa_44_sign_seed: mlDsaSign('ML-DSA-44', place),
  mldsa_44_verify: mlDsaVerify('ML-DSA-44', place),
  mldsa_65_sign_noseed: mlDsaSign('ML-DSA-65', place),
  mldsa_65_verify: mlDsaVerify('ML-DSA-65', place),
  mldsa_87_verify: mlDsaVerify('ML-DSA-87', place),
  rsa_oaep_2048_sha1_mgf1sha1: rsaDecrypt({ hash: 'sha1' }),
  rsa_oaep_2048_sha256_mgf1sha256: rsaDecrypt({ hash: 'sha256' }),
  rsa_pkcs1_2048: rsaDecrypt(),
  rsa_pss_2048_sha256_mgf1_32: rsaPss('sha256', 32),
  rsa_pss_4096_sha256_mgf1_32: rsaPss('sha256', 32),
  rsa_signature_2048_sha256: rsaPkcs1('sha256'),
  rsa_signature_3072_sha384: rsaPkcs1('sha384'),
}

/** PKCS#11 has had no mechanism for ML-DSA before v3.2. */
const waysFor = (file: string): readonly Interface['name'][] =>
  file.startsWith('mldsa') ? ['engine', 'HTTPS'] : ['engine', 'HTTPS', 'PKCS#11', ...OWN]
const OWN: readonly Interface['name'][] = needsOwnModule().skip ? [] : ['our PKCS#11 module']
/** What is wrong there is the key or the context; neither comes in. */
const ONE_SIDED = ['mldsa_44_sign_seed', 'mldsa_65_sign_noseed']
/** Of a group so large that the slow interfaces take every fifth of its valid vectors. */
const MANY = 500

function sampled(group: Group): Group {
  if (group.tests.length < MANY) return group
  const tests = group.tests.filter(({ result, tcId }) => result !== 'valid' || tcId % 5 === 0)
  return Object.assign({}, group, { tests })
}

/** Reasons for not running what is valid, or invalid: docs/COMPATIBILITY.md has them. */
const LEFT: readonly End[] = [
  'left: an IV of more than 128 bytes',
  'left: the context is empty',
  'left: ML-DSA keys are not imported',
]

const UNSAID: End = 'left: no template says this'

/** Of what is acceptable, compressed points are accepted and the rest is refused. */
function isAsItShouldBe({ result, flags }: Vector, end: End): boolean {
  if (LEFT.includes(end)) return true
  if (result !== 'acceptable') return (end === 'accepted') === (result === 'valid')
  return end === (flags.includes('CompressedPoint') ? 'accepted' : 'refused') || end === UNSAID
}

test('there are vectors', { skip: missing }, () => assert.ok(names().length > 0))

suite('Wycheproof', { skip: missing }, () => {
  const shared = bench({}, { store })
  const done = new Set<string>()
  const ways: Partial<Record<Interface['name'], Interface>> = {}
  let server: HttpsServer
  let client: RemoteHsm
  let onModule: Program | undefined
  const module = OWN.length > 0 ? ownModule() : undefined
  before(async () => {
    const { world } = shared
    server = createHttpsServer({
      hsm: world.hsm,
      admit: admitAll,
      tls: identity,
      log: () => undefined,
      monotonic: () => performance.now(),
      worked: () => performance.now(),
      onConnectionClosed: () => undefined,
    })
    client = connect({ servers: [await server.listen('127.0.0.1', 0)], trust: { ca: authority.cert } })
    const program = await shared.program({ offered: 2 })
    ways.engine = throughHsm('engine', world.hsm, world.token('alice'))
    ways.HTTPS = throughHsm('HTTPS', client, world.token('alice'))
    ways['PKCS#11'] = throughPkcs11('PKCS#11', program, await program.login(), ways.engine)
    if (!module) return
    const env = { P11_KIT_SERVER_ADDRESS: `unix:path=${shared.path}` }
    onModule = programOf(await connectModule(module.path(), env))
    const session = await onModule.login()
    ways['our PKCS#11 module'] = throughPkcs11('our PKCS#11 module', onModule, session, ways.engine)
  })
  after(async () => {
    onModule?.stream.destroy()
    client.close()
    await server.close({ graceMs: 0 })
  })

  for (const [file, run] of Object.entries(FILES)) {
    for (const name of waysFor(file)) {
      test(`${file} through ${name}`, async (t) => {
        const groups = name === 'engine' ? load(file) : load(file).map(sampled)
        const tally = new Map<string, number>()
        await run(ways[name] as Interface, groups, (vector, end) => {
          assert.ok(isAsItShouldBe(vector, end), `${vector.tcId} ${vector.comment}: ${end}`)
          const what = `${vector.result}, ${end}`
          tally.set(what, (tally.get(what) ?? 0) + 1)
        })
        const lines = [...tally].map(([what, count]) => `${count} ${what}`)
        t.diagnostic(lines.join('; '))
        const met = (end: RegExp) =>
          [...tally].reduce((sum, [what, count]) => sum + (end.test(what) ? count : 0), 0)
        assert.equal(met(/./), groups.flatMap(({ tests }) => tests).length)
        assert.ok(met(/, accepted$/) > 0, 'something was accepted')
        assert.ok(met(/, refused$/) > 0 || ONE_SIDED.includes(file), 'something was refused')
        done.add(`${file} ${name}`)
      })
    }
  }

  test('every file was used through every interface', () => {
    assert.deepEqual(new Set(Object.keys(FILES)), new Set(names()))
    assert.deepEqual(
      done,
      new Set(Object.keys(FILES).flatMap((file) => waysFor(file).map((name) => `${file} ${name}`))),
    )
  })
})
