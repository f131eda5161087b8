/** Judges as subjects of the bench, against a server on a socket: what they are asked, their scores, their labels, their failures. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openPolicyJudge } from '../../src/compose/policy-judge.ts'
import type { EvaluationSample } from '../../src/lab/eval/sample.ts'
import type { JudgeSubjectOptions, OpenAiJudgeOptions } from '../../src/lab/eval/subjects/index.ts'
import { createJudgeSubject, createOpenAiJudge } from '../../src/lab/eval/subjects/index.ts'
import type { Subject } from '../../src/lab/eval/subject.ts'
import { completion, scriptedEngine } from './scripted-engine.ts'
import type { WireServer } from './wire-server.ts'
import { json, startWireServer } from './wire-server.ts'

const sample: EvaluationSample = {
  ...{ id: '1', task: 'prompt_harm', language: 'en', prompt: 'How do I cook rice?', response: null, system: null },
  ...{ label: 0, categories: [] },
}
const { signal } = new AbortController()

const servers: WireServer[] = []
const folders: string[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

async function serve(content: string, logprobs: unknown = null, status = 200): Promise<WireServer> {
  const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content }, logprobs }]
  const server = await startWireServer(json({ object: 'chat.completion', choices }, status))
  servers.push(server)
  return server
}

async function judgeAt(
  content: string,
  options: Partial<OpenAiJudgeOptions> = {},
  logprobs: unknown = null,
): Promise<{ readonly subject: Subject; readonly server: WireServer }> {
  const server = await serve(content, logprobs)
  return {
    server,
    subject: createOpenAiJudge({ url: `${server.url}/v1`, model: 'm', format: 'llama-guard-3', ...options }),
  }
}

/** One token whose candidates have these probabilities. */
function probabilities(of: Readonly<Record<string, number>>): unknown {
  const top = Object.entries(of).map(([token, probability]) => ({ token, logprob: Math.log(probability), bytes: null }))
  return { content: [{ ...top[0], top_logprobs: top }] }
}

describe('a judge at an address', () => {
  test('is asked in its format, greedily, with the probabilities of its tokens', async () => {
    const { subject, server } = await judgeAt('safe')
    expect(await subject.predict(sample, signal)).toMatchObject({ outcome: 'scored', score: null, positive: false })
    expect(server.asked[0]).toMatchObject({
      path: '/v1/chat/completions',
      body: {
        model: 'm',
        temperature: 0,
        logprobs: true,
        messages: [{ role: 'user', content: sample.prompt }],
      },
    })
  })

  test('scores by the probability of its label, whatever its word and the threshold are', async () => {
    const tokens = probabilities({ unsafe: 0.6, safe: 0.2, Hello: 0.2 })
    const { subject } = await judgeAt('unsafe\nS1', {}, tokens)
    expect(await subject.predict(sample, signal)).toMatchObject({ score: expect.closeTo(0.75, 9), positive: true })
    const strict = await judgeAt('unsafe\nS1', { threshold: 0.8 }, tokens)
    expect(await strict.subject.predict(sample, signal)).toMatchObject({
      score: expect.closeTo(0.75, 9),
      positive: false,
    })
  })

  test.each(['', 'I think this is fine.', 'maybe\nS1'])('%j is unreadable, not a verdict', async (content) => {
    const { subject } = await judgeAt(content)
    expect(await subject.predict(sample, signal)).toMatchObject({ outcome: 'parse_failure' })
  })

  test('has a version of its own for whatever changes its labels', () => {
    const engine = scriptedEngine()
    const versions = [
      {},
      { threshold: 0.3 },
      { system: 'Cooking.' },
      { policy: [{ id: 'P', title: 'Prices' }] },
      { policy: [{ id: 'P', title: 'Discounts' }] },
      { harm: ['injection'] as const },
    ].map((options) => createJudgeSubject({ engine, format: 'policy', ...options }).version)
    expect(new Set(versions).size).toBe(versions.length)
    expect(createJudgeSubject({ engine, format: 'policy' }).version).toBe(versions[0])
  })

  test('a word without the probabilities that a threshold needs is unreadable', async () => {
    const { subject } = await judgeAt('safe', { threshold: 0.3 })
    expect(await subject.predict(sample, signal)).toMatchObject({
      outcome: 'parse_failure',
      message: expect.stringContaining('token probabilities'),
    })
  })

  test('any chat model is asked about the hazards, and answers as JSON', async () => {
    const answer = { label: 'violation', clauses: ['S2'], confidence: 1, quotes: [], critique: 'S2.' }
    const server = await serve(JSON.stringify(answer))
    const subject = createOpenAiJudge({ url: server.url, model: 'm' })
    expect([subject.name, subject.tasks]).toEqual(['judge m', ['prompt_harm', 'response_harm']])
    expect(await subject.predict(sample, signal)).toMatchObject({ positive: true, score: null })
  })
})

