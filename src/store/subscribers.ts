export interface Subscribers<T> {
  /** @returns a function that takes the listener away */
  add(listener: (event: T) => void): () => void
  /** Tells those who listened when it began. */
  tell(event: T): void
}

/** Calls each subscriber in the order in which they came. */
export function createSubscribers<T>(): Subscribers<T> {
  const subscribers = new Set<(event: T) => void>()
  return {
    add(listener) {
      subscribers.add(listener)
      return () => {
        subscribers.delete(listener)
      }
    },
    tell(event) {
      for (const listener of [...subscribers]) listener(event)
    },
  }
}
