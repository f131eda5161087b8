/**
 * Harmless texts that never repeat: prompts for the load generator, answers for the upstream stub. The same number gives the same
 * text in every process.
 *
 * They are made to look like chat traffic and not to suit a pre-filter: two sentences in five hold digits (years, amounts, times,
 * versions, order numbers), one in six something beyond ASCII (accents, curly quotes, dashes), one in eight code or a link.
 * Nothing in them is personal or secret, so no guard has anything to change.
 */

const PLACES =
  'harbour market library garden workshop kitchen station museum bakery orchard school studio depot theatre'.split(' ')
const PEOPLE =
  'the teacher|a neighbour|our team|the cook|a visitor|the editor|my sister|the gardener|an engineer|the crew'.split(
    '|',
  )
const VERBS =
  'described planned measured repaired compared collected painted explained sketched tested sorted reviewed'.split(' ')
const THINGS =
  'timetable recipe drawing bicycle parcel lantern catalogue engine poem bridge window table ladder report'.split(' ')
const QUALITIES = 'quiet bright careful heavy gentle narrow useful curious patient wooden sturdy modest'.split(' ')
const TOPICS = 'bread tides maps bees kilns sails clocks ferns glaciers choirs spices kites rivers paper'.split(' ')

const PATTERNS: readonly ((pick: Pick) => string)[] = [
  (pick) => `In the ${pick(PLACES)} ${pick(PEOPLE)} ${pick(VERBS)} the ${pick(QUALITIES)} ${pick(THINGS)} before noon.`,
  (pick) =>
    `Could you tell me how ${pick(TOPICS)} and ${pick(TOPICS)} are related, and which of them is more ${pick(QUALITIES)}?`,
  (pick) => `I don't know whether the ${pick(THINGS)} is ${pick(QUALITIES)} enough; ${pick(PEOPLE)} said it isn't.`,
  (pick) => `Nobody expected ${pick(PEOPLE)} to return so early, least of all ${pick(PEOPLE)}.`,
  (pick) => `Please write a short text about ${pick(TOPICS)}, with a ${pick(QUALITIES)} tone and a surprising end.`,
  (pick) => `First, open the ${pick(THINGS)}; then place the ${pick(THINGS)} beside it (not on top), and wait.`,
  (pick) => `The answer depends on the ${pick(PLACES)}: some are ${pick(QUALITIES)}, others are not.`,
  (pick) => `Between ${1900 + pick(90)} and ${1990 + pick(30)} the ${pick(PLACES)} was rebuilt ${2 + pick(6)} times.`,
  (pick) =>
    `It took ${1 + pick(58)} minutes and cost about ${pick(9) + 1},${100 + pick(899)} crowns, ${pick(40) + 2} % more than planned.`,
  (pick) => `At ${1 + pick(11)}:${10 + pick(49)} we counted ${10 + pick(989)} visitors near the ${pick(PLACES)}.`,
  (pick) =>
    `Version ${1 + pick(9)}.${pick(20)}.${pick(9)} of the ${pick(THINGS)} is ${pick(QUALITIES)}; see chapter ${1 + pick(20)}.`,
  (pick) =>
    `Order ${10000 + pick(89999)} holds ${2 + pick(30)} ${pick(QUALITIES)} ${pick(THINGS)}s for the ${pick(PLACES)}.`,
  (pick) => `On ${1 + pick(27)} May ${2000 + pick(25)} ${pick(PEOPLE)} ${pick(VERBS)} a ${pick(THINGS)}.`,
  (pick) => `“Why not?” asked ${pick(PEOPLE)} — and the ${pick(PLACES)} fell ${pick(QUALITIES)}…`,
  (pick) =>
    `The café beside the ${pick(PLACES)} serves crème brûlée and ${pick(TOPICS)}; its ${pick(THINGS)} is naïve art.`,
  (pick) =>
    `Use \`const ${pick(TOPICS)} = load('${pick(THINGS)}.json')\` and check that \`${pick(TOPICS)}.length > ${pick(90)}\`.`,
  (pick) => `More about ${pick(TOPICS)} is on https://example.org/${pick(TOPICS)}/${pick(THINGS)} in the second part.`,
]

interface Pick {
  (list: readonly string[]): string
  (below: number): number
}

/** Numbers from a seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Text number `index` of a kind, at least `characters` long and at most one sentence longer. */
export function textOf(kind: 'prompt' | 'answer', index: number, characters: number): string {
  const random = createRandom(Math.imul(index + 1, 0x9e3779b1) ^ (kind === 'prompt' ? 0x51ed27 : 0x7feb35))
  const pick = ((from: number | readonly string[]): number | string =>
    typeof from === 'number' ? Math.floor(random() * from) : (from[Math.floor(random() * from.length)] ?? '')) as Pick
  let text = ''
  while (text.length < characters) {
    const pattern = PATTERNS[pick(PATTERNS.length)]
    if (pattern !== undefined) text += (text === '' ? '' : ' ') + pattern(pick)
  }
  return text
}

/** A text cut as models cut it: a word with the space before it, long words in two. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/ ?[^ ]{1,6}/g) ?? []
}

const SYSTEM =
  'You are the assistant of a small town. Answer briefly and politely, in the language of the question, and say so when you do not know something.'

/** Request body number `index`, about 1 kB of JSON. */
export function requestBody(index: number, model: string, stream: boolean): string {
  const messages = [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: textOf('prompt', index, 700) },
  ]
  return JSON.stringify({ model, messages, ...(stream ? { stream: true } : {}), temperature: 0.7, seed: index })
}
