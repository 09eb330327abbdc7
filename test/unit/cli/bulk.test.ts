import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { testShell } from '../../support/cli.ts'
import { stubHsm } from '../../support/stub-hsm.ts'

const KEYS = Array.from({ length: LIMITS.keysAtOnce * 2 + 3 }, (_, at) => ({
  'key-reference': `0x${at.toString(16).padStart(16, '0')}`,
  attributes: { label: 'x' },
}))
const DELETE = 'key delete --all-matching --label-glob * --filter attr.class=secret-key'

/** A deletion of all keys by an HSM that does so up to the batch in which it fails. */
async function deleteAll(failing: number, error: HsmError) {
  let batch = 0
  const hsm = stubHsm({
    'key.list': { matched_keys: KEYS, total_key_count: KEYS.length, returned_key_count: KEYS.length },
    'key.delete-many': () => {
      if (batch === failing) throw error
      const at = batch++ * LIMITS.keysAtOnce
      const keys = KEYS.slice(at, at + LIMITS.keysAtOnce)
      return { outcomes: keys.map((key) => ({ 'key-reference': key['key-reference'], outcome: 'done' })) }
    },
  })
  const shell = testShell(hsm)
  await shell.run('login --username ines --role crypto-user --password password')
  const { text, exit } = await shell.run(DELETE)
  const { error_code, data } = JSON.parse(text)
  return {
    error_code,
    data,
    exit,
    asked: hsm.asked.slice(2).map(({ request }) => request as { keys: string[] }),
  }
}

suite('--all-matching', () => {
  test('asks for as many keys at once as may be, with the criteria they were found by', async () => {
    const { asked, data, error_code, exit } = await deleteAll(9, new HsmError('busy'))
    assert.deepEqual(
      asked.map(({ keys }) => keys.length),
      [LIMITS.keysAtOnce, LIMITS.keysAtOnce, 3],
    )
    assert.deepEqual(
      asked.flatMap(({ keys }) => keys),
      KEYS.map((key) => key['key-reference']),
    )
    assert.deepEqual(asked[1], {
      ...asked[1],
      filter: ['attr.class=secret-key'],
      'label-glob': '*',
      'dry-run': false,
    })
    assert.deepEqual([error_code, exit, data.changed_key_count], [0, 0, KEYS.length])
  })

  const failures = [
    ['unavailable', 'unconfirmed'],
    ['unconfirmed', 'unconfirmed'],
    ['store-failure', 'failed'],
    ['not-logged-in', 'failed'],
  ] as const
  for (const [code, outcome] of failures) {
    test(`${code} half way: what was done, what nobody knows or failed, and what was not tried`, async () => {
      const error = new HsmError(code)
      const { data, error_code, exit } = await deleteAll(1, error)
      const [done, failed, left] = [0, LIMITS.keysAtOnce, LIMITS.keysAtOnce * 2].map(
        (at) => data.matched_keys[at],
      )
      assert.equal(done.outcome, 'deleted')
      assert.deepEqual([failed.outcome, failed.reason], [outcome, error.message])
      assert.deepEqual([left.outcome, left.reason], ['not-tried', undefined])
      assert.deepEqual(
        [error_code, exit, data.changed_key_count, data.failed_key_count],
        [1, 1, LIMITS.keysAtOnce, LIMITS.keysAtOnce + 3],
      )
      assert.equal(data.message, `64 of 131 keys deleted, 67 failed`)
    })
  }

  test('a failure before anything was done is told like any other', async () => {
    const { data, error_code } = await deleteAll(0, new HsmError('busy'))
    assert.deepEqual([error_code, data], [1, 'The HSM is busy, try again'])
  })

  test('everything there is cannot be meant by saying nothing', async () => {
    const hsm = stubHsm()
    const shell = testShell(hsm)
    await shell.run('login --username ines --role crypto-user --password password')
    const { text, exit } = await shell.run('key delete --all-matching')
    assert.match(text, /"--all-matching needs at least one of/)
    assert.equal(exit, 1)
    for (const more of ['', ' --label-glob *']) {
      const { text, exit } = await shell.run(`key delete --all-matching --filter${more}`)
      assert.match(text, /^error: a value is required for '--filter/)
      assert.equal(exit, 2)
    }
    assert.equal(hsm.asked.length, 1)
  })
})
