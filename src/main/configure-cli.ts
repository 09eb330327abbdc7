/** The program configure-cli. */
import { CONFIGURE_CLI } from '../cli/config/configure-options.ts'
import { runConfigure } from './configure.ts'

runConfigure(CONFIGURE_CLI)
