/**
 * Which keys are shown to programs that look around. A key for whose type the client's protocol carries no mechanism is
 * of no use to its program, and breaks some (OpenSSL's engine reads no key at all when there is one of a type it does not
 * know, and whoever makes or shares such a key would do that to others).
 */
import { KEY_KINDS, type KeyKind } from '../../contract/key-kinds.ts'
import { CKA } from '../cryptoki/objects.ts'
import { kindsOf } from '../mechanisms/info.ts'
import { TYPES } from '../mechanisms/types.ts'
import { kindOfType, termOf } from './key-types.ts'
import type { Template } from './template.ts'

const CARRIED: ReadonlySet<KeyKind> = new Set(
  [...TYPES.values()].filter(({ p11Kit }) => p11Kit !== 'none yet').flatMap(kindsOf),
)
/** For which p11-kit has no mechanism in any version of its protocol so far. */
const NOT_CARRIED = (Object.keys(KEY_KINDS) as KeyKind[]).filter((kind) => !CARRIED.has(kind))
const TERMS = NOT_CARRIED.map(termOf)
/** What later versions carry is not known, so nothing is kept back from those that offer them. */
const LAST_KNOWN_VERSION = 2

/** Who names the type knows it, and who names the object means that one; a label or an id others can give to theirs. */
function namesIt(template: Template): boolean {
  const kind = kindOfType(template.get(CKA.KEY_TYPE))
  return (kind !== undefined && NOT_CARRIED.includes(kind)) || template.has(CKA.UNIQUE_ID)
}

/**
 * Filter terms of what a search does not show.
 *
 * @param offered protocol version that the client offered
 */
export const notShown = (offered: number, template: Template): readonly string[] =>
  offered > LAST_KNOWN_VERSION || namesIt(template) ? [] : TERMS
