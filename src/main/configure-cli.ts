/** The program configure-cli. */
import { homedir } from 'node:os'
import { isSystemError, sentenceOf } from '../base/reasons.ts'
import { isOutputGone, tell, writeOutput } from '../base/standard-streams.ts'
import { version } from '../base/version.ts'
import { configure } from '../cli/config/configure.ts'
import type { Output } from '../cli/render.ts'

function run(): Output {
  try {
    return configure(process.argv.slice(2), {
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

const { text, exit, stream } = run()
try {
  await (stream === 'stderr' ? tell(text) : writeOutput(text))
  process.exitCode = exit
} catch (error) {
  if (!isOutputGone(error)) throw error
  process.exitCode = exit || 1
}
