/** A call's signature says what it takes and gives, one letter or two for each; here they are types, and are read and written. */

import { BOUNDS } from '../bounds.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import type { Output } from '../output.ts'
import type { Version } from '../token.ts'
import {
  type Answered,
  type Attribute,
  readAttributes,
  readWanted,
  type Wanted,
  writeAttributes,
} from './attributes.ts'
import { malformed } from './malformed.ts'
import { readMechanism } from './mechanisms.ts'
import {
  readByte,
  readByteArray,
  readCount,
  readMany,
  readU32,
  readU64,
  type WireReader,
} from './wire-reader.ts'
import { type WireWriter, writeByte, writeByteArray, writeU32, writeU64 } from './wire-writer.ts'

/** What each letter of a request stands for. */
type Argument = {
  /** A byte. */
  y: number
  /** CK_ULONG: handles, flags, types. */
  u: number
  /** Text that a structure has room for, and text of any length. */
  s: Buffer
  z: Buffer
  /** Bytes; undefined: NULL. */
  ay: Buffer | undefined
  /** Room for bytes, and for numbers. */
  fy: number
  fu: number
  /** Numbers, at most as many as an application may have sessions. */
  au: readonly number[]
  aA: readonly Attribute[]
  fA: readonly Wanted[]
  /** Null: NULL. */
  M: CallerMechanism | null
}

/** What each letter of a response stands for. */
type Result = {
  u: number
  v: Version
  /** Padded with blanks to the size of the structure's field. */
  s: Buffer
  ay: Output
  au: NumberList
  aA: readonly Answered[]
  P: Outputs
  /** What resumes the login; undefined: nothing does. */
  L: string | undefined
}

/** Members of the mechanism's parameter that the HSM made, in the order of the structure; undefined: none. */
export type Outputs = readonly Buffer[] | undefined

/** Numbers, or how many there are. */
export type NumberList = { readonly numbers: readonly number[] } | { readonly count: number }

type Values<Signature extends string, Letters> = Signature extends ''
  ? []
  : Signature extends keyof Letters
    ? [Letters[Signature]]
    : Signature extends `${infer One}${infer Two}${infer Rest}`
      ? `${One}${Two}` extends keyof Letters
        ? [Letters[`${One}${Two}`], ...Values<Rest, Letters>]
        : One extends keyof Letters
          ? [Letters[One], ...Values<`${Two}${Rest}`, Letters>]
          : never
      : never

export type Arguments<Signature extends string> = Values<Signature, Argument>
export type Results<Signature extends string> = Values<Signature, Result>

type Readers = { readonly [L in keyof Argument]: (from: WireReader) => Argument[L] }
type Writers = { readonly [L in keyof Result]: (to: WireWriter, value: Result[L]) => void }

const READERS: Readers = {
  y: readByte,
  u: readU64,
  s: (from) => readByteArray(from) ?? malformed('no text'),
  z: (from) => readByteArray(from) ?? malformed('no text'),
  ay(from) {
    // NULL with length 0 comes with the flag too, since p11-kit 0.25.
    if (readByte(from) !== 0) return readByteArray(from) ?? undefined
    readU32(from)
    return undefined
  },
  fy: readU32,
  fu: readU32,
  au: readNumbers,
  aA: readAttributes,
  fA: readWanted,
  M: readMechanism,
}

const WRITERS: Writers = {
  u: writeU64,
  v(to, { major, minor }) {
    writeByte(to, major)
    writeByte(to, minor)
  },
  s: writeByteArray,
  /** What was decrypted, a MAC, random bytes: they are over with this, and wiped. */
  ay(to, answer) {
    const there = 'bytes' in answer
    writeByte(to, there ? 1 : 0)
    if (!there) return writeU32(to, answer.needed)
    writeByteArray(to, answer.bytes)
    answer.bytes.fill(0)
  },
  au(to, list) {
    const there = 'numbers' in list
    writeByte(to, there ? 1 : 0)
    writeU32(to, there ? list.numbers.length : list.count)
    if (there) for (const number of list.numbers) writeU64(to, number)
  },
  aA: writeAttributes,
  P(to, outputs) {
    if (!outputs) return writeByteArray(to, null)
    writeU32(
      to,
      outputs.reduce((bytes, output) => bytes + 4 + output.length, 0),
    )
    for (const output of outputs) writeByteArray(to, output)
  },
  L: (to, credential) => writeByteArray(to, credential === undefined ? null : Buffer.from(credential)),
}

function readNumbers(from: WireReader): number[] {
  if (readByte(from) === 0) malformed('no numbers')
  const count = readCount(from, 8)
  return count > BOUNDS.sessions ? malformed('too many numbers') : readMany(count, () => readU64(from))
}

const lettersOf = (signature: string): string[] => signature.match(/[af][yuA]|./g) ?? []

/** How to read the arguments of a request. */
export function argumentsReader<S extends string>(signature: S): (from: WireReader) => Arguments<S> {
  const readers = lettersOf(signature).map((letter) => READERS[letter as keyof Argument])
  return (from) => readers.map((read) => read(from)) as Arguments<S>
}

/** How to write the results of a response. */
export function resultsWriter<S extends string>(signature: S): (to: WireWriter, results: Results<S>) => void {
  const writers = lettersOf(signature).map(
    (letter) => WRITERS[letter as keyof Result] as (to: WireWriter, value: unknown) => void,
  )
  return (to, results) => {
    for (let index = 0; index < writers.length; index += 1)
      writers[index]?.(to, (results as unknown[])[index])
  }
}
