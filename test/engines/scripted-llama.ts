/**
 * A llama.cpp whose tokens are characters and whose answer is always the same, with the part of `node-llama-cpp` that the engine uses. It
 * keeps a state as a sequence does, and tells what was evaluated.
 */
const CONTROL = 0x110000
const END = 0x110001
const CONTROL_TEXT = '<|end|>'
const TEMPLATE = `{% for m in messages %}{{ m.role + ':' + m.content + '${CONTROL_TEXT}' }}{% endfor %}`

export interface ScriptedLlama {
  /** Texts evaluated for prompts since the history was cleared, piece by piece. */
  readonly evaluated: string[]
  /** Whole prompts as they were read. */
  readonly prompts: (readonly number[])[]
  /** Id of the control token. */
  readonly control: number
  disposed: boolean
  /** Evaluation fails, as native code does. */
  fail: boolean
  /** Weights are no numbers. */
  damaged: boolean
  text(ids: readonly number[]): string
}

export function scriptedLlama(
  answer: string,
  { template = TEMPLATE, context = 4_096 }: { readonly template?: string | null; readonly context?: number } = {},
): { readonly llama: ScriptedLlama; readonly load: () => Promise<unknown> } {
  const text = (ids: readonly number[]): string =>
    ids.map((id) => (id === CONTROL ? CONTROL_TEXT : id === END ? '' : String.fromCodePoint(id))).join('')
  const llama: ScriptedLlama = {
    evaluated: [],
    prompts: [],
    control: CONTROL,
    disposed: false,
    fail: false,
    damaged: false,
    text,
  }

  const sequence = (): object => {
    let state: number[] = []
    let drawn = 0
    const take = async (input: readonly number[]): Promise<number> => {
      await new Promise((resolve) => setImmediate(resolve))
      if (llama.fail) throw new Error('Eval has failed')
      if (drawn === 0) {
        llama.evaluated.push(text(input))
        llama.prompts.push([...state, ...input])
      }
      state.push(...input)
      const next = answer.codePointAt(drawn) ?? END
      drawn += 1
      return next
    }
    return {
      get nextTokenIndex() {
        return state.length
      },
      async adaptStateToTokens(tokens: readonly number[]) {
        state = state.slice(0, tokens.length)
        drawn = 0
      },
      async clearHistory() {
        state = []
        drawn = 0
        llama.evaluated.length = 0
        llama.prompts.length = 0
      },
      async evaluateWithoutGeneratingNewTokens(tokens: readonly number[]) {
        if (llama.fail) throw new Error('Eval has failed')
        llama.evaluated.push(text(tokens))
        state.push(...tokens)
      },
      async controlledEvaluate(input: readonly (number | readonly [number, object])[]) {
        const token = await take(input.map((item) => (typeof item === 'number' ? item : item[0])))
        const logits = new Map([
          [token, llama.damaged ? NaN : Math.log(0.75)],
          ['Z'.charCodeAt(0), Math.log(0.25)],
        ])
        return [{ next: { token, logits, totalLogitWeight: 4 / 3 } }]
      },
      async *evaluateWithMetadata(tokens: readonly number[]) {
        for (let input = tokens; ;) {
          const token = await take(input)
          if (token === END) return
          yield { token }
          input = [token]
        }
      },
    }
  }

  const model = {
    trainContextSize: context,
    fileInfo: { metadata: { tokenizer: template === null ? {} : { chat_template: template } } },
    tokens: { bos: null, bosString: null, eosString: null, shouldPrependBosToken: false },
    tokenize: (given: string, special: boolean) =>
      (special ? given.split(new RegExp(`(${CONTROL_TEXT.replaceAll('|', String.raw`\|`)})`)) : [given]).flatMap(
        (part) =>
          special && part === CONTROL_TEXT ? [CONTROL] : [...part].map((character) => character.codePointAt(0) ?? 0),
      ),
    detokenize: (ids: readonly number[]) => text(ids),
    getTokenAttributes: (token: number) => ({ control: token === CONTROL, userDefined: false }),
    iterateAllTokens: () => [65, 66, CONTROL, END],
    isEogToken: (token: number) => token === END,
    createContext: async () => ({ getSequence: sequence }),
  }
  const module = {
    getLlama: async () => ({
      loadModel: async () => model,
      createGrammarForJsonSchema: async () => ({}),
      dispose: async () => void (llama.disposed = true),
    }),
    LlamaGrammarEvaluationState: class {},
  }
  return { llama, load: async () => module }
}
