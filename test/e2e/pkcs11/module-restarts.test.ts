/** Programs on our own module while the HSM is killed, stopped and started again, as it is shipped and under sanitizers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { start } from './commands.ts'
import { BUILDS, needsOwnModule, ownModule } from './own-module.ts'
import { payments, pin } from './payments.ts'

/** Several starts of an HSM on a busy machine. */
const PATIENCE_MS = 300_000

/** What is done before the program goes on. */
type Doing = () => Promise<unknown>

/** Into the middle of what the program does. It need not be: whenever the HSM is killed, nothing is noticed. */
const somewhere = () => delay(Math.random() * 300)

for (const [name, build] of Object.entries(BUILDS)) {
  suite(`${name} across restarts`, needsOwnModule(build), () => {
    const company = payments()
    const { hsm } = company
    const module = ownModule(build)
    let compiled: string
    before(async () => {
      compiled = await module.compile(join(import.meta.dirname, 'module-restarts.c'))
    })

    /** Runs a scenario: each time it has said this it goes on when that is done. */
    async function converse(
      t: TestContext,
      scenario: string,
      person: string,
      ...steps: readonly (readonly [string, Doing?])[]
    ) {
      const words = [compiled, module.path(), pin(person), scenario]
      const running = start(t, company.env(), words, PATIENCE_MS)
      let heard = 0
      for (const [says, doing] of steps) {
        await running.says(`${says}\n`, heard)
        heard = running.written().length
        await doing?.()
        running.child.stdin?.write('\n')
      }
      running.child.stdin?.end()
      const { exit, stderr } = await running.ended
      assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' })
    }

    async function killed() {
      await hsm.kill()
      await hsm.start()
    }
    async function stopped() {
      await hsm.stop()
      await hsm.start()
    }

    test('eight threads with eight sessions each notice nothing', async (t) => {
      const whenever = (end: Doing) => async () => {
        await somewhere()
        await end()
      }
      await converse(t, 'work', 'alice', ['on', whenever(killed)], ['on', whenever(stopped)], ['on'])
    })

    test('a key pair is made once, or not at all', (t) =>
      converse(t, 'generation', 'alice', [
        'asks',
        async () => {
          await somewhere()
          await killed()
        },
      ]))

    test('an HSM that stays away is missed, and is the same when it is back', (t) =>
      converse(t, 'absence', 'alice', ['up', hsm.kill], ['missed', hsm.start]))

    test('a login whose password was changed meanwhile is over, and its sessions are not', async (t) => {
      const username = `carol${build.compiler}`
      await company.createUser(username)
      const changed = ['--role', 'crypto-user', '--password', `${pin(username).split(':')[1]}x`]
      await converse(t, 'another password', username, [
        'up',
        async () => {
          await stopped()
          await company.cli('admin', 'user', 'change-password', '--username', username, ...changed)
        },
      ])
    })

    // With the memory that AddressSanitizer reserves there is too much to be looked at.
    test('a child has nothing of the login', { skip: build.sanitized }, (t) =>
      converse(t, 'fork', 'alice', ['up', killed]),
    )
  })
}
