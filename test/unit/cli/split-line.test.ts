import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { quoted, splitWords } from '../../../src/cli/shell/split-line.ts'

const words = (line: string) => splitWords(line).words

suite('shell words', () => {
  const cases: readonly [string, readonly string[]][] = [
    ['', []],
    ['   \t ', []],
    ['key  list', ['key', 'list']],
    ['attr.label="two words"', ['attr.label=two words']],
    [`'a "b" \\'c`, ['a "b" \\c']],
    ['"a \\"b\\" \\\\ \\n $x"', ['a "b" \\ \\n $x']],
    ['a\\ b \\"', ['a b', '"']],
    [`"" ''`, ['', '']],
    [`a""'b'c`, ['abc']],
    ['key \\\n  list', ['key', 'list']],
    ['ke\\\ny', ['key']],
    ['"a\\\nb"', ['ab']],
    ['"a\nb"', ['a\nb']],
    ['a # b', ['a', '#', 'b']],
    ['$HOME * ~ `x` $(y)', ['$HOME', '*', '~', '`x`', '$(y)']],
    ['žluťoučký 🔑', ['žluťoučký', '🔑']],
  ]
  for (const [line, expected] of cases) {
    test(JSON.stringify(line), () => assert.deepEqual(words(line), expected))
  }

  test('say why a line goes on', () => {
    assert.equal(splitWords('a').open, undefined)
    assert.equal(splitWords('a\\').open, 'backslash')
    assert.equal(splitWords('a\\\\').open, undefined)
    assert.equal(splitWords('"a').open, 'quote')
    assert.equal(splitWords('"a\\').open, 'quote')
    assert.equal(splitWords("'a\\").open, 'quote')
    assert.equal(splitWords("'a'").open, undefined)
  })

  test('know the word being typed', () => {
    assert.deepEqual(splitWords('key li').last, { text: 'li', raw: 'li', quote: 'none' })
    assert.deepEqual(splitWords('key ').last, { text: '', raw: '', quote: 'none' })
    assert.deepEqual(splitWords('x attr.label="a \\"b').last, {
      text: 'attr.label=a "b',
      raw: 'attr.label="a \\"b',
      quote: 'double',
    })
    assert.deepEqual(splitWords("'a b").last, { text: 'a b', raw: "'a b", quote: 'single' })
    assert.deepEqual(splitWords('\\\nab').last, { text: 'ab', raw: 'ab', quote: 'none' })
  })

  test('read back whatever is quoted, in each kind of quotes', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\n'))
    fc.assert(
      fc.property(fc.array(text), (values) => {
        assert.deepEqual(words(values.map((value) => `"${quoted(value, 'double')}"`).join(' ')), values)
        assert.deepEqual(words(values.map((value) => `'${quoted(value, 'single')}'`).join(' ')), values)
        const bare = values.filter((value) => value !== '')
        assert.deepEqual(words(bare.map((value) => quoted(value, 'none')).join(' ')), bare)
      }),
    )
  })
})
