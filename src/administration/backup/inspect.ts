/** `strongroom backup inspect`: shows the header of a backup, which is not encrypted. */
import { type Header, readHeader } from '../../backup/header.ts'
import { done, type Outcome } from '../outcome.ts'
import { reading } from './opening.ts'

/** Nobody who has not opened it can tell whether it is true. Throws HsmError, or an error of the operating system. */
export async function inspectBackup(file: string, { json }: { readonly json: boolean }): Promise<Outcome> {
  const { header } = await reading(file, readHeader)
  const { ways, ...facts } = header
  const shown = { ...facts, 'opened-by': ways.map(wayInWords) }
  if (json) return done(JSON.stringify(shown, null, 2))
  return done(
    Object.entries(shown)
      .map(([name, value]) => `${name.padEnd(10)}  ${[value].flat().join(', ')}`)
      .join('\n'),
  )
}

const wayInWords = (way: Header['ways'][number]): string =>
  way.way === 'master-key' ? `master key ${way.check}` : 'passphrase'
