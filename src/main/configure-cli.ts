/** The program configure-cli. */
import { homedir } from 'node:os'
import { configure } from '../cli/config/configure.ts'
import { isOutputGone, tell, writeOutput } from './streams.ts'
import { version } from './version.ts'

const { text, exit, stream } = configure(process.argv.slice(2), {
  version,
  env: process.env,
  homeDirectory: homedir(),
  workingDirectory: process.cwd(),
})
try {
  await (stream === 'stderr' ? tell(text) : writeOutput(text))
  process.exitCode = exit
} catch (error) {
  if (!isOutputGone(error)) throw error
  process.exitCode = exit || 1
}
