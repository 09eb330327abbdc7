/** The file of a backup: what is written is read, and nothing else is. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { createBackupReader, framed } from '../../../src/backup/frames.ts'
import {
  type Header,
  parseHeader,
  readHeader,
  writeFirstLine,
  writeHeader,
} from '../../../src/backup/header.ts'
import {
  type Entry,
  readParts,
  sealersOf,
  sealHeader,
  sealPart,
  writeEntry,
} from '../../../src/backup/parts.ts'
import {
  backupKeysOf,
  masterKeyWay,
  openWithMasterKey,
  openWithPassphrase,
  passphraseWay,
} from '../../../src/backup/ways.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { FORMAT } from '../../../src/model/formats.ts'
import { sampleUser } from '../../contract/store-samples.ts'
import { chunksOf } from '../../support/backups.ts'
import { fails } from '../../support/errors.ts'

const CLUSTER = 'cluster-test2345abc'
const CHEAP = { memory: 32, passes: 1, parallelism: 1 }
const masterKey = randomBytes(32)
const key = randomBytes(32)
const about = { backup: 'of-the-test', 'cluster-id': CLUSTER }
const header: Header = {
  format: FORMAT,
  ...about,
  'hsm-id': 'hsm-test2345abc',
  'made-at': '2030-01-01T00:00:00.000Z',
  'made-by': 'Strongroom 1.2.3',
  ways: [
    masterKeyWay(about, backupKeysOf(masterKey, CLUSTER), key),
    await passphraseWay(about, key, 'a long passphrase', CHEAP),
  ],
}
const sealers = sealersOf(key, CLUSTER)
const entries: readonly Entry[] = [1, 2, 3].map((number) => ({ record: sampleUser(number) }))

const part = (entry: Entry, index: number, last: boolean): Buffer =>
  framed(sealPart(sealers, writeEntry(entry, FORMAT), index, last))

const FIRST_BYTES = Buffer.from(`${writeFirstLine(header)}\n`)

const front = (line: string): Buffer =>
  Buffer.concat([FIRST_BYTES, Buffer.from(`${line}\n`), framed(sealHeader(sealers, line))])

const whole = (...parts: readonly Buffer[]): Buffer => Buffer.concat([front(writeHeader(header)), ...parts])
const [first, second, third] = entries.map((entry, at) => part(entry, at, at === 2))
const backup = whole(first as Buffer, second as Buffer, third as Buffer)

const asMaster = (found: Header) => openWithMasterKey(found, masterKey)

async function read(bytes: Buffer, open: (header: Header) => Buffer | Promise<Buffer> = asMaster) {
  const reader = createBackupReader(chunksOf(bytes))
  const { header: found, line } = await readHeader(reader)
  const read: Entry[] = []
  for await (const some of readParts(reader, line, sealersOf(await open(found), found['cluster-id']))) {
    read.push(...some)
  }
  return read
}

const damaged = fails('invalid-data', 'The backup is damaged, or not whole')

suite('a backup', () => {
  test('is opened with the master key and with the passphrase', async () => {
    assert.deepEqual(await read(backup), entries)
    assert.deepEqual(await read(backup, (found) => openWithPassphrase(found, 'a long passphrase')), entries)
  })

  test('may have nothing in it', async () => {
    assert.deepEqual(await read(whole(framed(sealPart(sealers, '', 0, true)))), [])
  })

  test('is not opened with anything else', async () => {
    const other = (found: Header) => openWithMasterKey(found, randomBytes(32))
    await assert.rejects(read(backup, other), fails('bad-credentials', 'The backup is of another master key'))
    const wrong = fails('bad-credentials', 'The passphrase does not open the backup')
    await assert.rejects(
      read(backup, (found) => openWithPassphrase(found, 'A long passphrase')),
      wrong,
    )
    const noPassphrase = { ...header, ways: header.ways.slice(0, 1) }
    await assert.rejects(openWithPassphrase(noPassphrase, 'a long passphrase'), fails('bad-credentials'))
    const noMasterKey = { ...header, ways: header.ways.slice(1) }
    assert.throws(() => openWithMasterKey(noMasterKey, masterKey), fails('bad-credentials'))
  })

  test('is refused with any one byte of it changed', async () => {
    for (let at = 0; at < backup.length; at++) {
      const changed = Buffer.from(backup)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      await assert.rejects(read(changed), { name: 'HsmError' }, `byte ${at}`)
    }
  })

  test('is refused when it is cut off anywhere, or goes on', async () => {
    for (let length = 0; length < backup.length; length += length < backup.length - 100 ? 7 : 1) {
      await assert.rejects(read(backup.subarray(0, length)), { name: 'HsmError' }, `${length} bytes`)
    }
    await assert.rejects(read(Buffer.concat([backup, Buffer.of(0)])), damaged)
    await assert.rejects(read(Buffer.concat([backup, third as Buffer])), damaged)
  })

  test('is refused when its parts are left out, swapped, repeated, or of another', async () => {
    const [one, two, three] = [first, second, third] as [Buffer, Buffer, Buffer]
    for (const parts of [
      [one, three],
      [two, one, three],
      [one, one, two, three],
      [one, two, three, three],
      [one, two],
      [],
    ])
      await assert.rejects(read(whole(...parts)), damaged)
    const later = writeHeader({ ...header, 'made-at': '2031-01-01T00:00:00.000Z' })
    await assert.rejects(read(Buffer.concat([FIRST_BYTES, Buffer.from(`${later}\n`), backup])), damaged)
    const [otherKey, otherFront] = [sealersOf(randomBytes(32), CLUSTER), front(writeHeader(header))]
    const foreign = framed(sealPart(otherKey, '', 0, true))
    await assert.rejects(read(Buffer.concat([otherFront, foreign])), damaged)
  })

  test('of another version, or something else altogether, says so', async () => {
    const startingWith = (text: string) =>
      Buffer.concat([Buffer.from(text), backup.subarray(FIRST_BYTES.length)])
    const newer = fails(
      'invalid-data',
      `The backup was made by a newer version of Strongroom, in format ${FORMAT + 1}, and this version reads formats up to ${FORMAT}; restore it with that version`,
    )
    await assert.rejects(read(startingWith(`strongroom-backup ${FORMAT + 1}\n`)), newer)
    await assert.rejects(read(startingWith('strongroom-backup 1\n')), damaged)
    for (const text of [
      '',
      'strongroom-backup',
      'strongroom-backup 01\n',
      'PK\x03\x04',
      'x'.repeat(100_000),
    ]) {
      const notOne = fails('invalid-data', 'The file is not a backup of Strongroom')
      await assert.rejects(read(Buffer.from(text)), notOne)
    }
  })

  test('cannot make its reader keep much or work long', async () => {
    const endless = Buffer.concat([FIRST_BYTES, Buffer.alloc(LIMITS.backupHeaderBytes + 1, 'x')])
    await assert.rejects(read(endless), damaged)
    const announced = Buffer.concat([front(writeHeader(header)), Buffer.from('ffffffff00', 'hex')])
    await assert.rejects(read(announced), damaged)
    for (const cost of [{ memory: 4_194_304 }, { passes: 17 }, { parallelism: 17 }, { memory: 4 }]) {
      const ways = header.ways.map((way) => ({ ...way, ...(way.way === 'passphrase' && cost) }))
      const dear = parseHeader(writeHeader({ ...header, ways }))
      const bounds = fails('invalid-data', 'The costs of the passphrase are out of bounds')
      await assert.rejects(openWithPassphrase(dear, 'a long passphrase'), bounds)
    }
  })

  test('with records that are none is refused', async () => {
    const odd: readonly unknown[] = [{ record: { kind: 'nothing' } }, { audit: {} }, null, 'text', {}]
    for (const entry of odd) {
      const line = `${JSON.stringify(entry)}\n`
      await assert.rejects(read(whole(framed(sealPart(sealers, line, 0, true)))), damaged)
    }
    const notJson = framed(sealPart(sealers, 'not JSON', 0, true))
    await assert.rejects(read(whole(notJson)), damaged)
  })

  test('shows nothing of what is in it', () => {
    assert.doesNotMatch(backup.toString('latin1'), /name_1|crypto-user/)
  })
})
