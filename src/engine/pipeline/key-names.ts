/** What rules and the pipeline call the keys that a request selects. */
import { OPERATIONS, type Operation } from '../../contract/operations.ts'

/** `payload-filter` selects the key `payload`; `filter` and `stream` select the `key`. */
export type KeyName<Member extends string> = Member extends `${infer Name}-filter` ? Name : 'key'

/** The name of the key that a member of a request selects. */
export const keyName = (member: string): string =>
  member.endsWith('-filter') ? member.slice(0, -'-filter'.length) : 'key'

/** Names of the keys that an operation uses: none, one, or two. */
export const namesInUse = (row: Operation): readonly string[] => IN_USE.get(row) ?? []

const IN_USE: ReadonlyMap<Operation, readonly string[]> = new Map(
  Object.values<Operation>(OPERATIONS).map((row) => [
    row,
    Object.entries(row.keys ?? {}).flatMap(([member, dealing]) =>
      dealing === 'use' ? [keyName(member)] : [],
    ),
  ]),
)
