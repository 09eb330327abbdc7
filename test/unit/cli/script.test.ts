import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { suite, test } from 'node:test'
import type { Output } from '../../../src/cli/render.ts'
import { runShell } from '../../../src/cli/shell/shell.ts'
import { scriptSource } from '../../../src/cli/shell/source.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { oneCluster } from '../../support/cli.ts'
import { stubHsm } from '../../support/stub-hsm.ts'

const LOGIN = 'login --username ines --role crypto-user --password password'
const USERS = { users: [{ username: 'ines', role: 'crypto-user' }] }

async function script(hsm: Hsm, text: string) {
  const outputs: Output[] = []
  const errors = new PassThrough()
  const exit = await runShell({
    clusters: oneCluster(hsm),
    clusterId: undefined,
    openSource: () => scriptSource(Readable.from([text]), errors),
    async print(output) {
      outputs.push(output)
      return output.exit
    },
  })
  const texts = outputs.filter(({ text }) => text !== '').map(({ text, stream }) => `${stream}: ${text}`)
  return { exit, texts, errors: String(errors.read() ?? '') }
}

suite('a script', () => {
  test('runs line by line, blank ones skipped, and ends with the input', async () => {
    const hsm = stubHsm({ 'user.list': USERS, 'key.unshare': {} })
    const text = `${LOGIN}\r\n\r\n   \nkey unshare --filter \\\n  attr.label="a b" \\\n --username alice --role crypto-user`
    const { exit, texts, errors } = await script(hsm, text)
    assert.equal(exit, 0)
    assert.equal(errors, '')
    assert.equal(texts.length, 2)
    assert.deepEqual(hsm.asked[1]?.request, {
      filter: ['attr.label=a b'],
      usernames: ['alice'],
      role: 'crypto-user',
    })
    assert.equal(hsm.asked.at(-1)?.operation, 'session.logout')
  })

  test('stops at quit', async () => {
    const hsm = stubHsm({ 'user.list': USERS })
    assert.equal((await script(hsm, 'quit\nuser list\n')).exit, 0)
    assert.equal((await script(hsm, 'exit\nuser list\n')).exit, 0)
    assert.deepEqual(hsm.asked, [])
  })

  test('goes on after a failure, and ends with status 1', async () => {
    const hsm = stubHsm({ 'user.list': USERS })
    const { exit, texts } = await script(hsm, 'nonsense\n# no comment\nkey list\nuser list\n')
    assert.equal(exit, 1)
    assert.deepEqual(
      texts.map((text) => text.split('\n')[0]),
      [
        "stderr: error: unrecognized subcommand 'nonsense'",
        'stderr: error: the line after one that was not understood is no command either; it may be a password and is not shown',
        'stdout: {',
        'stdout: {',
      ],
    )
  })

  test('with a quote left open fails', async () => {
    const { exit, texts } = await script(stubHsm(), 'user list "\nkey list\n')
    assert.deepEqual([exit, texts], [1, ['stderr: error: a quote is not closed\n']])
  })

  const asking: readonly [string, readonly string[], object][] = [
    ['login --username ines --role crypto-user', ['key list'], { password: 'key list' }],
    ['login --username ines --role crypto-user --password', ['pass word\\'], {}],
    ['cluster activate', [' "a b', ' "a b'], { password: ' "a b' }],
    [`${LOGIN}\nuser create --username eve --role admin`, ['quit', 'quit'], { password: 'quit' }],
    [
      `${LOGIN}\nuser change-password --username ines --role admin`,
      ['user list', 'user list'],
      { password: 'user list' },
    ],
    [`${LOGIN}\nuser change-password --username ines --role admin`, ['one', 'other'], {}],
    ['user create --username eve --role admin', ['not logged in', 'not logged in'], {}],
    [`${LOGIN}\nlogin --username eve --role admin`, ['hunter2 logged in already'], {}],
    ['login --username eve --rolle admin', ['hunter2 and a slip'], {}],
    ['logn --username eve --role admin', ['hunter2 and a slip'], {}],
  ]
  for (const [command, answers, request] of asking) {
    test(`answers with the lines that follow, which are never commands: ${command.split('\n').at(-1)}, ${answers}`, async () => {
      const hsm = stubHsm({
        'cluster.activate': {},
        'user.create': {},
        'user.change-password': {},
        'user.list': USERS,
      })
      const { texts, errors } = await script(hsm, `${command}\n${answers.join('\r\n')}\nuser list\n`)
      const asked = hsm.asked.filter(({ operation }) => operation !== 'session.logout')
      assert.equal(asked.filter(({ operation }) => operation === 'user.list').length, 1)
      const { request: last } = asked.at(-2) ?? {}
      if (Object.keys(request).length > 0) assert.deepEqual({ ...(last as object), ...request }, last)
      for (const answer of answers)
        assert.ok(![...texts, errors].join().includes(answer.slice(0, 7)), texts.join())
    })
  }

  test('that ends where a password should be says so', async () => {
    const commands = ['login --username ines --role admin', 'cluster activate\nonly once']
    for (const command of commands) {
      const { exit, texts } = await script(stubHsm(), command)
      assert.equal(exit, 1)
      assert.match(texts.join(), /A password is needed: give --password, or have it on the next line/)
    }
    const { texts } = await script(stubHsm(), 'login --username ines --role admin\np\ufffdssword')
    assert.match(texts.join(), /The password is not UTF-8 text/)
  })
})
