import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CURVE_NAMES, ML_DSA_ALGORITHMS } from '../../src/contract/algorithms.ts'
import { FLAG_NAMES, KEY_CLASSES, KEY_TYPES } from '../../src/contract/attributes.ts'
import { KEY_USE, ON_FULL } from '../../src/contract/audit-policy.ts'
import { SOURCE_KINDS } from '../../src/contract/call-source.ts'
import { MATERIAL_IN_MEMORY } from '../../src/contract/key-material.ts'
import { HSM_TYPES, MODES } from '../../src/contract/profiles.ts'
import { sealedMembers } from '../../src/crypto/sealed-fields.ts'
import { FIRST_MEMBERS, FORMAT } from '../../src/model/formats.ts'
import { ROLES, SHAPES } from '../../src/model/record-shapes.ts'
import type { RecordKind, WholeRecord } from '../../src/model/records.ts'
import { declarationsIn, type Member, type ObjectType } from './declarations.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => declarationsIn(readFileSync(join(ROOT, path), 'utf8'))

const VALUES: Readonly<Record<string, readonly string[]>> = {
  Curve: [...new Set(Object.values(CURVE_NAMES))],
  Flags: FLAG_NAMES,
  HsmType: HSM_TYPES,
  KeyClass: KEY_CLASSES,
  KeyType: KEY_TYPES,
  KeyUseChoice: KEY_USE,
  MaterialInMemory: MATERIAL_IN_MEMORY,
  MlDsaAlgorithm: ML_DSA_ALGORITHMS,
  Mode: MODES,
  OnFull: ON_FULL,
  ShownRole: ROLES,
  SourceKind: SOURCE_KINDS,
  Template: FLAG_NAMES,
}

/** The type whose `kind` is this one. */
const typeOf = (types: ReadonlyMap<string, ObjectType>, kind: string): ObjectType => {
  const found = [...types.values()].find(({ members }) => members.some(({ type }) => type === `'${kind}'`))
  if (!found) throw new Error(`src/model/records.ts has no record of the kind ${kind}`)
  return found
}

function named(types: ReadonlyMap<string, ObjectType>, name: string): ObjectType {
  const found = types.get(name)
  if (!found) throw new Error(`There is no type ${name}`)
  return found
}

/** What a record has in memory, and what else is written of it. */
function asWritten(types: ReadonlyMap<string, ObjectType>, type: ObjectType): ObjectType {
  const members = type.members.filter((member) => member.type !== 'never')
  if (members.length === type.members.length) return type
  return { ...type, members: [...members, ...named(types, 'KeyMaterial').members] }
}

type Documented = Pick<ObjectType, 'members' | 'since'>

/** `| undefined` says that the member may be left out. */
const isOptional = ({ optional, type }: Member) => optional || type.endsWith(' | undefined')

const shown = (type: string): string =>
  `\`${type
    .replace(/ \| undefined$/, '')
    .replace(/^readonly /, '')
    .replace(/^Octets$/, 'string')}\``.replaceAll('|', '\\|')

/** Audit entries of format 1 had only the members that are always there. */
const isLaterAudit = (kind: string, member: Member) => kind === 'AuditEntry' && isOptional(member)

/** @param type the format since which there are such objects */
function sinceOf(kind: string, member: Member, type: number | undefined): number {
  const first = (FIRST_MEMBERS as Readonly<Record<string, readonly string[]>>)[kind]
  const since = member.since ?? type
  if (since === undefined && first && !first.includes(member.name))
    throw new Error(`${kind}.${member.name} is not in format 1: say "@since format N" in its docstring`)
  return since ?? (isLaterAudit(kind, member) ? 2 : 1)
}

function table(kind: string, { members, since }: Documented, sealed: readonly string[] = []): string {
  const rows = members
    .filter(({ name }) => name !== 'kind')
    .map((member) => {
      if (member.about === '') throw new Error(`${kind}.${member.name} has no docstring`)
      const notes = [member.about, sealed.includes(member.name) ? '**Sealed.**' : '']
      const required = isOptional(member) ? 'no' : 'yes'
      const about = notes.filter(Boolean).join(' ').replaceAll('|', '\\|')
      return `| \`${member.name}\` | ${shown(member.type)} | ${required} | ${sinceOf(kind, member, since)} | ${about} |`
    })
  return `| member | type | always there | since format | meaning |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`
}

/** Which members of the kind are sealed by themselves. Of keys, it is not sealed in public ones. */
const sealedOf = (kind: string): readonly string[] =>
  sealedMembers({ kind, keyClass: 'private-key', auditKey: '' } as unknown as WholeRecord)

/** Every kind of record, its members, what they mean and since when they are there. */
export function recordsPage(): string {
  const types = new Map([...read('src/model/records.ts'), ...read('src/contract/audit-policy.ts')])
  const audit = read('src/model/audit.ts')
  const section = (title: string, about: string, body: string) => `## ${title}\n\n${about}\n\n${body}\n`
  const kinds = (Object.keys(SHAPES) as RecordKind[]).map((kind) => {
    const type = asWritten(types, typeOf(types, kind))
    return section(`\`${kind}\``, type.about, table(kind, type, sealedOf(kind)))
  })
  const facts = ['RsaFacts', 'EcFacts', 'MlDsaFacts', 'JournalHead', 'AuditPolicy'].map((name) => {
    const type = named(types, name)
    return section(`\`${name}\``, type.about, table(name, type))
  })
  const parts = [named(audit, 'AuditEvent'), named(audit, 'AuditEntry')]
  const entry = { members: parts.flatMap(({ members }) => members), since: undefined }
  const change = named(audit, 'AuditChange')
  const values = Object.entries(VALUES).map(
    ([name, list]) => `| \`${name}\` | ${list.map((value) => `\`${value}\``).join(', ')} |`,
  )
  return `# Records

<!-- Generated from src/model/ by "npm run fix"; do not edit. -->

What an HSM stores: the records of the catalog, and the entries of the audit log. Backups and parcels between clones carry the
same records. The present format is ${FORMAT}.

- A record is a JSON object in UTF-8. It stands under the key \`<kind>/<id>\`, and has the members \`kind\`, \`id\` and \`version\`: the
  format that it was written in. Format 1 has no \`version\`.
- Every record and every audit entry is encrypted and authenticated in the store (AES-256-GCM), with the cluster id, its key and its
  revision as additional data. A member that is **sealed** is encrypted once more, under another key, and is opened only for use.
- A member that is not always there is left out when it has no value.
- A member that an HSM does not know is kept. A format, a kind or a flag that it does not know is refused.

${[...kinds, ...facts].join('\n')}
## Audit entry

One operation and how it ended, in the log of one HSM. Entries are no records of the catalog: \`audit-head\` pins them.

${table('AuditEntry', entry)}

### \`AuditChange\`

${change.about}

${table('AuditChange', change)}

## Types

\`Flags\` has each of its names with true or false, \`Template\` some of them.

| type | values or names |
| --- | --- |
${values.join('\n')}
`
}
