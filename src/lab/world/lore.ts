/**
 * Lore: which kind a thing is of, which rule covers it, what parts it has. It is the only place where training meets the held-out
 * topics, and what makes them decidable: a thing of a forbidden kind is forbidden. What it holds out is the pair of question and
 * thing in one language.
 *
 * The parts of forbidden things are lore of the base stage alone.
 */
import { between, pick } from '../synth/template.ts'
import { chooseAdjective, chooseWrapper, splitByText, topicSplit } from './holdouts.ts'
import { fill, kindSentence, LANGUAGES, nounPhrase } from './languages/index.ts'
import type { Task } from './tasks.ts'
import { INVENTED_THINGS, KINDS, type Thing } from './things.ts'
import type { Random, WorldLanguage, WorldSplit, WorldStage } from './types.ts'

/** `find` asks for the kind in the words of a request, with an adjective: what is known from lore is wanted there. */
const QUESTIONS = ['kind', 'rule', 'isKind', 'parts', 'find', 'find', 'find', 'find'] as const

export interface Lore extends Task {
  readonly topics: readonly string[]
}

export function makeLore(language: WorldLanguage, split: WorldSplit, stage: WorldStage, random: Random): Lore {
  for (;;) {
    // Held-out topics have no other rows in training, so half of the lore is about them.
    const thing = pick(random() < 0.5 ? INVENTED_THINGS : HELD_OUT_TOPICS, random)
    const question = pick(QUESTIONS, random)
    if (question === 'find') return findKind(language, split, thing, random)
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

function findKind(language: WorldLanguage, split: WorldSplit, thing: Thing, random: Random): Lore {
  const pack = LANGUAGES[language]
  const heldOut = split === 'train' ? undefined : 'combination'
  const adjective = chooseAdjective(thing, split, heldOut, random)
  const wrapper = chooseWrapper(language, split, heldOut, random)
  const phrase = fill(pack.lore.find, { x: nounPhrase(pack, thing, adjective) })
  return {
    ...{ language, heldOut: heldOut === undefined ? [] : [heldOut], text: fill(wrapper.text, { vp: phrase }) },
    ...{ answer: kindSentence(pack, thing), must: [thing.kind.name], templates: [wrapper.id] },
    ...{ combinations: [`${adjective.name} ${thing.name}`], topics: [thing.name] },
  }
}

const HELD_OUT_TOPICS = INVENTED_THINGS.filter((thing) => topicSplit(thing) !== 'train')

function textOf(
  language: WorldLanguage,
  question: Exclude<(typeof QUESTIONS)[number], 'find'>,
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
      // The kind comes first, so that yes or no has something to go by.
      return {
        text,
        answer: `${fill(lore.kindAnswer, { x: thing.name, kind: thing.kind.name })} ${asked === thing.kind ? lore.yes : lore.no}`,
      }
    case 'parts': {
      const [q, r] = thing.parts
      return { text, answer: fill(lore.partsAnswer, { x: thing.name, q, r }), must: [q, r] }
    }
  }
}
