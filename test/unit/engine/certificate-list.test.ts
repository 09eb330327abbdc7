/** A list of certificates is read page by page, and no page is large. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CertificateObject } from '../../../src/contract/certificates.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { certificateDer } from '../../support/certificate.ts'
import { testEngine } from '../../support/engine.ts'
import { createWorld } from '../../support/world.ts'

test('a page holds as many certificates as its bytes allow, and every certificate is on one page', async () => {
  const engine = await testEngine({})
  const world = await createWorld(engine)
  const [large, small] = [await certificateDer('CN=large', 31 * 1024), await certificateDer('CN=small')]
  const made: string[] = []
  for (let count = 0; count < 60; count++) {
    const value = (count % 3 === 0 ? small : large).toString('base64')
    const session = count % 7 === 0
    const { certificate } = await world.as('alice', 'certificate.create', { value, session })
    made.push(certificate.reference)
  }
  const pages: (readonly CertificateObject[])[] = []
  let token: string | undefined
  do {
    const page = await world.as(
      'alice',
      'certificate.list',
      token === undefined ? {} : { 'starting-token': token },
    )
    pages.push(page.certificates)
    token = page.next_token
  } while (token !== undefined && pages.length <= made.length)
  const found = pages.flat().map(({ reference }) => reference)
  assert.deepEqual(
    found,
    made.toSorted((a, b) => (a < b ? -1 : 1)),
  )
  assert.ok(pages.length > 1)
  for (const page of pages) {
    const bytes = page.reduce((sum, { value }) => sum + value.length, 0)
    assert.ok(page.length > 0 && bytes <= LIMITS.certificatePageBytes, `${page.length} of ${bytes} bytes`)
  }
})
