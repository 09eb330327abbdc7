/** The program strongroom: the HSM and its administration. */

import type { Task } from '../administration/commands/command.ts'
import { done, failed, type Outcome, wrongUsage } from '../administration/outcome.ts'
import { administrationTree } from '../administration/tree.ts'
import { isSystemError, sentenceOf } from '../base/reasons.ts'
import { isOutputGone, tell, writeOutput } from '../base/standard-streams.ts'
import { version } from '../base/version.ts'
import { renderHelp } from '../cli/help.ts'
import { parse } from '../cli/parse.ts'
import type { ArgValues } from '../cli/spec.ts'
import { HsmError } from '../contract/errors.ts'
import { COMMAND_NEEDS } from './command-needs.ts'

async function main(words: readonly string[]): Promise<Outcome> {
  const parsed = await parse(administrationTree(version), words)
  switch (parsed.kind) {
    case 'version':
      return done(`strongroom ${version}`)
    case 'problem':
      return wrongUsage(parsed.message, parsed.usage)
    case 'help': {
      const text = renderHelp(parsed.path, parsed.command, parsed.layout)
      return { exit: parsed.asked ? 0 : 2, text }
    }
    case 'command': {
      const work = settled(parsed.command, parsed.args)
      return typeof work === 'function' ? work() : work
    }
  }
}

/** The work, or what is wrong with the values of the options. */
function settled({ settle }: Task, options: ArgValues): ReturnType<Task['settle']> | Outcome {
  try {
    return settle(options, COMMAND_NEEDS)
  } catch (error) {
    if (error instanceof HsmError) return wrongUsage(error.message)
    throw error
  }
}

/** Errors of the operating system get a sentence; anything else unforeseen may show its stack. */
function explain(error: unknown): Outcome {
  if (isOutputGone(error)) return { exit: 1, text: '' }
  if (error instanceof HsmError) return failed(error.message)
  if (isSystemError(error)) return failed(sentenceOf(error))
  throw error
}

function unprinted(error: unknown): number {
  if (isOutputGone(error)) return 1
  throw error
}

/** @returns the exit status */
async function print({ exit, text, on = exit === 0 ? 'stdout' : 'stderr' }: Outcome): Promise<number> {
  await (on === 'stdout' ? writeOutput(text) : tell(text))
  return exit
}

process.exitCode = await main(process.argv.slice(2)).catch(explain).then(print).catch(unprinted)
