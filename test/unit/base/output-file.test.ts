import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, suite, test } from 'node:test'
import { ownDescriptor } from '../../../src/base/descriptors.ts'
import { isPartlyOverwritten, replaceOrOverwrite } from '../../../src/base/durable.ts'
import { writeOutput } from '../../../src/base/output-file.ts'

const linuxOnly = { skip: process.platform !== 'linux' && 'the paths are those of Linux' }
const asRoot = { skip: process.getuid?.() !== 0 && 'only root may' }

suite('output files', () => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-output-'))
  const at = (...names: readonly string[]): string => join(root, ...names)
  after(() => rmSync(root, { recursive: true }))
  const NEW = Buffer.from('the new content')
  const write = (path: string) => writeOutput(path, NEW, 'public')
  const mode = (path: string) => statSync(path).mode & 0o7777
  const leftovers = (directory = root) => readdirSync(directory).filter((name) => name.endsWith('.new'))

  test('a new file is its owner’s, or as the umask has it', async (t) => {
    const umask = process.umask(0o027)
    t.after(() => process.umask(umask))
    await writeOutput(at('secret'), NEW, 'private')
    await writeOutput(at('open'), NEW, 'public')
    assert.deepEqual([mode(at('secret')), mode(at('open'))], [0o600, 0o640])
    assert.deepEqual([readFileSync(at('secret')), readFileSync(at('open'))], [NEW, NEW])
    assert.deepEqual(leftovers(), [])
  })

  test('a file that exists keeps its mode and its other names, and has nothing else in it', async () => {
    for (const [name, old] of [
      ['shorter', 'x'],
      ['longer', 'x'.repeat(1000)],
      ['empty', ''],
    ] as const) {
      writeFileSync(at(name), old)
      chmodSync(at(name), 0o604)
      linkSync(at(name), at(`${name}-too`))
      symlinkSync(name, at(`${name}-link`))
      const { ino } = statSync(at(name))
      await write(at(`${name}-link`))
      assert.deepEqual(readFileSync(at(`${name}-too`)), NEW)
      assert.deepEqual([statSync(at(name)).ino, mode(at(name))], [ino, 0o604])
      assert.equal(readlinkSync(at(`${name}-link`)), name)
    }
  })

  test('and its owner', asRoot, async () => {
    writeFileSync(at('theirs'), 'x')
    chownSync(at('theirs'), 12, 34)
    await write(at('theirs'))
    const { uid, gid } = statSync(at('theirs'))
    assert.deepEqual([uid, gid], [12, 34])
  })

  test('a link to nothing gets its file, where the system sees it', async () => {
    mkdirSync(at('far', 'off'), { recursive: true })
    symlinkSync('far/off', at('near'))
    symlinkSync('../file', at('far', 'off', 'link'))
    await write(at('near', 'link'))
    assert.deepEqual(readFileSync(at('far', 'file')), NEW)
    assert.ok(lstatSync(at('far', 'off', 'link')).isSymbolicLink())
    symlinkSync('nowhere/file', at('lost'))
    await assert.rejects(write(at('lost')), { code: 'ENOENT' })
    symlinkSync('round', at('round'))
    await assert.rejects(write(at('round')), { code: 'ELOOP' })
  })

  test('what cannot be written is told, and nothing is left', async () => {
    for (const [path, code] of [
      [root, 'EISDIR'],
      ['.', 'EISDIR'],
      ['', 'ENOENT'],
      [at('absent', 'file'), 'ENOENT'],
      [at('open', 'file'), 'ENOTDIR'],
      [at('absent/'), /^(ENOENT|ENOTDIR|EISDIR)$/],
      [at('n'.repeat(256)), 'ENAMETOOLONG'],
    ] as const) {
      await assert.rejects(
        write(path),
        (error: NodeJS.ErrnoException) =>
          typeof code === 'string' ? error.code === code : code.test(error.code ?? ''),
        path,
      )
    }
    await write(at('n'.repeat(255)))
    assert.deepEqual(leftovers(), [])
    assert.deepEqual(leftovers('.'), [])
  })

  test('pipes and devices are written to, and stay', linuxOnly, async () => {
    execFileSync('mkfifo', [at('fifo')])
    const content = Buffer.alloc(200_000, 7)
    // Opening it here would wait for the writer, and keep this process from ending if there is none.
    const reader = spawn('timeout', ['60', 'cat', at('fifo')], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [read] = await Promise.all([buffer(reader.stdout), writeOutput(at('fifo'), content, 'public')])
    assert.deepEqual(read, content)
    assert.ok(lstatSync(at('fifo')).isFIFO())
    await write('/dev/null')
    assert.ok(statSync('/dev/null').isCharacterDevice())
    await assert.rejects(write('/dev/full'), { code: 'ENOSPC' })
    const server = createServer().listen(at('socket'))
    await assert.rejects(write(at('socket')), { code: 'ENXIO' })
    server.close()
  })

  test('open files of the process are written where they stand', linuxOnly, async () => {
    const log = openSync(at('log'), 'a')
    writeSync(log, 'before\n')
    symlinkSync(`/proc/self/fd/${log}`, at('descriptor'))
    symlinkSync(at('descriptor'), at('again'))
    assert.equal(ownDescriptor(at('again')), log)
    assert.equal(ownDescriptor(`/dev/fd/${log}`), log)
    assert.equal(ownDescriptor(`/proc/${process.pid}/fd/${log}`), log)
    assert.equal(ownDescriptor('/dev/stderr'), 2)
    await write(at('again'))
    await write(`/dev/fd/${log}`)
    assert.equal(readFileSync(at('log'), 'utf8'), `before\n${NEW}${NEW}`)
    assert.ok(lstatSync(at('again')).isSymbolicLink())
    for (const other of [at('log'), '/proc/1/fd/1', '/dev/fd/999999', '/dev/null', at('absent'), '7', '']) {
      assert.equal(ownDescriptor(other), undefined, other)
    }
  })

  test('a full disk leaves the old content, and nothing of a new file', linuxOnly, async (t) => {
    mkdirSync(at('small'))
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at('small')]).status !== 0) {
      return t.skip('no file system can be mounted here')
    }
    try {
      const old = 'old '.repeat(2000)
      const large = Buffer.alloc(200_000)
      writeFileSync(at('small', 'file'), old)
      symlinkSync('target', at('small', 'link'))
      for (const name of ['file', 'new', 'link']) {
        await assert.rejects(
          writeOutput(at('small', name), large, 'public'),
          (error: NodeJS.ErrnoException) => error.code === 'ENOSPC' && !isPartlyOverwritten(error),
        )
      }
      assert.equal(readFileSync(at('small', 'file'), 'utf8'), old)
      assert.deepEqual(readdirSync(at('small')).toSorted(), ['file', 'link'])
    } finally {
      spawnSync('umount', [at('small')])
    }
  })

  test('a configuration is replaced as a whole, unless it would not be what it was', () => {
    const text = Buffer.from('new')
    replaceOrOverwrite(at('config'), text, 0o644)
    chmodSync(at('config'), 0o640)
    const { ino } = statSync(at('config'))
    replaceOrOverwrite(at('config'), text, 0o644)
    assert.notEqual(statSync(at('config')).ino, ino)
    assert.equal(mode(at('config')), 0o640)
    linkSync(at('config'), at('config-too'))
    replaceOrOverwrite(at('config'), Buffer.from('newer'), 0o644)
    assert.equal(readFileSync(at('config-too'), 'utf8'), 'newer')
    assert.throws(() => replaceOrOverwrite(root, text, 0o644), { code: /^(EISDIR|ENOTEMPTY|EEXIST)$/ })
  })

  test('a configuration of somebody else stays theirs', asRoot, () => {
    writeFileSync(at('their-config'), 'x')
    chownSync(at('their-config'), 12, 34)
    replaceOrOverwrite(at('their-config'), NEW, 0o644)
    assert.equal(statSync(at('their-config')).uid, 12)
    assert.deepEqual(readFileSync(at('their-config')), NEW)
  })
})
