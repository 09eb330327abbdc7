/** Verifies an export of a journal without an HSM: the entries, the chain, and the signed statement at the end. */
import { type KeyObject, verify } from 'node:crypto'
import * as v from 'valibot'
import { HsmError } from '../contract/errors.ts'
import { type Statement, statement as statementSchema } from '../contract/operations/audit.ts'
import type { AuditEntry } from '../model/audit.ts'
import { readAuditEntry } from '../model/formats.ts'
import { canonicalText } from './canonical.ts'
import { verifyEntries } from './chain.ts'

export type ExportVerdict =
  | { readonly ok: true; readonly statement: Statement; readonly entries: number }
  /** @param line 1 for the first; undefined when it is about the whole file */
  | { readonly ok: false; readonly line: number | undefined; readonly why: string }

/**
 * @param lines of the file, without their ends; undefined for what is no line of text
 * @param key of the cluster
 */
export async function checkExport(
  lines: AsyncIterable<string | undefined>,
  key: KeyObject,
): Promise<ExportVerdict> {
  const read: Read = { begin: undefined, last: undefined, statement: undefined }
  let line = 0
  for await (const text of lines) {
    line += 1
    const why = text === undefined ? NO_LINE : take(read, parsed(text))
    if (why !== undefined) return { ok: false, line, why }
  }
  const { statement, begin, last } = read
  if (!statement)
    return { ok: false, line: undefined, why: 'there is no statement at the end: the file is cut off' }
  const why = disagreement(statement, begin, last) ?? badSignature(statement, key)
  return why === undefined
    ? { ok: true, statement, entries: statement.count - statement.first }
    : { ok: false, line: undefined, why }
}

const NO_LINE = 'it is not UTF-8 text, far too long, or not ended by a line feed: the file may be cut off'

type Read = { begin: Begin | undefined; last: Last | undefined; statement: Statement | undefined }

/** @returns what is wrong with the line, if something is */
function take(read: Read, value: unknown): string | undefined {
  if (read.statement) return 'something follows the statement'
  if (isStatement(value)) {
    read.statement = value
    return undefined
  }
  const entry = entryOf(value)
  if (typeof entry === 'string') return entry
  const { last } = read
  read.begin ??= { first: entry.sequence, previous: entry.previous }
  read.last = entry
  if (last && entry.sequence !== last.sequence + 1) return `entry ${last.sequence + 1}: the entry is missing`
  if (last && entry.hsm !== last.hsm) return `entry ${entry.sequence}: the entry is of another HSM`
  const broken = verifyEntries([entry], last?.hash ?? entry.previous)
  return broken && `entry ${broken.sequence}: ${broken.why}`
}

/**
 * Undefined for what is not JSON as exports are written. Otherwise programs could read it in different ways: of members that stand
 * there twice, some take the first.
 */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? value : undefined
  } catch {
    return undefined
  }
}

const isStatement = (value: unknown): value is Statement => v.is(statementSchema, value)

/** @returns why it is none, if so */
function entryOf(value: unknown): AuditEntry | string {
  try {
    return readAuditEntry(value)
  } catch (error) {
    return error instanceof HsmError
      ? 'a newer version of Strongroom has written it; verify it with that version'
      : 'it is neither an entry nor a statement'
  }
}

type Begin = { readonly first: number; readonly previous: string }
type Last = { readonly sequence: number; readonly hash: string; readonly hsm: string }

/** What the statement says that the file does not have. */
function disagreement(
  statement: Statement,
  begin: Begin | undefined,
  last: Last | undefined,
): string | undefined {
  const { first, previous, count, hash, hsm } = statement
  if (!begin || !last) {
    return first === count && previous === hash ? undefined : `entries ${first} to ${count - 1} are missing`
  }
  if (begin.first !== first)
    return `it begins with entry ${begin.first}, and the statement with entry ${first}`
  if (begin.previous !== previous) return 'the first entry does not follow what the statement says'
  if (last.sequence !== count - 1)
    return `it ends with entry ${last.sequence}, and the statement with entry ${count - 1}`
  if (last.hash !== hash) return 'the last entry is not the one of the statement'
  return last.hsm === hsm ? undefined : 'the statement is of another HSM'
}

function badSignature(statement: Statement, key: KeyObject): string | undefined {
  const text = Buffer.from(canonicalText(statement, 'signature'))
  const signature = Buffer.from(statement.signature, 'base64')
  const isGood =
    key.asymmetricKeyType === 'ed25519' &&
    // One way of writing, as of everything else in the line.
    signature.toString('base64') === statement.signature &&
    verify(null, text, key, signature)
  return isGood
    ? undefined
    : 'the statement is not signed with this key: it was changed, or is of another cluster'
}
