// A server on a socket that answers as OpenAI's, Anthropic's and OpenAI-compatible servers do, in the shapes of their client types
// (openai-node 6.49.0 `resources/chat/completions`, `resources/responses`; @anthropic-ai/sdk 1.14.0 `resources/messages`, read on
// 2026-11-27). None of it is a recording. It keeps what it was asked.
import { createServer } from 'node:http'

const logprobs = (text) => [
  { token: text, logprob: -0.05, bytes: null, top_logprobs: [{ token: 'unsafe', logprob: -3, bytes: null }] },
]

/** Answers of each interface with a text, by path. */
const ANSWERS = {
  '/v1/chat/completions': (text, { model, logprobs: wanted }) => ({
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1_790_000_000, model },
    choices: [
      {
        ...{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text, refusal: null } },
        logprobs: wanted === true ? { content: logprobs(text), refusal: null } : null,
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11, prompt_tokens_details: { cached_tokens: 4 } },
  }),
  '/v1/responses': (text, { model, include = [] }) => ({
    ...{ id: 'resp_1', object: 'response', created_at: 1_790_000_000, status: 'completed', model },
    ...{ error: null, incomplete_details: null },
    output: [
      {
        ...{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed' },
        content: [
          {
            ...{ type: 'output_text', text, annotations: [] },
            ...(include.includes('message.output_text.logprobs') ? { logprobs: logprobs(text) } : {}),
          },
        ],
      },
    ],
    usage: {
      ...{ input_tokens: 9, output_tokens: 2, total_tokens: 11 },
      ...{ input_tokens_details: { cached_tokens: 4 }, output_tokens_details: { reasoning_tokens: 0 } },
    },
  }),
  '/v1/messages': (text, { model, tools }) => ({
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model, stop_sequence: null },
    ...(tools === undefined
      ? { content: [{ type: 'text', text }], stop_reason: 'end_turn' }
      : {
          content: [{ type: 'tool_use', id: 'toolu_1', name: tools[0].name, input: JSON.parse(text) }],
          stop_reason: 'tool_use',
        }),
    usage: { input_tokens: 5, output_tokens: 2, cache_creation_input_tokens: 0, cache_read_input_tokens: 4 },
  }),
}

/** What each interface says when a model declines. */
const REFUSALS = {
  '/v1/chat/completions': (answer) => {
    answer.choices[0].message = { role: 'assistant', content: null, refusal: 'I cannot say.' }
    return answer
  },
  '/v1/responses': (answer) => {
    answer.output[0].content = [{ type: 'refusal', refusal: 'I cannot say.' }]
    return answer
  },
  '/v1/messages': (answer) => ({ ...answer, content: [], stop_reason: 'refusal' }),
}

const event = (name, data) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
const chunk = (choice, more = {}) =>
  `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice], ...more })}\n\n`

/** Streams of each interface with a text in pieces. */
const STREAMS = {
  '/v1/chat/completions': (pieces) =>
    [
      ...pieces.map((content) => chunk({ index: 0, delta: { role: 'assistant', content }, finish_reason: null })),
      chunk({ index: 0, delta: {}, finish_reason: 'stop' }, { usage: { prompt_tokens: 9, completion_tokens: 2 } }),
      'data: [DONE]\n\n',
    ].join(''),
  '/v1/messages': (pieces) =>
    [
      event('message_start', {
        type: 'message_start',
        message: {
          ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [] },
          ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 9, output_tokens: 1 } },
        },
      }),
      event('content_block_start', {
        ...{ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      }),
      ...pieces.map((text) =>
        event('content_block_delta', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
      ),
      event('content_block_stop', { type: 'content_block_stop', index: 0 }),
      event('message_delta', {
        ...{ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null } },
        usage: { output_tokens: 2 },
      }),
      event('message_stop', { type: 'message_stop' }),
    ].join(''),
}

export const json = (response, value, status = 200, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))

/** Says a text in whatever interface was asked. */
export const say =
  (text) =>
  (response, { path, body }) =>
    json(response, ANSWERS[path](text, body))
export const refuse = (response, { path, body }) => json(response, REFUSALS[path](ANSWERS[path]('', body)))
export const stream =
  (pieces) =>
  (response, { path }) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(STREAMS[path](pieces))

/** @param answer called for every request with the response and what was asked; change `server.answer` for other answers */
export async function startServer() {
  const asked = []
  const server = { asked, answer: say('safe'), url: '', close: async () => undefined }
  const socket = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (piece) => (text += piece))
    request.on('end', () => {
      const call = { path: request.url, headers: request.headers, body: JSON.parse(text) }
      asked.push(call)
      server.answer(response, call)
    })
  })
  await new Promise((resolve) => socket.listen(0, '127.0.0.1', resolve))
  server.url = `http://127.0.0.1:${socket.address().port}`
  server.close = () =>
    new Promise((resolve) => {
      socket.close(resolve)
      socket.closeAllConnections()
    })
  return server
}
