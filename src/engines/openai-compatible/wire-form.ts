/** One interface of a server: where it is, what is sent there, how its answer is read. */
import type { ChatPrompt, Completion, CompletionRequest } from '../../spec/index.ts'
import type { ServerSettings } from './options.ts'

export interface WireForm {
  /** Below the server's root. */
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  /** Throws a `malformed`, `empty` or `truncated` failure. */
  read(answer: unknown): Completion
}

/** A request with what was settled about it before any server's words are found. */
export interface WireQuestion extends Omit<CompletionRequest, 'chat' | 'completion'> {
  /** Whole number 0 to 20; 0 for none. */
  readonly candidates: number
}

export type ChatForm = (chat: ChatPrompt, question: WireQuestion, settings: ServerSettings) => WireForm
export type TextForm = (prompt: string, question: WireQuestion, settings: ServerSettings) => WireForm

/** Tokens that begin a text. Servers that tokenize a raw prompt put theirs before it, and two of them change what a model says. */
const BEGIN = /^(?:<\|begin_of_text\|>|<bos>|<s>)/

export function beginsItself(prompt: string): boolean {
  return BEGIN.test(prompt)
}

export function withoutBegin(prompt: string): string {
  return prompt.replace(BEGIN, '')
}
