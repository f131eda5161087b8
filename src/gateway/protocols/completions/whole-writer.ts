/**
 * Puts a completion that did not come as a stream together again from its guarded parts. Only what came through is in it: a field
 * that the pipeline let drop, or that nobody judged, is not.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { completionsUsage, OwnUsage, refusalUsage } from '../own-usage.ts'
import type { WholeWriter } from '../protocol.ts'
import { choiceIndex } from './answer-reader.ts'
import { ANSWER_KEYS, CHOICE_KEYS, countsOf, envelopeOf, unknownFields } from './fields.ts'
import { splitLogprobs } from './logprobs.ts'
import { completionRaw, judgedField } from './raw.ts'

interface ChoiceParts {
  text: string
  reason: string | null
  fields: JsonObject
  /** Judged `top_logprobs`. */
  likely: JsonValue | undefined
}

/**
 * @param own id, time and model for an answer that has none of its own
 * @param count choices asked for, over all prompts
 */
export function createWholeWriter(own: JsonObject, count: number): WholeWriter {
  const head = { ...own, object: 'text_completion' }
  let source: JsonObject | null = null
  let choices = new Map<number, ChoiceParts>()
  let fields: JsonObject = {}
  const told = new OwnUsage()

  const partsOf = (index: number): ChoiceParts => {
    let parts = choices.get(index)
    if (parts === undefined) {
      parts = { text: '', reason: null, fields: {}, likely: undefined }
      choices.set(index, parts)
    }
    return parts
  }

  return {
    write(part) {
      told.take(part)
      const raw = completionRaw(part)
      if (raw?.kind === 'whole') {
        source = raw.answer
        choices = new Map()
        fields = {}
        return
      }
      if (raw?.kind === 'field' && raw.field.scope === 'answer' && part.type === 'file')
        fields = { ...fields, ...judgedField(raw.field, part.data) }
      else collect(part, partsOf(part.choice ?? 0))
    },
    answer() {
      if (source === null)
        return choices.size === 0 ? null : { ...head, choices: plainChoices(choices), ...completionsUsage(told) }
      const envelope = envelopeOf(source)
      const { usage } = source
      return {
        ...fields,
        ...unknownFields(source, ANSWER_KEYS, envelope).silent,
        ...head,
        ...envelope,
        choices: asArray(source['choices'])
          .filter(isJsonObject)
          .map((choice, position) => writeChoice(choice, partsOf(choiceIndex(choice, position, count)))),
        ...(isJsonObject(usage) ? { usage: countsOf(usage) } : {}),
      }
    },
    refusal(text) {
      const refused = Array.from({ length: count }, (_, index) => plainChoice(index, text, 'content_filter'))
      return { ...head, choices: refused, ...refusalUsage(told) }
    },
  }
}

function collect(part: StreamPart, into: ChoiceParts): void {
  const raw = completionRaw(part)
  switch (part.type) {
    case 'text':
      into.text += part.text
      break
    case 'finish':
      into.reason = part.reason
      break
    case 'file':
      if (raw?.kind === 'field') into.fields = { ...into.fields, ...judgedField(raw.field, part.data) }
      if (raw?.kind === 'alternatives' && raw.data === part.data) into.likely = raw.value
      break
    case 'reasoning':
    case 'tool-input':
    case 'other':
      // This interface has no place for them.
      break
    default:
      part satisfies never
  }
}

function writeChoice(source: JsonObject, { text, reason, fields, likely }: ChoiceParts): JsonObject {
  const { spelled } = splitLogprobs(source['logprobs'], text)
  const logprobs = spelled === null || likely === undefined ? spelled : { ...spelled, top_logprobs: likely }
  const given = source['finish_reason']
  return {
    ...fields,
    ...unknownFields(source, CHOICE_KEYS, {}).silent,
    ...('index' in source ? { index: source['index'] } : {}),
    text,
    ...('logprobs' in source ? { logprobs } : {}),
    finish_reason: (given === null || given === undefined) && reason === 'stop' ? null : reason,
  }
}

/** Choices of an upstream that has no wire format of its own. */
function plainChoices(choices: ReadonlyMap<number, ChoiceParts>): readonly JsonObject[] {
  return [...choices]
    .toSorted(([left], [right]) => left - right)
    .map(([index, { text, reason }]) => plainChoice(index, text, reason ?? 'stop'))
}

function plainChoice(index: number, text: string, reason: string): JsonObject {
  return { index, text, logprobs: null, finish_reason: reason }
}
