import manifest from '../../package.json' with { type: 'json' }

export const { version } = manifest

/** Unix time in milliseconds. No machine that runs this version can be earlier: a clock that says so is wrong. */
export const RELEASED = Date.UTC(2026, 10, 1)

/**
 * What time it is at least.
 *
 * @param now as the clock says, Unix time in milliseconds
 */
export const notBeforeRelease = (now: number): number => Math.max(now, RELEASED)
