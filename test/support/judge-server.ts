/**
 * A ThinkGuard behind an OpenAI-compatible server on a socket: what contains the word `wrong` is unsafe, and its reasons are asked for in
 * a second call. Labels come at once; what becomes of reasons is up to the test.
 */
import type { ServerResponse } from 'node:http'
import type { ClassifierEngine, ClassifierScores } from '../../src/spec/index.ts'
import type { WireServer } from '../engines/wire-server.ts'
import { startWireServer } from '../engines/wire-server.ts'

export interface JudgeServer extends WireServer {
  readonly counts: { readonly labels: number; readonly critiques: number }
}

/** @param critique answers a call for reasons, given what was asked */
export async function startJudgeServer(critique: (say: Say, asked: string) => void): Promise<JudgeServer> {
  const counts = { labels: 0, critiques: 0 }
  const server = await startWireServer((response, { path, body }) => {
    const asked = JSON.stringify(body)
    const say = speaker(response, path)
    if (asked.includes(String.raw`unsafe\nS2`)) {
      counts.critiques += 1
      critique(say, asked)
    } else {
      counts.labels += 1
      say(asked.includes('wrong') ? 'unsafe\nS2' : 'safe')
    }
  })
  return { ...server, counts }
}

/** Answers with a text, or with an error's status. */
export type Say = (text: string | number) => void

function speaker(response: ServerResponse, path: string): Say {
  return (text) => {
    const failed = typeof text === 'number'
    const choice = path.endsWith('/chat/completions') ? { message: { role: 'assistant', content: text } } : { text }
    const answer = failed
      ? { error: { message: 'down' } }
      : {
          choices: [{ index: 0, ...choice, finish_reason: 'stop' }],
          usage: { prompt_tokens: 9, completion_tokens: 2 },
        }
    response.writeHead(failed ? text : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }
}

const NOTHING: ClassifierScores = {
  ...{ prompt_harm: null, response_harm: null, refusal: null, injection_direct: null, injection_indirect: null },
  ...{ toxicity_prompt: null, toxicity_response: null, categories: {} },
}

/** Scores nothing, at once: what a judge says does not race with it. */
export const silentClassifier: ClassifierEngine = {
  ...{ specVersion: 'v1', kind: 'classifier', id: 'silent', version: '1', card: { heads: {} } },
  classify: () => NOTHING,
  explain: () => [],
}
