/** Counts and durations of this process, in the text format that Prometheus reads (exposition format 0.0.4). */

export type Labels = Readonly<Record<string, string>>
export type Sample = { readonly labels: Labels; readonly value: number }

export interface Registry {
  /** @returns what adds one, or as many as are given */
  counter(name: string, help: string): (labels: Labels, by?: number) => void
  /** Of seconds. @returns what takes note of one duration */
  histogram(name: string, help: string): (seconds: number, labels?: Labels) => void
  /** @param read called when somebody asks; no samples when the value is not known */
  gauge(name: string, help: string, read: () => Promise<readonly Sample[]> | readonly Sample[]): void
  render(): Promise<string>
}

/** Of a local decision, of a write to disk, of a write to etcd, of a lease that runs out. */
const BUCKETS = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

type Metric = {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly lines: () => Promise<readonly string[]> | readonly string[]
}

/** Metrics in the order in which they are made. A series exists from its first value on. */
export function createRegistry(): Registry {
  const metrics: Metric[] = []
  return {
    counter(name, help) {
      const values = new Map<string, number>()
      const lines = () => [...values].map(([labels, value]) => `${name}${labels} ${value}`)
      metrics.push({ name, help, type: 'counter', lines })
      return (labels, by = 1) => {
        const shown = show(labels)
        values.set(shown, (values.get(shown) ?? 0) + by)
      }
    },
    histogram(name, help) {
      const series = new Map<string, Series>()
      const lines = () => [...series.values()].flatMap((one) => seriesLines(name, one))
      metrics.push({ name, help, type: 'histogram', lines })
      return (seconds, labels = {}) => {
        const key = show(labels)
        const one = series.get(key) ?? newSeries(labels)
        series.set(key, one)
        observe(one, seconds)
      }
    },
    gauge(name, help, read) {
      const lines = async () =>
        (await read()).map(({ labels, value }) => `${name}${show(labels)} ${number(value)}`)
      metrics.push({ name, help, type: 'gauge', lines })
    },
    async render() {
      const all = await Promise.all(
        metrics.map(async ({ name, help, type, lines }) => [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} ${type}`,
          ...(await lines()),
        ]),
      )
      return `${all.flat().join('\n')}\n`
    },
  }
}

type Series = { readonly labels: Labels; readonly counts: number[]; count: number; sum: number }

const newSeries = (labels: Labels): Series => ({ labels, counts: BUCKETS.map(() => 0), count: 0, sum: 0 })

function observe(series: Series, seconds: number): void {
  series.count += 1
  series.sum += seconds
  const bucket = BUCKETS.findIndex((bound) => seconds <= bound)
  if (bucket >= 0) series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
}

/** Each bucket counts what the smaller ones do. */
function seriesLines(name: string, { labels, counts, count, sum }: Series): readonly string[] {
  let upTo = 0
  const buckets = BUCKETS.map((bound, index) => {
    upTo += counts[index] ?? 0
    return `${name}_bucket${show({ ...labels, le: String(bound) })} ${upTo}`
  })
  return [
    ...buckets,
    `${name}_bucket${show({ ...labels, le: '+Inf' })} ${count}`,
    `${name}_sum${show(labels)} ${sum}`,
    `${name}_count${show(labels)} ${count}`,
  ]
}

function show(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const number = (value: number): string => (value === Number.POSITIVE_INFINITY ? '+Inf' : String(value))

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
