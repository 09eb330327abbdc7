import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { normalBytes, parseNewAttributes } from '../../../src/contract/attributes.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { parseFilter, parseReference } from '../../../src/contract/filter-terms.ts'
import { similar } from '../../../src/contract/similar.ts'

suite('filter terms', () => {
  const good: readonly [string, string, unknown][] = [
    ['key-reference=0xabc', 'key-reference', '0x0000000000000abc'],
    ['key-reference=0xABC', 'key-reference', '0x0000000000000abc'],
    ['key-reference=2748', 'key-reference', '0x0000000000000abc'],
    ['attr.label=a=b', 'label', 'a=b'],
    ['attr.label=', 'label', ''],
    ['attr.id=', 'id', '0x'],
    ['attr.id=0x2F01', 'id', '0x2f01'],
    ['attr.sign=TRUE', 'sign', true],
    ['attr.key-length-bytes=32', 'key-length-bytes', 32],
    ['attr.curve=prime256v1', 'curve', 'secp256r1'],
    ['attr.class=private-key', 'class', 'private-key'],
  ]
  for (const [word, name, value] of good) {
    test(word, () => assert.deepEqual(parseFilter([word]), [{ name, value }]))
  }
  const bad = [
    '',
    '=',
    'attr.',
    'attr.=x',
    'label=x',
    'attr.label',
    'attr.nope=1',
    'attr.id=2f',
    'attr.id=0x2',
    'attr.sign=1',
    'attr.curve=toString',
    'attr.key-length-bytes=-1',
    'attr.wrap-template=sign=true',
    'key-reference=',
    'key-reference=0x',
    'key-reference=-1',
    'KEY-REFERENCE=1',
  ]
  for (const word of bad) {
    test(`not ${JSON.stringify(word)}`, () => {
      assert.throws(() => parseFilter(['attr.label=x', word]), {
        code: 'invalid-filter',
        message:
          word === '' ? /^Invalid filter: a term is empty$/ : new RegExp(`^Invalid filter: ${word}: .+`),
      })
    })
  }
})

test('a mistake is named with what is allowed, and what may have been meant', () => {
  const mistakes: readonly [string, string][] = [
    ['attr.lable=x', 'there is no attribute lable; did you mean attr.label?'],
    ['attr.LABEL=x', 'there is no attribute LABEL; did you mean attr.label?'],
    ['attr.zzz=x', 'there is no attribute zzz'],
    ['label=x', 'names of attributes begin with attr.; did you mean attr.label?'],
    ['att.label=x', 'no term has such a name; did you mean attr.label?'],
    ['key-refrence=0x1', 'no term has such a name; did you mean key-reference?'],
    ['reference', 'it has no =; terms are key-reference=0xabc or attr.NAME=VALUE, with spaces between them'],
    [
      '{"label":"x=y"}',
      'it looks like JSON; terms are key-reference=0xabc or attr.NAME=VALUE, with spaces between them',
    ],
    [
      'attr.class=private',
      'the value must be secret-key, public-key or private-key; did you mean private-key?',
    ],
    [
      'attr.class=private-key,',
      'the value must be secret-key, public-key or private-key; terms are separated by spaces, without commas',
    ],
    [
      'attr.key-type=RSA',
      'the value must be aes, generic-secret, des3, rsa, ec or ml-dsa; did you mean rsa?',
    ],
    ['attr.sign=yes', 'the value must be true or false'],
    [
      'attr.sign=true,attr.label=x',
      'the value must be true or false; terms are separated by spaces, without commas',
    ],
    ['attr.id=2f01', 'the value must be bytes in hex, such as 0x2f01'],
    ['attr.modulus-size-bits=2k', 'the value must be a whole number'],
    [
      'attr.curve=secp256',
      'the value must be prime256v1, secp256r1, secp224r1, secp384r1, secp256k1, secp521r1 or ed25519; did you mean secp256k1?',
    ],
    ['attr.wrap-template=x', 'keys are not selected by wrap-template'],
    ['key-reference=x', 'a key reference is 0x and up to 16 hexadecimal digits, or a decimal number'],
  ]
  for (const [word, why] of mistakes) {
    assert.throws(() => parseFilter(['attr.label=x', word]), { message: `Invalid filter: ${word}: ${why}` })
  }
  assert.deepEqual(similar('tst', ['test', 'possible', 'values']), ['test'])
  assert.deepEqual(similar('te', ['test', 'temp', 'possible']), ['test', 'temp'])
  assert.deepEqual(similar('alignmentScorr', ['test', 'alignmentScore', 'alignmentStart']), [
    'alignmentStart',
    'alignmentScore',
  ])
  assert.deepEqual(similar('hahaahahah', ['test', 'possible', 'values', '']), [])
})

test('whatever is typed, parsing gives terms or one short invalid-filter', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((text) => `attr.${text}`),
    fc.string().map((text) => `attr.id=${text}`),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 4 }), (words) => {
      try {
        assert.equal(parseFilter(words).length, words.length)
      } catch (error) {
        assert.ok(error instanceof HsmError && error.code === 'invalid-filter')
        assert.ok(error.message.length <= 300 && !/\p{Cc}/u.test(error.message))
      }
    }),
    { numRuns: 2000 },
  )
})

test('references have one normal form in hex and in decimal', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (number) => {
      const normal = `0x${number.toString(16).padStart(16, '0')}`
      for (const text of [
        `0x${number.toString(16)}`,
        `0X${number.toString(16).toUpperCase()}`,
        String(number),
        normal,
      ]) {
        assert.equal(parseReference(text), normal)
      }
    }),
  )
  for (const text of [`0x1${'0'.repeat(16)}`, String(2n ** 64n), '0b1', '1e3', ' 1', ''])
    assert.equal(parseReference(text), undefined)
})

test('bytes have one normal form', () => {
  assert.deepEqual(['', '0x', '0xAB', '0xabc', 'ab', '0xgg'].map(normalBytes), [
    '0x',
    '0x',
    '0xab',
    undefined,
    undefined,
    undefined,
  ])
})

test('attributes of a new key: typed values, or one sentence naming the word', () => {
  assert.deepEqual(parseNewAttributes(['sign=true', 'extractable=FALSE', 'id=0x01']), {
    sign: true,
    extractable: false,
    id: '0x01',
  })
  const bad = [
    ['sign', /sign is not NAME=VALUE/],
    ['sign=1', /sign=1 must be true or false/],
    ['nope=1', /nope is unknown/],
    ['__proto__=1', /__proto__ is unknown/],
  ] as const
  for (const [word, message] of bad)
    assert.throws(() => parseNewAttributes([word]), { code: 'invalid-attribute', message })
  assert.throws(() => parseNewAttributes(['sign=true', 'sign=true']), /sign is given twice/)
})
