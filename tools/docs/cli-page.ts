import { renderHelp } from '../../src/cli/help.ts'
import type { Group, Leaf, Path } from '../../src/cli/spec.ts'
import { SHELL_TREE } from '../../src/cli/tree.ts'

/** The long help of every command, as the program prints it. */
export async function cliPage(): Promise<string> {
  const sections: string[] = []
  await walk([SHELL_TREE], sections)
  return `# cloudhsm-cli

<!-- Generated from src/cli/tree.ts by "npm run fix"; do not edit. -->

What \`help COMMAND\` prints in the shell and \`cloudhsm-cli COMMAND --help\` outside of it.
${sections.join('')}`
}

async function walk(path: Path, sections: string[]): Promise<void> {
  const [, ...below] = path
  const node: Group | Leaf = below.at(-1) ?? path[0]
  if (node.hidden) return
  const command = 'load' in node ? await node.load() : undefined
  const title = below.length === 0 ? 'cloudhsm-cli' : below.map(({ name }) => name).join(' ')
  sections.push(`\n## ${title}\n\n\`\`\`text\n${renderHelp(path, command, 'long').trimEnd()}\n\`\`\`\n`)
  if ('commands' in node) for (const child of node.commands) await walk([...path, child], sections)
}
