import { renderHelp } from '../../src/cli/help.ts'
import { opened, type Path, type Shape } from '../../src/cli/spec.ts'

/** The long help of every command below the end of the path, as the program prints it. */
export async function commandPages(path: Path<Shape>): Promise<string> {
  const [root, ...below] = path
  const node = below.at(-1) ?? root
  if (node.hidden) return ''
  const command = 'command' in node ? node.command : node.alone
  const title = below.length === 0 ? root.name : below.map(({ name }) => name).join(' ')
  const own = `\n## ${title}\n\n\`\`\`text\n${renderHelp(path, command, 'long').trimEnd()}\n\`\`\`\n`
  const children = 'commands' in node ? node.commands : []
  const pages = await Promise.all(
    children.map(async (child) => commandPages([...path, 'commands' in child ? await opened(child) : child])),
  )
  return [own, ...pages].join('')
}
