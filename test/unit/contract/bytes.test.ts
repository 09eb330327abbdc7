/** Bytes in requests and replies: as they are in this process, in base64 where they travel, and the same in both. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import * as v from 'valibot'
import {
  bytes,
  noteDecoded,
  openBytes,
  openBytesOf,
  replyBytes,
  wipeAll,
} from '../../../src/contract/bytes.ts'
import { checkRequest } from '../../../src/contract/check.ts'
import { quickCheckOf, UNSURE } from '../../../src/contract/quick-check.ts'
import { takenJson, wireJson } from '../../../src/contract/wire-json.ts'

const given = fc.uint8Array({ maxLength: 40 })
const problem = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).issues?.[0].message

suite('bytes of a request', () => {
  test('are the same, given as bytes or in base64, and a view of the bytes that were given', () => {
    fc.assert(
      fc.property(given, (some) => {
        const view = v.parse(bytes(40), some)
        assert.ok(Buffer.isBuffer(view))
        assert.equal(view.buffer, some.buffer)
        assert.deepEqual(v.parse(bytes(40), Buffer.from(some).toString('base64')), view)
      }),
    )
  })

  test('have one limit, and the same sentence for it', () => {
    for (const value of [Buffer.alloc(7), Buffer.alloc(7).toString('base64')]) {
      assert.equal(problem(bytes(6), value), 'must be at most 6 bytes')
      assert.equal(problem(openBytesOf(9), value), 'must be 9 bytes')
      assert.equal(problem(openBytesOf(7), value), undefined)
    }
    assert.equal(problem(bytes(6), 'AA'), 'must be base64')
  })

  test('are at most so many also where the last group of letters has room for more', () => {
    const schema = v.object({ data: bytes(7) })
    for (const [count, fits] of [
      [7, true],
      [8, false],
      [9, false],
    ] as const) {
      const value = { data: Buffer.alloc(count).toString('base64') }
      assert.equal(v.is(schema, value), fits)
      assert.equal(quickCheckOf(schema)(value) !== UNSURE, fits)
    }
  })

  test('are nothing that JSON could make of them', () => {
    for (const value of [JSON.parse(JSON.stringify(Buffer.of(1))), [1], { 0: 1, length: 1 }, 1, null]) {
      assert.equal(v.is(bytes(6), value), false)
      assert.equal(v.is(replyBytes, value), false)
    }
  })

  test('are wiped when they were made of base64, and only then, also those of a request that is refused', () => {
    const own = Buffer.of(1, 2)
    const signed = (signatures: unknown) => ({
      filter: ['key-reference=0x0123456789abcdef'],
      mechanism: { name: 'ecdsa', hash: 'sha256', input: 'raw' },
      data: ['AQI=', own],
      signatures,
    })
    const requests = [signed(['AwQ=']), signed([own]), signed(['AwQ=', 'no base64']), signed('none')]
    const counts = requests.map((request) => {
      const made: Buffer[] = []
      try {
        const { data, signatures } = checkRequest('crypto.verify', request, made)
        assert.deepEqual(data, [Buffer.of(1, 2), own])
        assert.equal(data[1], own)
        assert.deepEqual(
          made,
          [...data, ...signatures].filter((one) => one !== own),
        )
      } catch (error) {
        assert.match(String(error), /signatures/)
        for (const one of made) assert.ok(one.equals(Buffer.of(1, 2)) || one.equals(Buffer.of(3, 4)))
      }
      wipeAll(made)
      for (const one of made) assert.ok(one.equals(Buffer.alloc(2)))
      return made.length > 0
    })
    assert.deepEqual(counts, [true, true, true, true])
    assert.deepEqual(own, Buffer.of(1, 2))
  })

  test('that are open are not wiped', () => {
    const made: Buffer[] = []
    const schema = v.object({ iv: openBytes(2), data: bytes(2) })
    const { iv, data } = noteDecoded(made, () => v.parse(schema, { iv: 'AQI=', data: 'AwQ=' }))
    assert.deepEqual(iv, Buffer.of(1, 2))
    assert.deepEqual(made, [data])
  })

  test("are nobody else's when no request is checked", () => {
    const made: Buffer[] = []
    assert.throws(() =>
      noteDecoded(made, () => {
        throw new Error('no')
      }),
    )
    v.parse(bytes(2), 'AQI=')
    assert.deepEqual(made, [])
  })
})

suite('base64', () => {
  /** RFC 4648 §4: the alphabet, padding, and zeros in the bits that stand for nothing (§3.5). */
  const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/
  const letter = fc.constantFrom(...'AQgwIB9+/====-_ \n\u017f\u212a\u0141\u00c1')
  const written = given.map((some) => Buffer.from(some).toString('base64'))
  const text = fc.oneof(
    written,
    fc.string({ unit: letter, maxLength: 8 }),
    // One letter is another one.
    fc.tuple(written, fc.nat(), letter).map(([right, at, wrong]) => {
      const place = at % (right.length + 1)
      return right.slice(0, place) + wrong + right.slice(place + 1)
    }),
  )
  const schemas = [bytes(40), openBytes(40), replyBytes]

  test('is what bytes are written as, and nothing else, at a glance and by the schema', () => {
    let [right, wrong] = [0, 0]
    fc.assert(
      fc.property(text, (some) => {
        const isRight = BASE64.test(some)
        if (isRight) right += 1
        else wrong += 1
        for (const schema of schemas) {
          assert.equal(v.is(schema, some), isRight)
          assert.equal(quickCheckOf(schema)(some) !== UNSURE, isRight)
        }
      }),
      { numRuns: 1000 },
    )
    assert.ok(right > 100 && wrong > 100, `${right} ${wrong}`)
  })

  test('has no letters that only look alike, and no bits behind the last byte', () => {
    for (const some of ['AAA\u017f', 'AAA\u212a', 'AAA\u0141', 'AB==', 'AAB=', 'A_-A', 'AAAA\n', '====']) {
      for (const schema of schemas) assert.equal(problem(schema, some), 'must be base64', some)
    }
  })
})

