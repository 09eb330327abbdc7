/** The program strongroom: the HSM and its administration. */
import { administrationTree } from '../cli/administration/tree.ts'
import { renderHelp } from '../cli/help.ts'
import { parse } from '../cli/parse.ts'
import type { ArgValues } from '../cli/spec.ts'
import { HsmError } from '../contract/errors.ts'
import { reasonAndAdvice } from '../contract/reasons.ts'
import { done, failed, type Outcome, wrongUsage } from './outcome.ts'
import { TASKS } from './tasks.ts'
import { version } from './version.ts'

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
      const work = settled(TASKS[parsed.command.task] as Settling, parsed.args)
      return typeof work === 'function' ? work() : work
    }
  }
}

type Work = () => Promise<Outcome>
/** The parser hands over exactly what the options of the command promise. */
type Settling = (options: ArgValues) => Work

/** The work, or what is wrong with the values of the options. */
function settled(task: Settling, options: ArgValues): Work | Outcome {
  try {
    return task(options)
  } catch (error) {
    if (error instanceof HsmError) return wrongUsage(error.message)
    throw error
  }
}

/** What could not be done, with which file, why, and what helps. */
function systemSentence(error: NodeJS.ErrnoException): string {
  const { path, syscall } = error
  // Files are written under another name first.
  const file = path?.replace(/\.[\da-f-]{36}\.new$/, '')
  return `Cannot ${file === undefined ? syscall : `use ${file}`}: ${reasonAndAdvice(error)}`
}

/** Errors of the operating system name the file; anything else unforeseen may show its stack. */
function explain(error: unknown): Outcome {
  if (error instanceof HsmError) return failed(error.message)
  if (error instanceof Error && 'syscall' in error)
    return failed(systemSentence(error as NodeJS.ErrnoException))
  throw error
}

const { exit, text } = await main(process.argv.slice(2)).catch(explain)
if (text) process[exit === 0 ? 'stdout' : 'stderr'].write(text)
process.exitCode = exit
