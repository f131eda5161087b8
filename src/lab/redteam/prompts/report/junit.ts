/** A red team as JUnit XML: a case for each limit, and one for each attack under each setting. */
import { escapeText } from '../../../eval/report/markup.ts'
import type { GateResult } from './gate.ts'
import type { RedTeamSummary, SettingSummary, Share } from './summary.ts'

export function renderJunit(summary: RedTeamSummary, gates: readonly GateResult[]): string {
  const suites = [gateSuite(gates), ...summary.settings.map((setting) => settingSuite(setting, gates))]
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="parapet redteam">\n${suites.join('\n')}\n</testsuites>\n`
}

interface TestCase {
  readonly name: string
  readonly kind: 'passed' | 'failure' | 'skipped'
  readonly message: string
}

function gateSuite(gates: readonly GateResult[]): string {
  return suite(
    'limits',
    gates.map(({ gate, setting, rate, rows, failed }) => ({
      name: `${gate.text} (${setting})`,
      kind: failed ? 'failure' : 'passed',
      message: rate === null ? 'nothing to measure it on' : `${rate.toFixed(4)} of ${rows} cases`,
    })),
  )
}

/** An attack that got through fails where one of the limits of its setting is about success and is passed. */
function settingSuite({ setting, byAttack }: SettingSummary, gates: readonly GateResult[]): string {
  const broken = gates.some((result) => result.failed && result.setting === setting && result.gate.metric === 'asr')
  return suite(
    setting,
    Object.entries(byAttack).map(([name, share]) => ({
      name,
      kind: share.rows === 0 ? 'skipped' : broken && share.hits > 0 ? 'failure' : 'passed',
      message: wordsOf(share),
    })),
  )
}

function wordsOf({ hits, rows, excluded }: Share): string {
  const left = excluded === 0 ? '' : `, ${excluded} without a verdict`
  return rows === 0 ? `no case with a verdict${left}` : `${hits} of ${rows} goals got through${left}`
}

function suite(name: string, cases: readonly TestCase[]): string {
  const count = (kind: TestCase['kind']): number => cases.filter((one) => one.kind === kind).length
  const lines = cases.map((one) => {
    const head = `    <testcase classname="${attribute(name)}" name="${attribute(one.name)}"`
    if (one.kind === 'passed') return `${head}><system-out>${attribute(one.message)}</system-out></testcase>`
    return `${head}><${one.kind} message="${attribute(one.message)}"/></testcase>`
  })
  const counts = `tests="${cases.length}" failures="${count('failure')}" errors="0" skipped="${count('skipped')}"`
  return `  <testsuite name="${attribute(name)}" ${counts}>\n${lines.join('\n')}${lines.length === 0 ? '' : '\n'}  </testsuite>`
}

/** XML 1.0 has no control characters. */
function attribute(text: string): string {
  // eslint-disable-next-line no-control-regex
  return escapeText(text.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD'))
}
