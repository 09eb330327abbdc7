/** Bytes that are not UTF-8 are nobody's password, no label, and find nothing. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bytes, mechanism, template, ulong } from '../../support/p11-client.ts'
import { A, bench, C, M } from './fixture.ts'

const PIN_INCORRECT = 0xa0
const PIN_INVALID = 0xa1
const VALUE_INVALID = 0x13
/** Latin-1, a byte that is missing, half of a surrogate pair, an overlong form, and more than Unicode has. */
const SPOILT = [[0xe4], [0xf6], [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80]]
const WHOLE = 'ä'

const spoilt = (before: string, wrong: readonly number[], after: string) =>
  Buffer.concat([Buffer.from(before), Buffer.from(wrong), Buffer.from(after)])

suite('text through PKCS#11', () => {
  const shared = bench()

  test('a PIN that is not UTF-8 is wrong, whatever it would be read as, and the log says why', async () => {
    const { world, log } = shared
    await world.as('carol', 'user.change-password', {
      username: 'carol',
      role: 'crypto-user',
      password: `p${WHOLE}ssw0rd1`,
    })
    const program = await shared.program()
    const s = ulong(await program.open())
    for (const wrong of SPOILT) {
      log.length = 0
      const pin = bytes(spoilt('carol:p', wrong, 'ssw0rd1'))
      assert.equal(await program.refusal(C.Login, s, ulong(1), pin), PIN_INCORRECT)
      const [line] = log
      assert.deepEqual([line?.fields['call'], line?.fields['reason']], ['C_Login', 'The PIN is not UTF-8'])
      const password = bytes(spoilt('p', wrong, 'ssw0rd1'))
      assert.equal(await program.refusal(C.LoginUser, s, ulong(1), password, bytes('carol')), PIN_INCORRECT)
      const name = bytes(spoilt('car', wrong, ''))
      assert.equal(await program.refusal(C.LoginUser, s, ulong(1), bytes('whatever1'), name), PIN_INCORRECT)
    }
    log.length = 0
    assert.equal(await program.refusal(C.Login, s, ulong(1), bytes('carol')), PIN_INCORRECT)
    assert.equal(log[0]?.fields['reason'], 'The PIN has no colon: it must be user:password')
    // None of them was a try: six would have locked her out.
    assert.equal(await program.refusal(C.Login, s, ulong(1), bytes(`carol:p${WHOLE}ssw0rd1`)), 0)
    for (const wrong of SPOILT) {
      const next = bytes(spoilt('p', wrong, 'ssw0rd2'))
      assert.equal(await program.refusal(C.SetPIN, s, bytes(`carol:p${WHOLE}ssw0rd1`), next), PIN_INVALID)
      const old = bytes(spoilt('carol:p', wrong, 'ssw0rd1'))
      assert.equal(await program.refusal(C.SetPIN, s, old, bytes('pässw0rd2')), PIN_INCORRECT)
    }
    assert.equal(await program.refusal(C.SetPIN, s, bytes(`carol:p${WHOLE}ssw0rd1`), bytes('pässw0rd2')), 0)
    await world.login('carol', 'crypto-user', 'pässw0rd2')
  })

  test('a label that is not UTF-8 is not stored, and finds nothing', async () => {
    const program = await shared.program()
    const session = await program.login()
    const s = ulong(session)
    const make = (label: Uint8Array | string) => [
      s,
      mechanism(M.AES_GEN),
      template([A.VALUE_LEN, 16], [A.LABEL, label]),
    ]
    const made = await program.call(C.GenerateKey, ...make(`bad${WHOLE}`))
    const [handle = 0] = made.numbers
    assert.deepEqual(await program.find(session, template([A.LABEL, `bad${WHOLE}`])), [handle])
    for (const wrong of SPOILT) {
      const label = spoilt('bad', wrong, '')
      assert.equal(await program.refusal(C.GenerateKey, ...make(label)), VALUE_INVALID)
      const renamed = [s, ulong(handle), template([A.LABEL, label])]
      assert.equal(await program.refusal(C.SetAttributeValue, ...renamed), VALUE_INVALID)
      assert.equal(await program.refusal(C.CopyObject, ...renamed), VALUE_INVALID)
      assert.deepEqual(await program.find(session, template([A.LABEL, label])), [])
      assert.deepEqual(await program.find(session, template([A.LABEL, label], [A.ENCRYPT, true])), [])
    }
    // A mark of the byte order is not taken off: with it, it is another label.
    const umlaut = await program.call(C.GenerateKey, ...make('grün'))
    assert.deepEqual(await program.find(session, template([A.LABEL, 'grün'])), umlaut.numbers)
    assert.deepEqual(await program.find(session, template([A.LABEL, '\ufeffgrün'])), [])
  })
})
