/** Puts a response that did not come as a stream together again. Only what came through is in it. */
import type { JsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { OwnUsage } from '../own-usage.ts'
import type { WholeWriter } from '../protocol.ts'
import type { Answering } from './event-writer.ts'
import type { Shortfall } from './own-answer.ts'
import { beginResponse, endResponse, OwnItems } from './own-answer.ts'
import type { WireRaw } from './raw.ts'
import { wireRaw } from './raw.ts'
import { ShownAnswer } from './shown-answer.ts'

export function createWholeWriter(answering: Answering): WholeWriter {
  let shown = new ShownAnswer()
  let whole: Extract<WireRaw, { kind: 'whole' }> | null = null
  let wire = false
  let own: OwnItems | null = null
  let shortfall: Shortfall = null
  const usage = new OwnUsage()
  const ownResponse = (items: OwnItems, why: Shortfall): JsonObject =>
    endResponse(answering.present(beginResponse(answering.envelope, answering.request)), items.output, why, usage)

  const writeBare = (part: StreamPart): void => {
    // Where the answer has a wire format, bare words only stand for a medium that was taken out.
    if (wire) return
    usage.take(part)
    own ??= new OwnItems(answering.envelope.id, 0)
    switch (part.type) {
      case 'text':
        own.text(part.choice ?? 0, part.text)
        break
      case 'reasoning':
        own.reasoning(part.choice ?? 0, part.text)
        break
      case 'tool-input':
        own.toolInput(part.choice ?? 0, part.call, part.tool ?? '', part.text)
        break
      case 'finish':
        own.close(part.choice ?? 0)
        if (part.reason === 'length') shortfall = 'max_output_tokens'
        break
      case 'file':
      case 'other':
        break
      default:
        part satisfies never
    }
  }

  return {
    write(part) {
      const raw = wireRaw(part)
      if (raw === null) writeBare(part)
      else if (raw.kind === 'begin') {
        shown = new ShownAnswer()
        whole = null
        own = null
        wire = true
      } else if (raw.kind === 'whole') whole = raw
      else shown.take(part, raw)
    },
    answer() {
      if (whole !== null) {
        const filled = shown.fill(whole.response, whole.holes)
        const faithful = filled === whole.response && filled['store'] === true
        const response = answering.present(filled)
        answering.keep(response, faithful ? 'faithful' : 'changed')
        return response
      }
      if (own === null) return null
      const response = ownResponse(own, shortfall)
      answering.keep(response, 'changed')
      return response
    },
    refusal(text) {
      const items = new OwnItems(answering.envelope.id, 0)
      items.refusal(text.trimStart())
      const response = ownResponse(items, 'content_filter')
      answering.keep(response, 'refused')
      return response
    },
  }
}
