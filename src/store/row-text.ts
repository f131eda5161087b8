/**
 * Records as rows. What lists are filtered by has a column of its own; everything else is one JSON value, in which what is usual is
 * left out: rows are written thousands a second, and each hundred bytes cost the embedded database 4 µs.
 *
 * The text is put together by hand, because this is most of what recording does on the main thread: `JSON.stringify` of the same
 * objects takes nearly twice as long. Times are written to the microsecond, scores to four decimals, and when a guard was asked is
 * left out: that is for traces.
 */
import type { GuardResult } from '../spec/check.ts'
import type { Caller } from '../spec/exchange.ts'
import type { Scores } from '../spec/guard.ts'
import type { DecisionRecord } from '../spec/record.ts'
import { shortId } from './short-id.ts'

/** A record as it is written: JSON texts. */
export interface RowText {
  /** Columns that lists are filtered by. */
  readonly columns: string
  readonly body: string
  readonly content: string | null
}

const ESCAPE = '\u{E000}'
// What PostgreSQL cannot hold as text (zero characters, half surrogate pairs), and the character that stands for it.
const UNHELD = /[\0\u{E000}\p{Surrogate}]/u
const EVERY_UNHELD = new RegExp(UNHELD, 'gu')
/** Needs neither escaping nor quoting. */
const PLAIN = /^[ !#-[\]-~]{0,200}$/

/**
 * A text in the form in which its column holds it: the same for the same text, another for another. Texts PostgreSQL cannot hold are
 * escaped, and those too long for an index are cut and hashed.
 */
export function toKey(text: string): string {
  if (PLAIN.test(text)) return text
  const short = shortId(text)
  return UNHELD.test(short)
    ? short.replace(EVERY_UNHELD, (unit) => `${ESCAPE}${unit.charCodeAt(0).toString(16)}.`)
    : short
}

export function toRowText(record: DecisionRecord): RowText {
  const { id, door, caller } = record
  const content = record.content === null ? null : JSON.stringify(record.content)
  const [key, doorKey] = [toKey(id), toKey(door)]
  let columns = `{"id":${quote(key)},"at":${record.at},"expires":${record.expires},"state":"${record.state}"`
  columns += `,"door":${quote(doorKey)},"decision":"${record.decision}","content_size":${content?.length ?? 0}`
  if (caller.application !== undefined) columns += `,"application":${quote(toKey(caller.application))}`
  if (caller.user !== undefined) columns += `,"user_id":${quote(toKey(caller.user))}`
  if (caller.conversation !== undefined) columns += `,"conversation":${quote(toKey(caller.conversation))}`
  if (caller.key !== undefined) columns += `,"key_name":${quote(toKey(caller.key))}`
  let body = `{"policyVersion":${quote(record.policyVersion)},"ms":${round(record.ms, 1000)}`
  // The columns hold forms of these that can be looked up.
  if (key !== id) body += `,"id":${quote(id)}`
  if (doorKey !== door) body += `,"door":${quote(door)}`
  if (record.shadowDecision !== record.decision) body += `,"shadowDecision":"${record.shadowDecision}"`
  if (record.model !== undefined) body += `,"model":${quote(record.model)}`
  body += `${callerText(caller)},"guards":[${record.guards.map(guardText).join(',')}]${scoresText(record.scores)}`
  body += rareText(record)
  return { columns: `${columns}}`, body: `${body}}`, content }
}

function callerText(caller: Caller): string {
  let text = ''
  for (const name in caller) {
    const value = caller[name as keyof Caller]
    if (value !== undefined) text += `${text === '' ? '' : ','}"${name}":${quote(value)}`
  }
  return text === '' ? '' : `,"caller":{${text}}`
}

function guardText(guard: GuardResult): string {
  let text = `{"guard":${quote(guard.guard)},"stage":"${guard.stage}","ms":${round(guard.ms, 1000)}`
  if (guard.status !== 'judged') text += `,"status":"${guard.status}"`
  if (guard.decision !== 'pass') text += `,"decision":"${guard.decision}"`
  if (guard.labels.length > 0) text += `,"labels":${JSON.stringify(guard.labels)}`
  if (guard.cached) text += ',"cached":true'
  if (guard.shadow) text += ',"shadow":true'
  if (guard.error !== undefined) text += `,"error":${JSON.stringify(guard.error)}`
  return `${text}}`
}

function scoresText(scores: Scores): string {
  let text = ''
  for (const head in scores) {
    const score = scores[head as keyof Scores]
    if (score !== null) text += `${text === '' ? '' : ','}"${head}":${round(score, 10_000)}`
  }
  return text === '' ? '' : `,"scores":{${text}}`
}

/** What most records have nothing of. */
function rareText({ categories, spans, error, exceptions, warnings }: DecisionRecord): string {
  let text = ''
  for (const _ in categories) {
    text += `,"categories":${JSON.stringify(categories)}`
    break
  }
  if (spans.length > 0) text += `,"spans":${JSON.stringify(spans)}`
  if (error !== null) text += `,"error":${JSON.stringify(error)}`
  if (exceptions.length > 0) text += `,"exceptions":${JSON.stringify(exceptions)}`
  if (warnings.length > 0) text += `,"warnings":${JSON.stringify(warnings)}`
  return text
}

function round(value: number, scale: number): number {
  return Math.round(value * scale) / scale
}

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}
