/** How modules tell the operator what happens; `main/` decides where it is written. */

export type LogLevel = 'info' | 'warn' | 'error'

/** @param fields facts about this one event; secrets never, whatever the level */
export type Log = (level: LogLevel, fields: Readonly<Record<string, unknown>>, message: string) => void
