/**
 * The model server of the benchmark, a process of its own: chat completions of about 300 characters, and streams of tokens, each
 * with another text. The name of the model says how: `whole`, `flat-N` (N tokens at once) or `paced-N-R` (N tokens, R a second).
 *
 * It does as little as it can and checks nothing. Prints its port on the first line.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { textOf, tokensOf } from './texts.ts'

const ANSWER = 300
const CREATED = 1_764_000_000
let answered = 0

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(request, response, Buffer.concat(chunks).toString('utf8')))
})
server.keepAliveTimeout = 600_000
server.requestTimeout = 0
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
// The parent that started it holds the other end: without it there is nothing to do.
process.stdin.on('end', () => process.exit(0)).resume()

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  if (request.url !== '/v1/chat/completions') {
    response.writeHead(404).end()
    return
  }
  const [, model = 'whole'] = /"model":\s*"([a-z0-9-]+)"/.exec(body) ?? []
  const index = answered++
  if (model === 'whole') whole(response, index)
  else stream(response, index, model)
}

function whole(response: ServerResponse, index: number): void {
  const content = textOf('answer', index, ANSWER)
  const json = JSON.stringify({
    id: `chatcmpl-${index}`,
    object: 'chat.completion',
    created: CREATED,
    model: 'whole',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 200, completion_tokens: 75, total_tokens: 275 },
  })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) })
  response.end(json)
}

function stream(response: ServerResponse, index: number, model: string): void {
  const [, count = '100', rate] = model.split('-')
  const tokens = tokensOf(textOf('answer', index, Number(count) * 8)).slice(0, Number(count))
  const event = (delta: object, reason: string | null): string =>
    `data: ${JSON.stringify({ id: `chatcmpl-${index}`, object: 'chat.completion.chunk', created: CREATED, model, choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.write(event({ role: 'assistant', content: '' }, null))
  const finish = (): void => void response.end(`${event({}, 'stop')}data: [DONE]\n\n`)
  if (rate === undefined) {
    for (const content of tokens) response.write(event({ content }, null))
    finish()
    return
  }
  // Tokens are due at fixed times, so that a late timer is made good.
  const started = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.min(tokens.length, Math.floor(((performance.now() - started) * Number(rate)) / 1000))
    for (; sent < due; sent += 1) response.write(event({ content: tokens[sent] ?? '' }, null))
    if (sent < tokens.length) return
    clearInterval(timer)
    finish()
  }, 2)
  response.on('close', () => clearInterval(timer))
}
