/** What work takes of the processors: a rate says little of it where those who ask share them with those who answer. */
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Microseconds that the threads of a process have had of the processors (proc_pid_schedstat(5)), but for threads that have ended;
 * NaN where there is no /proc.
 */
export function processorTime(pid: number): number {
  try {
    const tasks = `/proc/${pid}/task`
    return sum(readdirSync(tasks).map((task) => nanosecondsOf(`${tasks}/${task}/schedstat`))) / 1000
  } catch {
    return Number.NaN
  }
}

const nanosecondsOf = (path: string): number => Number(readFileSync(path, 'utf8').split(' ', 1)[0])

const sum = (figures: readonly number[]): number => figures.reduce((all, one) => all + one, 0)
