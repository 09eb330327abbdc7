import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { newCredential, proves, readCredential } from '../../../src/session/resume-credential.ts'

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

test('a credential is good as it was given out, and in no other way of writing it', () => {
  const { credential, ...kept } = newCredential(randomBytes)
  const shown = readCredential(credential)
  assert.ok(shown && proves(shown, kept))
  for (let at = 0; at < credential.length; at++) {
    for (const other of `${BASE64URL}=+/ `) {
      if (other === credential[at]) continue
      const changed = readCredential(credential.slice(0, at) + other + credential.slice(at + 1))
      assert.ok(!changed || !proves(changed, kept))
    }
  }
  for (const changed of ['', `${credential}A`, `${credential}=`, `${credential}\n`, credential.slice(1)]) {
    assert.equal(readCredential(changed), undefined)
  }
})
