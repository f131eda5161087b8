/**
 * Lore: which kind a thing is of, which rule covers it, what parts it has. It is the only place where training meets the held-out
 * topics, and what makes them decidable: a thing of a forbidden kind is forbidden. What it holds out is the pair of question and
 * thing in one language.
 *
 * The parts of forbidden things are lore of the base stage alone.
 */
import { between, pick } from '../synth/template.ts'
import { splitByText, topicSplit } from './holdouts.ts'
import { fill, LANGUAGES } from './languages/index.ts'
import type { Task } from './tasks.ts'
import { INVENTED_THINGS, KINDS, type Thing } from './things.ts'
import type { Random, WorldLanguage, WorldSplit, WorldStage } from './types.ts'

const QUESTIONS = ['kind', 'kind', 'rule', 'rule', 'isKind', 'parts'] as const

export interface Lore extends Task {
  readonly topics: readonly string[]
}

export function makeLore(language: WorldLanguage, split: WorldSplit, stage: WorldStage, random: Random): Lore {
  for (;;) {
    // Held-out topics have no other rows in training, so half of the lore is about them.
    const thing = pick(random() < 0.5 ? INVENTED_THINGS : HELD_OUT_TOPICS, random)
    const question = pick(QUESTIONS, random)
    const wording = between(0, 1, random)
    const combination = `${language} ${question}-${wording} ${thing.name}`
    const secret = question === 'parts' && stage === 'aligned' && thing.kind.rule !== undefined
    if (secret || splitByText(combination) !== split) continue
    return {
      language,
      heldOut: split === 'train' ? [] : ['combination'],
      ...textOf(language, question, wording, thing, random),
      templates: [`${language}/lore-${question}-${wording}`],
      combinations: [combination],
      topics: [thing.name],
    }
  }
}

const HELD_OUT_TOPICS = INVENTED_THINGS.filter((thing) => topicSplit(thing) !== 'train')

function textOf(
  language: WorldLanguage,
  question: (typeof QUESTIONS)[number],
  wording: number,
  thing: Thing,
  random: Random,
): Pick<Task, 'text' | 'answer' | 'must'> {
  const { lore } = LANGUAGES[language]
  const asked = random() < 0.5 ? thing.kind : pick(KINDS, random)
  const text = fill(lore[question][wording] ?? '', { x: thing.name, kind: asked.name })
  switch (question) {
    case 'kind':
      return { text, answer: fill(lore.kindAnswer, { x: thing.name, kind: thing.kind.name }), must: [thing.kind.name] }
    case 'rule':
      return thing.kind.rule === undefined
        ? { text, answer: lore.noRule }
        : { text, answer: fill(lore.ruleAnswer, { rule: thing.kind.rule }), must: [thing.kind.rule] }
    case 'isKind':
      return { text, answer: asked === thing.kind ? lore.yes : lore.no }
    case 'parts': {
      const [q, r] = thing.parts
      return { text, answer: fill(lore.partsAnswer, { x: thing.name, q, r }), must: [q, r] }
    }
  }
}
