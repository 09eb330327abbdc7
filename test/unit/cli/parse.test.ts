import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parse } from '../../../src/cli/parse.ts'
import { programTree } from '../../../src/cli/tree.ts'

const ROOT = programTree('1.2.3')

async function argsOf(line: string): Promise<unknown> {
  const parsed = await parse(ROOT, line.split(' '))
  assert.equal(parsed.kind, 'command', line)
  return parsed.args
}

async function problemOf(line: string): Promise<string> {
  const parsed = await parse(ROOT, line.split(' '))
  assert.equal(parsed.kind, 'problem', line)
  return parsed.message
}

suite('parser', () => {
  const unshare = { filter: ['a=1', 'b=2'], username: 'alice', role: 'crypto-user' }
  const spellings = [
    'key unshare --filter a=1 b=2 --username alice --role crypto-user',
    'key unshare --filter a=1 --filter b=2 --username alice --role crypto-user',
    'key unshare --filter=a=1 --filter=b=2 --username=alice --role=crypto-user',
    'key unshare --filter=a=1 b=2 --role crypto-user --username=alice',
    'key unshare --username alice --filter a=1 --role crypto-user --filter b=2',
    'key unshare --role crypto-user --username alice --filter a=1 b=2',
  ]
  for (const line of spellings) test(line, async () => assert.deepEqual(await argsOf(line), unshare))

  test('takes options of the program before the command and after it', async () => {
    assert.deepEqual(await argsOf('--config f user list'), { config: 'f' })
    assert.deepEqual(await argsOf('user --config=f list'), { config: 'f' })
    assert.deepEqual(await argsOf('user list --config f --cluster-id c'), { config: 'f', 'cluster-id': 'c' })
    assert.equal(
      await problemOf('--config f user list --config g'),
      "the argument '--config <CONFIG>' cannot be used multiple times",
    )
  })

  test('takes no words, numbers and flags for what they are', async () => {
    assert.deepEqual(await argsOf('key list --filter --max-items 5 -v'), {
      filter: [],
      'max-items': 5,
      verbose: true,
    })
    assert.deepEqual(await argsOf('key list --starting-token -5'), { 'starting-token': '-5' })
    const empty = { label: '', 'key-length-bytes': 16 }
    assert.deepEqual(await argsOf('key generate-symmetric aes --label= --key-length-bytes 16'), empty)
  })

  test('needs no filter for all that matches', async () => {
    assert.deepEqual(await argsOf('key delete --all-matching --owner ines --dry-run'), {
      'all-matching': true,
      owner: 'ines',
      'dry-run': true,
    })
  })

  const problems: readonly [string, string][] = [
    ...[
      '--filter',
      '--filter --username bob --role crypto-user',
      '--all-matching --label-glob x --filter',
    ].map((words): [string, string] => [
      `key unshare ${words}`,
      "a value is required for '--filter [<FILTER>...]' but none was supplied",
    ]),
    [
      'key wrap rsa-pkcs --payload-filter a=1 --wrapping-filter',
      "a value is required for '--wrapping-filter [<WRAPPING_FILTER>...]' but none was supplied",
    ],
    [
      'key generate-symmetric aes --label x --key-length-bytes 32 --attributes',
      "a value is required for '--attributes [<KEY_ATTRIBUTES>...]' but none was supplied",
    ],
    [
      'crypto sign ecdsa --key-filter --hash-function sha256 --data eA==',
      "a value is required for '--key-filter [<KEY_FILTER>...]' but none was supplied",
    ],
    [
      'key list --starting-token --verbose',
      "a value is required for '--starting-token <STARTING_TOKEN>' but none was supplied",
    ],
    [
      'key unshare --username bob --role crypto-user --dry-run --owner ines --filter a=1',
      'the following required arguments were not provided:\n  --all-matching',
    ],
    [
      'key unshare --all-matching --owner ines --username bob',
      'the following required arguments were not provided:\n  --role <ROLE>',
    ],
    [
      'key list --starting-token=',
      "a value is required for '--starting-token <STARTING_TOKEN>' but none was supplied",
    ],
    ['key list --config=', "a value is required for '--config <CONFIG>' but none was supplied"],
    ['key import pem --path=', "a value is required for '--path <PATH>' but none was supplied"],
    [
      'key generate-symmetric aes --label= --attributes=',
      "a value is required for '--attributes [<KEY_ATTRIBUTES>...]' but none was supplied",
    ],
    ['key list --all --count', "the argument '--all' cannot be used with '--count'"],
    ['key list --max-items 3 --all', "the argument '--all' cannot be used with '--max-items <MAX_ITEMS>'"],
    ['key list -v --verbose', "the argument '--verbose' cannot be used multiple times"],
    ['key list -x', "unexpected argument '-x' found"],
    ['key list --passwort=secret', "unexpected argument '--passwort' found"],
    ['key list --', "unexpected argument '--' found"],
    ['key list --hasOwnProperty x', "unexpected argument '--hasOwnProperty' found"],
    [
      'key list --filtr x',
      "unexpected argument '--filtr' found\n\n  tip: a similar argument exists: '--filter'",
    ],
    ['key delet', "unrecognized subcommand 'delet'\n\n  tip: a similar subcommand exists: 'delete'"],
    ['--confg f', "unexpected argument '--confg' found\n\n  tip: a similar argument exists: '--config'"],
    [
      'key list --max-items 99999999999999999999',
      "invalid value '99999999999999999999' for '--max-items <MAX_ITEMS>': expected a whole number",
    ],
    [
      'user create --role toString',
      "invalid value 'toString' for '--role <ROLE>'\n  [possible values: crypto-user, admin]",
    ],
    [
      'login --role',
      "a value is required for '--role <ROLE>' but none was supplied\n  [possible values: crypto-user, admin]",
    ],
    // What Node makes of arguments that are not UTF-8.
    [
      'user create --password p\ufffdssword',
      "invalid UTF-8 was detected in the value of '--password <PASSWORD>'",
    ],
    [
      'key list --filter attr.label=\ufffd',
      "invalid UTF-8 was detected in the value of '--filter [<FILTER>...]'",
    ],
    [
      'key list --starting-token=\ud800',
      "invalid UTF-8 was detected in the value of '--starting-token <STARTING_TOKEN>'",
    ],
    ['key constructor', "unrecognized subcommand 'constructor'"],
    ['help key list verbose', "unrecognized subcommand 'verbose'"],
    ['key list \u001b[2J', "unexpected argument '\u{fffd}[2J' found"],
  ]
  for (const [line, message] of problems) {
    test(JSON.stringify(line), async () => assert.equal(await problemOf(line), message))
  }

  test('finds help wherever it is asked for', async () => {
    for (const line of [
      'help key list',
      'key help list',
      'help help key list',
      'help key help list',
      'key list --help',
      'key list --filter a=1 --help',
    ]) {
      const parsed = await parse(ROOT, line.split(' '))
      assert.ok(
        parsed.kind === 'help' && parsed.layout === 'long' && parsed.path.at(-1)?.name === 'list',
        line,
      )
    }
    const twice = await parse(ROOT, ['help', 'help'])
    assert.ok(twice.kind === 'help' && twice.asked && twice.path.length === 1)
    const short = await parse(ROOT, ['key', 'list', '--max-items', '1', '-h'])
    assert.ok(short.kind === 'help' && short.layout === 'short')
  })

  test('prints the version of the program only', async () => {
    assert.equal((await parse(ROOT, ['--version'])).kind, 'version')
    assert.equal((await parse(ROOT, ['-V'])).kind, 'version')
    assert.equal(await problemOf('key -V'), "unexpected argument '-V' found")
  })
})
