/** What goes wrong, when, and for how long. */
import type { EtcdModel } from './etcd-model.ts'
import type { Network } from './network.ts'
import type { Process } from './process.ts'
import type { SimStore } from './sim-store.ts'
import type { Chance, VirtualTime } from './virtual-time.ts'

/** One machine, whatever process lives on it. */
export type Machine = {
  readonly network: Network
  process: Process
  store: SimStore
  restart(): void
}

export type Scene = { readonly time: VirtualTime; readonly chance: Chance; readonly until: number }

export type MachineNeeds = {
  readonly machine: Machine
  readonly etcd: EtcdModel
  /** Told that it is cut off or stands still from now on, and until when. */
  readonly onAbsence: (end: number) => void
}

/** Something happens to the machine again and again until `until`; then all is well again. */
export function troubleMachine(
  { time, chance, until }: Scene,
  { machine, etcd, onAbsence }: MachineNeeds,
): void {
  const { network } = machine
  const lasting = (low: number, high: number) => Math.min(time.now() + chance.between(low, high), until)
  const usual = network.slowness

  const troubles: readonly [() => void, ...(() => void)[]] = [
    function stops() {
      const { process } = machine
      process.pause()
      time.at(lasting(10, 9000), process.resume)
    },
    /** For about as long as others wait for it. Not always the next one, which is mostly the first that a use asks for. */
    function stopsBeforeAnAnswer() {
      let before = chance.between(0, 4)
      network.whenAnswered = () => {
        before -= 1
        if (before > 0) return
        network.whenAnswered = undefined
        const { process } = machine
        const end = lasting(800, 4000)
        process.pause()
        onAbsence(end)
        time.at(end, process.resume)
      }
    },
    function dies() {
      machine.process.kill()
      machine.store.close()
      time.at(lasting(0, 8000), machine.restart)
    },
    function isCutOff() {
      network.cut = true
      machine.store.disconnect()
      const end = lasting(50, 7000)
      onAbsence(end)
      time.at(end, () => {
        network.cut = false
        // What came meanwhile may not be kept.
        if (chance.happens(0.5)) etcd.compact()
        machine.store.reconnect()
      })
    },
    function watchLags() {
      machine.store.lagUntil = lasting(100, 7000)
    },
    function networkIsBad() {
      network.loss = chance.between(0, 0.4)
      network.slowness = chance.between(3, 300)
      time.at(lasting(500, 4000), () => {
        network.loss = 0
        network.slowness = usual
      })
    },
  ]

  const next = () => {
    if (time.now() >= until) return
    if (machine.process.alive && !machine.process.paused && !network.cut) chance.pick(troubles)()
    time.at(time.now() + chance.between(100, 4000), next)
  }
  time.at(chance.between(0, 3000), next)
}

export function troubleEtcd({ time, chance, until }: Scene, etcd: EtcdModel): void {
  const next = () => {
    if (time.now() >= until) return
    if (chance.happens(0.15)) etcd.changeLeader(chance.between(200, 2000))
    else etcd.compact()
    time.at(time.now() + chance.between(500, 4000), next)
  }
  time.at(chance.between(0, 6000), next)
}
