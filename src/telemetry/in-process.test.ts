/** A decision made for a call of the AI SDK hangs below the span around that call, however and whenever the answer is read. */
import * as api from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { generateText, streamText } from 'ai'
import { afterEach, expect, test } from 'vitest'
import { block, finish, scriptedModel } from '../../test/support/ai-sdk.ts'
import { createParapet } from '../compose/index.ts'
import { guardModel } from '../integrations/ai-sdk/index.ts'
import { traceDecisions } from './index.ts'

afterEach(() => {
  api.trace.disable()
  api.context.disable()
})

test.each(['generateText', 'streamText', 'streamText, read later'])('%s', async (how) => {
  const exporter = new InMemorySpanExporter()
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
  const parapet = await createParapet({ parapet: 1, rails: { input: ['pii'], output: ['pii'] } })
  parapet.on(await traceDecisions())
  const { model } = scriptedModel('v3', {
    content: () => [{ type: 'text', text: 'fine' }],
    stream: () => [...block('text', '0', ['fine ', 'words '.repeat(300)]), finish('v3')],
  })
  const settings = { model: guardModel(model, parapet), prompt: 'hi' }
  const [outer, later] = await api.trace.getTracer('test').startActiveSpan('outer', async (span) => {
    const result = how === 'generateText' ? await generateText(settings) : streamText(settings)
    if (how === 'streamText' && 'consumeStream' in result) await result.consumeStream()
    span.end()
    return [span, result] as const
  })
  if ('consumeStream' in later) await later.consumeStream()
  const decisions = exporter.getFinishedSpans().filter(({ name }) => name === 'parapet.decision')
  expect(decisions.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([outer.spanContext().spanId])
  expect(decisions[0]?.attributes['parapet.door']).toBe('ai-sdk')
  await parapet.close()
})
