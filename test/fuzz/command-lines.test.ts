/** Whatever is typed into the shell, it answers: with words, a reply or a usage error, and never with a crash. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { complete } from '../../src/cli/complete.ts'
import { parse } from '../../src/cli/parse.ts'
import { splitWords } from '../../src/cli/shell/split-line.ts'
import { SHELL_TREE } from '../../src/cli/tree.ts'
import { parseFilter } from '../../src/contract/filter-terms.ts'

const NUM_RUNS = Number(process.env['FUZZ_RUNS'] ?? 500)

/** Text that looks like a command more often than chance would have it. */
const VOCABULARY = [
  ...[
    'key',
    'list',
    'unshare',
    'user',
    'crypto',
    'sign',
    'ecdsa',
    'help',
    'login',
    'generate-symmetric',
    'aes',
  ],
  ...['--filter', '--filter=', '--username', '--role', 'admin', '--max-items', '-v', '-h', '--help', '--'],
  ...['attr.label=', 'attr.sign=true', 'attr.id=0x', 'key-reference=0x1', 'attr.__proto__=1', '__proto__'],
  ...['constructor', '"', "'", '\\', ' ', '\n', '\0', '=', '\u{d800}', '\u001b[2J', '0', '-1', '1e999'],
]
const word = fc.oneof(fc.constantFrom(...VOCABULARY), fc.string({ unit: 'binary' }), fc.string())
const line = fc.array(word, { maxLength: 20 }).map((parts) => parts.join(' '))
const glued = fc.array(word, { maxLength: 20 }).map((parts) => parts.join(''))

suite('fuzz', () => {
  test('shell words', () => {
    fc.assert(
      fc.property(fc.oneof(line, glued), (text) => {
        const { words, last, open } = splitWords(text)
        assert.ok(text.endsWith(last.raw))
        assert.equal(last.raw === '' ? '' : words.at(-1), last.text)
        assert.ok(words.join('').length <= text.length)
        if (open === undefined) assert.deepEqual(splitWords(`${text} end`).words, [...words, 'end'])
      }),
      { numRuns: NUM_RUNS },
    )
  })

  test('command lines, and what completes them', async () => {
    const known = { usernames: async () => ['ines'], labels: async () => ['a b'] }
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 12 }), word, async (words, partial) => {
        const parsed = await parse(SHELL_TREE, words)
        if (parsed.kind === 'problem') assert.doesNotMatch(parsed.message, /(?!\n)\p{Cc}/u)
        for (const candidate of await complete(SHELL_TREE, words, partial, known)) {
          assert.ok(candidate.startsWith(partial))
        }
      }),
      { numRuns: NUM_RUNS },
    )
  })

  test('filters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(word), async (words) => {
        const parsed = await parse(SHELL_TREE, ['key', 'list', '--filter', ...words])
        if (parsed.kind !== 'command') return
        try {
          parseFilter((parsed.args['filter'] ?? []) as string[])
        } catch (error) {
          assert.match(String(error), /^HsmError: Invalid filter: \P{Cc}{1,280}$/u)
        }
      }),
      { numRuns: NUM_RUNS },
    )
  })

  test('sizes nobody expects', async () => {
    const many = await parse(SHELL_TREE, [
      'key',
      'list',
      ...Array.from({ length: 20_000 }, () => '--filter=a=1'),
    ])
    assert.ok(many.kind === 'command' && (many.args['filter'] as string[]).length === 20_000)
    const megabyte = 'x'.repeat(1024 * 1024)
    for (const text of [
      megabyte,
      `"${megabyte}`,
      '\\x'.repeat(500_000),
      `"${'\\"'.repeat(500_000)}`,
      '"a"'.repeat(300_000),
    ]) {
      assert.equal(splitWords(text).words.length, 1)
    }
    const refused = await parse(SHELL_TREE, ['key', megabyte])
    assert.ok(refused.kind === 'problem' && refused.message.length < 200)
  })
})
