/**
 * Somebody who may do in etcd what etcd lets its administrators do, has kept what he has seen, and can hold a node's
 * traffic. He cannot make anything: what nodes write is sealed.
 */
import type { LeaseId, Member, MemberKey } from '../../../src/cluster/coordination.ts'
import type { EtcdModel } from './etcd-model.ts'
import type { Machine, Scene } from './faults.ts'

type Actor = Scene & { readonly etcd: EtcdModel; readonly kept: readonly Member[] }

export function administrator(
  scene: Scene,
  etcd: EtcdModel,
  machines: readonly (Machine & { readonly id: string })[],
): void {
  const { time, chance, until } = scene
  const kept: Member[] = []
  const actor = { ...scene, etcd, kept }
  etcd.watch(({ writes, members }) => {
    kept.push(...members.flatMap(({ member }) => member ?? []))
    const machine = machines[Math.floor(chance.next() * machines.length)]
    const isWorthIt = writes?.length && time.now() < until && chance.happens(0.3)
    if (isWorthIt && machine) hideACommit(actor, machine)
  })

  const next = () => {
    if (time.now() >= until) return
    const [first, ...others] = etcd.members('')
    if (chance.happens(0.5)) putBack(actor, kept)
    else if (first) etcd.remove(chance.pick([first, ...others]).key)
    time.at(time.now() + chance.between(50, 3000), next)
  }
  time.at(chance.between(0, 3000), next)
}

/** The node hears nothing of it, and what it said before is said again. */
function hideACommit(actor: Actor, machine: Machine & { readonly id: string }): void {
  const { time, chance, until, kept } = actor
  const { network } = machine
  if (network.cut) return
  network.cut = true
  time.at(Math.min(time.now() + chance.between(500, 6000), until), () => {
    network.cut = false
    machine.store.disconnect()
    machine.store.reconnect()
  })
  const keys: readonly MemberKey[] = [`node/${machine.id}`, `ack/${machine.id}`]
  for (const key of keys) {
    const said = kept.filter((member) => member.key === key).slice(-4)
    if (chance.happens(0.7)) time.at(time.now() + chance.between(0, 50), () => putBack(actor, said))
  }
}

/** As it was, under somebody else's lease, or under none. */
function putBack({ chance, etcd }: Actor, from: readonly Member[]): void {
  const [first, ...others] = from
  if (!first) return
  const { key, value, lease } = chance.pick([first, ...others])
  const leases: readonly [LeaseId, ...LeaseId[]] = [lease, '0', ...etcd.leases()]
  etcd.put(key, value, chance.pick(leases))
}
