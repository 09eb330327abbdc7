import assert from 'node:assert/strict'
import {
  chmodSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { openHistory } from '../../../src/cli/shell/history.ts'

suite('the file of the history', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-history-'))
  after(() => rmSync(directory, { recursive: true }))
  const at = (name: string) => join(directory, name)
  const modeOf = (path: string) => statSync(path).mode & 0o777

  test('is private, and has what shells side by side keep', () => {
    const one = openHistory(at('shared'))
    const other = openHistory(at('shared'))
    assert.deepEqual([one.lines, other.lines], [[], []])
    for (const line of ['user list', 'user list', 'two\nlines', 'a'.repeat(5000), '', 'bell \u0007'])
      one.keep(line)
    other.keep('key list')
    one.keep('key list --count')
    for (const { close } of [one, other]) close()
    assert.equal(readFileSync(at('shared'), 'utf8'), 'user list\nkey list\nkey list --count\n')
    assert.equal(modeOf(at('shared')), 0o600)
    chmodSync(at('shared'), 0o666)
    const later = openHistory(at('shared'))
    assert.deepEqual(later.lines, ['key list --count', 'key list', 'user list'])
    assert.equal(modeOf(at('shared')), 0o600)
    later.close()
  })

  test('is bounded, in lines and in bytes, and may hold anything', () => {
    const many = Array.from({ length: 5000 }, (_, at) => `command ${at}`)
    writeFileSync(at('many'), `${many.join('\n')}\n`)
    const history = openHistory(at('many'))
    assert.deepEqual(history.lines, many.slice(-1000).reverse())
    history.keep('last')
    history.close()
    assert.equal(readFileSync(at('many'), 'utf8'), `${[...many.slice(-1000), 'last'].join('\n')}\n`)

    writeFileSync(at('large'), `\u0000\u001b[2J\n${'x'.repeat(3_000_000)}\nlist \udcff\nuser list\n`)
    const large = openHistory(at('large'))
    assert.deepEqual(large.lines, ['user list'])
    large.close()
    assert.ok(statSync(at('large')).size < 100)
  })

  test('is no link, no directory, no device, and nobody else’s', () => {
    writeFileSync(at('target'), 'precious\n', { mode: 0o644 })
    symlinkSync(at('target'), at('symbolic'))
    linkSync(at('target'), at('hard'))
    const refused: readonly [string, RegExp][] = [
      [at('symbolic'), /symbolic: it is a symbolic link$/],
      [at('hard'), /hard: it is not a file of yours alone$/],
      [directory, /it is a directory$/],
      [join(at('none'), 'x'), /no such file or directory$/],
      ['/dev/null', /not a file of yours alone$/],
    ]
    for (const [path, message] of refused) assert.throws(() => openHistory(path), { message })
    assert.equal(readFileSync(at('target'), 'utf8'), 'precious\n')
    assert.equal(modeOf(at('target')), 0o644)
  })
})
