import { allow, type Decision, deny } from './decision.ts'

export type Availability = {
  /** Whether the session, or the cluster for it, wants the check. */
  readonly check: boolean
  readonly liveHsms: number
}

const HSMS_NEEDED = 2

/** With the check on, a token key must be on two HSMs before it is made or used. Session keys are exempt. */
export function keyAvailable({ check, liveHsms }: Availability, token: boolean): Decision<void> {
  return check && token && liveHsms < HSMS_NEEDED ? deny('key-availability') : allow(undefined)
}
