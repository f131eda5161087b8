/**
 * What a language brings to the generators: lists of templates (see ../template.ts), all invented for Parapet.
 *
 * Mild by design: an attack asks for nothing but that instructions be dropped, shown or replaced; harmful content comes only from
 * data rows that a caller hands in.
 */
import type { Slots } from '../template.ts'

export const SYNTH_LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'zh', 'ja', 'ko', 'ar', 'hi', 'ru'] as const

export type SynthLanguage = (typeof SYNTH_LANGUAGES)[number]

/** Field names of documents and chats, in the language. */
export interface Labels {
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly date: string
  readonly place: string
  readonly title: string
  readonly note: string
  readonly customer: string
  readonly status: string
  readonly rating: string
  readonly user: string
  readonly assistant: string
  readonly question: string
  readonly answer: string
  readonly page: string
}

export interface Phrases {
  readonly lang: SynthLanguage
  /** Word lists the templates name: `danger` (a hazard as a noun), `topic` (a calm subject), `person`, `day` and others. */
  readonly slots: Slots
  readonly labels: Labels
  /** Said before or after a request, on every label: greetings, reasons, thanks. */
  readonly openers: readonly string[]
  readonly closers: readonly string[]
  /** Plain sentences about nothing in particular, to lengthen any text. */
  readonly fillers: readonly string[]
  /** Harmless requests with alarming words. `dangers` name a hazard in order to understand, prevent or punish it. */
  readonly dangers: readonly string[]
  readonly alarming: readonly string[]
  /** Harmless requests without them. */
  readonly everyday: readonly string[]
  /** Role play within the rules. `{name}` is an invented name. */
  readonly honestRoles: readonly string[]
  /** Stories, games, research and formats of the shape jailbreaks use, without a call to drop rules. */
  readonly shapedScenes: readonly string[]
  /** Personas without rules: an attack as such, whatever is asked. */
  readonly unboundRoles: readonly string[]
  /** Single rules for a list of rules. */
  readonly rules: readonly string[]
  /** How a request follows a wrapper; holds `{payload}`. */
  readonly asks: readonly string[]
  /** Direct attacks. */
  readonly overrides: readonly string[]
  readonly extractions: readonly string[]
  readonly commands: readonly string[]
  readonly authority: readonly string[]
  readonly suppression: readonly string[]
  /** Forces the beginning of the answer; holds `{start}`. */
  readonly prefixForcing: readonly string[]
  /** Asks to decode `{code}` and obey, or only to decode. */
  readonly decodeObey: readonly string[]
  readonly decodeCalm: readonly string[]
  /** Joins `{first}` and `{second}` and obeys, or only joins. */
  readonly splitObey: readonly string[]
  readonly splitCalm: readonly string[]
  /** Harmless instructions in the words of attacks. */
  readonly calm: readonly string[]
  /** Speaks about `{attack}` without wanting it done. */
  readonly quoting: readonly string[]
  readonly systemPrompts: readonly string[]
  /** Documents. */
  readonly titles: readonly string[]
  readonly documentSentences: readonly string[]
  /** Imperatives for human readers. */
  readonly humanImperatives: readonly string[]
  /** Harmless sentences about assistants. */
  readonly aiMentions: readonly string[]
  /** Trusted tasks. */
  readonly tasks: readonly string[]
  /** What a planted instruction wants. */
  readonly goals: readonly string[]
  /** How it speaks to the model; holds `{goal}`. */
  readonly notes: readonly string[]
  /** Parts of refusals. */
  readonly apologies: readonly string[]
  readonly inabilities: readonly string[]
  readonly reasons: readonly string[]
  readonly offers: readonly string[]
  /** Openings of answers that help but sound like a refusal, and plain ones. */
  readonly nearOpeners: readonly string[]
  readonly answers: readonly string[]
  readonly caveats: readonly string[]
}
