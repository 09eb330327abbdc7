/** What a node writes about itself beside the records: that it is there, and what it has applied. */
import { FORMAT } from '../model/formats.ts'
import type { HsmFacts } from './cluster.ts'
import type { Member, MemberKey } from './coordination.ts'

/** What a node says of itself for as long as its registration stands. */
export type Registration = HsmFacts & {
  /** Random; tells the lives of a node's process apart. */
  readonly boot: string
  /** What this process had applied before it used any key: an acknowledgement that comes with each of its registrations. */
  readonly begun: number
  /** Where the process runs: an earlier one of the same place is over. Left out by earlier versions. */
  readonly place?: string
  /** The newest format of records that it reads. Left out by version 0.1.0, which reads the first. */
  readonly format?: number
}

/**
 * A process says: it has applied everything up to `revision`, and no use that this ended is under way in it. Once true that
 * stays true, so it does not matter who puts it into etcd, where it is read, and when.
 */
export type Acknowledgement = { readonly boot: string; readonly revision: number }

/** The newest format of records that every one of them reads. */
export const readByAll = (members: readonly Member[]): number =>
  Math.min(FORMAT, ...members.map((member) => readRegistration(member).format ?? 1))

/** Acknowledged by a process that serves no more. */
export const EVERYTHING: number = Number.MAX_SAFE_INTEGER

/** Where a node's registration stands. @param id of the HSM */
export const nodeKey = (id: string): MemberKey => `node/${id}`
/** Where a node's newest acknowledgement stands. @param id of the HSM */
export const ackKey = (id: string): MemberKey => `ack/${id}`
/** Whether a registration stands there, and not an acknowledgement. */
export const isNode = (key: MemberKey): boolean => key.startsWith('node/')

/** As JSON, with the format of records that this version reads. The store seals it. */
export const writeRegistration = ({
  id,
  address,
  version,
  boot,
  begun,
  place,
}: Omit<Registration, 'format'>): string =>
  JSON.stringify({ id, address, version, boot, begun, place, format: FORMAT })

/** As it is sealed and stored under `ackKey`. */
export const writeAcknowledgement = ({ boot, revision }: Acknowledgement): string =>
  JSON.stringify({ boot, revision })

/** Their seals prove that a node of this cluster wrote them, so they are what it meant. */
export function readRegistration({ value }: Member): Registration {
  // Nodes of older versions do not say what they had applied.
  const { begun = 0, ...registration } = JSON.parse(value) as Omit<Registration, 'begun'> &
    Partial<Registration>
  return { ...registration, begun }
}

/** Throws TypeError when the value is none. */
export const readAcknowledgement = ({ value }: Member): Acknowledgement =>
  JSON.parse(value) as Acknowledgement
