import assert from 'node:assert/strict'
import { mkdirSync, openSync, readFileSync, renameSync } from 'node:fs'
import { createServer } from 'node:net'
import { suite, test } from 'node:test'
import { isThere } from '../../../src/base/directories.ts'
import { isSystemError, reasonOf, sentenceOf } from '../../../src/base/reasons.ts'

function thrownBy(body: () => void): NodeJS.ErrnoException {
  try {
    body()
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' })
}

suite('reasons of the operating system', () => {
  test('a sentence has what was tried, with what, and why not', () => {
    const rows = [
      [() => openSync('/no/such', 'r'), 'Cannot open /no/such: no such file or directory'],
      [() => openSync('/tmp', 'w'), 'Cannot open /tmp: it is a directory'],
      [() => void isThere(`/${'n'.repeat(300)}`), `Cannot look at /${'n'.repeat(300)}: the path is too long`],
      [() => readFileSync('/tmp'), 'Cannot read a file: it is a directory'],
      [
        () => mkdirSync('/dev/null/x'),
        'Cannot make the directory /dev/null/x: a part of the path is not a directory',
      ],
      [() => renameSync('/no/such', '/no/other'), 'Cannot replace /no/other: no such file or directory'],
    ] as const
    for (const [body, sentence] of rows) assert.equal(sentenceOf(thrownBy(body)), sentence)
  })

  test('an address in use is named', async () => {
    const first = createServer()
    await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve))
    const address = first.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const second = createServer()
    const { promise, resolve } = Promise.withResolvers<Error>()
    second.once('error', resolve).listen(port, '127.0.0.1')
    const error = await promise
    first.close()
    assert.ok(isSystemError(error))
    assert.equal(sentenceOf(error), `Cannot listen on 127.0.0.1:${port}: another program is using it`)
  })

  test('what has no words keeps its code, and what has no code its text', () => {
    assert.equal(reasonOf(Object.assign(new Error('x'), { code: 'ENOSUCHCODE' })), 'ENOSUCHCODE')
    assert.equal(reasonOf(new Error('odd')), 'Error: odd')
    assert.equal(isSystemError(new Error('odd')), false)
  })
})
