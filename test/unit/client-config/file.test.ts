import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { readConfigFile, readConfigFileOrPipe, writeConfigFile } from '../../../src/client-config/file.ts'

suite('configuration file on disk', () => {
  let directory: string
  let path: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'strongroom-config-'))
    path = join(directory, 'cli.cfg')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const mode = (file: string) => statSync(file).mode & 0o777

  test('a new file can be read by all, in directories that are private', () => {
    const deep = join(directory, 'home', 'etc', 'cli.cfg')
    writeConfigFile(deep, 'text')
    assert.equal(readConfigFile(deep), 'text')
    assert.deepEqual([mode(deep), mode(join(directory, 'home'))], [0o644, 0o700])
  })

  test('a file that is replaced keeps its mode and leaves nothing beside it', () => {
    writeFileSync(path, 'old')
    chmodSync(path, 0o600)
    writeConfigFile(path, 'new')
    assert.deepEqual([readFileSync(path, 'utf8'), mode(path)], ['new', 0o600])
    assert.deepEqual(readdirSync(directory), ['cli.cfg'])
  })

  for (const target of ['existing', 'missing']) {
    test(`a symbolic link to a file that is ${target} stays`, () => {
      const real = join(directory, 'real.cfg')
      if (target === 'existing') writeFileSync(real, 'old')
      symlinkSync('real.cfg', path)
      writeConfigFile(path, 'new')
      assert.ok(lstatSync(path).isSymbolicLink())
      assert.equal(readFileSync(real, 'utf8'), 'new')
    })
  }

  test('a file that cannot be written leaves nothing behind', () => {
    assert.throws(() => writeConfigFile(directory, 'text'), {
      message: `Cannot write the configuration ${directory}: it is a directory`,
    })
    writeFileSync(path, 'a file')
    assert.throws(() => writeConfigFile(join(path, 'below'), 'text'), /a part of the path is not a directory/)
    assert.deepEqual(readdirSync(directory), ['cli.cfg'])
  })

  test('what cannot be read is named', () => {
    assert.throws(() => readConfigFile(path), {
      message: `Cannot read the configuration ${path}: no such file or directory`,
    })
    assert.throws(() => readConfigFile(directory), /: it is a directory$/)
    symlinkSync('cli.cfg', path)
    assert.throws(() => readConfigFile(path), /: its symbolic links go round in a circle$/)
  })

  test('neither a huge file nor bytes that are no text are read', () => {
    assert.throws(() => readConfigFileOrPipe('/dev/zero'), {
      message: '/dev/zero: larger than 1048576 bytes',
    })
    writeFileSync(path, new Uint8Array([0x7b, 0xff, 0x7d]))
    assert.throws(() => readConfigFile(path), { message: `${path}: not UTF-8 text` })
  })

  test('a pipe is read only by whoever may wait for it', () => {
    execFileSync('mkfifo', [path])
    const refused = `Cannot read the configuration ${path}: it is not a regular file`
    assert.throws(() => readConfigFile(path), { message: refused })
    spawn('sh', ['-c', 'printf {} > "$0"', path], { stdio: 'ignore' })
    assert.equal(readConfigFileOrPipe(path), '{}')
  })

  test('a byte order mark is no part of the text', () => {
    writeFileSync(path, '\ufeff{}')
    assert.equal(readConfigFile(path), '{}')
  })
})
