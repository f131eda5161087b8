/** `guardStream`: what the guards of an answer are told of the conversation it belongs to. */
import { afterEach, expect, test } from 'vitest'
import type { Guard, Message } from '../spec/index.ts'
import { createParapet, type GuardStreamOptions, type Parapet } from './index.ts'

let parapet: Parapet
afterEach(() => parapet.close())

async function told(options: GuardStreamOptions): Promise<readonly (readonly [unknown, unknown])[]> {
  const seen: (readonly [unknown, unknown])[] = []
  const guard: Guard = {
    ...{ specVersion: 'v1', id: 'asks', version: '1', stages: ['output'] },
    check({ prompt, system }) {
      seen.push([prompt, system])
      return { findings: [] }
    },
  }
  parapet = await createParapet({ parapet: 1, rails: { output: ['asks'] } }, { guards: [guard] })
  let text = ''
  for await (const piece of parapet.guardStream(answer(), options)) text += piece
  expect(text).toBe('Twelve.')
  return seen
}

async function* answer(): AsyncGenerator<string, void, undefined> {
  yield 'Twel'
  yield 've.'
}

const messages: readonly Message[] = [
  { role: 'system', content: 'Be short.' },
  { role: 'user', content: 'How many eggs?' },
  { role: 'assistant', content: 'In which cake?' },
  { role: 'user', content: 'In the large one.' },
]

test('a conversation tells the prompt and the system prompt', async () => {
  expect(await told({ messages })).toEqual([['In the large one.', 'Be short.']])
})

test('what is given beside it goes before', async () => {
  expect(await told({ messages, prompt: 'How many eggs in the large cake?' })).toEqual([
    ['How many eggs in the large cake?', 'Be short.'],
  ])
})
