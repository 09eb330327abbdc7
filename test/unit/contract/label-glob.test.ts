import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { checkRequest } from '../../../src/contract/check.ts'
import { globMatcher } from '../../../src/contract/label-glob.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { fails } from '../../support/errors.ts'

suite('label globs', () => {
  const cases: readonly [string, string, boolean][] = [
    ['payroll-*', 'payroll-2026', true],
    ['payroll-*', 'payroll-', true],
    ['payroll-*', 'my payroll-2026', false],
    ['payroll-?', 'payroll-', false],
    ['?', '\u{1f511}', true],
    ['??', '\u{1f511}', false],
    ['*\u{1f511}?', '\u{1f511}\u{1f511}x', true],
    ['', '', true],
    ['', 'x', false],
    ['*', '', true],
    ['*b*d', 'abcdbd', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['\\?\\\\', '?\\', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
  ]
  for (const [pattern, label, expected] of cases) {
    test(`${JSON.stringify(pattern)} on ${JSON.stringify(label)}`, () => {
      assert.equal(globMatcher(pattern)(label), expected)
    })
  }

  test('match as a search through all ways does', () => {
    const text = (characters: string) =>
      fc.array(fc.constantFrom(...characters), { maxLength: 7 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text('ab*?'), text('ab'), (pattern, label) => {
        assert.equal(globMatcher(pattern)(label), search([...pattern], [...label]))
      }),
      { numRuns: 500 },
    )
  })

  test('patterns of any length match as a table of all beginnings says', () => {
    const long = (characters: string, maxLength: number) =>
      fc
        .array(fc.constantFrom(...characters), { minLength: 25, maxLength, size: 'max' })
        .map((parts) => parts.join(''))
    const label = long('aaaab\u{1f511}', LIMITS.labelLength)
    const cut = fc.record({ at: fc.nat(), to: fc.constantFrom('*', '?', '**', '*?', '', 'c') })
    let fitted = 0
    fc.assert(
      fc.property(
        label,
        fc.array(cut, { maxLength: 12 }),
        long('ab*?', LIMITS.labelGlobLength),
        (text, cuts, any) => {
          const pattern = [...text]
          for (const { at, to } of cuts) pattern[at % pattern.length] = to
          for (const glob of [pattern.join(''), any]) {
            const expected = tabled([...glob], [...text])
            assert.equal(globMatcher(glob)(text), expected)
            if (expected) fitted += 1
          }
        },
      ),
      { numRuns: 500 },
    )
    assert.ok(fitted > 50)
  })

  test('escaped text matches itself and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (label, other) => {
        const fits = globMatcher(label.replace(/[*?\\]/g, '\\$&'))
        assert.ok(fits(label))
        assert.equal(fits(other), label === other)
      }),
    )
  })

  test('a pattern that ends in the middle or is too long is refused', () => {
    const ask = (glob: string) => () => checkRequest('key.list', { filter: [], 'label-glob': glob }, [])
    assert.throws(ask('a\\'), fails('invalid-request', /^label-glob must not end with a backslash/))
    assert.throws(
      ask('*'.repeat(LIMITS.labelGlobLength + 1)),
      fails('invalid-request', /^label-glob must be/),
    )
    ask('a\\\\')()
  })
})

function search([token, ...tokens]: string[], label: string[]): boolean {
  if (token === undefined) return label.length === 0
  if (token === '*') return anyTail(tokens, label)
  return label.length > 0 && (token === '?' || token === label[0]) && search(tokens, label.slice(1))
}

const anyTail = (tokens: string[], label: string[]): boolean =>
  [...label, ''].some((_, at) => search(tokens, label.slice(at)))

/** Which beginnings of the label fit the tokens so far, token by token. */
function tabled(tokens: readonly string[], label: readonly string[]): boolean {
  let fits = [true, ...label.map(() => false)]
  for (const token of tokens) {
    const before = fits
    if (token === '*') fits = before.map((_, end) => before.slice(0, end + 1).some(Boolean))
    else
      fits = [
        false,
        ...label.map((character, at) => before[at] === true && (token === '?' || token === character)),
      ]
  }
  return fits.at(-1) === true
}
