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
  const { at, hsm, sequence, actor, operation, outcome, subjects, mechanism, count, changes = [] } = entry
  return [
    new Date(at).toISOString(),
    ...(several ? [hsm] : []),
    sequence,
    actor,
    operation,
    outcome,
    ...subjects,
    ...(mechanism === undefined ? [] : [`with ${mechanism}`]),
    ...(count === undefined ? [] : [`${count} times`]),
    ...changes.map(inWords),
    ...(entry.source === undefined ? [] : [`from ${entry.source}`]),
    ...(entry.leftOut === undefined ? [] : [`(and ${entry.leftOut} before it)`]),
    ...(entry.lost === undefined ? [] : [`(${entry.lost} before it are lost)`]),
  ].join('  ')
}

/** `label: old → new`, `shared-users: +bob -carol` */
function inWords({ what, from, to, added = [], removed = [] }: AuditChange): string {
  if (added.length + removed.length > 0) {
    return `${what}: ${[...added.map((name) => `+${name}`), ...removed.map((name) => `-${name}`)].join(' ')}`
  }
  if (from === undefined) return `${what}: ${shown(to)}`
  return to === undefined ? `${what}: ${shown(from)} →` : `${what}: ${shown(from)} → ${shown(to)}`
}

const shown = (value: ShownValue | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value)
