/** A configure tool as a program. */
import { homedir } from 'node:os'
import { isSystemError, sentenceOf } from '../base/reasons.ts'
import { isOutputGone, tell, writeOutput } from '../base/standard-streams.ts'
import { version } from '../base/version.ts'
import { configure } from '../cli/config/configure.ts'
import type { Tool } from '../cli/config/configure-options.ts'
import type { Output } from '../cli/render.ts'

function run(tool: Tool): Output {
  try {
    return configure(tool, process.argv.slice(2), {
      version,
      env: process.env,
      homeDirectory: homedir(),
      workingDirectory: process.cwd(),
    })
  } catch (error) {
    if (!isSystemError(error)) throw error
    return { text: `Error: ${sentenceOf(error)}\n`, exit: 1, stream: 'stderr' }
  }
}

/** @returns the exit status */
async function print({ text, exit, stream }: Output): Promise<number> {
  try {
    await (stream === 'stderr' ? tell(text) : writeOutput(text))
    return exit
  } catch (error) {
    if (!isOutputGone(error)) throw error
    return exit || 1
  }
}

/** Runs this process as the tool. */
export function runConfigure(tool: Tool): void {
  void print(run(tool)).then((exit) => {
    process.exitCode = exit
  })
}
