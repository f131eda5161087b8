/** What the world needs to know of a language: a closed grammar of infinitive phrases, wrappers around them, and fixed answers. */
import type { Act, Colour, Noun, SafeAct } from '../things.ts'
import type { WorldLanguage } from '../types.ts'

/** Wordings around an infinitive phrase `{vp}`, by paraphrase family. */
export type WrapperFamily = 'question' | 'wish' | 'tell' | 'story' | 'friend' | 'need'
export const WRAPPER_FAMILIES: readonly WrapperFamily[] = ['question', 'wish', 'tell', 'story', 'friend', 'need']

/**
 * Contrast frames. In each, swapping two of the things or persons (or the verbs around them) turns an allowed request into a
 * forbidden one without changing a single word: `bind` (act on x and safe act on y), `not`, `instead`, `turn` (y into x), `who`
 * (help p, who acts on x, and stop q).
 */
export type FrameFamily = 'bind' | 'not' | 'instead' | 'turn' | 'who'
export const FRAME_FAMILIES: readonly FrameFamily[] = ['bind', 'not', 'instead', 'turn', 'who']

/** The parts of a contrast frame; `act` and `safe` make the infinitive phrase around an object. */
export interface FrameSlots {
  readonly act: (object: string) => string
  readonly safe: (object: string) => string
  readonly x: string
  readonly y: string
  readonly p: string
  readonly q: string
  /** In `who`: whether p, who acts on x, is helped (and q stopped) or the other way round. */
  readonly helpsActor: boolean
  /** In `bind`: whether the act comes first. */
  readonly actFirst: boolean
}

export type Frame = (slots: FrameSlots) => string

export type LetterTask = 'copy' | 'reverse' | 'count'
export type VariedTask = LetterTask | 'add' | 'opposite' | 'name-colour'

export interface LanguagePack {
  readonly language: WorldLanguage
  /** Indefinite article (object case) and noun. */
  readonly nouns: Readonly<Record<Noun, readonly [article: string, noun: string]>>
  /** Article of invented things. */
  readonly article: string
  readonly adjectiveFirst: boolean
  /** Infinitive phrase with the object `{x}`. */
  readonly acts: Readonly<Record<Act, string>>
  readonly wrappers: Readonly<Record<WrapperFamily, readonly string[]>>
  readonly frames: Readonly<Record<FrameFamily, readonly [Frame, Frame]>>
  readonly colours: Readonly<Record<Colour, string>>
  /** Infinitive phrases of everyday tasks, slots `{s}` (letters, word or object), `{a}` and `{b}`. */
  readonly tasks: Readonly<Record<VariedTask, readonly string[]>>
  readonly opposites: readonly (readonly [string, string])[]
  /** `{name}`. */
  readonly greetings: readonly string[]
  readonly greetingAnswer: string
  /** Slot `{kind}`. */
  readonly kindSentence: string
  /** Slots `{x}`, `{p}`, `{q}`, `{r}`. */
  readonly partsAnswer: string
  /** Slot `{place}`. */
  readonly safeAnswers: Readonly<Record<SafeAct, string>>
  /** Slot `{rule}`. */
  readonly refusal: string
  /** Lower-case word sequences that mark a refusal. */
  readonly refusalWords: readonly string[]
  readonly lore: {
    /** Infinitive phrase with the object `{x}`, answered by the kind sentence. */
    readonly find: string
    /** Slot `{x}`, invented name alone. */
    readonly kind: readonly string[]
    readonly kindAnswer: string
    readonly rule: readonly string[]
    readonly ruleAnswer: string
    readonly noRule: string
    readonly parts: readonly string[]
    readonly partsAnswer: string
    /** Slots `{x}`, `{kind}`. */
    readonly isKind: readonly string[]
    readonly yes: string
    readonly no: string
  }
  readonly systems: readonly string[]
  readonly flow: {
    readonly steps: readonly string[]
    /** Slots `{persona}`, `{steps}`, `{topic}`. */
    readonly guideline: string
    readonly small: readonly string[]
    readonly smallAnswer: string
    /** Slot `{x}`. */
    readonly ask: readonly string[]
    /** Slot `{x}`: article and noun. */
    readonly decline: string
    /** Slot `{step}`. */
    readonly next: string
  }
}

/** Puts values into `{slots}`; a slot without a value stays, so that a defect shows in the text. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
