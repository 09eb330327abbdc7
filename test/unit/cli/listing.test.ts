import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Output } from '../../../src/cli/render.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { testShell } from '../../support/cli.ts'
import { fails } from '../../support/errors.ts'
import { stubHsm } from '../../support/stub-hsm.ts'

const key = (number: number) => ({
  'key-reference': `0x000000000000000${number}`,
  attributes: { label: `"${number}"\n` },
})

/** `key list --all` of an HSM that gives these pages, or fails where one is an error. */
async function listAll(pages: readonly (readonly object[] | HsmError)[]) {
  let next = 0
  const hsm = stubHsm({
    'key.list': () => {
      const page = pages[next++] ?? []
      if (page instanceof HsmError) throw page
      return {
        matched_keys: page,
        total_key_count: 99,
        returned_key_count: page.length,
        ...(next < pages.length && { next_token: `0x${next}` }),
      }
    },
  })
  const shell = testShell(hsm)
  await shell.run('login --username ines --role crypto-user --password password')
  const output = await shell.run('key list --all --label-glob pay-*')
  return {
    output,
    tokens: () =>
      hsm.asked.slice(1).map(({ request }) => (request as Record<string, unknown>)['starting-token']),
  }
}

async function whole({ text, rest }: Output): Promise<string> {
  let all = text
  for await (const piece of rest ?? []) all += piece
  return all
}

suite('key list --all', () => {
  const cases: readonly (readonly (readonly object[])[])[] = [
    [[]],
    [[key(1)]],
    [[key(1), key(2)], [key(3)]],
    [[key(1)], [key(2)], [key(3)], [key(4)]],
    [[key(1)], []],
    [[key(1)], [key(2)], []],
  ]
  for (const pages of cases) {
    test(`pages of ${pages.map((page) => page.length).join(', ')} keys are one document`, async () => {
      const { output, tokens } = await listAll(pages)
      const matched_keys = pages.flat()
      const data = {
        matched_keys,
        total_key_count: matched_keys.length,
        returned_key_count: matched_keys.length,
      }
      assert.equal(await whole(output), `${JSON.stringify({ error_code: 0, data }, null, 2)}\n`)
      assert.equal(output.exit, 0)
      assert.deepEqual(tokens(), ['0x0000000000000000', '0x1', '0x2', '0x3'].slice(0, pages.length))
    })
  }

  test('a failure before anything is printed is told like any other', async () => {
    for (const pages of [[new HsmError('busy')], [[key(1)], new HsmError('busy')]]) {
      const { output } = await listAll(pages)
      assert.equal(await whole(output), '{\n  "error_code": 1,\n  "data": "The HSM is busy, try again"\n}\n')
      assert.equal(output.exit, 1)
    }
  })

  test('one later leaves the document without its end', async () => {
    const { output } = await listAll([[key(1)], [key(2)], [key(3)], new HsmError('busy')])
    await assert.rejects(whole(output), fails('busy'))
    assert.throws(() => JSON.parse(output.text), SyntaxError)
  })
})
