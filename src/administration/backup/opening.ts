/** What opens a backup, as it is named on the command line. */

import { createReadStream } from 'node:fs'
import { type BackupReader, createBackupReader } from '../../backup/frames.ts'
import type { Header } from '../../backup/header.ts'
import { openWithMasterKey, openWithPassphrase } from '../../backup/ways.ts'
import { naming } from '../../base/reasons.ts'
import { HsmError } from '../../contract/errors.ts'
import { withMasterKey } from '../../home/master-key.ts'
import { readSmall } from '../small-file.ts'

/** Paths; `-` stands for standard input. */
export type Opening = { readonly masterKeyFile: string } | { readonly passphraseFile: string }

/** Reads a file with `body`, and lets go of it. Throws errors of the operating system, and what `body` throws. */
export async function reading<R>(file: string, body: (reader: BackupReader) => Promise<R>): Promise<R> {
  const stream = createReadStream(file)
  try {
    return await body(createBackupReader(stream))
  } catch (error) {
    throw naming(file, error)
  } finally {
    stream.destroy()
  }
}

/** The key of the backup, the caller's to wipe. Throws HsmError. */
export async function keyOf(header: Header, opening: Opening): Promise<Buffer> {
  if ('masterKeyFile' in opening) {
    return withMasterKey(opening.masterKeyFile, undefined, (key) => openWithMasterKey(header, key))
  }
  return openWithPassphrase(header, await readPassphrase(opening.passphraseFile))
}

/** A passphrase is tried offline, by whoever has the file and as long as they like. */
const LENGTH_MIN = 12

/** For a new backup. Throws HsmError `invalid-request` when it is too short. */
export async function readNewPassphrase(path: string): Promise<string> {
  const passphrase = await readPassphrase(path, true)
  if ([...passphrase].length >= LENGTH_MIN) return passphrase
  throw new HsmError('invalid-request', `The passphrase must have at least ${LENGTH_MIN} characters`)
}

/** One line of a file or of standard input, or typed where that is a terminal. */
async function readPassphrase(path: string, twice = false): Promise<string> {
  if (path !== '-' || !process.stdin.isTTY) return (await readSmall(path)).replace(/\r?\n$/, '')
  const { createPasswordPrompt } = await import('../../cli/shell/password-prompt.ts')
  const prompt = createPasswordPrompt(process.stdin, process.stderr)
  try {
    const passphrase = await prompt.ask('Passphrase of the backup: ')
    if (!twice || (await prompt.ask('The same again: ')) === passphrase) return passphrase
    throw new HsmError('invalid-request', 'The passphrases do not match')
  } finally {
    prompt.close()
  }
}
