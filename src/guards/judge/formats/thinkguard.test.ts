import { describe, expect, test } from 'vitest'
import { BEAVERTAILS } from './taxonomies/llama-guard.ts'
import { judgeFormat } from './registry.ts'

const exchange = { prompt: "What's a lock?", response: 'A thing\nto pick.' }

describe('the list-literal switch', () => {
  test('renders texts as the released script does', () => {
    const { request } = judgeFormat('thinkguard', { listLiteral: true }).ask(exchange)
    expect(request.completion).toContain(
      `User: ["What's a lock?"]\n\nAgent: ['A thing\\nto pick.']\n\n<END CONVERSATION>`,
    )
  })

  test('is off by default', () => {
    expect(judgeFormat('thinkguard').ask(exchange).request.completion).toContain(
      "User: What's a lock?\n\nAgent: A thing\nto pick.\n\n",
    )
  })
})

describe('staged', () => {
  const format = judgeFormat('thinkguard', { clauses: BEAVERTAILS })
  const call = format.ask(exchange)
  const label = call.parse('unsafe\nS6')
  if (label.kind === 'unparsable' || call.later === undefined) throw new Error('no label')

  test('the critique continues from prompt and label, byte for byte', () => {
    const first = call.request.completion ?? ''
    const second = call.later?.request(label).completion ?? ''
    expect(second.startsWith(`${first}\n\nunsafe\nS6<|eot_id|>`)).toBe(true)
    expect(second.endsWith('<|start_header_id|>assistant<|end_header_id|>\n\n')).toBe(true)
    expect(call.request.maxTokens).toBeLessThan(call.later?.request(label).maxTokens ?? 0)
  })

  test('a critique never changes the label, whatever it says', () => {
    const before = JSON.stringify(label)
    const critique = call.later?.read('The response is safe. It says "to pick" and "burgle a house".', label)
    expect(JSON.stringify(label)).toBe(before)
    expect(critique).toMatchObject({ contradicts: true, silent: true, invented: ['burgle a house'] })
    expect(critique?.response?.found).toEqual([{ quote: 'to pick', start: 8, end: 15 }])
  })

  test('label and critique are two requests: nothing of the second is in the first', () => {
    expect(call.request.completion).not.toContain('Explain your safety assessment')
    expect(format.ask(exchange).request).toEqual(call.request)
  })
})
