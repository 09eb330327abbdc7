/**
 * Which keys are shown to programs that look around. A key for whose type the client's protocol carries no mechanism is
 * of no use to its program, and breaks some (OpenSSL's engine reads no key at all when there is one of a type it does not
 * know, and whoever makes or shares such a key would do that to others).
 */
import { CKA, CKK } from '../cryptoki/objects.ts'
import type { Template } from './template.ts'

/** Filter terms of the keys for which p11-kit has no mechanism in any version of its protocol so far. */
const NOT_CARRIED = ['attr.curve=ed25519', 'attr.key-type=ml-dsa'] as const
/** What later versions carry is not known, so nothing is kept back from those that offer them. */
const LAST_KNOWN_VERSION = 2

/** Who names the type knows it, and who names the object means that one; a label or an id others can give to theirs. */
const namesIt = (template: Template): boolean => {
  const type = template.get(CKA.KEY_TYPE)
  return type === CKK.EC_EDWARDS || type === CKK.ML_DSA || template.has(CKA.UNIQUE_ID)
}

/**
 * Filter terms of what a search does not show.
 *
 * @param offered protocol version that the client offered
 */
export const notShown = (offered: number, template: Template): readonly string[] =>
  offered > LAST_KNOWN_VERSION || namesIt(template) ? [] : NOT_CARRIED
