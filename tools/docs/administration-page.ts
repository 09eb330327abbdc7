import manifest from '../../package.json' with { type: 'json' }
import { administrationTree } from '../../src/administration/tree.ts'
import { commandPages } from './command-pages.ts'

export const administrationPage = async (): Promise<string> => `# strongroom

<!-- Generated from src/administration/commands by "npm run fix"; do not edit. -->

What \`strongroom help COMMAND\` and \`strongroom COMMAND --help\` print.
${await commandPages([administrationTree(manifest.version)])}`
