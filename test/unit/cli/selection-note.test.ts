import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClusterClients } from '../../../src/cli/cluster-clients.ts'
import { execute, noTerminal } from '../../../src/cli/execute.ts'
import { programTree } from '../../../src/cli/tree.ts'
import { oneCluster, testShell } from '../../support/cli.ts'
import { testEngine } from '../../support/engine.ts'
import { createWorld, makeAes, makePair, PASSWORD } from '../../support/world.ts'

suite('a filter that matches other than one key', () => {
  const prepared = async () => {
    const world = await createWorld(await testEngine())
    const { pub, priv } = await makePair(world, 'alice', { label: 'pay' })
    for (let at = 0; at < 6; at++) await makeAes(world, 'alice', `aes-${at}`)
    await makeAes(world, 'bob', 'hidden')
    return { world, pub, priv }
  }
  const LOGIN = `login --username alice --role crypto-user --password '${PASSWORD}'`

  test('is told with the first keys beside the answer, which stays as it is', async () => {
    const { world, pub, priv } = await prepared()
    const shell = testShell(world.hsm)
    await shell.run(LOGIN)
    const { text, notes, exit } = await shell.run('key delete --filter attr.key-type=ec')
    assert.match(JSON.parse(text).data, /^Key selection criteria matched 2 keys\. Refine/)
    assert.equal(exit, 1)
    const table = `  ${pub}  public-key   pay-public\n  ${priv}  private-key  pay\n`
    assert.equal(notes, `The filter matches 2 keys:\n${table}`)
    const many = await shell.run(
      'key wrap aes-no-pad --payload-filter attr.class=secret-key --wrapping-filter attr.label=aes-1',
    )
    assert.match(
      many.notes ?? '',
      /^The payload-filter matches 6 keys; the first 5 are:\n(.*aes-[0-4]\n){5}$/,
    )
    assert.doesNotMatch(many.notes ?? '', /hidden/)
    const stream = await shell.run(
      'crypto sign ecdsa --key-filter attr.class=secret-key --hash-function sha256 --data eA==',
    )
    assert.match(stream.notes ?? '', /^The filter matches 6 keys/)
  })

  test('may be a list with commas', async () => {
    const { world } = await prepared()
    const shell = testShell(world.hsm)
    await shell.run(LOGIN)
    const list = await shell.run('key delete --filter attr.label=pay,attr.class=private-key')
    assert.equal(
      list.notes,
      'The filter matches no key; attr.label=pay,attr.class=private-key has a comma, terms are separated by spaces\n',
    )
    assert.equal(
      (await shell.run('key delete --filter attr.label=none')).notes,
      'The filter matches no key\n',
    )
    for (const other of [
      'key delete --filter attr.lable=x',
      'key list --filter attr.label=none',
      'user list',
    ]) {
      assert.equal((await shell.run(other)).notes, undefined)
    }
  })

  test('is told of a single command that asks for it', async () => {
    const { world } = await prepared()
    const clients = createClusterClients(oneCluster(world.hsm), undefined)
    const environment = {
      root: programTree('1.2.3'),
      open: async () => clients.of(undefined),
      credentials: () => ({ username: 'alice', role: 'crypto-user', password: PASSWORD }) as const,
      askHidden: () => Promise.reject(noTerminal()),
    }
    const words = ['key', 'delete', '--filter', 'attr.key-type=ec']
    assert.equal((await execute(words, environment)).notes, undefined)
    for (const asked of [
      ['--verbose', ...words],
      [...words, '--verbose'],
    ]) {
      assert.match((await execute(asked, environment)).notes ?? '', /^The filter matches 2 keys:\n/)
    }
    const list = await execute(['--verbose', 'key', 'list', '--filter', 'attr.label=pay'], environment)
    assert.match(list.text, /"key-owners"/)
  })
})
