/**
 * What newer client libraries say and hear, as recorded by test/e2e/pkcs11/client-probe.test.ts: attributes of every kind, and
 * everything that can be empty. What they make of it is tested there.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fromText, replay } from '../../support/recorder.ts'
import { bench } from './fixture.ts'

for (const client of ['p11-kit-0.25', 'p11-kit-0.26']) {
  suite(`frames of ${client}`, () => {
    const shared = bench()

    test('are answered as they were recorded', async () => {
      const recording = fromText(readFileSync(join(import.meta.dirname, 'frames', `${client}.txt`), 'utf8'))
      const socket = connect(shared.path)
      const answers = await replay(socket, recording)
      for (const [index, { request, response }] of recording.exchanges.entries()) {
        const call = `exchange ${index + 1}, call ${request.readUInt32BE()}`
        assert.equal(answers[index]?.toString('base64'), response.toString('base64'), call)
      }
      socket.destroy()
      await once(socket, 'close')
    })
  })
}
