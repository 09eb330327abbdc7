/** Programs that know all nodes: what they ask is answered wherever they are, and they go on when their node goes. */
import assert from 'node:assert/strict'
import { connect } from '../../../src/client/connect.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { OperationName, Request } from '../../../src/contract/operations.ts'
import { base64, ECDSA, PASSWORD, reference } from '../../support/world.ts'
import type { NodeCluster } from './nodes.ts'

export type Travellers = {
  /** Resolves when each has changed and used its key, all begun after the call. Rejects when one of them has failed. */
  allServed(): Promise<void>
  /** Ends it: nothing failed but what a session that is gone was asked for, which is certain not to have been done. */
  verdict(): Promise<void>
  stop(): Promise<void>
}

const WHO = { username: 'carol', role: 'crypto-user', password: PASSWORD } as const
const P256 = { 'key-type': 'ec', curve: 'secp256r1', 'private-attributes': { sign: true } } as const

export function startTravellers({ nodes, ca }: NodeCluster): Travellers {
  const moved = nodes.map(() => 0)
  const waiting = new Set<(traveller: number) => void>()
  let over = false

  async function travel(traveller: number): Promise<void> {
    const servers = nodes.map((_, at) => (nodes[(traveller + at) % nodes.length] ?? nodes[0]).address)
    const hsm = connect({ servers, trust: { ca: ca() } })
    let token: string | undefined
    async function ask<K extends OperationName>(operation: K, request: Request<K>) {
      for (;;) {
        token ??= (await hsm.call('session.login', WHO)).token
        try {
          return await hsm.call(operation, request, token)
        } catch (error) {
          if (!(error instanceof HsmError) || error.code !== 'not-logged-in') throw error
          token = undefined
          moved[traveller] = (moved[traveller] ?? 0) + 1
        }
      }
    }
    try {
      const names = { 'public-label': 'travels', 'private-label': 'travels' }
      const { private_key } = await ask('key.generate-pair', { ...P256, ...names })
      const filter = reference(private_key['key-reference'])
      const withAlice = { filter, usernames: ['alice'], role: 'crypto-user' as const }
      while (!over) {
        const here = [...waiting]
        await ask('key.share', withAlice)
        await ask('crypto.sign', { filter, mechanism: ECDSA, data: [base64('x')] })
        await ask('key.unshare', withAlice)
        for (const served of here) served(traveller)
      }
    } catch (cause) {
      throw new Error(`traveller ${traveller} failed`, { cause })
    } finally {
      hsm.close()
    }
  }

  const work = Promise.all(nodes.keys().map(travel))
  // Whoever waits for them is told of it, or their verdict is.
  work.catch(() => undefined)
  return {
    async allServed() {
      const { promise, resolve } = Promise.withResolvers<void>()
      const left = new Set(nodes.keys())
      const served = (traveller: number) => {
        left.delete(traveller)
        if (left.size === 0) resolve()
      }
      waiting.add(served)
      await Promise.race([promise, work]).finally(() => waiting.delete(served))
    },
    async verdict() {
      over = true
      await work
      for (const times of moved) assert.ok(times > 0)
    },
    async stop() {
      over = true
      await work.catch(() => undefined)
    },
  }
}
