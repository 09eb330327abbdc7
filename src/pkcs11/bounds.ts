/** What applications can ask of the adapter, besides the limits of the HSM itself. */
export const BOUNDS = {
  sessions: 1024,
  /** Calls of one application that are under way; its threads wait for their turn beyond that. */
  callsUnderWay: 64,
  /** Random bytes in one call. */
  randomBytes: 4 * 1024 * 1024,
  /** A frame that announces more counts in what all applications together may have under way. */
  smallFrameBytes: 64 * 1024,
  largeFramesBytes: 512 * 1024 * 1024,
  /** Refused calls that get a line of their own in the log, in each period. */
  refusalsLogged: 60,
  refusalsPeriodMs: 60_000,
} as const
