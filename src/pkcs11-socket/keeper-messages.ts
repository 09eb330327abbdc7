/** What an HSM tells the keeper of its PKCS#11 connections. A message that begins to hold one comes with its handle. */
import type { ProgramSnapshot } from '../pkcs11/serve.ts'

export type KeeperMessage =
  | { readonly hold: number }
  /** Nothing is asked on it that has not been answered, and this is all there is to know of it. */
  | { readonly idle: number; readonly snapshot: ProgramSnapshot }
  | { readonly busy: number }
  | { readonly gone: number }
