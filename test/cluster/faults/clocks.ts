/** Clocks of single nodes that are wrong, by means of Debian's libfaketime. */
import assert from 'node:assert/strict'
import { globSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import type { ServerAddress } from '../../../src/client/failures.ts'

export type Clock = {
  /** What the process of the node is given. */
  readonly environment: Readonly<Record<string, string>>
  /** Puts the time of day forward by so many hours, or back; the clock that never steps goes on as it did. */
  step(hours: number): void
}

function preload(): string {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
  return library ?? assert.fail('libfaketime is not installed')
}

/** All of the clocks of the node run so many times as fast. */
export const clockAtRate = (rate: number): Clock => ({
  environment: { LD_PRELOAD: preload(), FAKETIME: `+0 x${rate}` },
  step: () => assert.fail('this clock is not stepped'),
})

/** @param file that is made, to tell the process in */
export function clockThatSteps(file: string): Clock {
  const set = (offset: string) => writeFileSync(file, offset)
  set('+0')
  return {
    environment: {
      LD_PRELOAD: preload(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    step: (hours) => set(`${hours < 0 ? '' : '+'}${hours}h`),
  }
}

/** By how many hours a node's time of day is ahead of ours. */
export function hoursAhead({ host, port }: ServerAddress): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  request({ host, port, agent: false, rejectUnauthorized: false }, (response) => {
    response.resume()
    const shown = Date.parse(response.headers.date ?? '')
    resolve(Math.round((shown - Date.now()) / 3_600_000))
  })
    .on('error', reject)
    .end()
  return promise
}
