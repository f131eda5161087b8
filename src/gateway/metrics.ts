/**
 * Counters for Prometheus, in its text format. Decisions are counted once, from the pipeline's events and nowhere else.
 *
 * Labels come from bounded sets: a name beyond the bound is counted as `other`. No text, key, user or model name is a label.
 */
import type { GuardResult, ParapetEvent, RecordCounts } from '../spec/index.ts'

export interface GatewayMetrics {
  /** Pass this to the pipeline as (part of) its listener. */
  listener(event: ParapetEvent): void
  upstreamFailed(code: string): void
  answered(status: number): void
  /** One request began; the function returned ends it (once). */
  begin(): () => void
  readonly inFlight: number
  /** @param policyVersion of the policy now in force */
  render(facts: { readonly policyVersion: string; readonly version: string; readonly record?: RecordCounts }): string
}

const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const MAX_DOORS = 16
const MAX_GUARDS = 64

/** Index of the first bucket that holds this many seconds; -1 when none does. */
function bucketOf(seconds: number): number {
  for (let index = 0; index < BUCKETS.length; index += 1) if (seconds <= (BUCKETS[index] ?? 0)) return index
  return -1
}

interface Histogram {
  readonly labels: string
  readonly counts: number[]
  sum: number
  count: number
}

export function createGatewayMetrics(): GatewayMetrics {
  const doors = boundedNames(MAX_DOORS)
  const guards = boundedNames(MAX_GUARDS)
  const decisions = new Map<string, number>()
  const upstream = new Map<string, number>()
  const answers = new Map<string, number>()
  const durations = new Map<string, Histogram>()
  let inFlight = 0

  /** By status, then by guard: looked up for every guard of every request, so no label is written for it. */
  const byStatus: Readonly<Record<GuardResult['status'], Map<string, Histogram>>> = {
    judged: new Map(),
    error: new Map(),
    timeout: new Map(),
    cancelled: new Map(),
  }

  const observe = (result: GuardResult): void => {
    const guard = guards(result.guard)
    const known = byStatus[result.status]
    let histogram = known.get(guard)
    if (histogram === undefined) {
      const labels = labelText({ guard, status: result.status })
      histogram = { labels, counts: BUCKETS.map(() => 0), sum: 0, count: 0 }
      known.set(guard, histogram)
      durations.set(labels, histogram)
    }
    const seconds = result.ms / 1000
    const bucket = bucketOf(seconds)
    if (bucket !== -1) histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1
    histogram.sum += seconds
    histogram.count += 1
  }

  return {
    listener(event) {
      if (event.type === 'decision-made')
        increment(decisions, labelText({ decision: event.result.decision, door: doors(event.door) }))
      else if (event.type === 'guard-end') observe(event.result)
    },
    upstreamFailed: (code) => increment(upstream, labelText({ code })),
    answered: (status) => increment(answers, labelText({ status: String(status) })),
    begin() {
      let open = true
      inFlight += 1
      return () => {
        if (open) inFlight -= 1
        open = false
      }
    },
    get inFlight() {
      return inFlight
    },
    render: ({ policyVersion, version, record }) =>
      [
        ...counter('parapet_decisions_total', 'Decisions made.', decisions),
        ...histograms('parapet_guard_duration_seconds', 'Time a guard took.', durations),
        ...counter('parapet_upstream_errors_total', 'Calls to the model server that failed.', upstream),
        ...counter('parapet_http_responses_total', 'Answers sent.', answers),
        ...header('parapet_in_flight_requests', 'Requests being answered.', 'gauge'),
        `parapet_in_flight_requests ${inFlight}`,
        ...(record === undefined ? [] : recordLines(record)),
        ...header('parapet_policy_info', 'The policy in force.', 'gauge'),
        `parapet_policy_info{${labelText({ policy_version: policyVersion, version })}} 1`,
        '',
      ].join('\n'),
  }
}

function recordLines(record: RecordCounts): readonly string[] {
  const single = (name: string, help: string, type: 'counter' | 'gauge', value: number): readonly string[] => [
    ...header(name, help, type),
    `${name} ${value}`,
  ]
  return [
    ...header('parapet_records_total', 'What became of decision records.', 'counter'),
    `parapet_records_total{outcome="committed"} ${record.committed}`,
    `parapet_records_total{outcome="spilled"} ${record.spilled}`,
    `parapet_records_total{outcome="dropped"} ${record.dropped}`,
    `parapet_records_total{outcome="refused"} ${record.refused}`,
    ...single('parapet_records_queued', 'Records waiting in memory.', 'gauge', record.queued),
    ...single('parapet_records_spill_bytes', 'Records waiting in the spill file.', 'gauge', record.spillBytes),
    ...single('parapet_store_reachable', 'Whether the store takes records.', 'gauge', record.storeReachable ? 1 : 0),
  ]
}

/** Lets the first `limit` names through and calls all others `other`. */
function boundedNames(limit: number): (name: string) => string {
  const known = new Set<string>()
  return (name) => {
    if (known.has(name)) return name
    if (known.size >= limit || name.length > 64) return 'other'
    known.add(name)
    return name
  }
}

function increment(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1)
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(
      ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
    )
    .join(',')
}

function header(name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function counter(name: string, help: string, counts: ReadonlyMap<string, number>): readonly string[] {
  return [...header(name, help, 'counter'), ...[...counts].map(([labels, count]) => `${name}{${labels}} ${count}`)]
}

function histograms(name: string, help: string, all: ReadonlyMap<string, Histogram>): readonly string[] {
  const lines = [...header(name, help, 'histogram')]
  for (const { labels, counts, sum, count } of all.values()) {
    let below = 0
    BUCKETS.forEach((bound, index) => {
      below += counts[index] ?? 0
      lines.push(`${name}_bucket{${labels},le="${bound}"} ${below}`)
    })
    lines.push(
      `${name}_bucket{${labels},le="+Inf"} ${count}`,
      `${name}_sum{${labels}} ${sum}`,
      `${name}_count{${labels}} ${count}`,
    )
  }
  return lines
}
