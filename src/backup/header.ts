/** The header of a backup, which is not encrypted: where it comes from and what opens it. */
import * as v from 'valibot'
import { HsmError } from '../contract/errors.ts'
import { LIMITS } from '../contract/limits.ts'
import { FORMAT } from '../model/formats.ts'
import type { BackupReader } from './frames.ts'

const MAGIC = 'strongroom-backup '
const FIRST_LINE = new RegExp(`^${MAGIC}([1-9]\\d{0,8})$`)

const text = v.pipe(v.string(), v.regex(/^[\x20-\x7e]{1,128}$/))
const sealedKey = v.pipe(v.string(), v.maxLength(256), v.base64())
const number = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31))

const masterKeyWay = v.strictObject({
  way: v.literal('master-key'),
  /** Tells whether a master key is the right one, and nothing else about it. */
  check: text,
  key: sealedKey,
})
const passphraseWay = v.strictObject({
  way: v.literal('passphrase'),
  /** Of argon2id; `memory` in KiB. */
  memory: number,
  passes: number,
  parallelism: number,
  salt: sealedKey,
  key: sealedKey,
})
const header = v.strictObject({
  /** Of the records; left out of the first. */
  format: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
  /** Random; tells one backup from another. */
  backup: text,
  'cluster-id': text,
  'hsm-id': text,
  'made-at': v.pipe(v.string(), v.isoTimestamp()),
  'made-by': text,
  /** In each, the key of the backup is sealed under what opens it so. */
  ways: v.pipe(v.array(v.variant('way', [masterKeyWay, passphraseWay])), v.minLength(1), v.maxLength(2)),
})

export type Header = v.InferOutput<typeof header>
export type MasterKeyWay = v.InferOutput<typeof masterKeyWay>
export type PassphraseWay = v.InferOutput<typeof passphraseWay>

/** One line, which is sealed over as it is. */
export const writeHeader = (facts: Header): string => JSON.stringify(facts)

/** The line before it, for whoever cannot know what a header of another format looks like. */
export const writeFirstLine = ({ format = 1 }: Pick<Header, 'format'>): string => `${MAGIC}${format}`

/** @throws HsmError `invalid-data` */
export function parseHeader(line: string): Header {
  try {
    return v.parse(header, JSON.parse(line))
  } catch (cause) {
    throw damaged({ cause })
  }
}

/** @throws HsmError `invalid-data` when it is no backup, or one of a newer version */
export async function readHeader(
  reader: BackupReader,
): Promise<{ readonly header: Header; readonly line: string }> {
  const version = FIRST_LINE.exec((await reader.line(MAGIC.length + 10)) ?? '')?.[1]
  if (version === undefined) throw new HsmError('invalid-data', 'The file is not a backup of Strongroom')
  if (Number(version) > FORMAT) {
    throw new HsmError(
      'invalid-data',
      `The backup was made by a newer version of Strongroom, in format ${version}, and this version reads formats up to ${FORMAT}; restore it with that version`,
    )
  }
  const line = await reader.line(LIMITS.backupHeaderBytes)
  if (line === undefined) throw damaged()
  const header = parseHeader(line)
  if (Number(version) !== (header.format ?? 1)) throw damaged()
  return { header, line }
}

/** `invalid-data`: the bytes are not a complete backup. */
export const damaged = (options?: ErrorOptions): HsmError =>
  new HsmError('invalid-data', 'The backup is damaged, or not whole', options)
