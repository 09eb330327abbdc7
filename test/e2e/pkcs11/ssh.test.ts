/** OpenSSH: bob logs in to a server with a key that alice shares with him, straight from the HSM and through ssh-agent. */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { fails, needs, start, succeeds } from './commands.ts'
import { payments, pin } from './payments.ts'
import { SSHD, sshServer } from './sshd.ts'

suite('ssh', needs('ssh', 'ssh-add', 'ssh-agent', 'ssh-keygen', SSHD), () => {
  const company = payments()
  const file = (name: string) => join(company.home().root, name)

  /** Without a terminal, ssh asks a program for the PIN. */
  function env(): NodeJS.ProcessEnv {
    writeFileSync(file('askpass'), `#!/bin/sh\necho '${pin('bob')}'\n`)
    chmodSync(file('askpass'), 0o700)
    return { ...company.env(), SSH_ASKPASS: file('askpass'), SSH_ASKPASS_REQUIRE: 'force' }
  }

  /** A key of alice's, as a line of authorized_keys. */
  async function publicLine(t: TestContext, label: string): Promise<string> {
    const keys = await succeeds(t, ['ssh-keygen', '-D', company.module()], { env: env() })
    const line = keys.split('\n').find((one) => one.endsWith(` ${label}`))
    assert.ok(line, keys)
    return line
  }

  const ssh = (port: number, ...options: readonly string[]) => [
    ...['ssh', '-F', 'none', '-p', String(port), '-l', userInfo().username],
    ...['-o', `UserKnownHostsFile=${file(`known-${port}`)}`, '-o', 'StrictHostKeyChecking=accept-new'],
    ...['-o', 'PreferredAuthentications=publickey', '-o', 'IdentityFile=none', ...options],
    ...['127.0.0.1', 'echo', 'inside'],
  ]

  for (const [kind, generate] of Object.entries({ rsa: company.generateRsa, ec: company.generateEc })) {
    test(`ssh logs in with a shared key, until it is unshared (${kind})`, async (t) => {
      const label = `door-${kind}`
      await generate(label)
      await company.share(label)
      const port = await sshServer(t, file(label), await publicLine(t, label))
      const words = ssh(port, '-o', 'IdentityAgent=none', '-I', company.module())
      assert.equal(await succeeds(t, words, { env: env() }), 'inside\n')
      await company.unshare(label)
      assert.match(await fails(t, words, { env: env() }), /Permission denied \(publickey\)/)
    })
  }

  test('an agent that has been given the PIN once logs in until the key is unshared, and again when it is shared', async (t) => {
    await company.generateRsa('agent')
    await company.share('agent')
    const port = await sshServer(t, file('agent'), await publicLine(t, 'agent'))
    const socket = file('agent.sock')
    const agent = start(t, env(), ['ssh-agent', '-D', '-a', socket])
    await agent.says('SSH_AUTH_SOCK')
    const through = { env: { ...env(), SSH_AUTH_SOCK: socket } }
    await succeeds(t, ['ssh-add', '-s', company.module()], through)
    assert.match(await succeeds(t, ['ssh-add', '-l'], through), / agent \(RSA\)/)
    const words = ssh(port, '-o', `IdentityAgent=${socket}`)
    assert.equal(await succeeds(t, words), 'inside\n')
    await company.unshare('agent')
    assert.match(await fails(t, words), /agent refused operation/)
    await company.share('agent')
    assert.equal(await succeeds(t, words), 'inside\n')
  })
})
