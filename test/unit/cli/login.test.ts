import assert from 'node:assert/strict'
import { test } from 'node:test'
import { execute, noTerminal } from '../../../src/cli/execute.ts'
import { programTree } from '../../../src/cli/tree.ts'

test('a single command is no login, which would end with it', async () => {
  const refuse = () => {
    throw noTerminal()
  }
  const environment = { root: programTree('1.2.3'), open: refuse, credentials: refuse, askHidden: refuse }
  for (const more of [[], ['--password', 'password']]) {
    const words = ['login', '--username', 'ines', '--role', 'admin', ...more]
    const { text, exit, stream } = await execute(words, environment)
    assert.match(text, /"login has no effect as a single command, .* use cloudhsm-cli interactive, or set/)
    assert.deepEqual([exit, stream], [1, 'stdout'])
  }
  const help = await execute(['login', '--help'], environment)
  assert.match(help.text, /^Log in to the HSM cluster\n/)
})
