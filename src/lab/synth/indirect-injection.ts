/**
 * Documents with a planted instruction to the model that reads them, and the same documents with a sentence for people in its place,
 * under the same disguise (comment, tiny text, tag, encoding, other language).
 *
 * Every call gives one row of each label. `plantIn` does the same to documents of the data.
 */
import { toBase64 } from './encode.ts'
import { inventDocument } from './documents.ts'
import { writeAttack } from './direct-injection.ts'
import { joinSentences, sayOne, toRow, type RowGenerator, type SynthContext } from './rows.ts'
import { pick, shuffle } from './template.ts'

type Disguise = (context: SynthContext, text: string) => string

const PLAIN: Disguise = (_context, text) => text

const DISGUISES: Readonly<Record<string, Disguise>> = {
  plain: PLAIN,
  'html-comment': (_context, text) => `<!-- ${text} -->`,
  'zero-size': (_context, text) => `<span style="font-size:0">${text}</span>`,
  'white-text': (_context, text) => `<div style="color:#fff;background:#fff">${text}</div>`,
  'system-tag': (context, text) =>
    pick([`[system] ${text}`, `<system>${text}</system>`, `SYSTEM: ${text}`], context.random),
  aside: (_context, text) => `(${text})`,
  base64: (_context, text) => toBase64(text),
  bold: (_context, text) => `**${text}**`,
  capitals: (_context, text) => text.toUpperCase(),
  spaced: (_context, text) => Array.from(text).join('\u200B'),
  'alt-text': (_context, text) => `![${text}](https://lake.example/p.png)`,
}

/** A planted instruction, in another language now and then. */
export function writePlanted(context: SynthContext): string {
  const { random, others } = context
  const phrases = others.length > 0 && random() < 0.1 ? pick(others, random) : context.phrases
  const inner = { ...context, phrases, lang: phrases.lang }
  if (random() < 0.15) return writeAttack(inner)
  const count = random() < 0.3 ? 2 : 1
  const goals = Array.from({ length: count }, () => sayOne(inner, random() < 0.8 ? phrases.goals : phrases.commands))
  return sayOne(inner, phrases.notes, { goal: joinSentences(inner, goals) })
}

/** What a clean document has in the same place: words for people, or nothing. */
export function writeForPeople(context: SynthContext): string {
  const { random, others } = context
  if (random() < 0.15) return ''
  const phrases = others.length > 0 && random() < 0.1 ? pick(others, random) : context.phrases
  const inner = { ...context, phrases, lang: phrases.lang }
  const lists = [phrases.humanImperatives, phrases.humanImperatives, phrases.fillers, phrases.aiMentions, phrases.calm]
  const count = random() < 0.4 ? 2 : 1
  return joinSentences(
    inner,
    Array.from({ length: count }, () => sayOne(inner, pick(lists, random))),
  )
}

function pickDisguise(context: SynthContext): readonly [string, Disguise] {
  if (context.random() < 0.4) return ['plain', PLAIN]
  return pick(Object.entries(DISGUISES), context.random)
}

export const indirectInjection: RowGenerator = (context) => {
  if (context.pool.documents.length > 0 && context.random() < 0.3)
    return plantIn(context, pick(context.pool.documents, context.random))
  const { kind, frame } = inventDocument(context)
  const [name, disguise] = pickDisguise(context)
  const system = sayOne(context, context.phrases.tasks)
  const row = (label: 0 | 1, insert: string) =>
    toRow(context, {
      generator: 'indirect-injection',
      task: 'injection',
      label,
      prompt: frame(insert === '' ? '' : disguise(context, insert)),
      system,
      categories: ['indirect', 'synth', kind, name],
    })
  return [row(1, writePlanted(context)), row(0, writeForPeople(context))]
}

/** A document of the data with a planted instruction (label 1), and with a sentence for people at the same place (label 0). */
export function plantIn(
  context: SynthContext,
  origin: SynthContext['pool']['documents'][number],
): ReturnType<RowGenerator> {
  const lines = shortened(context, origin.prompt).split('\n')
  const [at] = shuffle([0, Math.floor(lines.length / 2), lines.length], context.random)
  const [name, disguise] = pickDisguise(context)
  const row = (label: 0 | 1, insert: string) => {
    const inserted = insert === '' ? [] : [disguise(context, insert)]
    return toRow(context, {
      generator: 'indirect-injection',
      task: 'injection',
      label,
      prompt: [...lines.slice(0, at), ...inserted, ...lines.slice(at)].join('\n'),
      system: origin.system ?? sayOne(context, context.phrases.tasks),
      categories: ['indirect', 'synth', 'data-document', name],
      origins: [origin],
    })
  }
  return [row(1, writePlanted(context)), row(0, writeForPeople(context))]
}

/** Long documents lose their end before anything is planted, so that both labels have the same lengths. */
function shortened({ random }: SynthContext, text: string): string {
  const limit = 300 + Math.floor(random() * 2500)
  return text.length <= limit ? text : text.slice(0, limit)
}
