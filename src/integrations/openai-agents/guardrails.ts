/**
 * Guardrails of the OpenAI Agents SDK made from a Parapet: of a run's input, of its final output, of a function tool's arguments and
 * of its result.
 *
 * The SDK asks input guardrails for the first agent only, output guardrails for the last, and tool guardrails for function tools.
 * They cannot change what they judge, but for a tool's result: what the policy masks elsewhere stops the run, unless `guardModel`
 * puts the mask in.
 */
import type { Message } from '../../spec/index.ts'
import type { Conversation, ConversationGuard, DecisionFacts, Judgement } from '../conversation/index.ts'
import { ConversationReader, judge } from '../conversation/index.ts'
import { readInput, readItems, readOutput } from './items.ts'
import type {
  CommonOptions,
  FunctionCall,
  GuardrailOutput,
  InputGuardrail,
  OutputGuardrail,
  RunGuardrailOptions,
  ToolGuardrailOptions,
  ToolGuardrailOutput,
  ToolInputGuardrail,
  ToolOutputGuardrail,
} from './types.ts'

export const DOOR = 'openai-agents'
const NAME = 'parapet'
/** Inputs of the runs that are going on, by the SDK's context of the run: guardrails of the output are not shown them. */
const INPUTS = new WeakMap<object, unknown>()

/**
 * Judges the input of a run: every item of it, so far as the policy's window reaches. Nothing is asked of the model before.
 * @example
 * new Agent({ name, instructions, inputGuardrails: [inputGuardrail(parapet)] })
 */
export function inputGuardrail(guard: ConversationGuard, options: RunGuardrailOptions = {}): InputGuardrail {
  return {
    name: options.name ?? NAME,
    runInParallel: false,
    execute: async ({ input, context }) => {
      if (isObject(context)) INPUTS.set(context, input)
      const read = (): Conversation<unknown> => {
        const reader = new ConversationReader<unknown>({ input })
        readInput(input, ['input'], reader)
        return reader.conversation()
      }
      return tripwire(await judge(guard, read, settings(options)), options)
    },
  }
}

/**
 * Judges what a run ends with, and the calls and results that led to it; beside what was asked, when there is an input guardrail as
 * well. A streaming run has shown its text before.
 */
export function outputGuardrail(guard: ConversationGuard, options: RunGuardrailOptions = {}): OutputGuardrail {
  return {
    name: options.name ?? NAME,
    execute: async ({ agentOutput, details, context }) => {
      const items = details?.output ?? []
      const read = (): Conversation<Ended> => {
        const input = isObject(context) ? INPUTS.get(context) : undefined
        const reader = new ConversationReader<Ended>({ input, items, agentOutput })
        if (input !== undefined) readInput(input, ['input'], reader)
        reader.begin('assistant')
        readItems(items, ['items'], reader)
        if (!says(reader.conversation().messages.at(-1), agentOutput)) {
          reader.open('assistant').text(agentOutput, ['agentOutput'])
        }
        return reader.conversation()
      }
      const judgement = await judge(guard, read, settings(options))
      if (!judgement.shown) return tripwire(judgement, options)
      // What was masked in the input is the input guardrail's business.
      const { root } = judgement
      return tripwire({ ...judgement, changed: root.items !== items || root.agentOutput !== agentOutput }, options)
    },
  }
}

/** What a run was asked and what it made of it. */
interface Ended {
  readonly input: unknown
  readonly items: readonly unknown[]
  readonly agentOutput: unknown
}

/** Judges the arguments of a function tool's call before it runs. */
export function toolInputGuardrail(guard: ConversationGuard, options: ToolGuardrailOptions = {}): ToolInputGuardrail {
  return {
    type: 'tool_input',
    name: options.name ?? NAME,
    run: async ({ toolCall }) => {
      const read = (): Conversation<unknown> => callReader(toolCall).conversation()
      const judgement = await judge(guard, read, settings(options))
      if (judgement.shown && !judgement.changed) return allow(judgement.facts)
      // The SDK has no way to hand the tool other arguments, so a mask is a stop as well.
      return stopped(
        judgement.facts,
        options,
        'The arguments of this call hold content that the policy does not let pass.',
      )
    },
  }
}

/**
 * Judges what a function tool gave back before the model reads it. What the policy masks is masked: the model reads the result as a
 * text, or as JSON where it was a value.
 */
export function toolOutputGuardrail(guard: ConversationGuard, options: ToolGuardrailOptions = {}): ToolOutputGuardrail {
  return {
    type: 'tool_output',
    name: options.name ?? NAME,
    run: async ({ toolCall, output }) => {
      let readable = true
      const read = (): Conversation<{ readonly output: unknown }> => {
        const reader = callReader(toolCall, output)
        reader.begin()
        const result = readOutput(output, ['output'], reader.open('tool', toolCall.callId)).message()
        readable = typeof result.content === 'string' || result.content.every(({ type }) => type === 'text')
        return reader.conversation()
      }
      const judgement = await judge(guard, read, settings(options))
      if (!judgement.shown) return stopped(judgement.facts, options, 'The policy stopped the result of this call.')
      const { facts, root } = judgement
      if (root.output === output) return allow(facts)
      // A text in its place would lose the image or file beside it.
      if (!readable) return stopped(facts, options, 'The policy stopped the result of this call.')
      return { behavior: { type: 'rejectContent', message: asText(root.output) }, outputInfo: facts }
    },
  }
}

function settings({ caller }: CommonOptions): { readonly door: string; readonly caller: CommonOptions['caller'] } {
  return { door: DOOR, caller }
}

function tripwire(judgement: Judgement<unknown>, { onModify = 'trip' }: RunGuardrailOptions): GuardrailOutput {
  const { shown, facts } = judgement
  const tripwireTriggered = !shown || (judgement.changed && onModify === 'trip')
  return { tripwireTriggered, outputInfo: facts }
}

function callReader(
  { name, callId, arguments: input }: FunctionCall,
  output?: unknown,
): ConversationReader<{ readonly call: { readonly arguments: string }; readonly output: unknown }> {
  const reader = new ConversationReader({ call: { arguments: input }, output })
  reader.begin()
  reader.open('assistant').call({ id: callId, name }, input, ['call', 'arguments'])
  return reader
}

function allow(outputInfo: DecisionFacts): ToolGuardrailOutput {
  return { behavior: { type: 'allow' }, outputInfo }
}

function stopped(facts: DecisionFacts, options: ToolGuardrailOptions, words: string): ToolGuardrailOutput {
  const { onBlock = 'reject', message = words } = options
  const throws = onBlock === 'throw' || facts.outcome === 'failed'
  return { behavior: throws ? { type: 'throwException' } : { type: 'rejectContent', message }, outputInfo: facts }
}

/** The final output is normally the last item; a structured one is judged as the value that the caller gets. */
function says(last: Message | undefined, output: unknown): boolean {
  if (last?.role !== 'assistant') return false
  const { content } = last
  return typeof content === 'string'
    ? content === output
    : content.some((part) => part.type === 'text' && part.text === output)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function asText(output: unknown): string {
  return typeof output === 'string' ? output : JSON.stringify(output)
}