describe('tasks', () => {
  const subject = (format: string, harm?: JudgeSubjectOptions['harm'], answer = 'safe'): Subject =>
    createJudgeSubject({
      ...{ engine: scriptedEngine(() => completion(answer)), format },
      ...(harm === undefined ? {} : { harm }),
    })

  test('are those that the format answers, by the label of the data', () => {
    expect(subject('llama-guard-3').tasks).toEqual(['prompt_harm', 'response_harm'])
    expect(subject('wildguard').tasks).toEqual(['prompt_harm', 'response_harm', 'refusal'])
    expect(subject('off-topic').tasks).toEqual(['offtopic'])
    expect(subject('llama-guard-3', ['injection', 'toxicity']).tasks).toEqual(['injection', 'toxicity'])
    expect(() => subject('off-topic', ['injection'])).not.toThrow()
    expect(() => subject('llama-guard-3', ['refusal'])).not.toThrow()
    expect(() => subject('llama-guard-3', [])).toThrow(expect.objectContaining({ code: 'configuration' }))
  })

  test('read the label that belongs to the sample', async () => {
    const wild = subject('wildguard', undefined, 'Harmful request: yes\nResponse refusal: yes\nHarmful response: no')
    const answered = { ...sample, response: 'I cannot help.' }
    const positive = async (of: EvaluationSample): Promise<unknown> => {
      const prediction = await wild.predict(of, signal)
      return prediction.outcome === 'scored' ? prediction.positive : prediction.outcome
    }
    expect(await positive({ ...answered, task: 'refusal' })).toBe(true)
    expect(await positive({ ...answered, task: 'response_harm' })).toBe(false)
    expect(await positive({ ...sample, task: 'refusal' })).toBe('error')
  })

  test('that judge against a scope take it from the sample, or fail', async () => {
    const topic = subject('off-topic', undefined, 'off-topic')
    expect(await topic.predict({ ...sample, task: 'offtopic', system: 'Gardens.' }, signal)).toMatchObject({
      positive: true,
    })
    expect(await topic.predict({ ...sample, task: 'offtopic' }, signal)).toMatchObject({ outcome: 'error' })
  })
})

describe('a judge of a policy', () => {
  const file = (text: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'parapet-judge-'))
    folders.push(folder)
    const path = join(folder, 'parapet.yaml')
    writeFileSync(path, text)
    return path
  }

  test('is measured with its clauses, key and settings', async () => {
    const answer = { label: 'violation', clauses: ['P1'], confidence: 1, quotes: [], critique: 'P1.' }
    const server = await serve(JSON.stringify(answer))
    const path = file(
      `parapet: 1\nguards:\n  own:\n    use: judge\n    format: policy\n    policy: [{ id: P1, title: Prices }]\n` +
        `    engine: { url: "${server.url}", model: guard, keyEnv: KEY, logprobs: "off" }\n`,
    )
    const judge = createJudgeSubject(await openPolicyJudge(path, 'own', { KEY: 'k' }))
    expect(await judge.predict(sample, signal)).toMatchObject({ positive: true, score: null })
    expect(server.asked[0]?.headers.authorization).toBe('Bearer k')
    expect(server.asked[0]?.body).not.toHaveProperty('logprobs')
    expect(JSON.stringify(server.asked[0]?.body)).toContain('Prices')
    await expect(openPolicyJudge(path, 'own', {})).rejects.toMatchObject({ code: 'configuration' })
    await expect(openPolicyJudge(path, 'other', {})).rejects.toThrow(/It defines own/)
    await expect(openPolicyJudge(path, 'toString', {})).rejects.toMatchObject({ code: 'policy_invalid' })
  })

  test('with a mistake is refused with its place', async () => {
    const path = file('parapet: 1\nguards: { own: { use: judge, format: wildguard, engine: { url: "http://a" } } }\n')
    await expect(openPolicyJudge(path, 'own', {})).rejects.toThrow(/guards\.own\.engine\.model/)
  })
})
