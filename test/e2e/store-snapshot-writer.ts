/**
 * A process that opens the store in the directory of its first argument, changes it, and closes it, which writes the snapshot:
 * again and again, a new snapshot every other time. It prints each revision that was acknowledged, and what the log is told.
 */
import { rmSync } from 'node:fs'
import { sampleKey } from '../contract/store-samples.ts'
import { openWith, puts, snapshotIn, write } from '../unit/store/snapshots.ts'

const directory = process.argv[2] ?? ''
const say = (word: string) => process.stdout.write(`${word}\n`)

for (let round = 1; ; round++) {
  if (round % 2 === 0) rmSync(snapshotIn(directory), { force: true })
  const { store, lines } = openWith(directory)
  for (let key = 1; key <= 3; key++) {
    const { revision } = await write(store, ...puts(sampleKey(round + key, { label: `round ${round}` })))
    say(String(revision))
  }
  await store.close()
  for (const { level, message } of lines) say(`${level}: ${message}`)
}
