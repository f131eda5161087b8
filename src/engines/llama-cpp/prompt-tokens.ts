/**
 * Prompts as tokens: chats through the model's own template, raw prompts as they are. Texts of control tokens in the messages of a chat
 * stay plain text; a raw prompt holds control tokens on purpose, and whoever writes it keeps them out of what users wrote.
 */
import type { ChatPrompt } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { compileTemplate } from '../../nn/tokenizer/chat-template.ts'
import { controlTexts, mapStrings, unusedMark } from '../../nn/tokenizer/plain-text-marks.ts'
import type { LlamaModel, Token } from './node-llama-cpp.ts'
import type { LlamaCppSettings } from './options.ts'

export interface PromptWriter {
  /** Null where the file has no chat template. Throws `input_invalid` where the template refuses the messages. */
  readonly chat: ((prompt: ChatPrompt) => readonly Token[]) | null
  raw(text: string): readonly Token[]
}

/** Rejects with `input_invalid` for a template that is not Jinja. */
export async function createPromptWriter(
  model: LlamaModel,
  { chatTemplate, templateOptions }: Pick<LlamaCppSettings, 'chatTemplate' | 'templateOptions'>,
): Promise<PromptWriter> {
  const { bos, bosString, eosString, shouldPrependBosToken } = model.tokens
  const inFile = model.fileInfo.metadata?.tokenizer?.chat_template
  const source = chatTemplate ?? (typeof inFile === 'string' && inFile !== '' ? inFile : undefined)
  const begun = (tokens: readonly Token[]): readonly Token[] =>
    shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens
  const raw = (text: string): readonly Token[] => begun(model.tokenize(text, true))
  if (source === undefined) return { chat: null, raw }
  const template = await compileTemplate(source)
  const controls = controlTexts(specialTexts(model))
  const texts = { bos_token: bosString ?? '', eos_token: eosString ?? '' }

  const chat = ({ messages, templateOptions: own = {} }: ChatPrompt): readonly Token[] => {
    const variables = { ...templateOptions, ...own }
    const written: string[] = [source]
    const collect = (text: string): string => (written.push(text), text)
    mapStrings([messages, variables], collect, collect)
    const mark = unusedMark(written, () => true)
    if (mark === undefined)
      throw new ParapetError('input_invalid', 'The messages hold every character of private use; take them out.')
    const rendered = (change: (text: string) => string): string =>
      template({
        ...texts,
        ...(mapStrings(variables, change, change) as Readonly<Record<string, unknown>>),
        messages: messages.map(({ role, content }) => ({ role, content: change(content) })),
        add_generation_prompt: true,
      })
    const weak = rendered((text) => controls.weakly(text, mark))
    const strong = rendered((text) => controls.strongly(text, mark))
    // Where a template cuts or joins contents into a control token, only the strong marks stop it.
    const same = String(controls.found(weak)) === String(controls.found(strong))
    return begun(tokensOf(model, same ? weak : strong, mark, controls.found))
  }
  return { chat, raw }
}

/** What the tokenizer would take for one token wherever it stands: control tokens, and added ones that hold more than white space. */
function specialTexts(model: LlamaModel): readonly string[] {
  const texts: string[] = []
  for (const token of model.iterateAllTokens()) {
    const { control, userDefined } = model.getTokenAttributes(token)
    if (!control && !userDefined) continue
    const text = model.detokenize([token], true)
    if (/\S/u.test(text)) texts.push(text)
  }
  return texts
}

/** Without marks the text is the template's alone. With marks it is cut at each, and no part but the template's may hold a control token. */
function tokensOf(
  model: LlamaModel,
  text: string,
  mark: string,
  found: (text: string) => readonly string[],
): readonly Token[] {
  if (!text.includes(mark)) return model.tokenize(text, true)
  const tokens: Token[] = []
  const plain = (part: string): void => {
    for (const [place, piece] of part.split(mark).entries())
      if (piece !== '')
        tokens.push(...model.tokenize(piece, false, ...(place === 0 ? [] : (['trimLeadingSpace'] as const))))
  }
  let at = 0
  for (const control of found(text)) {
    const start = text.indexOf(control, at)
    plain(text.slice(at, start))
    tokens.push(...model.tokenize(control, true))
    at = start + control.length
  }
  plain(text.slice(at))
  return tokens
}
