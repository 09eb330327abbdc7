import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { suite, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { Output } from '../../../src/cli/render.ts'
import type { Clusters } from '../../../src/cli/seats.ts'
import { runShell } from '../../../src/cli/shell/shell.ts'
import { scriptSource, terminalSource } from '../../../src/cli/shell/source.ts'
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
        "stderr: error: unrecognized subcommand '#'",
        'stdout: {',
        'stdout: {',
      ],
    )
  })

  test('with a quote left open fails', async () => {
    const { exit, texts } = await script(stubHsm(), 'user list "\nkey list\n')
    assert.deepEqual([exit, texts], [1, ['stderr: error: a quote is not closed\n']])
  })

  test('cannot be asked for a password', async () => {
    const { exit, texts } = await script(stubHsm(), 'login --username ines --role admin\nquit\n')
    assert.equal(exit, 1)
    assert.match(texts.join(), /A password is needed: give --password, or run on a terminal/)
  })
})

/** A terminal at which a person types, and what it shows. */
function terminal(hsm: Hsm, clusters: Clusters = oneCluster(hsm)) {
  const raw: boolean[] = []
  const input = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => raw.push(on) })
  const output = Object.assign(new PassThrough(), { columns: 200, rows: 50 })
  let screen = ''
  const waiting = new Set<() => void>()
  output.on('data', (chunk) => {
    screen += String(chunk)
    for (const check of waiting) check()
  })
  const exit = runShell({
    clusters,
    clusterId: undefined,
    openSource: (completer) => terminalSource(input, output, completer),
    async print({ text, exit }) {
      output.write(text)
      return exit
    },
  })
  return {
    exit,
    raw,
    end: () => input.end(),
    /** Types, then waits until what the screen shows since the last time matches. */
    async type(keys: string, shows: RegExp, encoding: BufferEncoding = 'utf8'): Promise<string> {
      const { promise, resolve } = Promise.withResolvers<string>()
      const check = () => {
        const text = stripVTControlCharacters(screen)
        if (shows.test(text)) resolve(text)
      }
      waiting.add(check)
      if (keys !== '') input.write(keys, encoding)
      check()
      const shown = await promise
      waiting.delete(check)
      screen = ''
      return shown
    },
  }
}

const [ENTER, TAB, UP, CTRL_C, CTRL_D] = ['\r', '\t', '\u001b[A', '\u0003', '\u0004']
const PROMPT = /aws-cloudhsm > $/

