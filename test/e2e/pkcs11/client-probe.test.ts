/** The client libraries themselves, of this Debian and of a newer one: every kind of attribute, and everything that can be empty. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createPkcs11 } from '../../../src/pkcs11/serve.ts'
import { testEngine } from '../../support/engine.ts'
import { type Recording, record, toText } from '../../support/recorder.ts'
import { createWorld, PASSWORD } from '../../support/world.ts'
import { needs, type Owner, succeeds } from './commands.ts'
import { newerDebian } from './other-debians.ts'
import { needsOwnModule, ownModule } from './own-module.ts'

const FRAMES = join(import.meta.dirname, '..', '..', 'unit', 'pkcs11', 'frames')
const HEADERS = '/usr/include/p11-kit-1'
const MODULE = '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so'

/** By the version of the protocol that they offer. */
const CLIENTS = ['p11-kit-0.24', 'p11-kit-0.25', 'p11-kit-0.26'] as const

suite('the probe', needs('gcc', HEADERS, MODULE), () => {
  let directory: string
  let probe: string
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'strongroom-probe-'))
    probe = join(directory, 'client-probe')
    const source = join(import.meta.dirname, 'client-probe.c')
    const owner: Owner = { after: () => undefined }
    await succeeds(owner, ['gcc', '-Wall', '-I', HEADERS, '-o', probe, source, '-ldl'], { env: {} })
  })
  after(() => rmSync(directory, { recursive: true }))

  /** Runs it against an HSM that has made nothing before. */
  async function run(owner: Owner, words: readonly string[], module: string) {
    const engine = await testEngine()
    await createWorld(engine)
    const pkcs11 = createPkcs11({ hsm: engine, version: '1.2.3', log: () => undefined })
    let recording: () => Recording = () => ({ offered: 0, exchanges: [] })
    const path = join(directory, 'pkcs11.sock')
    const server = createServer((socket) => {
      recording = record(socket)
      void pkcs11.serve(socket)
    }).listen(path)
    await once(server, 'listening')
    try {
      const env = { P11_KIT_SERVER_ADDRESS: `unix:path=${path}` }
      const said = await succeeds(owner, [...words, module, `alice:${PASSWORD}`], { env })
      return { said, recording: recording() }
    } finally {
      server.close()
      await pkcs11.close()
      await engine.close()
    }
  }

  const expected = () => readFileSync(join(import.meta.dirname, 'client-probe.txt'), 'utf8').split('\n')

  test('with the client of this system', async (t) => {
    const { said, recording } = await run(t, [probe], MODULE)
    assert.deepEqual(said.split('\n'), recording.offered === 0 ? expected().flatMap(in024) : expected())
  })

  suite('with our own module', needsOwnModule(), () => {
    const module = ownModule()
    test('everything is as with the newer clients, but for the IV of AES-GCM', async (t) => {
      const { said } = await run(t, [probe], module.path())
      const withoutGcm = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('AES-GCM'))
      assert.deepEqual(withoutGcm(said.split('\n')), withoutGcm(expected()))
    })
  })

  test('with a newer client, whose frames are those on record', newerDebian.needed(), async (t) => {
    const { said, recording } = await run(t, newerDebian.command(probe), newerDebian.module())
    const frames = join(FRAMES, `${CLIENTS[recording.offered]}.txt`)
    if (process.env['STRONGROOM_RECORD']) writeFileSync(frames, toText(recording))
    assert.deepEqual(said.split('\n'), expected())
    assert.ok(existsSync(frames))
    assert.equal(toText(recording), readFileSync(frames, 'utf8'))
  })
})

/** What that client refuses by itself, CKR_ARGUMENTS_BAD and CKR_MECHANISM_INVALID, in place of a line of the newer ones. */
function in024(line: string): readonly string[] {
  const name = line.split(':')[0] ?? ''
  if (/^C_(SignUpdate (NULL|empty)|EncryptInit NULL|DigestInit NULL)$/.test(name)) return [`${name}: 0x7`]
  const [cipher, call] = [/^AES-(CBC-PAD|CTR|GCM( with zeros)?)/.exec(name)?.[0], name.split(' C_')[1]]
  if (cipher === undefined) return [line]
  return call === undefined || call === 'Encrypt NULL' ? [`${cipher}: 0x70`] : []
}
