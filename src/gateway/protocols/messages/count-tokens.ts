/**
 * `POST /v1/messages/count_tokens`. The model server reads the whole conversation to count it, so the conversation is judged like
 * any other before it is sent. The answer is a number; it is judged as text beside everything else that came with it.
 *
 * There is no stream and no refusal: words of the policy would be taken for a count, so a refusal is told as a block.
 */
import type { JsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { parseEvent } from '../parse-event.ts'
import type { Protocol, WholeWriter } from '../protocol.ts'
import { MESSAGES, readMessagesRequest } from './protocol.ts'

export const COUNT_TOKENS: Protocol = {
  ...MESSAGES,
  door: 'messages-count-tokens',
  path: '/v1/messages/count_tokens',
  endpoint: '/messages/count_tokens',
  parse: (body) => ({
    ...readMessagesRequest(body),
    stream: false,
    readWhole: readCount,
    createWholeWriter: createCountWriter,
  }),
}

function readCount(answer: JsonObject): readonly StreamPart[] {
  if (typeof answer['input_tokens'] !== 'number')
    throw upstreamError('The model server sent something that is not a count of tokens.')
  return [{ type: 'file', mediaType: 'text/plain', data: JSON.stringify(answer) }]
}

function createCountWriter(): WholeWriter {
  let answer: JsonObject | null = null
  return {
    write(part) {
      if (part.type === 'file') answer = parseEvent(part.data)
    },
    answer: () => answer,
    refusal() {
      throw new ParapetError('content_filter', 'The policy refused the conversation, so its tokens were not counted.')
    },
  }
}
