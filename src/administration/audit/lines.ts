/** Entries as people and programs read them. */
import { cloudhsmRecord } from '../../audit/cloudhsm.ts'
import { oneLine } from '../../contract/shown.ts'
import type { AuditChange, AuditEntry, ShownValue } from '../../model/audit.ts'

export type Format = 'text' | 'json' | 'cloudhsm'

/** @param several whether the HSM has to be named @returns with its newline */
export function render(entry: AuditEntry, format: Format, several: boolean): string {
  switch (format) {
    case 'json':
      return `${oneLine(JSON.stringify(entry))}\n`
    case 'cloudhsm':
      return `${cloudhsmRecord(entry)}\n${several ? `HSM : ${oneLine(entry.hsm)}\n` : ''}\n`
    case 'text':
      return `${oneLine(columns(entry, several))}\n`
  }
}

function columns(entry: AuditEntry, several: boolean): string {
  const { at, hsm, sequence, actor, operation, outcome, subjects, mechanism, count } = entry
  return [
    new Date(at).toISOString(),
    ...(several ? [hsm] : []),
    sequence,
    actor,
    operation,
    outcome,
    ...subjects.map(quoted),
    ...(mechanism === undefined ? [] : [`with ${mechanism}`]),
    ...(count === undefined ? [] : [`${count} times`]),
    ...changesOf(entry),
    ...(entry.source === undefined ? [] : [`from ${entry.source}`]),
    ...(entry.leftOut === undefined ? [] : [`(and ${entry.leftOut} before it)`]),
    ...(entry.lost === undefined ? [] : [`(${entry.lost} before it are lost)`]),
  ].join('  ')
}

/** With the objects in front of what was not changed of all of them. */
function changesOf({ changes = [] }: AuditEntry): readonly string[] {
  const objects = new Set(changes.flatMap(({ of }) => of))
  return changes.map((change) =>
    change.of.length < objects.size
      ? `${change.of.map(quoted).join(' ')} ${inWords(change)}`
      : inWords(change),
  )
}

/** `label: old → new`, `shared-users: +bob -carol` */
function inWords({ what, from, to, added = [], removed = [] }: AuditChange): string {
  if (added.length + removed.length > 0) {
    const names = [...added.map((name) => `+${quoted(name)}`), ...removed.map((name) => `-${quoted(name)}`)]
    return `${what}: ${names.join(' ')}`
  }
  if (from === undefined) return `${what}: ${shown(to)}`
  return to === undefined ? `${what}: ${shown(from)} →` : `${what}: ${shown(from)} → ${shown(to)}`
}

const shown = (value: ShownValue | undefined): string =>
  typeof value === 'string' ? quoted(value) : JSON.stringify(value)

/** What could pass for more than one value, or for none: nothing at all, an arrow, a quote, and spaces but single ones between words. */
const AMBIGUOUS = /^$|^ | $| {2}|[→"]|[\p{Zs}--[ ]]/v

/** As it is where it can be mistaken for nothing else, otherwise in quotes as JSON has them: whoever chose it cannot forge a column. */
const quoted = (text: string): string => (AMBIGUOUS.test(text) ? JSON.stringify(text) : text)
