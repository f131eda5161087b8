/** What kinds of stream events have in common, as far as more than one place needs to know. */
import type { JsonObject } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { EventType } from './wire-types.ts'

/** Events that are about no more than one text, or about none. */
export type SmallEvent = Exclude<
  EventType,
  | 'error'
  | 'response.failed'
  | 'response.created'
  | 'response.queued'
  | 'response.in_progress'
  | 'response.completed'
  | 'response.incomplete'
  | `response.output_item.${'added' | 'done'}`
  | `response.content_part.${'added' | 'done'}`
  | `response.reasoning_summary_part.${'added' | 'done'}`
  | 'response.output_text.annotation.added'
  | 'response.image_generation_call.partial_image'
  | 'response.audio.delta'
  | 'response.audio.transcript.done'
>

/** Whether more answer text may follow on what came before this event as if it were not there. */
export function continuesText(type: EventType, { item, part }: JsonObject): boolean {
  switch (type) {
    case 'response.output_item.added':
    case 'response.output_item.done':
      return isJsonObject(item) && item['type'] === 'message'
    case 'response.content_part.added':
    case 'response.content_part.done':
      return isJsonObject(part) && part['type'] === 'output_text'
    case 'response.output_text.delta':
    case 'response.output_text.done':
    case 'response.output_text.annotation.added':
    case 'response.created':
    case 'response.queued':
    case 'response.in_progress':
      return true
    default:
      return false
  }
}

/** With what an answer may begin. */
export const BEGINNINGS: ReadonlySet<EventType> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.completed',
  'response.incomplete',
  'response.failed',
  'error',
])
