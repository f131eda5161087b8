/** A recorded decision in words for a terminal. Captured texts may hold anything; they are made safe to print. */
import type { DecisionBody } from '../contract/index.ts'
import type { Message } from '../spec/exchange.ts'
import { printable, type Paint } from './terminal.ts'

/** One line: id, time, decision, door, who, why. */
export function renderDecisionLine(decision: DecisionBody, paint: Paint): string {
  const { id, at, door, user, application, key } = decision
  const who = user ?? application ?? key ?? ''
  return [id, at.slice(0, 19).replace('T', ' '), colourOf(decision, paint), door, printable(who), reasons(decision)]
    .filter((part) => part !== '')
    .join('  ')
}

export function renderDecision(decision: DecisionBody, paint: Paint): string {
  const { id, at, door, model, application, user, conversation, key, ms, policyVersion, review, error } = decision
  const facts: readonly (readonly [string, string | null])[] = [
    ['id', id],
    ['made', `${at}, in ${ms.toFixed(1)} ms, policy ${policyVersion}`],
    ['door', model === null ? door : `${door}, model ${model}`],
    ['caller', [application, user, conversation, key].filter((part) => part !== null).join(', ') || null],
    ['decision', colourOf(decision, paint)],
    ['why', reasons(decision) || null],
    ['error', error === null ? null : `${error.code}: ${error.message}`],
    ['review', review === null ? null : [review.state, review.reviewer, review.note].filter(Boolean).join(', ')],
  ]
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(9)} ${value}`]))
  const rest = [...contentLines(decision, paint), ...critiqueLines(decision, paint)]
  return `${[...lines.map(printableButColours), ...rest].join('\n')}\n`
}

/** The facts are ours but for names that callers chose; colours must survive. */
function printableButColours(line: string): string {
  return line
    .split('\u001B')
    .map((part, index) => (index === 0 ? printable(part) : `\u001B${printable(part)}`))
    .join('')
}

function colourOf({ decision, status }: DecisionBody, paint: Paint): string {
  const word = status === 'final' ? decision : `${decision} (${status})`
  if (decision === 'pass') return paint('green', word)
  return paint(decision === 'flag' || decision === 'modify' || decision === 'hold' ? 'yellow' : 'red', word)
}

function reasons({ guards }: DecisionBody): string {
  const acted = guards.filter(({ decision }) => decision !== 'pass')
  return [
    ...new Set(acted.flatMap(({ guard, labels, status }) => (labels.length > 0 ? labels : [`${guard} ${status}`]))),
  ]
    .map(printable)
    .join(', ')
}

function contentLines({ content }: DecisionBody, paint: Paint): readonly string[] {
  if (content === null) return [paint('dim', 'the policy captures no texts (record.capture)')]
  const rows: readonly (readonly [string, string])[] = [
    ...(content.system === undefined || content.system === null ? [] : [['system', content.system] as const]),
    ...(content.prompt === undefined ? [] : [['prompt', content.prompt] as const]),
    ...(content.response === undefined || content.response === null ? [] : [['response', content.response] as const]),
    ...(content.messages ?? []).map((message) => [message.role, textOf(message)] as const),
    ...(content.answers ?? []).map((answer) => ['answer', textOf(answer)] as const),
  ]
  return rows.flatMap(([name, text]) => ['', paint('bold', name), printable(text)])
}

function textOf({ content, toolCalls = [] }: Message): string {
  const text =
    typeof content === 'string'
      ? content
      : content.map((part) => (part.type === 'text' ? part.text : `[${part.mediaType}]`)).join('\n')
  return [text, ...toolCalls.map(({ name, input }) => `${name}(${input})`)].filter((part) => part !== '').join('\n')
}

function critiqueLines({ critiques }: DecisionBody, paint: Paint): readonly string[] {
  return critiques.flatMap((critique) => {
    const { guard, stage } = critique
    const head = (more: string): string => paint('bold', printable(`why, ${guard} (${stage})${more}`))
    if (critique.status === 'failed') {
      const { code, message } = critique.error
      return ['', head(''), printable(`no critique came: ${code}: ${message}`)]
    }
    const { clauses, text, quotes, invented, contradicts, silent = false } = critique
    const clause = clauses.map(({ id, title }) => `${id} ${title}`).join(', ')
    return [
      ...['', head(clause === '' ? '' : `: ${clause}`), printable(text)],
      ...quotes.map(({ words, span }) =>
        paint('dim', `  ${span === null ? 'beside' : `${span.start}-${span.end}`}  ${printable(words)}`),
      ),
      ...(invented === 0 ? [] : [paint('yellow', `  ${invented} quote(s) stand in none of the texts`)]),
      ...(silent ? [paint('yellow', '  it names none of these clauses')] : []),
      ...(contradicts ? [paint('yellow', '  it restates the opposite of the label, which decided')] : []),
    ]
  })
}
