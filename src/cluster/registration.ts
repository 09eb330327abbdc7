/** What a node writes about itself beside the records: that it is there, and what it has applied. */
import type { Member, MemberKey } from '../store/store.ts'
import type { HsmFacts } from './cluster.ts'

/** One stay of a node in the cluster. */
export type Registration = HsmFacts & {
  /** Random; tells the lives of a node's process apart. */
  readonly boot: string
  /** Whether it is the first of this life, in which no key was used before. */
  readonly first: boolean
  /** Where the process runs: an earlier one of the same place is over. Left out by earlier versions. */
  readonly place?: string
  /** At which it was registered. */
  readonly revision: number
}

/** A process says: it has applied everything up to `revision`, and no use that this ended is under way in it. */
export type Acknowledgement = { readonly boot: string; readonly revision: number }

/** Acknowledged by a process that serves no more. */
export const EVERYTHING: number = Number.MAX_SAFE_INTEGER

export const nodeKey = (id: string): MemberKey => `node/${id}`
export const ackKey = (id: string): MemberKey => `ack/${id}`
export const isNode = (key: MemberKey): boolean => key.startsWith('node/')

export const writeRegistration = ({
  id,
  address,
  version,
  boot,
  first,
  place,
}: Omit<Registration, 'revision'>): string => JSON.stringify({ id, address, version, boot, first, place })

export const writeAcknowledgement = ({ boot, revision }: Acknowledgement): string =>
  JSON.stringify({ boot, revision })

/** Their seals prove that a node of this cluster wrote them, so they are what it meant. */
export const readRegistration = ({ value, revision }: Member): Registration => ({
  ...(JSON.parse(value) as Omit<Registration, 'revision'>),
  revision,
})

export const readAcknowledgement = ({ value }: Member): Acknowledgement =>
  JSON.parse(value) as Acknowledgement
