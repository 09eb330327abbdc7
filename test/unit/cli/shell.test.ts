import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { resumableHsm, stubHsm } from '../../support/stub-hsm.ts'
import { KEYS, PROMPT, terminal } from '../../support/terminal.ts'

const LOGIN = 'login --username ines --role crypto-user --password password'
const USERS = { users: [{ username: 'ines', role: 'crypto-user' }] }
const { enter: ENTER, tab: TAB, up: UP, ctrlC: CTRL_C, ctrlD: CTRL_D } = KEYS

suite('a terminal', () => {
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

  test('asks nothing when somebody is logged in, and takes no pasted password for a command', async () => {
    const hsm = stubHsm({ 'user.list': USERS })
    const { type, exit } = terminal(hsm)
    await type(`${LOGIN}${ENTER}`, /"crypto-user".*aws-cloudhsm > /s)
    const pasted = `login --username eve --role admin${ENTER}user create x${ENTER}user list${ENTER}`
    const shown = await type(pasted, /"users".*aws-cloudhsm > $/s)
    assert.match(shown, /already logged in/i)
    assert.doesNotMatch(shown, /Enter password|create/)
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

  test('tells of a lost connection that the login survives, and goes on with it', async () => {
    let lost = () => {}
    const hsm = resumableHsm({ 'key.list': { total_key_count: 0, matched_keys: [] } })
    const { type, exit } = terminal(hsm, {
      ids: () => [''],
      async connect(_id, onLost) {
        lost = onLost
        return { hsm, close: () => undefined }
      },
    })
    await type(`${LOGIN}${ENTER}`, /"crypto-user".*aws-cloudhsm > /s)
    const shown = type('', /gone\..*aws-cloudhsm > /s)
    lost()
    assert.match(
      await shown,
      /The connection to the cluster was lost\. The login goes on; its session keys are gone\.\n/,
    )
    await type(`key list${ENTER}`, /"total_key_count": 0.*aws-cloudhsm > /s)
    assert.deepEqual(
      hsm.asked.map(({ operation, session }) => [operation, session]),
      [
        ['session.login', undefined],
        ['session.resume', undefined],
        ['key.list', 'another'],
      ],
    )
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
