/** A cluster and its clone, in memory, with the same people logged in to both. */
import type { Hsm } from '../../src/contract/hsm.ts'
import type { EngineNeeds } from '../../src/engine/needs.ts'
import { backupOf, cloneFrom } from './backups.ts'
import { testEngine } from './engine.ts'
import { createWorld, PASSWORD, type Person, reference, type World } from './world.ts'

/** The people of a cluster, logged in to its clone. */
export async function inClone(hsm: Hsm, people: readonly Person[]): Promise<World> {
  const tokens = new Map<string, string>()
  const login: World['login'] = async (username, role = 'crypto-user', password = PASSWORD) =>
    (await hsm.call('session.login', { username, role, password })).token
  for (const who of people) tokens.set(who, await login(who, who === 'admin' ? 'admin' : 'crypto-user'))
  const token = (who: Person) => tokens.get(who) ?? ''
  return { hsm, token, login, as: (who, operation, request) => hsm.call(operation, request, token(who)) }
}

export async function replicateKey(from: World, to: World, who: Person, key: string) {
  const { challenge } = await to.as(who, 'replica.challenge', {})
  const { parcel } = await from.as(who, 'key.export-replica', { filter: reference(key), challenge })
  return to.as(who, 'key.import-replica', { challenge, parcel })
}

export async function replicateUser(from: World, to: World, username: string) {
  const { challenge } = await to.as('admin', 'replica.challenge', {})
  const role = 'crypto-user'
  const { parcel } = await from.as('admin', 'user.export-replica', { username, role, challenge })
  return to.as('admin', 'user.import-replica', { challenge, parcel })
}

export const verbose = async (world: World, who: Person, key: string) =>
  (await world.as(who, 'key.list', { filter: reference(key), verbose: true })).matched_keys[0]

export const newUser = (world: World, username: string) =>
  world.as('admin', 'user.create', { username, role: 'crypto-user', password: PASSWORD })

export const share = (world: World, key: string, ...usernames: string[]) =>
  world.as('alice', 'key.share', { filter: reference(key), usernames, role: 'crypto-user' })

export const unshare = (world: World, key: string, ...usernames: string[]) =>
  world.as('alice', 'key.unshare', { filter: reference(key), usernames, role: 'crypto-user' })

export const deleteKey = (world: World, key: string) =>
  world.as('alice', 'key.delete', { filter: reference(key) })

const EVERYBODY = ['admin', 'alice', 'bob'] as const

export type Pair = { readonly a: World; readonly b: World }

export async function clones(changes: Partial<EngineNeeds> = {}): Promise<Pair> {
  const a = await createWorld(await testEngine(changes))
  const backup = await backupOf(a.hsm, a.token('admin'))
  const { engine } = await cloneFrom(backup, 'cluster-clone', changes)
  return { a, b: await inClone(engine, EVERYBODY) }
}
