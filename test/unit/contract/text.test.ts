import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { shown, unfitCharacter, visible } from '../../../src/contract/shown.ts'
import { fromUtf8, isWhole } from '../../../src/contract/text.ts'

const HIDDEN = [
  '\u0000',
  '\u001b',
  '\u009b',
  '\u202e',
  '\u2066',
  '\u2028',
  '\u200f',
  '\u{e0041}',
  '\ud800',
  '\u3164',
]
const ORDINARY = ['pay day', 'naïve', 'Ключ', '鍵', 'é', '❤\ufe0f', '\u{1f511}', '𝔘', '"\\', '\ufffd']

suite('text on its way to a terminal', () => {
  test('has no hidden character, and is the same when there is none', () => {
    for (const text of ORDINARY) assert.deepEqual([shown(text), visible(text)], [text, text])
    for (const hidden of HIDDEN) {
      assert.equal(shown(`a${hidden}b`), 'a\ufffdb')
      assert.match(visible(`a${hidden}b`), /^a(\\u[0-9a-f]{4}){1,2}b$/)
      assert.match(unfitCharacter(`a${hidden}b`) ?? '', /^U\+[0-9A-F]{4,5}$/)
    }
    assert.equal(visible('a\u202e\nb'), 'a\\u202e\nb')
  })

  test('is JSON of the same value, whatever that is', () => {
    let escaped = 0
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HIDDEN))), (value) => {
        const json = visible(JSON.stringify(value, null, 2))
        assert.deepEqual(JSON.parse(json), value)
        assert.doesNotMatch(json.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
        if (json !== JSON.stringify(value, null, 2)) escaped += 1
      }),
    )
    assert.ok(escaped > 0)
  })
})

test('bytes are text if and only if they are UTF-8, and only that is whole', () => {
  const met = { text: 0, none: 0 }
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.string().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const text = fromUtf8(bytes)
        const lossy = Buffer.from(bytes).toString()
        const isUtf8 = Buffer.from(lossy).equals(Buffer.from(bytes))
        met[isUtf8 ? 'text' : 'none'] += 1
        assert.equal(text, isUtf8 ? lossy : undefined)
        if (!isUtf8) assert.equal(isWhole(lossy), false)
      },
    ),
  )
  assert.ok(met.text > 0 && met.none > 0)
})
