/** Request bodies are JSON objects of a bounded shape, and what a string holds is no part of the shape. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeObject } from '../../../src/server/json.ts'

const decode = (text: string) => decodeObject(Buffer.from(text))
const DEEP = '['.repeat(33)

test('brackets, commas, quotes and backslashes in strings do not count, wherever these are', () => {
  for (const text of ['', '\\', '"', '\\"', '"\\', 'a"', 'a\\']) {
    for (const value of [text, text + DEEP, `${DEEP}${text}`, `${text}${','.repeat(20_000)}`]) {
      assert.deepEqual(decode(JSON.stringify({ value, [value]: [value] })), { value, [value]: [value] })
    }
  }
})

test('what is nested too deep is refused, also behind strings that end with a backslash', () => {
  for (const text of ['', '\\', '\\\\', '"', 'a\\"']) {
    const body = `{"text":${JSON.stringify(text)},"deep":${DEEP}${']'.repeat(33)}}`
    assert.throws(() => decode(body), /nested more than 32 levels deep/)
  }
})

test('a string without an end is refused', () => {
  for (const body of ['{"', '{"a', '{"a\\', '{"a\\"', '{"a":"\\"}'])
    assert.throws(() => decode(body), /is not JSON/)
})
