/** HSMs whose clock was wrong at their first start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANY_PORT, activate, client, launch, logLine, startOnce, temporaryHome } from './strongroom.ts'

/** Preloaded by node: all that asks what time it is gets another one. */
const shiftedBy = (days: number) => {
  const module = `
    const now = Date.now, shift = ${days} * 86400000
    globalThis.Date = class extends Date {
      constructor(...args) { super(...(args.length ? args : [now() + shift])) }
      static now() { return now() + shift }
    }`
  const url = `data:text/javascript;base64,${Buffer.from(module).toString('base64')}`
  return { NODE_OPTIONS: `--import=${url}` }
}

const startWith = (root: string, days: number) =>
  launch(['start', '--home', root, ...ANY_PORT], shiftedBy(days))

test('an HSM whose clock is years behind says so and can be used', async (t) => {
  const home = temporaryHome(t)
  const serving = startWith(home.root, -3650)
  await logLine(serving, 'serving')
  assert.match(
    serving.printed(),
    /"msg":"the clock is behind the release of this version: set it, then restart"/,
  )
  await activate(client(t, home))
  serving.child.kill()
  await serving.ended
})

test('an HSM whose CA has ended says so', async (t) => {
  const home = temporaryHome(t)
  await startOnce(home)
  const serving = startWith(home.root, 3700)
  await logLine(serving, 'serving')
  assert.match(
    serving.printed(),
    /"problem":"The certificate of the CA was valid until \S+","msg":"clients refuse the certificate of this HSM"/,
  )
  serving.child.kill()
  await serving.ended
})

test('an HSM whose clock was years ahead can be used once it is set and the HSM is restarted', async (t) => {
  const home = temporaryHome(t)
  const serving = startWith(home.root, 1000)
  await logLine(serving, 'serving')
  assert.doesNotMatch(serving.printed(), /clock/)
  await assert.rejects(
    activate(client(t, home)),
    /not valid yet by the clock of this machine\. Check that clock and/,
  )
  serving.child.kill()
  await serving.ended
  const again = launch(['start', '--home', home.root])
  await logLine(again, 'serving')
  await activate(client(t, home))
  again.child.kill()
  await again.ended
})
