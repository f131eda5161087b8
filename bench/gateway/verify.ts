/** Before anything is timed: a contender must hand on exactly what the model server wrote, whole and streamed. */
import type { Contender } from './contenders.ts'
import { Connection } from './client.ts'
import { requestBody, textOf, tokensOf } from './texts.ts'

const SAMPLES = 20

/** Throws when an answer differs from the model server's. Texts of this check are not used again. */
export async function verify({ name, target }: Contender): Promise<void> {
  const connection = new Connection(target)
  for (let index = 0; index < SAMPLES; index += 1) {
    const streamed = index % 2 === 1
    const { status, body } = await connection.post(requestBody(-1 - index, streamed ? 'flat-60' : 'whole', streamed))
    const { id, text } = status === 200 ? (streamed ? readEvents(body) : readWhole(body)) : { id: '', text: body }
    const number = Number(/chatcmpl-(\d+)/.exec(id)?.[1])
    const wanted = streamed
      ? tokensOf(textOf('answer', number, 480))
          .slice(0, 60)
          .join('')
      : textOf('answer', number, 300)
    if (status === 200 && text === wanted) continue
    throw new Error(`${name} answered ${status} with something else: ${text.slice(0, 300)}`)
  }
  connection.close()
}

interface Chunk {
  readonly id: string
  readonly choices: readonly {
    readonly message?: { readonly content: string }
    readonly delta?: { readonly content?: string }
  }[]
}

function readWhole(body: string): { readonly id: string; readonly text: string } {
  const { id, choices } = JSON.parse(body) as Chunk
  return { id, text: choices[0]?.message?.content ?? '' }
}

function readEvents(body: string): { readonly id: string; readonly text: string } {
  const lines = body.split('\n').filter((line) => line.startsWith('data: {'))
  const chunks = lines.map((line) => JSON.parse(line.slice(6)) as Chunk)
  return { id: chunks[0]?.id ?? '', text: chunks.map(({ choices }) => choices[0]?.delta?.content ?? '').join('') }
}
