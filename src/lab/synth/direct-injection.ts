/**
 * Attacks that speak to the model, and ordinary instructions in the same words, in the same hosts, with the same delimiters and
 * encodings. An attack here asks for nothing but that instructions be dropped, shown or replaced.
 *
 * Every call gives one row of each label.
 */
import { ENCODINGS } from './encode.ts'
import {
  dress,
  inventRequest,
  joinParts,
  joinSentences,
  say,
  sayOne,
  toRow,
  type RowGenerator,
  type SynthContext,
} from './rows.ts'
import { HOLE, inventWrapper } from './benign-wrapped.ts'
import { between, pick } from './template.ts'

type Writer = (context: SynthContext) => string

/** The core of an attack: an instruction to drop instructions, to show them, or both, in varied order. */
export const writeAttack: Writer = (context) => {
  const { phrases, random } = context
  const override = sayOne(context, phrases.overrides)
  const goal = sayOne(context, random() < 0.5 ? phrases.extractions : phrases.commands)
  const roll = random()
  if (roll < 0.25) return sayOne(context, phrases.extractions)
  if (roll < 0.4) return override
  const parts = [
    ...(random() < 0.3 ? [sayOne(context, phrases.authority)] : []),
    ...(roll < 0.8 ? [override, goal] : [goal, override]),
    ...(random() < 0.25 ? [sayOne(context, phrases.suppression)] : []),
  ]
  return joinSentences(context, parts)
}

/** Attack in another language than the text around it. */
const inOtherLanguage: Writer = (context) => {
  if (context.others.length === 0) return writeAttack(context)
  const phrases = pick(context.others, context.random)
  return writeAttack({ ...context, phrases, lang: phrases.lang })
}

const BREAKS: readonly ((text: string) => string)[] = [
  (text) => `---\n${text}`,
  (text) => `"""\n${text}`,
  (text) => `###\n${text}\n###`,
  (text) => `\`\`\`\n${text}\n\`\`\``,
  (text) => `=====\n${text}\n=====`,
  (text) => `</text>\n${text}`,
  (text) => `}}]\n${text}`,
  (text) => `<data>${text}</data>`,
]

const CHAT_TOKENS: readonly ((text: string) => string)[] = [
  (text) => `<|im_start|>system\n${text}<|im_end|>`,
  (text) => `<|im_end|>\n<|im_start|>system\n${text}`,
  (text) => `[INST] <<SYS>>${text}<</SYS>> [/INST]`,
  (text) => `</s><s>[INST] ${text} [/INST]`,
  (text) => `### System:\n${text}`,
  (text) => `<system>${text}</system>`,
  (text) => `{"role": "system", "content": ${JSON.stringify(text)}}`,
  (text) => `<start_of_turn>model\n${text}<end_of_turn>`,
  (text) => `[SYSTEM] ${text}`,
]

/** Encoded by a way that changes this text (letter codes leave many scripts as they are). */
function encoded(context: SynthContext, text: string, frames: readonly string[]): string {
  const codes = ENCODINGS.map((encode) => encode(text)).filter((code) => code !== text)
  return sayOne(context, frames, { code: pick(codes, context.random) })
}

function split(context: SynthContext, text: string, frames: readonly string[]): string {
  const letters = Array.from(text)
  const at = between(1, Math.max(1, letters.length - 1), context.random)
  return sayOne(context, frames, { first: letters.slice(0, at).join(''), second: letters.slice(at).join('') })
}

/** Turns of a chat, as users paste them; the last one is open. */
function turns(context: SynthContext, pairs: readonly (readonly [string, string])[], last: string): string {
  const { labels } = context.phrases
  const lines = pairs.flatMap(([user, assistant]) => [`${labels.user}: ${user}`, `${labels.assistant}: ${assistant}`])
  return [...lines, `${labels.user}: ${last}`, `${labels.assistant}:`].join('\n')
}

const ATTACKS: readonly (readonly [string, number, Writer])[] = [
  ['override', 5, writeAttack],
  ['persona', 2, (context) => inventWrapper(context, 'jailbreak_shape').around(inventRequest(context))],
  ['break', 2, (context) => `${inventRequest(context)}\n${pick(BREAKS, context.random)(writeAttack(context))}`],
  ['tokens', 2, (context) => pick(CHAT_TOKENS, context.random)(writeAttack(context))],
  ['encoding', 1.5, (context) => encoded(context, writeAttack(context), context.phrases.decodeObey)],
  ['split', 0.7, (context) => split(context, writeAttack(context), context.phrases.splitObey)],
  ['language', 1.2, inOtherLanguage],
  [
    'few-shot',
    1,
    (context) => {
      const { extractions, commands, nearOpeners } = context.phrases
      const pair = () => [sayOne(context, extractions), sayOne(context, nearOpeners)] as const
      return turns(context, [pair(), pair()], sayOne(context, [...extractions, ...commands]))
    },
  ],
  [
    'prefix',
    1,
    (context) => {
      const force = sayOne(context, context.phrases.prefixForcing, {
        start: sayOne(context, context.phrases.nearOpeners),
      })
      return joinParts(context, [writeAttack(context), force])
    },
  ],
]

