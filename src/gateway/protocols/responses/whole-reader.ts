/** A whole response to stream parts: what it holds, item by item, then the response itself with holes where its words were. */
import type { JsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { AnswerParts } from './answer-parts.ts'
import type { ItemHead } from './answer-parts.ts'
import type { AnswerScan } from './answer-scan.ts'
import { BEGIN, endings, failureOf, sumOf } from './answer-frame.ts'
import type { Hole } from './holes.ts'
import type { WireRaw } from './raw.ts'

const NO_ITEM: ItemHead = { output: -1, tool: null }

/** Parts of a response that came in one piece. Throws `upstream_error` when it is none, or not a finished one. */
export function readResponse(response: JsonObject, scanFor: (parts: AnswerParts) => AnswerScan): readonly StreamPart[] {
  if (!Array.isArray(response['output']))
    throw upstreamError('The model server sent something that is not a response of the Responses API.')
  const { status } = response
  if (status === 'failed' || status === 'cancelled') throw failureOf(response)
  if (status === 'queued' || status === 'in_progress')
    throw upstreamError('The model server sent a response that is not finished.')
  const answer = new AnswerParts()
  const scan = scanFor(answer)
  const parts: StreamPart[] = [BEGIN]
  const holes: Hole[] = []
  const take = (found: readonly Hole[], head: ItemHead): void => {
    const placed = answer.place(found, head, true)
    parts.push(...placed.before)
    holes.push(...placed.holes)
  }
  for (const { holes: found, head, type } of scan.items(response, [])) {
    if (type !== 'message') parts.push(...answer.settle())
    take(found, head)
  }
  take(scan.response(response, []), NO_ITEM)
  holes.push(...sumOf(response, [], holes))
  const raw: WireRaw = { kind: 'whole', response, holes }
  const reason = status === 'incomplete' ? 'length' : 'stop'
  return [...parts, ...answer.settle(), ...endings(answer), { type: 'finish', choice: 0, reason, raw }]
}