suite('bytes of a reply', () => {
  test('come back from JSON as they were, any number of them', () => {
    const reply = v.object({ data: v.array(replyBytes) })
    for (const some of [[], [Buffer.alloc(0), Buffer.of(1, 2, 3)], [Buffer.alloc(24 * 1024 * 1024, 7)]]) {
      assert.deepEqual(v.parse(reply, JSON.parse(wireJson({ data: some }))), { data: some })
    }
  })

  test('are refused when they are no base64', () => {
    for (const text of ['A', 'AAA', 'AA=A', 'AA A', '====', 'AAA!'])
      assert.equal(v.is(replyBytes, text), false, text)
  })
})

suite('JSON of requests and replies', () => {
  const value = fc.letrec<{ one: unknown }>((tie) => ({
    one: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      given.map((some) => Buffer.from(some)),
      given,
      fc.array(tie('one'), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie('one'), { maxKeys: 3 }),
    ),
  })).one

  /** What JSON.stringify is given where members are bytes: itself, since what Buffer makes of it comes first. */
  const plainly = (what: object): string =>
    JSON.stringify(what, function (this: Record<string, unknown>, name, text) {
      const member = this[name]
      return member instanceof Uint8Array ? Buffer.from(member).toString('base64') : text
    })

  test('has base64 wherever there are bytes, however deep, and is plain JSON otherwise', () => {
    fc.assert(
      fc.property(value, (inside) => {
        const reply = { inside }
        const before = structuredClone(reply)
        const expected = plainly(reply)
        assert.equal(wireJson(reply), expected)
        assert.deepEqual(structuredClone(reply), before)
        assert.equal(takenJson(reply), expected)
      }),
    )
  })

  test('wipes the bytes of a reply that is over', () => {
    const [data, iv] = [Buffer.of(1), Buffer.of(2)]
    assert.equal(takenJson({ data: [data], iv }), '{"data":["AQ=="],"iv":"Ag=="}')
    assert.deepEqual([data, iv], [Buffer.alloc(1), Buffer.alloc(1)])
  })
})
