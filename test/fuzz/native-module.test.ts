/** Our own PKCS#11 module reading answers of an HSM that answers as it likes: libFuzzer, from answers of a real one on. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { run } from '../e2e/pkcs11/commands.ts'
import { needsOwnModule, ownModule } from '../e2e/pkcs11/own-module.ts'
import { fromText } from '../support/recorder.ts'

/** A minute at the most, and less on a machine that is fast. `npm run fuzz:native` has an hour. */
const LONG = process.env['STRONGROOM_FUZZ_SECONDS']
const [RUNS, SECONDS] = LONG === undefined ? [300_000, 45] : [-1, Number(LONG)]
/** To compile, to begin and to end, on a machine that is busy. */
const SPARE_MS = 300_000
const RECORDED = join(import.meta.dirname, '..', 'unit', 'pkcs11', 'frames', 'p11-kit-0.26.txt')
/** Room for everything that is answered there, and for nothing. */
const ROOMS = [0, 12, 63]

suite('answers to our own module', needsOwnModule({ compiler: 'clang', sanitized: true }), () => {
  const module = ownModule()
  before(() => module.make('fuzz'))

  /** What came back in the recording, behind its number and its signature. */
  function seeds(): Buffer[] {
    const { exchanges } = fromText(readFileSync(RECORDED, 'utf8'))
    return exchanges.flatMap(({ response }) => {
      const id = response.readUInt32BE(0)
      const results = response.subarray(8 + response.readUInt32BE(4))
      const asItIs = Buffer.concat([Buffer.of(id, 0, 32), response])
      return [asItIs, ...ROOMS.map((room) => Buffer.concat([Buffer.of(id, 1, room), results]))]
    })
  }

  test('are read without a wrong step', async (t) => {
    const corpus = join(module.directory(), 'corpus')
    mkdirSync(corpus)
    for (const [index, seed] of seeds().entries()) writeFileSync(join(corpus, String(index)), seed)
    const limits = [`-runs=${RUNS}`, `-max_total_time=${SECONDS}`, '-max_len=4096', '-timeout=10']
    const artifacts = `-artifact_prefix=${module.directory()}/`
    const fuzzer = join(module.directory(), 'fuzz_answers')
    const { exit, stderr } = await run(t, [fuzzer, ...limits, artifacts, corpus], {
      timeoutMs: 1000 * SECONDS + SPARE_MS,
    })
    assert.equal(exit, 0, stderr)
    t.diagnostic(/^Done .*/m.exec(stderr)?.[0] ?? '')
    assert.match(stderr, /^Done \d+ runs/m)
  })
})
