/** Journals of a real HSM: killed while it records, tampered with, exported and verified without it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { Hsm } from '../../src/contract/hsm.ts'
import { ECDSA, reference } from '../support/world.ts'
import {
  ALICE,
  activate,
  client,
  launch,
  type Ran,
  run,
  runWith,
  serve,
  temporaryHome,
} from './strongroom.ts'

const ADMIN = { CLOUDHSM_ROLE: 'admin', CLOUDHSM_PIN: 'admin:correct horse' }

async function started(t: TestContext, ...policy: readonly string[]) {
  const home = temporaryHome(t)
  let serving = await serve(home)
  const hsm = client(t, home)
  const admin = await activate(hsm)
  await hsm.call('user.create', ALICE, admin)
  const { token } = await hsm.call('session.login', ALICE)
  const { private_key } = await hsm.call(
    'key.generate-pair',
    {
      'key-type': 'ec',
      curve: 'secp256r1',
      'public-label': 'pub',
      'private-label': 'pay',
      'private-attributes': { sign: true },
    },
    token,
  )
  const audit = (...words: readonly string[]): Promise<Ran> =>
    run([words[0] === 'set' ? 'audit-policy' : 'audit', ...words, '--home', home.root], ADMIN)
  if (policy.length > 0) assert.equal((await audit('set', ...policy)).exit, 0)
  const key = private_key['key-reference']
  return {
    home,
    audit,
    sign: () => signWith(hsm, token, key),
    async end(signal: 'SIGKILL' | 'SIGTERM') {
      serving.child.kill(signal)
      await serving.ended
    },
    async start() {
      serving = await serve(home)
    },
  }
}

const signWith = (hsm: Hsm, token: string, key: string) =>
  hsm.call('crypto.sign', { filter: reference(key), mechanism: ECDSA, data: ['aGVsbG8='] }, token)

suite('strongroom audit', () => {
  test('with refuse, no use that was answered is missing after kill -9, and the journal goes on', async (t) => {
    const { audit, sign, end, start, home } = await started(t, '--key-use', 'all', '--on-full', 'refuse')
    let answered = 0
    let killed: Promise<void> | undefined
    const lanes = Array.from({ length: 8 }, async () => {
      for (;;) {
        await sign()
        answered += 1
        if (answered === 200) killed = end('SIGKILL')
      }
    })
    await Promise.allSettled(lanes)
    await killed
    assert.ok(answered >= 200)
    await start()
    const verified = await audit('verify')
    assert.equal(verified.exit, 0, verified.stderr)
    const count = Number(/key-use journal: chain verified, (\d+) entries/.exec(verified.stdout)?.[1])
    assert.ok(count >= answered, `${count} of ${answered}`)
    const listed = await audit('--key-use', '--user', 'alice', '--json')
    assert.equal(listed.stdout.trimEnd().split('\n').length, count)
    assert.match(listed.stderr, /^chain verified, \d+ entries, HSM hsm-/)
    const words = readdirSync(home.keyUse).map((name) => readFileSync(join(home.keyUse, name), 'latin1'))
    assert.ok(!words.join('').includes('alice'))
  })

  test('a journal whose files were changed while the HSM was stopped is told of', async (t) => {
    const { audit, sign, end, start, home } = await started(t, '--key-use', 'all')
    for (let use = 0; use < 20; use++) await sign()
    await end('SIGTERM')
    const [name = ''] = readdirSync(home.keyUse)
    const file = join(home.keyUse, name)
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.subarray(0, bytes.length - 100))
    await start()
    const verified = await audit('verify')
    assert.deepEqual([verified.exit, verified.stdout], [1, ''])
    assert.match(verified.stderr, /Key-use entry hsm-[a-z0-9]+\/\d+ is missing or damaged/)
    assert.match(verified.stderr, /audit log: chain verified/)
    const told = await audit('--operation', 'audit.key-use-journal')
    assert.match(told.stdout, /store-damaged/)
    await end('SIGTERM')
  })

  test('the key-use journal of an HSM from before a restore is said to be with it, and is missed only by who asks for it alone', async (t) => {
    const { audit, sign, end, start, home } = await started(t, '--key-use', 'all')
    await sign()
    await end('SIGTERM')
    await start()
    const file = join(home.root, 'backup')
    const created = await run(['backup', 'create', '--home', home.root, '--to', file], ADMIN)
    assert.equal(created.exit, 0, created.stderr)
    const [, original = ''] = /HSM (hsm-[a-z0-9]+)/.exec((await audit('--key-use')).stderr) ?? []
    await end('SIGTERM')
    const clone = temporaryHome(t)
    const restored = await run([
      'backup',
      'restore',
      file,
      '--home',
      clone.root,
      '--master-key-file',
      home.masterKey,
    ])
    assert.equal(restored.exit, 0, restored.stderr)
    await serve(clone)
    const there = (...words: readonly string[]) => run(['audit', ...words, '--home', clone.root], ADMIN)
    const note = `strongroom: the key-use journal of ${original} was not read: it is from before the restore, and is with the original HSM\n`
    for (const whose of ['all', original]) {
      const { exit, stdout, stderr } = await there('verify', '--hsm', whose)
      assert.deepEqual([exit, stderr], [0, note])
      assert.match(stdout, new RegExp(`^audit log: chain verified, \\d+ entries, HSM ${original}$`, 'm'))
    }
    const all = await there('--key-use', '--hsm', 'all')
    assert.equal(all.exit, 0)
    assert.ok(all.stderr.endsWith(note))
    for (const words of [['--key-use'], ['export', '--key-use']]) {
      const one = await there(...words, '--hsm', original)
      assert.deepEqual([one.exit, one.stdout, one.stderr], [1, '', note])
    }
  })

  test('--after goes on after any entry that there is, and is refused after any other', async (t) => {
    const { audit, end } = await started(t)
    const entries = (await audit('--json')).stdout.trimEnd().split('\n')
    const last = String(entries.length - 1)
    for (const words of [[], ['export']]) {
      const more = await audit(...words, '--after', last)
      assert.equal(more.exit, 0, more.stderr)
      assert.notEqual(more.stdout, '')
    }
    for (const words of [[], ['export'], ['--follow'], ['--key-use'], ['--hsm', 'all']]) {
      const refused = await audit(...words, '--after', '100000')
      assert.deepEqual([refused.exit, refused.stdout], [1, ''])
      assert.match(refused.stderr, /^strongroom: There is no entry 100000: the journal has \d+\n$/)
    }
    await end('SIGTERM')
  })

  test('--follow prints entries as they come, and ends without a word when nobody reads them any more', async (t) => {
    const { audit, home, end } = await started(t)
    const { child, ended, printed } = launch(['audit', '--follow', '--home', home.root], ADMIN)
    const prints = async (operation: string) => {
      while (!printed().includes(`  ${operation}  ok`)) await once(child.stdout ?? assert.fail(), 'data')
    }
    await prints('user.create')
    await audit('key')
    await prints('audit.key')
    child.stdout?.destroy()
    await audit('key')
    const { exit, stderr } = await ended
    assert.equal(exit, 1)
    assert.match(stderr, /^chain verified, \d+ entries, HSM hsm-[a-z0-9]+\n$/)
    await end('SIGTERM')
  })

  test('an export verifies with the public key alone, and whatever is done to it is found', async (t) => {
    const { audit, sign, home, end } = await started(t, '--key-use', 'all')
    for (let use = 0; use < 5; use++) await sign()
    const key = join(home.root, 'audit-key.pem')
    writeFileSync(key, (await audit('key')).stdout)
    const exported = {
      management: (await audit('export')).stdout,
      'key-use': (await audit('export', '--key-use')).stdout,
      middle: (await audit('export', '--after', '3')).stdout,
    }
    await end('SIGTERM')
    const file = join(home.root, 'audit.jsonl')
    const verify = async (content: string, keyFile = key) => {
      writeFileSync(file, content)
      return run(['audit', 'verify', file, '--key', keyFile])
    }
    for (const content of Object.values(exported)) {
      const verified = await verify(content)
      assert.deepEqual([verified.exit, verified.stderr], [0, ''])
    }
    assert.match((await verify(exported.middle)).stdout, /from entry 4 on/)
    const piped = await runWith(exported.management, ['audit', 'verify', '-', '--key', key])
    assert.deepEqual([piped.exit, piped.stderr], [0, ''])
    const cutOff = await runWith(exported.management.trimEnd(), ['audit', 'verify', '-', '--key', key])
    assert.deepEqual([cutOff.exit, cutOff.stdout], [1, ''])
    assert.match(cutOff.stderr, /^strongroom: standard input, line \d+: it is not .* ended by a line feed/)
    const swapped = await run(['audit', 'verify', key, '--key', file])
    assert.equal(
      swapped.stderr,
      `strongroom: ${file} has no public key: --key takes what strongroom audit key prints, and FILE an export\n`,
    )
    for (const words of [[file, '--key', key, '--hsm', 'all'], ['-', '--key', '-'], [file], ['--key', key]])
      assert.equal((await run(['audit', 'verify', ...words])).exit, 2, words.join(' '))
    const lines = exported.management.trimEnd().split('\n')
    const statement = lines.at(-1) ?? ''
    const entries = lines.slice(0, -1)
    const broken: Readonly<Record<string, readonly string[]>> = {
      changed: lines.with(2, (lines[2] ?? '').replace('"outcome":"ok"', '"outcome":"busy"')),
      'a member more': lines.with(2, (lines[2] ?? '').replace('{', '{"note":"x",')),
      missing: lines.toSpliced(3, 1),
      reordered: lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''),
      'cut at the end': [...entries.slice(0, -2), statement],
      'cut at the beginning': lines.slice(2),
      'cut behind an entry': entries,
      'cut within a line': [...entries, statement.slice(0, -10)],
      'something behind': [...lines, lines[0] ?? ''],
      'another count': [
        ...entries.slice(0, -1),
        statement.replace(`"count":${entries.length}`, `"count":${entries.length - 1}`),
      ],
      'another cluster in the statement': [
        ...entries,
        statement.replace(/cluster-[a-z2-7]+/, 'cluster-aaaaaaaaaaa'),
      ],
      'the statement of the other journal': [
        ...entries,
        exported['key-use'].trimEnd().split('\n').at(-1) ?? '',
      ],
      'nothing but the statement': [statement],
      nothing: [],
    }
    for (const [what, content] of Object.entries(broken)) {
      const verified = await verify(content.map((line) => `${line}\n`).join(''))
      assert.deepEqual([verified.exit, verified.stdout], [1, ''], what)
      assert.notEqual(verified.stderr, '', what)
    }
    const other = await started(t)
    const otherKey = join(other.home.root, 'key.pem')
    writeFileSync(otherKey, (await other.audit('key')).stdout)
    assert.match((await verify(exported.management, otherKey)).stderr, /another cluster/)
    await other.end('SIGTERM')
  })
})
