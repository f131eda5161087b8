/**
 * A guard over the whole window of a conversation: many-shot dialogues, real or written into one message, and attacks that climb turn by
 * turn. It judges what turns come to together; a single harmful text is the matter of the guards that stand beside it.
 *
 * A conversation is judged with its newest user message, every other text by the dialogue in it alone. Reports are not kept in the verdict
 * cache, which does not know earlier turns; turns already read are not read again.
 */
import type { ClassifierEngine, Finding, Guard, GuardReport, GuardRequest, Message } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { ConversationEvidence } from './evidence.ts'
import { weigh } from './evidence.ts'
import type { Exchange } from './exchanges.ts'
import { exchangesOf, exchangesOfText, textOf } from './exchanges.ts'
import { TurnReader } from './turn-reader.ts'

export interface ConversationGuardOptions {
  readonly id?: string
  readonly engine: ClassifierEngine
  /** Newest exchanges read. Default 256. */
  readonly window?: number
  /** Question-answer pairs inside one text above which it is reported whatever stands in them. Default: no limit. */
  readonly maxShots?: number
  /** Messages of users and assistants above which a conversation is reported. Default: no limit. */
  readonly maxTurns?: number
  /** Default `input`, `retrieval` and `tool_result`. */
  readonly stages?: Guard['stages']
}

/** Longer texts are refused: the search for dialogues in them would hold up everybody else. */
const LONGEST_TEXT = 2_000_000

/**
 * Creates the guard.
 *
 * @throws ParapetError `configuration`
 */
export function createConversationGuard(options: ConversationGuardOptions): Guard {
  const { id = 'conversation', engine, window = 256, stages = ['input', 'retrieval', 'tool_result'] } = options
  const { maxShots = Infinity, maxTurns = Infinity } = options
  checkLimits({ window, maxShots, maxTurns })
  const reader = new TurnReader(engine)
  const assess = (exchanges: readonly Exchange[]): ConversationEvidence => weighRead(reader, exchanges.slice(-window))
  return {
    specVersion: 'v1',
    ...{ id, stages, cacheable: false },
    version: `${engine.version}:${window}:${maxShots}:${maxTurns}`,
    check(request): GuardReport {
      const { original } = request.text
      if (original.length > LONGEST_TEXT)
        throw new ParapetError(
          'input_too_large',
          `The conversation guard reads texts of at most ${LONGEST_TEXT} characters. Limit their length.`,
        )
      const inside = exchangesOfText(original, 0, null)
      const embedded = inside.filter((exchange) => exchange.embedded)
      const messages = newestMessages(request)
      const findings: Finding[] = []
      if (embedded.length > maxShots) findings.push(tooManyShots(embedded, maxShots))
      if (messages !== null && turns(messages) > maxTurns) findings.push(tooManyTurns(messages, maxTurns))
      const evidence =
        messages !== null ? assess(exchangesOf(messages, window)) : embedded.length > 0 ? assess(inside) : null
      if (evidence !== null && evidence.score > 0.5) findings.push(attackFinding(evidence, embedded))
      return { findings }
    },
  }
}

/** What the exchanges of a conversation come to, for reports and tests: the evidence behind the guard's findings. */
export function assessConversation(
  messages: readonly Message[],
  { engine, window = 256 }: Pick<ConversationGuardOptions, 'engine' | 'window'>,
): ConversationEvidence {
  return weighRead(new TurnReader(engine), exchangesOf(messages, window))
}

function weighRead(reader: TurnReader, exchanges: readonly Exchange[]): ConversationEvidence {
  return weigh(exchanges.map((exchange) => ({ ...exchange, reading: reader.read(exchange.question, exchange.answer) })))
}

/** The conversation, where the text judged is that of its newest user message; otherwise null. */
function newestMessages({ stage, text, messages }: GuardRequest): readonly Message[] | null {
  const newest = stage === 'input' ? messages?.findLast(({ role }) => role === 'user') : undefined
  if (newest === undefined || messages === undefined) return null
  const { content } = newest
  const parts = typeof content === 'string' ? [] : content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  // An earlier message of the same words is judged with the conversation too: a request does not say which message it is about.
  return [textOf(newest), ...parts].includes(text.original) ? messages : null
}

function attackFinding(evidence: ConversationEvidence, embedded: readonly Exchange[]): Finding {
  const { score, attack, shots, harmfulShots, messages, steps } = evidence
  const where = messages === null ? '' : ` in messages ${messages[0]} to ${messages[1]}`
  const climbs = steps < 2 ? '' : `, rising over ${steps + 1} turns`
  return {
    label: `conversation.${attack}`,
    score: Math.min(1, score),
    reason: `${harmfulShots} of ${shots} answered exchanges read as harmful${where}${climbs}.`,
    ...spanOf(embedded),
  }
}

function tooManyShots(embedded: readonly Exchange[], most: number): Finding {
  const reason = `The text holds a dialogue of ${embedded.length} question-answer pairs; ${most} are allowed.`
  return { label: 'conversation.too_many_shots', score: 1, reason, ...spanOf(embedded) }
}

function tooManyTurns(messages: readonly Message[], most: number): Finding {
  const reason = `The conversation has ${turns(messages)} messages; ${most} are allowed.`
  return { label: 'conversation.too_many_turns', score: 1, reason }
}

function turns(messages: readonly Message[]): number {
  return messages.filter(({ role }) => role === 'user' || role === 'assistant').length
}

/** From the first to the last pair inside the text; without any the whole text is meant. */
function spanOf(embedded: readonly Exchange[]): Pick<Finding, 'span'> {
  const [start, end] = [embedded[0]?.span?.start, embedded.at(-1)?.span?.end]
  return start === undefined || end === undefined ? {} : { span: { start, end } }
}

function checkLimits(limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (value === Infinity || (Number.isSafeInteger(value) && value > 0)) continue
    throw new ParapetError('configuration', `The conversation guard's ${name} must be a whole number above 0.`)
  }
}
