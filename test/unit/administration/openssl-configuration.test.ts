/** `strongroom env --openssl`: OpenSSL itself reads what was meant. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSslConfiguration } from '../../../src/administration/openssl-configuration.ts'

/** What `name` is set to, as OpenSSL reads it: `asn1parse` makes a UTF8String of it, with two bytes before the text. */
function valueFor(t: TestContext, configuration: string, name: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-openssl-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const [from, to] = [join(directory, 'openssl.cnf'), join(directory, 'value')]
  // A name with a hyphen cannot be referred to.
  const named = configuration.replace(`${name} =`, 'value =')
  writeFileSync(from, `${named}\n[default]\nasn1 = UTF8:\${pkcs11_provider::value}\n`)
  const ran = spawnSync('openssl', ['asn1parse', '-genconf', from, '-noout', '-out', to])
  assert.equal(ran.status, 0, String(ran.stderr))
  return readFileSync(to).subarray(2).toString()
}

test('paths are read as they are', (t) => {
  const path = `/odd/a b$c#d;e'f"g\`h\\i%41=j\nk \r\t `
  const configuration = openSslConfiguration(path, path)
  assert.equal(valueFor(t, configuration, 'pkcs11-module-path'), path)
  // The provider takes the file's name for part of a URI.
  assert.equal(valueFor(t, configuration, 'pkcs11-module-token-pin'), `file:${path.replace('%', '%25')}`)
})

test('without a file for the PIN', () => {
  assert.match(openSslConfiguration('/module.so', undefined), /^# pkcs11-module-token-pin = file:/m)
})
