/** What applications can ask of the adapter, besides the limits of the HSM itself. */
export const BOUNDS = {
  /** Open in one application, and in all of them. */
  sessions: 1024,
  allSessions: 65_536,
  /** Calls of one application that are under way; its threads wait for their turn beyond that. */
  callsUnderWay: 64,
  /** What one application may be answered in one turn of the event loop, at most its calls under way. */
  turnMs: 1,
  /** Random bytes in one call. */
  randomBytes: 4 * 1024 * 1024,
  /** Attributes in one template, and in one request for them. */
  attributes: 1024,
  /** What a template, or the answer to a request for attributes, may be long. */
  attributesBytes: 1024 * 1024,
  /** Structures in an array that a mechanism's parameter points to. */
  parameterParts: 16,
  /** Room for 64 MiB of data with what belongs around it. */
  frameBytes: 64 * 1024 * 1024 + 64 * 1024,
  /** The same of an application that is not logged in. */
  anonymousFrameBytes: 1024 * 1024,
  /** A frame or an answer above this counts in what all applications together may have under way. */
  smallFrameBytes: 64 * 1024,
  largeFramesBytes: 512 * 1024 * 1024,
  /** Certificates made on demand that one search finds: each is a signature. */
  keyCertificates: 1024,
  /** Refusals that are written into the log in a period, besides the first and the last of each kind. */
  refusalsLogged: 60,
  refusalsPeriodMs: 60_000,
  /** Calls with what they returned, and ends of connections, that are told apart there. */
  refusalKinds: 32,
} as const

/** Who shares them: a user of the machine, whoever is behind an address, or a connection of which more is not known. */
export type Peer = number | string | symbol

/** How long a program may take, in milliseconds. A program that has begun may be silent for as long as it likes. */
export type Patience = {
  /** Until C_Initialize, and after C_Finalize. */
  readonly beginMs: number
  /** For a frame, from its first byte to its last; that it has to wait for us does not count. */
  readonly frameMs: number
  /** To read what it was answered. */
  readonly replyMs: number
}

export const PATIENCE: Patience = { beginMs: 30_000, frameMs: 10_000, replyMs: 60_000 }
