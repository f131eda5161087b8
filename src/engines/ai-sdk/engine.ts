/**
 * Any language model of the AI SDK's providers as an engine for judges and routers. One call, one request to the provider, without the
 * SDK's own retries: trying again, limits, budgets and the circuit breaker are `engines/calls`.
 *
 * What the provider reads of an answer is not limited here, and its `fetch` decides about redirects.
 */
import type { Completion, CompletionEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { engineFailure } from '../calls/failure.ts'
import { timedCall, timeOf } from '../calls/timed-call.ts'
import { callOf } from './call-options.ts'
import type { AiSdkEngineOptions, EngineSettings } from './options.ts'
import { engineSettings, versionOf } from './options.ts'
import { providerFailure } from './provider-failure.ts'
import { malformed, readAnswer } from './read-answer.ts'

/**
 * Creates the engine; nothing is asked yet.
 *
 * @throws ParapetError `configuration`
 */
export function createAiSdkEngine(options: AiSdkEngineOptions): CompletionEngine {
  const settings = engineSettings(options)
  const { model, timeout } = settings
  return {
    specVersion: 'v1',
    kind: 'completion',
    id: `${model.modelId} at ${model.provider}`,
    version: versionOf(settings),
    async complete(request, call = {}) {
      const asked = callOf(request, settings)
      const left = timeOf(call, timeout)
      const wanted = settings.logprobs !== 'off' && (request.topLogprobs ?? 0) > 0
      const work = async (abortSignal: AbortSignal): Promise<Completion> => {
        const answer = await generate(settings, { ...asked, abortSignal })
        return checked(read(answer, request.stop, wanted), wanted, settings)
      }
      return timedCall(work, left, call.signal)
    },
  }
}

async function generate({ model }: EngineSettings, call: Parameters<typeof model.doGenerate>[0]): Promise<unknown> {
  try {
    return await model.doGenerate(call)
  } catch (thrown) {
    throw providerFailure(thrown)
  }
}

/** What a provider answers may throw itself when it is looked at, with words of its own. */
function read(...parts: Parameters<typeof readAnswer>): Completion {
  try {
    return readAnswer(...parts)
  } catch (thrown) {
    throw ParapetError.isInstance(thrown) ? thrown : malformed('it cannot be read')
  }
}

function checked(completion: Completion, wanted: boolean, { logprobs }: EngineSettings): Completion {
  if (!wanted || logprobs !== 'required' || completion.tokens !== null) return completion
  const help = 'Use a model that gives them, or set logprobs to wanted and judge by the words alone.'
  throw engineFailure('no_logprobs', `The provider gave no token probabilities although they were asked for. ${help}`)
}
