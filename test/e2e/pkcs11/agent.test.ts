/** `strongroom pkcs11`: programs on a machine without an HSM, over HTTPS to one that comes and goes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { CKA } from '../../../src/pkcs11/cryptoki/objects.ts'
import { CKM } from '../../support/mechanism-types.ts'
import { fails, type Running, start, succeeds } from './commands.ts'
import { type Payments, payments } from './payments.ts'
import { needsPkcs11js, program } from './program.ts'
import { find, findKey, sign, signIn } from './steps.ts'

const BIN = join(import.meta.dirname, '..', '..', '..', 'bin')
const STRONGROOM = join(BIN, 'strongroom')
const ECDSA_SHA1 = { mechanism: CKM.ECDSA_SHA1 }
const SHA256_RSA = { mechanism: CKM.SHA256_RSA_PKCS }

suite('strongroom pkcs11, the agent', needsPkcs11js(), () => {
  const company = payments('--mode', 'fips')

  type Elsewhere = Payments & {
    /** Starts the agent, once more after it has ended. */
    agent(): Promise<Running>
  }

  /** The company's keys, as a machine sees them that has only the client's configuration. */
  async function elsewhere(t: TestContext): Promise<Elsewhere> {
    const directory = mkdtempSync(join(tmpdir(), 'strongroom-agent-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const socket = join(directory, 'pkcs11.sock')
    const words = [STRONGROOM, 'pkcs11', '--config', company.home().clientConfig, '--socket', socket]
    const agent = async () => {
      const running = start(t, { HOME: directory }, words)
      await running.says('serving PKCS#11')
      return running
    }
    return { ...company, agent, env: () => ({ P11_KIT_SERVER_ADDRESS: `unix:path=${socket}` }) }
  }

  /** The same with an agent that serves. */
  async function served(t: TestContext): Promise<Elsewhere> {
    const machine = await elsewhere(t)
    await machine.agent()
    return machine
  }

  test('signs with a shared key, and is refused once it is taken back', async (t) => {
    await company.generateRsa('remote')
    await company.share('remote')
    const bob = await program(t, await served(t))
    const session = await signIn(bob)
    const key = await findKey(bob, session, 'remote')
    assert.equal((await sign(bob, session, key, SHA256_RSA, 'a payment')).length, 256)
    await bob.call('C_SignInit', session, SHA256_RSA, key)
    await company.unshare('remote')
    await bob.refusal('C_Sign', session, Buffer.from('a payment'), Buffer.alloc(256))
    assert.equal(await bob.refusal('C_SignInit', session, SHA256_RSA, key), 'CKR_KEY_HANDLE_INVALID')
    assert.deepEqual(await find(bob, session, [{ type: CKA.CLASS, value: 3 }]), [])
  })

  test('a weak hash function in FIPS mode is refused, unless the configuration allows it', async (t) => {
    await company.generateEc('weak')
    await company.share('weak')
    const ready = async () => {
      const bob = await program(t, await served(t))
      const session = await signIn(bob)
      const key = await findKey(bob, session, 'weak')
      return { bob, session, key }
    }
    const strict = await ready()
    const refusal = await strict.bob.refusal('C_SignInit', strict.session, ECDSA_SHA1, strict.key)
    assert.equal(refusal, 'CKR_MECHANISM_INVALID')
    const { clientConfig } = company.home()
    const allow = [
      join(BIN, 'configure-cli'),
      '--config',
      clientConfig,
      '--enable-ecdsa-with-weak-hash-function',
    ]
    assert.equal(await succeeds(t, allow), '')
    const lenient = await ready()
    const signature = await sign(lenient.bob, lenient.session, lenient.key, ECDSA_SHA1, 'a payment')
    assert.equal(signature.length, 64)
  })

  test('a restart of the HSM costs a program at most one failed call', async (t) => {
    await company.generateRsa('steady')
    await company.share('steady')
    const bob = await program(t, await served(t))
    const session = await signIn(bob)
    const key = await findKey(bob, session, 'steady')
    const signs = () => sign(bob, session, key, SHA256_RSA, 'a payment')
    const before = await signs()
    for (const end of [company.hsm.stop, company.hsm.kill]) {
      await end()
      await company.hsm.start()
      const first = await signs().catch(() => undefined)
      assert.deepEqual(first ?? (await signs()), before)
    }
  })

  test('programs outlive the agent: a restart costs them nothing, and unshare holds for them as before', async (t) => {
    await company.generateRsa('outlives')
    await company.share('outlives')
    const machine = await elsewhere(t)
    const sessions = async () => {
      const said = await succeeds(t, [STRONGROOM, 'status', '--home', company.home().root, '--json'])
      return (JSON.parse(said) as { sessions: number }).sessions
    }
    let { child } = await machine.agent()
    const bob = await program(t, machine)
    const session = await signIn(bob)
    const key = await findKey(bob, session, 'outlives')
    const signs = () => sign(bob, session, key, SHA256_RSA, 'a payment')
    const before = await signs()
    const open = await sessions()
    for (const _ of ['once', 'and again']) {
      // Its outputs stay open: the keeper writes to them, too.
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      assert.deepEqual(await ended, [0, null])
      assert.deepEqual(await signs(), before, 'without an agent')
      child = (await machine.agent()).child
      assert.deepEqual(await signs(), before)
      assert.equal(await sessions(), open, 'no session is left behind')
    }
    const another = await program(t, machine)
    const anothers = await signIn(another)
    assert.deepEqual(
      await sign(another, anothers, await findKey(another, anothers, 'outlives'), SHA256_RSA, 'a payment'),
      before,
    )
    await company.unshare('outlives')
    for (const [one, its] of [
      [bob, session],
      [another, anothers],
    ] as const) {
      assert.equal(await one.refusal('C_SignInit', its, SHA256_RSA, key), 'CKR_KEY_HANDLE_INVALID')
    }
  })

  test('a configuration that is not there is named', async (t) => {
    const said = await fails(t, [
      STRONGROOM,
      'pkcs11',
      '--config',
      '/nonexistent.cfg',
      '--socket',
      '/tmp/unused.sock',
    ])
    assert.match(said, /\/nonexistent\.cfg/)
  })
})
