import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { pagesOf } from '../../../src/administration/audit/following.ts'
import { ERRORS, type ErrorCode, HsmError } from '../../../src/contract/errors.ts'

const PAGE = { entries: [], read: 1 }

/** The pages of an HSM that answers with these, and how often it was asked. */
function following(answers: readonly (ErrorCode | 'page')[]) {
  const page = mock.fn(async () => {
    const answer = answers[page.mock.callCount()] ?? 'page'
    if (answer === 'page') return PAGE
    throw new HsmError(answer)
  })
  const told: string[] = []
  const next = pagesOf({ hsm: 'hsm-b', name: 'key-use' }, { page }, async (text) => void told.push(text))
  return { next, told, asked: () => page.mock.callCount() }
}

test('an HSM that is away has no pages, and has them again when it is back', async () => {
  const { next, told } = following(['page', 'unavailable', 'not-serving', 'busy', 'not-logged-in', 'page'])
  const read: number[] = []
  for (let turn = 0; turn < 6; turn++) read.push((await next()).read)
  assert.deepEqual(read, [1, 0, 0, 0, 0, 1])
  assert.deepEqual(told, [
    'strongroom: the key-use journal of hsm-b cannot be read now: The HSM cannot be reached\n',
    'strongroom: the key-use journal of hsm-b is read again\n',
  ])
})

test('an HSM is asked again if and only if that may help: no password is tried twice', async () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    if (code === 'store-damaged') continue
    const { next, asked, told } = following(['unavailable', code])
    await next()
    await next()
    await next()
    const isPassing = ['unavailable', 'not-serving', 'not-logged-in', 'busy'].includes(code)
    assert.equal(asked(), isPassing ? 3 : 2, code)
    assert.match(told[1] ?? '', isPassing ? /is read again\n$/ : /is not followed any more: /, code)
  }
})

test('a journal that is damaged ends it', async () => {
  await assert.rejects(following(['store-damaged']).next, { code: 'store-damaged' })
})
