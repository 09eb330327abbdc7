/** Files of a client configuration that others may change: whoever does so is the HSM for this user, and gets the password. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o002
/** In such a directory nobody removes what is somebody else's. */
const STICKY = 0o1000

/**
 * Warns of each file once.
 *
 * @param files that must not be changed by others
 * @param secrets that must not be read by others either
 * @param warned problems that were told already; new ones are added
 */
export function warnOfOpenFiles(
  files: readonly string[],
  secrets: readonly string[],
  warn: (text: string) => void,
  warned: Set<string>,
): void {
  const problems = [
    ...[...files, ...secrets].flatMap((path) => writableByOthers(path)),
    ...secrets
      .filter((path) => (modeOf(path) & OTHERS_READ) !== 0)
      .map((path) => `others can read ${path}; close it with: chmod o-r ${path}`),
  ]
  for (const problem of problems) {
    if (warned.has(problem)) continue
    warned.add(problem)
    warn(`warning: ${problem}\n`)
  }
}

function writableByOthers(path: string): readonly string[] {
  const directory = dirname(path)
  const isOpen = (modeOf(directory) & (OTHERS_WRITE | STICKY)) === OTHERS_WRITE
  const open = [...((modeOf(path) & OTHERS_WRITE) !== 0 ? [path] : []), ...(isOpen ? [directory] : [])]
  return open.map((name) => `others can change ${name}; close it with: chmod o-w ${name}`)
}

/** What cannot be looked at is told of by whoever reads it. */
function modeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  } catch {
    return 0
  }
}
