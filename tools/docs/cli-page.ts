import { SHELL_TREE } from '../../src/cli/tree.ts'
import { commandPages } from './command-pages.ts'

/** The long help of every command, as the program prints it. */
export async function cliPage(): Promise<string> {
  return `# cloudhsm-cli

<!-- Generated from src/cli/tree.ts by "npm run fix"; do not edit. -->

What \`help COMMAND\` prints in the shell and \`cloudhsm-cli COMMAND --help\` outside of it.
${await commandPages([SHELL_TREE])}`
}
