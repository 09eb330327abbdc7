/** The only contact of the configuration, and of the files that it names, with the disk. */
import { closeSync, existsSync, openSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { makeDirectory } from '../base/directories.ts'
import { replaceOrOverwrite } from '../base/durable.ts'
import { reasonOf } from '../base/reasons.ts'
import { readRegular } from '../base/regular-file.ts'
import { HsmError } from '../contract/errors.ts'
import { CONFIG_BYTES, configError } from './document.ts'

/**
 * Never waits: a pipe is refused.
 *
 * @throws HsmError `invalid-request` with one sentence naming the file; what kept it from being read is the cause
 */
export const readConfigFile = (path: string): string =>
  readConfig(path, () => readRegular(path, CONFIG_BYTES))

/**
 * It may be a pipe, whose writer is waited for: meanwhile this process does nothing else, and sees no signal that it handles itself.
 *
 * @throws HsmError as `readConfigFile` does
 */
export const readConfigFileOrPipe = (path: string): string => readConfig(path, () => readBounded(path))

function readConfig(path: string, read: () => Uint8Array): string {
  const bytes = attempt(`Cannot read the configuration ${path}`, read)
  if (bytes.length > CONFIG_BYTES) throw configError(path, `larger than ${CONFIG_BYTES} bytes`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw configError(path, 'not UTF-8 text')
  }
}

/** All the authorities that a system trusts take a quarter of it. */
const TRUST_FILE_BYTES = 1024 * 1024

/**
 * Certificates or a private key, as a configuration names them.
 *
 * @throws errors that `reasonOf` knows, also for what is no regular file, or too large
 */
export const readTrustFile = (path: string): Buffer => readRegular(path, TRUST_FILE_BYTES)

/**
 * Readers see the old file or the new one, also after a crash; a file that another could not take
 * the place of is written in place. A symbolic link stays, and so does the mode; a new file gets 0644. Missing directories are
 * created private.
 *
 * @throws HsmError `invalid-request` with one sentence naming the file
 */
export function writeConfigFile(path: string, text: string): void {
  attempt(`Cannot write the configuration ${path}`, () => {
    const target = throughLinks(path)
    const directory = dirname(target)
    makeDirectory(directory)
    const found = statSync(target, { throwIfNoEntry: false })
    if (found && !found.isFile() && !found.isDirectory()) {
      throw new HsmError('invalid-request', `The configuration ${path} is not a regular file`)
    }
    replaceOrOverwrite(target, Buffer.from(text), 0o644)
  })
}

/** A file that may be there counts as there: why it cannot be had is told by whoever reads it. */
export function configExists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return true
  }
}

/** Reads one byte more than is allowed, so that the size of a device or pipe need not be known. */
function readBounded(path: string): Uint8Array {
  const buffer = new Uint8Array(CONFIG_BYTES + 1)
  const file = openSync(path, 'r')
  try {
    let length = 0
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(file, buffer, length, buffer.length - length, null)
    }
    return buffer.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

/** The file behind a symbolic link, also when that does not exist yet. */
function throughLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  try {
    return resolve(dirname(path), readlinkSync(path))
  } catch {
    return path
  }
}

function attempt<T>(failure: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (error instanceof HsmError) throw error
    throw new HsmError('invalid-request', `${failure}: ${reasonOf(error)}`, { cause: error })
  }
}
