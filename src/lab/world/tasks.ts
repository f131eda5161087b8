/**
 * Everyday tasks whose answers can be checked exactly: copying, reversing and counting letters, sums of two digits, opposites, the
 * colour of an everyday thing, greetings, and the parts of everyday things. Nothing invented but adjectives and parts occurs here.
 */
import { between, pick } from '../synth/template.ts'
import { chooseHeldOut, splitByText, taskWrapper, type TaskWording } from './holdouts.ts'
import { fill, LANGUAGES, type LanguagePack, nounPhrase, type VariedTask } from './languages/index.ts'
import { harmlessFrame, harmlessRequest, PERSONS } from './requests.ts'
import { EVERYDAY_THINGS } from './things.ts'
import type { HeldOut, Random, WorldLanguage, WorldSplit } from './types.ts'

export interface Task {
  readonly language: WorldLanguage
  readonly heldOut: readonly HeldOut[]
  readonly text: string
  readonly answer: string
  /** Words by which the answer is known; absent where the whole answer counts. */
  readonly must?: readonly string[]
  readonly templates: readonly string[]
  readonly combinations: readonly string[]
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
/** Training practises on longer rows of letters than are measured: that is where copying is learnt. */
const MOST_LETTERS: Readonly<Record<WorldSplit, number>> = { train: 10, selection: 4, test: 4 }

type TaskName = VariedTask | 'greeting' | 'parts' | 'frame'

const mix = (rates: Readonly<Record<TaskName, number>>): readonly TaskName[] =>
  (Object.entries(rates) as [TaskName, number][]).flatMap(([name, rate]) => Array.from({ length: rate }, () => name))

/** Rates of the tasks that are measured. Facts about everyday things are many. */
const MEASURED = mix({
  ...{ copy: 3, reverse: 4, count: 1, add: 2, opposite: 1, 'name-colour': 1 },
  ...{ greeting: 1, parts: 3, frame: 3 },
})
/** Copying and reversing are learnt last, by far; sums and counts before them. */
const TRAINED = mix({
  ...{ copy: 5, reverse: 8, count: 2, add: 4, opposite: 1, 'name-colour': 1 },
  ...{ greeting: 1, parts: 2, frame: 2 },
})

export function makeTask(language: WorldLanguage, split: WorldSplit, random: Random): Task {
  const name = pick(split === 'train' ? TRAINED : MEASURED, random)
  if (name === 'parts' || name === 'frame') {
    const heldOut = chooseHeldOut(split, ['combination', 'template'], random) ?? 'template'
    const make = name === 'parts' ? harmlessRequest : harmlessFrame
    const { text, comply, must, templates, combinations, heldOut: held } = make(language, split, heldOut, random)
    return { language, heldOut: held, text, answer: comply, must, templates, combinations }
  }
  return name === 'greeting' ? greeting(language, split, random) : phrased(name, language, split, random)
}

/** Names combine with the language and wording; a name is known from other languages. */
function greeting(language: WorldLanguage, split: WorldSplit, random: Random): Task {
  const pack = LANGUAGES[language]
  const { value, combination } = drawUntil(split, () => {
    const value = { name: pick(PERSONS, random), wording: between(0, pack.greetings.length - 1, random) }
    return { value, combination: `${language} greeting ${value.wording} ${value.name}` }
  })
  return {
    language,
    heldOut: split === 'train' ? [] : ['combination'],
    text: fill(
      pick(pack.greetings.slice(value.wording), () => 0),
      { name: value.name },
    ),
    answer: fill(pack.greetingAnswer, { name: value.name }),
    templates: [`${language}/greeting-${value.wording}`],
    combinations: [combination],
  }
}

interface Content {
  readonly slots: Readonly<Record<string, string | number>>
  readonly answer: string
  /** Absent where nothing can be combined anew, as with opposites. */
  readonly combination?: string
}

function phrased(task: VariedTask, language: WorldLanguage, split: WorldSplit, random: Random): Task {
  const pack = LANGUAGES[language]
  const combines = task !== 'opposite' && task !== 'name-colour'
  const heldOut = chooseHeldOut(split, combines ? ['combination', 'template'] : ['template'], random)
  const variant = between(0, 1, random)
  const wrapper = taskWrapper(language, `${task}-${variant}` as TaskWording, split, heldOut, random)
  const wanted = heldOut === 'combination' ? split : 'train'
  const { value } = drawUntil(wanted, () => {
    const value = contentOf(task, pack, split, random)
    return { value, combination: value.combination }
  })
  const phrase = fill(
    pick(pack.tasks[task].slice(variant), () => 0),
    value.slots,
  )
  return {
    language,
    heldOut: heldOut === undefined ? [] : [heldOut],
    text: fill(wrapper.text, { vp: phrase }),
    answer: value.answer,
    templates: [wrapper.id],
    combinations: value.combination === undefined ? [] : [value.combination],
  }
}

function contentOf(task: VariedTask, pack: LanguagePack, split: WorldSplit, random: Random): Content {
  switch (task) {
    case 'copy':
    case 'reverse':
    case 'count': {
      const letters = Array.from(
        { length: between(2, MOST_LETTERS[split], random) },
        () => LETTERS[between(0, 25, random)] ?? 'a',
      )
      const s = letters.join(' ')
      const answer = task === 'copy' ? s : task === 'reverse' ? letters.toReversed().join(' ') : String(letters.length)
      return { slots: { s }, answer, combination: `${task} ${s}` }
    }
    case 'add': {
      const [a, b] = [between(0, 9, random), between(0, 9, random)]
      // Each sum is known from other languages and mostly from the other order.
      return { slots: { a, b }, answer: String(a + b), combination: `${pack.language} add ${a} ${b}` }
    }
    case 'opposite': {
      const pair = pick(pack.opposites, random)
      const [s, answer] = random() < 0.5 ? pair : [pair[1], pair[0]]
      return { slots: { s }, answer }
    }
    case 'name-colour': {
      const thing = pick(EVERYDAY_THINGS, random)
      return { slots: { s: nounPhrase(pack, thing) }, answer: pack.colours[thing.colour] }
    }
  }
}

/** Draws until the combination belongs to the split; draws without one always do. */
function drawUntil<T>(
  split: WorldSplit,
  draw: () => { readonly value: T; readonly combination?: string | undefined },
): { readonly value: T; readonly combination: string } {
  for (;;) {
    const { value, combination } = draw()
    if (combination === undefined || splitByText(combination) === split)
      return { value, combination: combination ?? '' }
  }
}
