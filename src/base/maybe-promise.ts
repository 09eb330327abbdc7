/** Values that are there now, or later. What needs no waiting goes on synchronously. */
export type MaybePromise<T> = T | Promise<T>

/** Calls `next` at once when the value is there. */
export const andThen = <T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> => (value instanceof Promise ? value.then(next) : next(value))

/** Calls `recover` with what the work throws, at once or later. */
export function orElse<T, R>(
  work: () => MaybePromise<T>,
  recover: (error: unknown) => MaybePromise<R>,
): MaybePromise<T | R> {
  let result: MaybePromise<T>
  try {
    result = work()
  } catch (error) {
    return recover(error)
  }
  return result instanceof Promise ? result.catch(recover) : result
}

/** @param over called once, when the work has ended, before its result is handed on; with false when it threw */
export function whenOver<T>(work: () => MaybePromise<T>, over: (done: boolean) => void): MaybePromise<T> {
  let result: MaybePromise<T>
  try {
    result = work()
  } catch (error) {
    over(false)
    throw error
  }
  if (result instanceof Promise) return whenSettled(result, over)
  over(true)
  return result
}

async function whenSettled<T>(result: Promise<T>, over: (done: boolean) => void): Promise<T> {
  let value: T
  try {
    value = await result
  } catch (error) {
    over(false)
    throw error
  }
  over(true)
  return value
}
