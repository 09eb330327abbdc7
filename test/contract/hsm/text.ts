import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { OperationName } from '../../../src/contract/operations.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, PASSWORD, type World } from '../../support/world.ts'

/** What decoders make of bytes that are not UTF-8, and half of a surrogate pair. */
const NO_TEXT = ['\ufffd', 'a\ufffdb', '\ud800', 'x\udc00'] as const
/** Passwords and labels with these are as good as any other. */
const TEXT = ['pässwörd', '\u{1f511}\u{1f511} key', '\ufeff letters', 'می\u200cخواهم']

export function textContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
  })
  const aes = (label: string) =>
    world.as('alice', 'key.generate-symmetric', { 'key-type': 'aes', 'key-length-bytes': 16, label })
  const labels = async () =>
    new Set(
      (await world.as('alice', 'key.list', { filter: [], 'max-items': 100 })).matched_keys.map(
        ({ attributes }) => attributes['label'],
      ),
    )

  suite('text', () => {
    test('that was no text when it came in is no password, old or new', async () => {
      for (const broken of NO_TEXT) {
        const password = `password${broken}`
        const create = { username: 'nobody', role: 'crypto-user', password } as const
        await assert.rejects(
          world.as('admin', 'user.create', create),
          fails('invalid-request', /not Unicode text/),
        )
        for (const username of ['alice', 'nobody']) {
          const login = world.login(username, 'crypto-user', password)
          await assert.rejects(login, fails('invalid-request', /^[Pp]assword is not Unicode text/))
        }
        const change = { username: 'alice', role: 'crypto-user', password } as const
        await assert.rejects(
          world.as('alice', 'user.change-password', change),
          fails('invalid-request', /not Unicode text/),
        )
      }
      for (const [at, text] of TEXT.entries()) {
        const user = { username: `text_${at}`, role: 'crypto-user', password: `${text} letters` } as const
        await world.as('admin', 'user.create', user)
        await world.login(user.username, 'crypto-user', user.password)
      }
      assert.ok(await world.login('alice', 'crypto-user', PASSWORD), 'no try was counted')
    })

    test('that stands alone as half of a surrogate pair is refused in every field, which is named', async () => {
      const asked: readonly [OperationName, object, RegExp][] = [
        ['key.list', { filter: ['attr.class=secret-key', 'attr.label=\ud800'] }, /^filter\.1 is not/],
        ['key.list', { filter: [], 'label-glob': '\udfff*' }, /^label-glob is not/],
        ['key.list', { filter: [], 'starting-token': '\ud800' }, /^starting-token is not/],
        ['key.delete', { filter: ['attr.label=\ud800'] }, /^filter\.0 is not/],
        [
          'key.set-attribute',
          { filter: ['attr.label=a'], attributes: { label: '\ud800' } },
          /^attributes\.label is/,
        ],
        ['crypto.cancel', { stream: '\ud800' }, /^stream is not/],
        ['certificate.delete', { reference: '\ud800' }, /^reference is not/],
      ]
      for (const [operation, request, message] of asked) {
        const refused = world.as('alice', operation, request as never)
        await assert.rejects(refused, fails('invalid-request', message), operation)
      }
    })

    test('of a new label is all to be seen', async () => {
      const before = await labels()
      const unseen = [
        '\u202e',
        '\u2066',
        '\u2028',
        '\u2029',
        '\u200b',
        '\u00ad',
        '\u061c',
        '\ufeff',
        '\u{e0041}',
      ]
      for (const character of [...unseen, '\u007f', '\u009b', '\n', ...NO_TEXT]) {
        await assert.rejects(
          aes(`a${character}b`),
          fails('invalid-request', /label .*(not|cannot)/),
          character,
        )
      }
      assert.deepEqual(await labels(), before)
      const seen = [
        'pay day',
        'Ключ',
        '鍵',
        'می\u200cخواهم',
        '❤\ufe0f \u{1f469}\u200d\u{1f4bb}',
        'é',
        'e\u0301',
      ]
      for (const label of seen) await aes(label)
      assert.deepEqual(await labels(), new Set([...before, ...seen]))
      const filter = ['attr.label=pay day']
      for (const label of ['a\u202eb', 'a\ufffdb']) {
        await assert.rejects(
          world.as('alice', 'key.set-attribute', { filter, attributes: { label } }),
          fails('invalid-attribute', /label/),
        )
      }
    })
  })
}
