import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { renderHelp } from '../../../src/cli/help.ts'
import { parse } from '../../../src/cli/parse.ts'
import { type Group, type Leaf, opened, type Root } from '../../../src/cli/spec.ts'
import { programTree, SHELL_TREE } from '../../../src/cli/tree.ts'

const UNSHARE = `Unshare a key in the HSM cluster with another user

Usage: key unshare --filter [<FILTER>...] --username <USERNAME> --role <ROLE>

Options:
      --cluster-id <CLUSTER_ID>
          Unique Id to choose which of the clusters in the config file to run the operation against. If not provided, will fall back to the value provided when interactive mode was started, or error

      --filter [<FILTER>...]
          Key reference (e.g. key-reference=0xabc) or space separated list of key attributes in the form of attr.KEY_ATTRIBUTE_NAME=KEY_ATTRIBUTE_VALUE to select a matching key for unsharing

      --username <USERNAME>
          A username with which the key will be unshared

      --role <ROLE>
          Role the user has in the cluster

          Possible values:
          - crypto-user: A CryptoUser has the ability to manage and use keys
          - admin:       An Admin has the ability to manage user accounts

  -h, --help
          Print help (see a summary with '-h')
`

async function help(root: Root, words: readonly string[]): Promise<string> {
  const parsed = await parse(root, words)
  assert.equal(parsed.kind, 'help', words.join(' '))
  return renderHelp(parsed.path, parsed.command, parsed.layout)
}

async function leaves(group: Group, path: readonly string[] = []): Promise<readonly (readonly string[])[]> {
  const { commands } = await opened(group)
  const below = commands.map((node: Group | Leaf) =>
    'commands' in node ? leaves(node, [...path, node.name]) : [[...path, node.name]],
  )
  return (await Promise.all(below)).flat()
}

suite('help', () => {
  test('key unshare, in the shell and as a program', async () => {
    assert.equal(await help(SHELL_TREE, ['help', 'key', 'unshare']), UNSHARE)
    assert.equal(await help(programTree('1'), ['help', 'key', 'unshare']), UNSHARE)
  })

  test('what the CLI of AWS does not have stands apart, and not on the page that is its own to the letter', async () => {
    const asked = await help(programTree('1'), ['key', 'unshare', '--help'])
    assert.ok(asked.startsWith(`${UNSHARE}\nExtension Options:\n      --all-matching\n`))
    assert.match(await help(SHELL_TREE, ['help', 'key', 'share']), /\nExtension Options:\n/)
  })

  test('every command has help', async () => {
    const root = programTree('1')
    for (const path of await leaves(root)) {
      const text = await help(root, ['help', ...path])
      assert.match(
        text,
        new RegExp(`^\\S.*\\n\\nUsage: ${path.join(' ')}( \\[OPTIONS\\])?[^\\n]*\\n\\nOptions:\\n`),
      )
    }
    assert.ok((await leaves(root)).length > 25)
  })

  test('the program has a version and a configuration, the shell has not', async () => {
    const program = await help(programTree('1'), ['--help'])
    assert.match(program, /^Usage: cloudhsm-cli \[OPTIONS\] <COMMAND>$/m)
    assert.match(program, /^ {6}--config <CONFIG> {2}/m)
    assert.match(program, /^ {2}-V, --version {10}Print version$/m)
    const shell = await help(SHELL_TREE, ['--help'])
    assert.match(shell, /^Usage: <COMMAND>$/m)
    assert.doesNotMatch(shell, /--config|--version| {2}interactive| {2}exit/)
  })
})
