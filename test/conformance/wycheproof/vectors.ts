/** The files of vectors, which are beside the project and not part of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..')
const folder = process.env['STRONGROOM_VECTORS'] || join(root, '..', 'shared', 'vectors')

/** Why there is nothing to run; false when there is. */
export const missing = existsSync(folder) ? false : `no vectors in ${folder} (STRONGROOM_VECTORS)`

type Result = 'valid' | 'invalid' | 'acceptable'
type Text = Readonly<Partial<Record<string, string>>>

/** Hexadecimal, as the file has it. */
export type Vector = Text & {
  readonly tcId: number
  readonly comment: string
  readonly result: Result
  readonly flags: readonly string[]
}

export type Group = Text & {
  readonly keySize?: number
  readonly tagSize?: number
  readonly tests: readonly Vector[]
}

/** Of all files that are there. */
export const names = (): string[] =>
  readdirSync(folder)
    .flatMap((name) => /^(.*)_test\.json$/.exec(name)?.[1] ?? [])
    .sort()

export function load(file: string): readonly Group[] {
  const { testGroups } = JSON.parse(readFileSync(join(folder, `${file}_test.json`), 'utf8'))
  return testGroups
}

export const hex = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'hex')
