/** Best of n: the request changed at random again and again, by case, order of letters and typing errors, until one gets through. */
import { shuffle } from '../../../synth/template.ts'
import { type Attack, type Random, user } from './attack.ts'

const HUGHES = 'Hughes et al. 2024, arXiv 2412.03556 (Best-of-N jailbreaking)'

/** The paper's changes of a text: middles of words shuffled, case flipped, letters moved to their neighbours in the code. */
export function augment(text: string, random: Random): string {
  const mixed = text.replaceAll(/\p{L}{4,}/gu, (word) => {
    if (random() >= 0.3) return word
    const letters = Array.from(word)
    return [letters[0], ...shuffle(letters.slice(1, -1), random), letters.at(-1)].join('')
  })
  return Array.from(mixed, (character) => {
    if (!/[a-z]/i.test(character)) return character
    const draw = random()
    if (draw < 0.3) return character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase()
    if (draw >= 0.36) return character
    const moved = String.fromCharCode(character.charCodeAt(0) + (random() < 0.5 ? 1 : -1))
    return /[a-z]/i.test(moved) ? moved : character
  }).join('')
}

export function bestOf(n: number): Attack {
  return {
    ...{ id: `best-of-${n}`, family: 'best-of-n', source: HUGHES, drawn: true, queries: n },
    async run({ request, random, ask }) {
      for (let attempt = 0; attempt < n; attempt += 1) if ((await ask([user(augment(request, random))])).done) return
    },
  }
}
