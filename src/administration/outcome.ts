import { usageError } from '../cli/usage.ts'
import { visible } from '../contract/shown.ts'
import { type Home, startCommand } from '../home/home.ts'

/** What a subcommand of `strongroom` comes to. */
export type Outcome = {
  readonly exit: 0 | 1 | 2
  readonly text: string
  /** Where the text goes. Left out: to stdout when all is well, else to stderr. */
  readonly on?: 'stdout' | 'stderr'
}

/**
 * Exit status 0.
 *
 * @param text printed with a newline
 */
export const done = (text: string): Outcome => ({ exit: 0, text: `${visible(text)}\n` })

/** @param problem a sentence */
export const failed = (problem: string): Outcome => ({ exit: 1, text: `strongroom: ${visible(problem)}\n` })

/** Exit status 1, with the command that starts the HSM of this home. */
export const notRunning = (home: Home): Outcome =>
  failed(`Strongroom is not running on ${home.root}. Start it with: ${startCommand(home)}`)

/** @param problem about the words on the command line @param usageLine of the command, where it helps */
export const wrongUsage = (problem: string, usageLine?: string): Outcome => ({
  exit: 2,
  text: usageError(visible(problem), usageLine),
})
