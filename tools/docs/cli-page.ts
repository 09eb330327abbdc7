import { AGENT, SHELL_TREE } from '../../src/cli/tree.ts'
import { commandPages } from './command-pages.ts'

/** Those of the shell, and those that only the program has. */
const ROOT = { ...SHELL_TREE, commands: [AGENT, ...SHELL_TREE.commands] }

/** The long help of every command, as the program prints it. */
export async function cliPage(): Promise<string> {
  return `# cloudhsm-cli

<!-- Generated from src/cli/tree.ts by "npm run fix"; do not edit. -->

What \`help COMMAND\` prints in the shell and \`cloudhsm-cli COMMAND --help\` outside of it.
${await commandPages([ROOT])}`
}
