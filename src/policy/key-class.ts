import type { KeyClass } from '../contract/attributes.ts'
import type { KeyRecord } from '../model/records.ts'
import { deny, type Refusal } from './decision.ts'

/** @param verb what is wanted of the key: `sign with`, `export` */
export const wrongClass = (verb: string, needed: KeyClass, key: KeyRecord): Refusal =>
  deny('key-type', `To ${verb} a key it must be a ${needed}, not a ${key.keyClass}`)
