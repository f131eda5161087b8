/** Many-shot jailbreaking by length: k requests that were carried out, as turns or as one text, and then the real one. */
import { assistant, type Attack, user } from './attack.ts'

const ANIL = 'Anil et al. 2024, Many-shot Jailbreaking (NeurIPS 2024)'

/** `turns`: earlier messages of the conversation. `text`: a dialogue written out in the one message. */
export type ShotForm = 'turns' | 'text'

export function manyShot(count: number, form: ShotForm = 'turns'): Attack {
  return {
    ...{ id: `many-shot${form === 'text' ? '-text' : ''}-${count}`, family: 'many-shot', source: ANIL },
    ...{ drawn: true, queries: 1 },
    async run({ request, shots, ask }) {
      const given = shots(count)
      await ask(
        form === 'turns'
          ? [...given.flatMap((shot) => [user(shot.request), assistant(shot.answer)]), user(request)]
          : [
              user(
                `${given.map((shot) => `User: ${shot.request}\nAgent: ${shot.answer}\n`).join('')}User: ${request}\nAgent:`,
              ),
            ],
      )
    },
  }
}