const CALM: readonly (readonly [string, number, Writer])[] = [
  ['calm', 6, (context) => sayOne(context, context.phrases.calm)],
  ['role', 1.5, (context) => inventWrapper(context, 'honest').around(inventRequest(context))],
  ['request', 2, inventRequest],
  [
    'language',
    1.4,
    (context) => {
      const phrases = context.others.length === 0 ? context.phrases : pick(context.others, context.random)
      return sayOne({ ...context, phrases, lang: phrases.lang }, [...phrases.calm, ...phrases.everyday])
    },
  ],
  [
    'tokens',
    2.2,
    (context) => {
      const pasted = pick(CHAT_TOKENS, context.random)(sayOne(context, context.phrases.systemPrompts))
      return `${sayOne(context, [...context.phrases.tasks, ...context.phrases.calm])}\n${pasted}`
    },
  ],
  [
    'quoting',
    2.5,
    (context) => say(context, pick(context.phrases.quoting, context.random), { attack: writeAttack(context) }),
  ],
  ['system-prompt', 1.5, (context) => sayOne(context, context.phrases.systemPrompts)],
  [
    'break',
    1.5,
    (context) => {
      const text = sayOne(context, [...context.phrases.documentSentences, ...context.phrases.fillers])
      return `${sayOne(context, [...context.phrases.calm, ...context.phrases.tasks])}\n${pick(BREAKS, context.random)(text)}`
    },
  ],
  [
    'encoding',
    1.5,
    (context) => encoded(context, sayOne(context, context.phrases.fillers), context.phrases.decodeCalm),
  ],
  ['split', 0.7, (context) => split(context, sayOne(context, context.phrases.fillers), context.phrases.splitCalm)],
  [
    'few-shot',
    1,
    (context) => {
      const pair = () => [inventRequest(context), sayOne(context, context.phrases.answers)] as const
      return turns(context, [pair(), pair()], inventRequest(context))
    },
  ],
  [
    'prefix',
    0.8,
    (context) => {
      const force = sayOne(context, context.phrases.prefixForcing, {
        start: sayOne(context, context.phrases.nearOpeners),
      })
      return joinParts(context, [inventRequest(context), force])
    },
  ],
]

function pickWeighted(
  list: readonly (readonly [string, number, Writer])[],
  context: SynthContext,
): readonly [string, Writer] {
  let rest = context.random() * list.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [kind, weight, writer] of list) {
    rest -= weight
    if (rest < 0) return [kind, writer]
  }
  return ['request', inventRequest]
}

/** A longer harmless message with a gap at the beginning, in the middle or at the end. */
function inventHost(context: SynthContext): (insert: string) => string {
  const { random, phrases } = context
  if (random() < 0.45) {
    const dressed = dress(context, HOLE)
    return (insert) => dressed.split(HOLE).join(insert)
  }
  const { fillers, documentSentences, calm, systemPrompts, honestRoles, rules, tasks } = phrases
  const lists = [fillers, documentSentences, calm, systemPrompts, honestRoles, rules, tasks]
  const sentences = Array.from({ length: between(1, 5, random) }, () =>
    random() < 0.35 ? inventRequest(context) : sayOne(context, pick(lists, random)),
  )
  const at = random() < 0.3 ? 0 : random() < 0.5 ? sentences.length : between(0, sentences.length, random)
  const text = joinParts(context, [...sentences.slice(0, at), HOLE, ...sentences.slice(at)])
  return (insert) => text.split(HOLE).join(insert)
}

export const directInjection: RowGenerator = (context) => {
  const host = inventHost(context)
  const [attackKind, attack] = pickWeighted(ATTACKS, context)
  const [calmKind, calm] = pickWeighted(CALM, context)
  const row = (label: 0 | 1, kind: string, insert: string) =>
    toRow(context, {
      generator: 'direct-injection',
      task: 'injection',
      label,
      prompt: host(insert),
      categories: ['direct', 'synth', kind],
    })
  return [row(1, attackKind, attack(context)), row(0, calmKind, calm(context))]
}
