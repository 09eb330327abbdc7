import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { notBeforeRelease } from '../../../src/base/version.ts'
import {
  authorityProblem,
  createAuthority,
  isFit,
  issueServerCertificate,
} from '../../../src/certificates/certificates.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2030, 0, 1)
const NAMES = ['hsm.strongroom', 'localhost', '127.0.0.1', '::1']
const authority = await createAuthority('cluster-abc', NOW)
const server = await issueServerCertificate(authority, NAMES, NOW)

const validity = ({ cert }: { readonly cert: string }) => {
  const { validFromDate: from, validToDate: to } = new X509Certificate(cert)
  return { from: from.getTime(), to: to.getTime() }
}

test('the CA is a CA for ten years and nothing else', () => {
  const ca = new X509Certificate(authority.cert)
  assert.equal(ca.subject, 'CN=Strongroom cluster-abc CA')
  assert.ok(ca.ca && ca.verify(ca.publicKey))
  assert.equal(ca.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.ok(ca.validToDate.getTime() - NOW >= 3650 * DAY_MS)
  assert.ok(ca.validFromDate.getTime() < NOW)
})

test('a CA is refused by clients before its time and after, and is told of then', () => {
  const { from, to } = validity(authority)
  const told = [from - 1, from, NOW, to, to + 1].map((now) => authorityProblem(authority.cert, now))
  assert.deepEqual(told, [
    'The certificate of the CA is valid from 2000-01-01T00:00:00.000Z only: a clock was ahead when it was made, or is behind now',
    undefined,
    undefined,
    undefined,
    `The certificate of the CA was valid until ${new Date(to).toISOString()}`,
  ])
})

test('a server certificate names what it was asked to and is good for TLS servers only', () => {
  const cert = new X509Certificate(server.cert)
  assert.equal(cert.ca, false)
  assert.equal(
    cert.subjectAltName,
    'DNS:hsm.strongroom, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  )
  assert.deepEqual(cert.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.ok(cert.checkIssued(new X509Certificate(authority.cert)))
})

test('no two certificates have the same number or key', async () => {
  const other = await issueServerCertificate(authority, NAMES, NOW)
  const [a, b] = [server, other].map(({ cert }) => new X509Certificate(cert))
  assert.notEqual(a?.serialNumber, b?.serialNumber)
  assert.notEqual(server.key, other.key)
})

test('a certificate is fit until it has 30 days left', () => {
  const end = new X509Certificate(server.cert).validToDate.getTime()
  const fitAt = (now: number) => isFit(server, authority.cert, NAMES, now)
  assert.ok(fitAt(NOW))
  assert.ok(fitAt(end - 30 * DAY_MS - 1))
  assert.ok(!fitAt(end - 30 * DAY_MS))
  assert.ok(!fitAt(NOW - 365 * DAY_MS))
})

test('a clock that was wrong when the certificates were made leaves none that stay useless when it is set', async () => {
  for (const years of [-50, -3, 3, 10]) {
    const wrong = notBeforeRelease(NOW + years * 365 * DAY_MS)
    const ca = await createAuthority('cluster-abc', wrong)
    assert.ok(validity(ca).from < NOW && validity(ca).to > NOW, `a CA made ${years} years off`)
    const made = await issueServerCertificate(ca, NAMES, wrong)
    const used = isFit(made, ca.cert, NAMES, NOW) ? made : await issueServerCertificate(ca, NAMES, NOW)
    assert.ok(validity(used).from < NOW && validity(used).to > NOW, `a server's, made ${years} years off`)
  }
})

test('a server certificate is valid for no longer than Apple accepts', () => {
  const { from, to } = validity(server)
  assert.ok(to - from <= 825 * DAY_MS)
})

test('a certificate is fit only with its key, from its CA, and for the names it has', async () => {
  const other = await createAuthority('cluster-abc', NOW)
  const { key } = await issueServerCertificate(authority, NAMES, NOW)
  assert.ok(!isFit({ ...server, key }, authority.cert, NAMES, NOW))
  assert.ok(!isFit(server, other.cert, NAMES, NOW))
  assert.ok(!isFit(server, authority.cert, [...NAMES, 'hsm.example'], NOW))
  assert.ok(!isFit(server, authority.cert, [...NAMES, '10.0.0.1'], NOW))
  assert.ok(!isFit({ ...server, cert: 'nonsense' }, authority.cert, NAMES, NOW))
})
