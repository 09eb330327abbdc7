/**
 * What is in a backup: records and audit entries, one a line, in parts that are sealed each in its place, so that none can be
 * changed, moved, left out or cut off.
 */
import { createSealer, type Sealer } from '../crypto/seal.ts'
import type { AuditEntry } from '../model/audit.ts'
import { readAuditEntry, readRecord, written } from '../model/formats.ts'
import type { WholeRecord } from '../model/records.ts'
import type { BackupReader } from './frames.ts'
import { damaged } from './header.ts'

/** What is sealed inside a record is so under `material`. */
export type Entry = { readonly record: WholeRecord } | { readonly audit: AuditEntry }

export type BackupSealers = { readonly parts: Sealer; readonly material: Sealer }

/** @param key of the backup; read here and not kept */
export const sealersOf = (key: Uint8Array, clusterId: string): BackupSealers => ({
  parts: createSealer(key, 'backup', clusterId),
  material: createSealer(key, 'material', clusterId),
})

const headerContext = (line: string): string => `header\n${line}`
const partContext = (index: number, last: boolean): string => `part\n${index}\n${last ? 'last' : 'more'}`

/** Proves the header to whoever has opened the key with it. */
export const sealHeader = ({ parts }: BackupSealers, line: string): Buffer =>
  parts.seal(Buffer.alloc(0), headerContext(line))

/** @param format of the header @throws HsmError `unavailable` when that cannot hold the record */
export const writeEntry = (entry: Entry, format: number): string =>
  `${JSON.stringify('record' in entry ? { record: written(entry.record, format) } : entry)}\n`

/** @param text of entries, written one after another */
export const sealPart = ({ parts }: BackupSealers, text: string, index: number, last: boolean): Buffer =>
  parts.seal(Buffer.from(text), partContext(index, last))

/**
 * The entries, part by part, each proven before it is handed out. Whoever uses them must undo that when it throws later on:
 * only at the end is it known that nothing is missing.
 *
 * @param line the header as it was read
 * @throws HsmError `invalid-data`
 */
export async function* readParts(
  reader: BackupReader,
  line: string,
  sealers: BackupSealers,
): AsyncGenerator<readonly Entry[]> {
  open(sealers, await reader.frame(), headerContext(line))
  let last = false
  for (let index = 0; !last; index++) {
    const frame = await reader.frame()
    last = await reader.ended()
    yield entriesIn(open(sealers, frame, partContext(index, last)))
  }
}

function open({ parts }: BackupSealers, frame: Buffer | undefined, context: string): Buffer {
  if (!frame) throw damaged()
  try {
    return parts.open(frame, context)
  } catch (cause) {
    throw damaged({ cause })
  }
}

function entriesIn(plain: Buffer): readonly Entry[] {
  try {
    return plain
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => readEntry(JSON.parse(line)))
  } catch (cause) {
    throw damaged({ cause })
  } finally {
    plain.fill(0)
  }
}

function readEntry(value: Readonly<Record<string, unknown>>): Entry {
  return 'record' in value
    ? { record: readRecord(value['record']) }
    : { audit: readAuditEntry(value['audit']) }
}