suite('a terminal', { timeout: 10_000 }, () => {
  test('has a prompt, history and Ctrl-D', async () => {
    const { type, exit, raw } = terminal(stubHsm({ 'user.list': USERS }))
    await type('', PROMPT)
    assert.match(await type(`user list${ENTER}`, /ines.*aws-cloudhsm > /s), /"error_code": 0/)
    await type(UP, /user list/)
    await type(ENTER, /ines.*aws-cloudhsm > /s)
    await type(CTRL_D, /\n$/)
    assert.equal(await exit, 0)
    assert.deepEqual([raw[0], raw.at(-1)], [true, false])
  })

  test('keeps no line with a password', async () => {
    const { type, exit } = terminal(stubHsm({ 'user.list': USERS }))
    await type(`user list${ENTER}`, /ines.*aws-cloudhsm > /s)
    await type(`${LOGIN}${ENTER}`, /"crypto-user".*aws-cloudhsm > /s)
    await type(`login --username ines --role admin \\${ENTER}`, /\n> /)
    await type(`--password=other-password${ENTER}`, /already.*aws-cloudhsm > /s)
    assert.match(await type(UP, /user list/), /user list$/)
    await type(`${ENTER}quit${ENTER}`, /quit/)
    assert.equal(await exit, 0)
  })

  test('hides a password, in pasted lines too', async () => {
    const hsm = stubHsm({ 'user.list': USERS })
    const { type, exit } = terminal(hsm)
    await type('', PROMPT)
    const pasted = `login --username ines --role crypto-user${ENTER}secret-wörx\u007fd${ENTER}user list${ENTER}`
    const shown = await type(pasted, /mfa|"users".*aws-cloudhsm > /s)
    assert.match(shown, /Enter password:\n.*user list/s)
    assert.doesNotMatch(shown, /secret/)
    const [login] = hsm.asked
    assert.equal((login?.request as { password: string } | undefined)?.password, 'secret-wörd')
    assert.doesNotMatch(await type(UP, /user list/), /secret/)
    await type(`${CTRL_C}${UP}${UP}`, /login/)
    await type(CTRL_C, /\^C.*aws-cloudhsm > /s)
    await type(CTRL_D, /\n$/)
    await exit
  })

  test('Ctrl-C cancels a line, a continued line and a prompt', async () => {
    const hsm = stubHsm({ 'user.list': USERS })
    const { type, exit } = terminal(hsm)
    await type(`quit${CTRL_C}`, /\^C.*aws-cloudhsm > $/s)
    await type(`quit \\${ENTER}`, /> $/)
    await type(`x "y${ENTER}`, /> $/)
    await type(CTRL_C, /\^C.*aws-cloudhsm > $/s)
    await type(`login --username ines --role admin${ENTER}`, /Enter password:$/)
    await type(`half${CTRL_C}`, /Cancelled.*aws-cloudhsm > $/s)
    assert.deepEqual(hsm.asked, [])
    await type(`user list${ENTER}`, /ines.*aws-cloudhsm > /s)
    await type(`quit${ENTER}`, /quit/)
    assert.equal(await exit, 0)
  })

  test('takes no password and no command from a terminal that does not send UTF-8', async () => {
    const hsm = stubHsm()
    const { type, exit } = terminal(hsm)
    const asks = ['cluster activate', 'login --username ines --role admin']
    for (const command of asks) {
      await type(`${command}${ENTER}`, /Enter password:$/)
      const shown = await type(`p\xe4ssw\xf6rd${ENTER}`, /aws-cloudhsm > $/, 'latin1')
      assert.match(shown, /"What was typed is not UTF-8 text; set the terminal to UTF-8"/)
    }
    const line = `key list --filter attr.label=\xe4${ENTER}`
    await type(line, /invalid UTF-8 was detected in the value of '--filter.*aws-cloudhsm > $/s, 'latin1')
    assert.deepEqual(hsm.asked, [])
    await type(CTRL_D, /\n$/)
    await exit
  })

  test('completes with tab, quoting what needs it', async () => {
    const keys = [{ 'key-reference': '0x01', attributes: { label: 'pay roll' } }]
    const { type, exit } = terminal(stubHsm({ 'user.list': USERS, 'key.list': { matched_keys: keys } }))
    await type(`${LOGIN}${ENTER}`, /"crypto-user".*aws-cloudhsm > /s)
    await type(`key uns${TAB}`, /unshare/)
    await type(`--us${TAB}`, /--username/)
    await type(`i${TAB}`, /ines/)
    await type(`--filter attr.lab${TAB}`, /attr\.label=/)
    await type(TAB, /pay\\ roll/)
    await type(`attr.label="pa${TAB}`, /"pay roll" /)
    await type(CTRL_C, /\^C/)
    await type(CTRL_D, /\n$/)
    await exit
  })

  test('tells of a lost connection, and that the login is gone', async () => {
    let lost = () => {}
    const hsm = stubHsm()
    const { type, exit } = terminal(hsm, {
      ids: () => ['one', 'two'],
      async connect(_id, onLost) {
        lost = onLost
        return { hsm, close: () => undefined }
      },
    })
    await type(`${LOGIN} --cluster-id one${ENTER}`, /"crypto-user".*aws-cloudhsm > /s)
    const shown = type('', /Log in again\..*aws-cloudhsm > /s)
    lost()
    assert.match(await shown, /The connection to one was lost, and the login with it\. Log in again\.\n/)
    await type(`key list --cluster-id one${ENTER}`, /Not logged in.*aws-cloudhsm > /s)
    await type(`quit${ENTER}`, /quit/)
    assert.equal(await exit, 0)
  })

  test('ends when the terminal goes away', async () => {
    const { type, exit, end } = terminal(stubHsm())
    await type('', PROMPT)
    end()
    assert.equal(await exit, 0)
  })
})
