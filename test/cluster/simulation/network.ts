/** What lies between one machine and etcd. */
import type { EtcdModel } from './etcd-model.ts'
import type { Process } from './process.ts'
import type { Chance, VirtualTime } from './virtual-time.ts'

export interface Network {
  /** Asks etcd, and calls `answered` with its answer; or with nothing at all, ever. */
  ask<R>(process: Process, question: () => R, answered: (answer: R) => void): void
  delay(): number
  cut: boolean
  /** Probability that a message is lost. */
  loss: number
  /** Milliseconds that a message may take, at the most. */
  slowness: number
  /** Called when etcd has answered and the answer is on its way. */
  whenAnswered: (() => void) | undefined
}

const USUAL_SLOWNESS = 3

export function createNetwork(time: VirtualTime, chance: Chance, etcd: EtcdModel): Network {
  const network: Network = {
    cut: false,
    loss: 0,
    slowness: USUAL_SLOWNESS,
    whenAnswered: undefined,
    delay: () => chance.between(0.2, chance.happens(0.05) ? network.slowness * 10 : network.slowness),
    ask(process, question, answered) {
      if (network.cut || chance.happens(network.loss)) return
      time.at(time.now() + network.delay(), () => {
        if (network.cut || !etcd.answering()) return
        const answer = question()
        network.whenAnswered?.()
        if (chance.happens(network.loss)) return
        process.arrives(time.now() + network.delay(), () => {
          if (!network.cut) answered(answer)
        })
      })
    },
  }
  return network
}
