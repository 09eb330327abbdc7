import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { stubHsm } from '../../support/stub-hsm.ts'
import { KEYS, PROMPT, terminal } from '../../support/terminal.ts'

const USERS = { users: [{ username: 'ines', role: 'crypto-user' }] }
const { enter: ENTER, tab: TAB, up: UP, ctrlC: CTRL_C, ctrlD: CTRL_D, ctrlG: CTRL_G, ctrlR: CTRL_R } = KEYS
const LOGIN = `login --username ines --role crypto-user --password password${ENTER}`

/** An answer that does not come, and when it was asked for. */
function silence() {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const reply = () => {
    resolve()
    return new Promise<never>(() => undefined)
  }
  return { reply, asked }
}

suite('Ctrl-C while a command runs', () => {
  test('gives the line back and says what is not known', async () => {
    let silent = silence()
    const reply = () => silent.reply()
    const hsm = stubHsm({ 'user.list': USERS, 'key.list': reply, 'key.delete': reply })
    const { type, exit } = terminal(hsm)
    await type(LOGIN, /"crypto-user".*aws-cloudhsm > $/s)
    const commands: readonly [string, string][] = [
      ['key list', 'Interrupted'],
      ['key list --all', 'Interrupted'],
      ['key delete --filter key-reference=1', 'Interrupted; the operation may have been carried out or not'],
    ]
    for (const [command, data] of commands) {
      silent = silence()
      await type(`${command}${ENTER}`, /\n$/)
      await silent.asked
      const shown = await type(`typed ahead${ENTER}${CTRL_C}`, /aws-cloudhsm > $/)
      assert.match(shown, /^\^C\n\{/)
      assert.match(shown, new RegExp(`"data": "${data}"`))
    }
    const asked = hsm.asked.map(({ operation }) => operation)
    assert.deepEqual(asked, ['session.login', 'key.list', 'key.list', 'key.delete'])
    assert.match(await type(`user list${ENTER}`, /aws-cloudhsm > $/), /"users"/)
    await type(CTRL_D, /\n$/)
    assert.equal(await exit, 0)
  })

  test('logs nobody in by a login that is given up', async () => {
    const { promise: reply, resolve } = Promise.withResolvers<object>()
    const { promise: asking, resolve: ask } = Promise.withResolvers<void>()
    const login = () => {
      ask()
      return reply
    }
    const hsm = stubHsm({ 'session.login': login, 'key.list': { matched_keys: [] } })
    const { type, exit } = terminal(hsm)
    await type(LOGIN, /\n$/)
    await asking
    await type(CTRL_C, /"Interrupted.*aws-cloudhsm > $/s)
    resolve({ token: 'late', username: 'ines', role: 'crypto-user' })
    assert.match(await type(`key list${ENTER}`, /aws-cloudhsm > $/), /Not logged in/)
    const asked = hsm.asked.map(({ operation, session }) => `${operation} ${session}`)
    assert.deepEqual(asked, ['session.login undefined', 'session.logout late'])
    await type(CTRL_D, /\n$/)
    await exit
  })

  test('tells of many keys what became of each', async () => {
    const keys = [1, 2].map((at) => ({ 'key-reference': `0x${at}`, attributes: { label: '' } }))
    const { reply, asked } = silence()
    const hsm = stubHsm({ 'key.list': { matched_keys: keys, total_key_count: 2 }, 'key.delete-many': reply })
    const { type, exit } = terminal(hsm)
    await type(LOGIN, /"crypto-user".*aws-cloudhsm > $/s)
    await type(`key delete --all-matching --label-glob *${ENTER}`, /\n$/)
    await asked
    const shown = await type(CTRL_C, /aws-cloudhsm > $/)
    assert.match(shown, /"Interrupted; the operation may have been carried out or not"/)
    await type(CTRL_D, /\n$/)
    await exit
  })
})

suite('Tab', () => {
  test('pressed twice fast completes once, and what is typed meanwhile comes after it', async () => {
    const { promise: reply, resolve } = Promise.withResolvers<object>()
    const { promise: asking, resolve: ask } = Promise.withResolvers<void>()
    const users = () => {
      ask()
      return reply
    }
    const hsm = stubHsm({ 'user.list': users })
    const { type, exit } = terminal(hsm)
    await type('', PROMPT)
    await type(`user del${TAB}${TAB}`, /user delete $/)
    await type(`--username i${TAB}`, /--username i$/)
    await asking
    for (const key of [TAB, TAB, '--clu']) await type(key, /^/)
    resolve(USERS)
    assert.match(await type('', /--clu$/), /^nes --clu$/)
    assert.equal(hsm.asked.length, 1)
    await type(CTRL_C, /\^C/)
    await type(CTRL_D, /\n$/)
    await exit
  })

  test('pressed twice, however fast, lists what there is to choose from', async () => {
    const { type, exit } = terminal(stubHsm({}))
    await type('', PROMPT)
    await type(`key share --role ${TAB}${TAB}`, /crypto-user +admin.*key share --role $/s)
    await type(CTRL_C, /\^C/)
    await type(CTRL_D, /\n$/)
    await exit
  })

  test('waits for no answer that does not come', async () => {
    const { reply, asked } = silence()
    const { type, exit } = terminal(stubHsm({ 'user.list': reply }))
    await type(`user delete --username i${TAB}`, /--username i$/)
    await asked
    await type(CTRL_C, /^/)
    await type('x', /x$/)
    await type(CTRL_C, /\^C.*aws-cloudhsm > $/s)
    await type(CTRL_D, /\n$/)
    await exit
  })
})

suite('the history', () => {
  /** Of earlier shells, and what this one adds. */
  const recorded = (...lines: string[]) => {
    const kept: string[] = []
    return { history: { lines, keep: (line: string) => kept.push(line), close: () => undefined }, kept }
  }

  test('has the lines of earlier shells, and is searched with Ctrl-R', async () => {
    const { history } = recorded('key list --count', 'user list', 'key list')
    const { type, exit } = terminal(stubHsm({ 'user.list': USERS }), undefined, history)
    await type(UP, /key list --count$/)
    await type(`${CTRL_C}`, /\^C.*aws-cloudhsm > $/s)
    await type(`${CTRL_R}list`, /\(reverse-i-search\)`list': key list --count$/)
    await type(CTRL_R, /`list': user list$/)
    await type(CTRL_R, /`list': key list$/)
    await type(CTRL_R, /\(failed reverse-i-search\)`list': $/)
    await type('\u007f\u007f\u007f\u007f', /`': $/)
    await type('user', /`user': user list$/)
    assert.match(await type(ENTER, /"users".*aws-cloudhsm > $/s), /aws-cloudhsm > user list\r?\n/)
    await type(`half${CTRL_R}count${CTRL_G}`, /aws-cloudhsm > half$/)
    await type(`${CTRL_C}${CTRL_R}count\u001b[D`, /aws-cloudhsm > key list --count$/)
    await type(CTRL_C, /\^C.*aws-cloudhsm > $/s)
    await type(CTRL_D, /\n$/)
    await exit
  })

  test('keeps commands for later shells, and nothing that may be a password', async () => {
    const { history, kept } = recorded()
    const { type, exit } = terminal(stubHsm({ 'user.list': USERS }), undefined, history)
    const lines = [
      'user list',
      LOGIN.trim(),
      'login --username ines --role admin',
      'crypto mac generate hmac --key-filter key-reference=1 --hash-function sha256 --data c2VjcmV0',
      'hunter2 at the wrong prompt',
      'key list --passwrd hunter2',
      'user delete --username ines --role admin',
    ]
    for (const line of lines) await type(`${line}${ENTER}`, /\n.*aws-cloudhsm > $/s)
    await type(
      `login --username ines --role admin --password \\${ENTER}other${ENTER}`,
      /\n.*aws-cloudhsm > $/s,
    )
    await type(CTRL_D, /\n$/)
    await exit
    assert.deepEqual(kept, [lines[0], lines[2], lines[6]])
  })
})
