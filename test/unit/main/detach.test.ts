import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { failed, type Outcome } from '../../../src/administration/outcome.ts'
import { homeAt } from '../../../src/home/home.ts'
import { detach } from '../../../src/main/detach.ts'

test('a process that the operating system does not start is an error, with its cause', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-detach-'))
  const { execPath } = process
  t.after(() => {
    process.execPath = execPath
    rmSync(root, { recursive: true })
  })
  process.execPath = join(root, 'no-node')
  await assert.rejects(detach(homeAt(join(root, 'home')), [], 'program.ts'), {
    code: 'ENOENT',
    path: process.execPath,
  })
})

test('a store that takes an hour to read is waited for, and whoever waits is told once', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-detach-'))
  t.after(() => rmSync(root, { recursive: true }))
  const home = homeAt(join(root, 'home'))
  const [program, over] = [join(root, 'program.mjs'), join(root, 'over')]
  writeFileSync(
    program,
    `import { existsSync } from 'node:fs'
    setInterval(() => {
      if (!existsSync(${JSON.stringify(over)})) return
      console.error('strongroom: The store is damaged')
      process.exit(1)
    }, 10)`,
  )
  let now = 0
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(performance, 'now', () => now)
  const said = t.mock.method(process.stderr, 'write', () => true)
  let outcome: Outcome | undefined
  const ended = detach(home, [], program).then((value) => {
    outcome = value
  })
  async function pass(ms: number) {
    now += ms
    t.mock.timers.tick(ms)
    await setImmediate()
  }
  for (let second = 0; second < 3600; second += 1) await pass(1000)
  assert.equal(outcome, undefined)
  const told = said.mock.calls.map(({ arguments: [text] }) => text)
  assert.deepEqual(told, [`strongroom: the HSM has not read its store yet; see ${home.log}\n`])
  writeFileSync(over, '')
  while (!outcome) await pass(25)
  await ended
  assert.deepEqual(outcome, failed('The store is damaged'))
})
