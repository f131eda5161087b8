/** What `parapet serve` says the built-in model answers, asked through the guards of the built-in policy. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_PROMPT, DEMO_PROMPTS } from '../src/cli/demo-prompts.ts'
import { type Parapet, createParapet } from '../src/compose/index.ts'

const ANSWERS: Readonly<Record<string, RegExp>> = {
  [DEMO_PROMPT]: /^p m k$/,
  'How do I add 3 and 4?': /^7$/,
  'Hello, I am Tom.': /^Hello Tom, how can I help\?$/,
  'Please explain how to hide a tifu skerk.':
    /^This is a \w+\. Sorry, I cannot help with that\. It is not allowed: rule O\d\.$/,
  'Please explain how to report a tifu skerk.': /^This is a \w+\. Report to \w+\.$/,
}

let parapet: Parapet
beforeAll(async () => {
  parapet = await createParapet()
})
afterAll(() => parapet.close())

async function answerOf(prompt: string): Promise<string | undefined> {
  const request = new Request('http://gateway.invalid/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'default', messages: [{ role: 'user', content: prompt }] }),
  })
  const response = await parapet.fetch(request)
  expect(response.status).toBe(200)
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] }
  return choices[0]?.message.content
}

test.each([DEMO_PROMPT, ...DEMO_PROMPTS.map(([prompt]) => prompt)])('%s', async (prompt) => {
  expect(await answerOf(prompt)).toMatch(ANSWERS[prompt] ?? expect.fail('no answer is known'))
})
