// What the adapters return goes where the frameworks' own types want it. Compiled by run.mjs; never run.
import { Agent as MastraAgent } from '@mastra/core/agent'
import type { InputProcessor, OutputProcessor } from '@mastra/core/processors'
import type { Model, ModelProvider } from '@openai/agents'
import { Agent, Runner, tool } from '@openai/agents'
import { createAgent } from 'langchain'
import { createParapet } from 'parapet'
import { guardMiddleware } from 'parapet/langchain'
import { guardProcessor } from 'parapet/mastra'
import {
  guardModel,
  guardModelProvider,
  inputGuardrail,
  outputGuardrail,
  toolInputGuardrail,
  toolOutputGuardrail,
} from 'parapet/openai-agents'
import { z } from 'zod'

const parapet = await createParapet()

export function agents(model: Model, modelProvider: ModelProvider): readonly unknown[] {
  const look = tool({
    name: 'look',
    description: 'Looks something up.',
    parameters: z.object({ q: z.string() }),
    execute: ({ q }) => q,
    inputGuardrails: [toolInputGuardrail(parapet, { onBlock: 'throw' })],
    outputGuardrails: [toolOutputGuardrail(parapet)],
  })
  const guarded: Model = guardModel(model, parapet, { caller: { user: 'u-17' } })
  const agent = new Agent({
    name: 'clerk',
    model: guarded,
    tools: [look],
    inputGuardrails: [inputGuardrail(parapet, { onModify: 'pass' })],
    outputGuardrails: [outputGuardrail(parapet)],
  })
  const runner = new Runner({
    modelProvider: guardModelProvider(modelProvider, parapet),
    inputGuardrails: [inputGuardrail(parapet)],
    outputGuardrails: [outputGuardrail(parapet)],
  })
  return [agent, runner]
}

export const chain = createAgent({
  model: 'openai:gpt-5',
  tools: [],
  contextSchema: z.object({ user: z.string() }),
  middleware: [
    guardMiddleware<{ readonly user: string }>(parapet, {
      onBlock: 'finish',
      message: ({ decision }) => `Stopped: ${decision}`,
      caller: ({ context }) => ({ user: context.user }),
    }),
  ],
})

const guard = guardProcessor(parapet, { id: 'guard', caller: (context) => ({ user: String(context?.get('user')) }) })
export const input: InputProcessor = guard
export const output: OutputProcessor = guard
export const mastra = new MastraAgent({
  id: 'clerk',
  name: 'clerk',
  instructions: 'Help.',
  model: 'openai/gpt-5',
  inputProcessors: [guard],
  outputProcessors: [guard],
})
