export interface Listeners<T> {
  /** @returns a function that takes the listener away */
  add(listener: (event: T) => void): () => void
  /** Tells those who listened when it began. */
  tell(event: T): void
}

export function createListeners<T>(): Listeners<T> {
  const listeners = new Set<(event: T) => void>()
  return {
    add(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    tell(event) {
      for (const listener of [...listeners]) listener(event)
    },
  }
}
