/** The program configure-cli. */
import { homedir } from 'node:os'
import { configure } from '../cli/config/configure.ts'
import { version } from './version.ts'

const { text, exit, stream } = configure(process.argv.slice(2), {
  version,
  env: process.env,
  homeDirectory: homedir(),
  workingDirectory: process.cwd(),
})
process[stream].write(text)
process.exitCode = exit
