/** Programs outlive the HSM that they are connected to: it is stopped, upgraded or killed, started again, and they go on. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { suite, type TestContext, test } from 'node:test'
import { CKA } from '../../../src/pkcs11/cryptoki/objects.ts'
import { CKM } from '../../support/mechanism-types.ts'
import { untilElsewhere } from '../../support/until.ts'
import { needs, start } from './commands.ts'
import { withEachModule } from './each-module.ts'
import { untilIdle } from './idle.ts'
import { type Payments, payments, pin } from './payments.ts'
import { needsPkcs11js, program } from './program.ts'
import { find, findKey, sign, signIn } from './steps.ts'

const linuxOnly = process.platform === 'linux' ? false : 'processes are found in /proc'
const SHA256_RSA = { mechanism: CKM.SHA256_RSA_PKCS }

const METRICS = ['--metrics', '127.0.0.1:0'] as const

withEachModule('pkcs11js across restarts', needsPkcs11js(), acrossRestarts, ...METRICS)

suite('pkcs11js across restarts of the keeper', needsPkcs11js(), () => acrossKeepers(payments(...METRICS)))

/** Bob's program, with alice's key in its hand. */
async function signerOf(company: Payments, t: TestContext, label: string) {
  await company.generateRsa(label)
  await company.share(label)
  const bob = await program(t, company)
  const session = await signIn(bob)
  const key = await findKey(bob, session, label)
  return { bob, session, key, signs: () => sign(bob, session, key, SHA256_RSA, 'a payment') }
}

function acrossRestarts(company: Payments): void {
  const signer = (t: TestContext, label: string) => signerOf(company, t, label)

  test('a program that waits notices nothing of a restart, and unshare holds for it as before', async (t) => {
    const { bob, session, key, signs } = await signer(t, 'waiting')
    const before = await signs()
    await company.hsm.stop()
    await company.hsm.start()
    assert.deepEqual(await signs(), before)
    assert.equal((await find(bob, session, [{ type: CKA.LABEL, value: 'waiting' }])).length, 2)
    await bob.call('C_SignInit', session, SHA256_RSA, key)
    await company.hsm.stop()
    await company.hsm.start()
    await company.unshare('waiting')
    const refusal = await bob.refusal('C_Sign', session, Buffer.from('a payment'), Buffer.alloc(256))
    // The operation is gone, or our own module has begun it again, in vain.
    assert.match(refusal, /^CKR_(OPERATION_NOT_INITIALIZED|KEY_HANDLE_INVALID)$/)
    assert.equal(await bob.refusal('C_SignInit', session, SHA256_RSA, key), 'CKR_KEY_HANDLE_INVALID')
    await company.share('waiting')
    assert.deepEqual(await signs(), before)
  })

  test('what is asked while the HSM is away is answered when it is back', async (t) => {
    const { signs } = await signer(t, 'patient')
    const before = await signs()
    await company.hsm.stop()
    const asked = signs()
    await company.hsm.start()
    assert.deepEqual(await asked, before)
  })

  test('a message that was under way is lost, and nothing after it', async (t) => {
    const { bob, session, key, signs } = await signer(t, 'parts')
    await bob.call('C_SignInit', session, SHA256_RSA, key)
    await bob.call('C_SignUpdate', session, Buffer.from('a pay'))
    await company.hsm.stop()
    await company.hsm.start()
    assert.equal(
      await bob.refusal('C_SignUpdate', session, Buffer.from('ment')),
      'CKR_OPERATION_NOT_INITIALIZED',
    )
    assert.equal((await signs()).length, 256)
  })

  test('a program that is quiet when the HSM is killed goes on with the next', async (t) => {
    const { signs } = await signer(t, 'killed')
    const before = await signs()
    await untilIdle(company.hsm.log())
    await company.hsm.kill()
    await company.hsm.start()
    assert.deepEqual(await signs(), before)
    await company.hsm.kill()
    await company.hsm.start()
    assert.deepEqual(await signs(), before)
  })

  test('a program whose password was changed while the HSM was away is logged out, not let in', async (t) => {
    await company.createUser('carol')
    const carol = await program(t, company)
    const session = await signIn(carol, 'carol')
    await company.hsm.stop()
    await company.hsm.start()
    await company.cli(
      'admin',
      'user',
      'change-password',
      '--username',
      'carol',
      '--role',
      'crypto-user',
      '--password',
      'another one',
    )
    assert.equal(await carol.refusal('C_GenerateRandom', session, Buffer.alloc(8)), 'CKR_USER_NOT_LOGGED_IN')
  })
}

/** Our own module goes on without one. */
function acrossKeepers(company: Payments): void {
  test('the keeper may be killed too: another one takes its place', { skip: linuxOnly }, async (t) => {
    const { signs } = await signerOf(company, t, 'kept')
    const before = await signs()
    await untilIdle(company.hsm.log())
    for (const pid of keepers()) process.kill(pid, 'SIGKILL')
    await untilElsewhere('the log tells it', () => company.hsm.log().includes('the keeper has ended'))
    await untilIdle(company.hsm.log())
    await company.hsm.kill()
    await company.hsm.start()
    assert.deepEqual(await signs(), before)
  })

  /** Processes, found by their command lines. */
  function keepers(): number[] {
    const isKeeper = (pid: number) => {
      const words = commandLine(pid)
      return words.includes('pkcs11-keep') && words.includes(company.home().root)
    }
    return readdirSync('/proc').map(Number).filter(Number.isInteger).filter(isKeeper)
  }
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

suite('pkcs11-tool, which nothing protects from SIGPIPE', needs('pkcs11-tool', 'script'), () => {
  const company = payments()

  /** Connected, with a session, and waiting for somebody to type the PIN. */
  async function atThePrompt(t: TestContext) {
    const command = `pkcs11-tool --module ${company.module()} --login --generate-random 8`
    // It asks on a terminal only.
    const running = start(t, company.env(), [
      'script',
      '--quiet',
      '--return',
      '--command',
      command,
      '/dev/null',
    ])
    await running.says('Please enter User PIN')
    return running
  }

  test('goes on after a restart', async (t) => {
    const { child, ended } = await atThePrompt(t)
    await company.hsm.stop()
    await company.hsm.start()
    child.stdin?.write(`${pin('bob')}\n`)
    assert.equal((await ended).exit, 0)
  })

  test('is refused and not killed when the HSM was killed in the middle of its work', async (t) => {
    const { child, ended } = await atThePrompt(t)
    await company.hsm.kill()
    await company.hsm.start()
    child.stdin?.write(`${pin('bob')}\n`)
    const { exit, stdout } = await ended
    // 141 is 128 + SIGPIPE. Where a second passed before the kill, it was idle and goes on.
    assert.ok(exit === 0 || (exit === 1 && stdout.includes('CKR_DEVICE_ERROR')), `${exit}: ${stdout}`)
  })
})
