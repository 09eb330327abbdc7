/** Uses that take so long that a node can be stopped in the middle of them. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import { createRecorder, violations } from '../../support/history.ts'
import { base64, ECDSA, RSA_PKCS, reference } from '../../support/world.ts'
import type { NodeCluster } from './nodes.ts'
import { createPerson, type Person } from './people.ts'

const AT_ONCE = 3
const RSA = { 'key-type': 'rsa', 'modulus-size-bits': 4096, 'public-exponent': 65_537 } as const
const P256 = { 'key-type': 'ec', curve: 'secp256r1' } as const

async function makePair(
  owner: Person,
  label: string,
  parameters: typeof RSA | typeof P256,
): Promise<string[]> {
  const names = { 'public-label': `${label}-public`, 'private-label': label }
  const attributes = { 'private-attributes': { sign: true } }
  const { private_key } = await owner.call('key.generate-pair', { ...parameters, ...names, ...attributes })
  return reference(private_key['key-reference'])
}

/** Bob uses a key of alice's at the last node. Resolves when that node is at it. */
export async function startBulk(t: TestContext, { nodes, ca }: NodeCluster) {
  const [alice, bob] = [
    createPerson('alice', [nodes[0].address], ca()),
    createPerson('bob', [nodes[2].address], ca()),
  ]
  t.after(alice.close)
  t.after(bob.close)
  const filter = await makePair(alice, 'bulk', RSA)
  const quick = { filter: await makePair(bob, 'quick', P256), mechanism: ECDSA, data: [base64('x')] }
  const withBob = { filter, usernames: ['bob'], role: 'crypto-user' as const }
  const history = createRecorder()
  await history.grant(() => alice.call('key.share', withBob))

  const refusals: string[] = []
  const sign = (items: number) =>
    history.use(async () => {
      const data = Array.from({ length: items }, () => base64('x'))
      try {
        await bob.call('crypto.sign', { filter, mechanism: RSA_PKCS, data })
      } catch (error) {
        if (error instanceof HsmError) refusals.push(error.code)
        throw error
      }
    })
  await sign(1)
  const bulk = Array.from({ length: AT_ONCE }, () => sign(LIMITS.batchItems))
  // It comes after the others on the same connection, and does not wait for them: when it is done they are admitted.
  await bob.call('crypto.sign', quick)
  return {
    /** Alice takes the right back, at the first node. */
    unshare: () => history.revoke(() => alice.call('key.unshare', withBob)),
    /**
     * Everything that the node had released came long before the confirmation, so results that come after it were
     * released after it.
     */
    async verdict() {
      await Promise.all(bulk)
      assert.deepEqual(violations(history.events, { deliveredInOrder: true }), [])
      assert.equal(history.successes(), 1)
      for (const code of refusals) assert.match(code, /^(revoked|not-serving)$/)
    },
  }
}
