/** Guarantee G on the model of the barrier protocol, in every interleaving; and that each rule of it is needed. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const model = join(root, 'model-check/barrier.pml')
const source = readFileSync(model, 'utf8')
const guarantee = readFileSync(join(root, 'docs/GUARANTEE.md'), 'utf8')

const runs = (command: string, option: string) => spawnSync(command, [option]).status === 0
const missing = ['spin', 'gcc'].filter((command) => !runs(command, command === 'spin' ? '-V' : '--version'))
const skip = missing.length > 0 && `${missing.join(' and ')} not installed`

/** The names that the model defines below a heading, up to the next empty line. */
const namesBelow = (heading: string): readonly string[] => {
  const [, block = ''] = source.split(`/* ${heading} */\n`)
  const [definitions = ''] = block.split('\n\n')
  return [...definitions.matchAll(/^#define (\w+)/gm)].map(([, name = '']) => name)
}

const BREAKABLE = namesBelow('What can be broken.')
const POSSIBLE = namesBelow('What must be possible.')

/** Macros that a broken rule needs to matter, and an event to happen. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  NO_FENCE_BEFORE: ['FENCE=1'],
  NO_FENCE_AFTER: ['FENCE=1'],
  NO_WAIT: ['ANSWERED'],
  REPLAYED_STAY_IS_NEW: ['REPLAYS=1'],
  REPLAYED_WORD_IS_NEW: ['REPLAYS=1'],
  ANSWER_FROM_WHAT_STANDS: ['OTHERS=1'],
  MESSAGE_BEFORE_APPLYING: ['MESSAGES=1'],
  MESSAGE_FOR_LATER: ['MESSAGES=1', 'REVOCATIONS=2'],
  MESSAGE_OF_ANOTHER: ['MESSAGES=1'],
  MESSAGE_FORGED: ['MESSAGES=1'],
  CONFIRMED_BY_MESSAGE: ['MESSAGES=1'],
  CONFIRMED_BY_MESSAGE_OF_ONE_GONE: ['MESSAGES=1'],
  REPLAYED_IN_MID_USE: ['REPLAYS=1'],
  CONFIRMED_WHEN_ASKED_AGAIN: ['OTHERS=1'],
}

/** Without clocks there are no deadlines. */
const NEEDS_CLOCKS = 'REFUSED_BY_DEADLINE'

type Finding = 'nothing' | 'assertion violated' | 'acceptance cycle'

/** A search that reaches one of them fails its test. */
const LIMITS = { memoryMb: 1900, depth: 1_000_000, timeMs: 600_000 }

/** Searches the whole state space, or up to the first thing found. */
async function find(folder: string, macros: readonly string[]): Promise<Finding> {
  const options = { cwd: mkdtempSync(join(folder, 'run-')), timeout: LIMITS.timeMs }
  await run('spin', ['-a', ...macros.map((macro) => `-D${macro}`), model], options)
  const inTheEnd = macros.includes('ANSWERED')
  const kind = inTheEnd ? '-DNFAIR=3' : '-DSAFETY'
  await run('gcc', ['-O1', '-w', kind, `-DMEMLIM=${LIMITS.memoryMb}`, '-o', 'pan', 'pan.c'], options)
  const { stdout } = await run(
    './pan',
    ['-n', `-m${LIMITS.depth}`, ...(inTheEnd ? ['-a', '-f'] : [])],
    options,
  )
  assert.doesNotMatch(stdout, /max search depth too small|MEMLIM/, stdout)
  if (/errors: 0$/m.test(stdout)) return 'nothing'
  const [, finding] = stdout.match(/^pan:1: (assertion violated|acceptance cycle)/m) ?? []
  assert.ok(finding, stdout)
  return finding as Finding
}

suite('the model of the barrier', { skip, concurrency: 2 }, () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'strongroom-model-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  const sound: Readonly<Record<string, readonly string[]>> = {
    'G holds': [],
    'G holds when the key is taken back twice': ['REVOCATIONS=2'],
    'G holds with time cut finer': ['TICKS=2'],
    'G holds whatever an administrator of etcd puts back': ['REPLAYS=1', 'MESSAGES=1'],
    'G holds for whoever asks for what another node has done': ['OTHERS=1'],
    'G holds whatever becomes of messages between nodes': ['MESSAGES=1'],
    'G holds whatever becomes of messages, for whoever asks again': ['MESSAGES=1', 'OTHERS=1'],
    'what the fence promises holds whatever becomes of messages': ['MESSAGES=1', 'FENCE=1'],
    'what the fence promises holds without clocks': ['FENCE=1'],
    'what the fence promises holds whatever is put back': ['FENCE=1', 'REPLAYS=1'],
    'what the fence promises holds for whoever asks again': ['FENCE=1', 'OTHERS=1'],
    'every revocation is confirmed in the end': ['ANSWERED'],
  }
  for (const [name, macros] of Object.entries(sound)) {
    test(name, async () => assert.equal(await find(folder, macros), 'nothing'))
  }

  for (const event of POSSIBLE) {
    test(`it can happen: ${event}`, async () =>
      assert.equal(await find(folder, [`REACH=${event}`, ...(ALSO[event] ?? [])]), 'assertion violated'))
  }
  for (const event of POSSIBLE.filter((name) => name !== NEEDS_CLOCKS)) {
    test(`it can happen behind the fence: ${event}`, async () =>
      assert.equal(
        await find(folder, [`REACH=${event}`, 'FENCE=1', ...(ALSO[event] ?? [])]),
        'assertion violated',
      ))
  }

  for (const rule of BREAKABLE) {
    test(`it breaks G: ${rule}`, async () => {
      const violated = rule === 'NO_WAIT' ? 'acceptance cycle' : 'assertion violated'
      assert.equal(await find(folder, [`BREAK=${rule}`, ...(ALSO[rule] ?? [])]), violated)
    })
  }
})

test('the page on the guarantee explains every rule that the model can break, and no other', () => {
  const explained = [...guarantee.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  assert.ok(BREAKABLE.length > 0 && POSSIBLE.length > 0)
  assert.deepEqual(explained, BREAKABLE)
})
