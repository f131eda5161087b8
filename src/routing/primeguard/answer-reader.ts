/** Readers for the second call's answer: as it is, taken out of its JSON while it streams, or as the released code takes it out. */
import type { RouteReader } from '../../spec/index.ts'
import type { WatchedRuns } from './guideline-watch.ts'
import { GuidelineWatch, repeats } from './guideline-watch.ts'
import { releasedJson } from './released-json.ts'
import { ResponseReader } from './response-reader.ts'

/** What an answer came to. */
export interface AnswerEnd {
  readonly outcome: 'answered' | 'unreadable' | 'withheld' | 'cut'
  readonly reevaluation: string | null
}

export interface ReaderSettings {
  /** Words shown in place of an answer that cannot be. */
  readonly refusal: string
  /** What must not be repeated; empty for no watch. */
  readonly watched: WatchedRuns
  readonly onEnd: (end: AnswerEnd) => void
}

/** Hands everything on. */
export function passingReader({ onEnd }: Pick<ReaderSettings, 'onEnd'>): RouteReader {
  return {
    push: (text) => text,
    end: () => {
      onEnd({ outcome: 'answered', reevaluation: null })
      return ''
    },
  }
}

/** The final response of the second call's object, piece by piece; a refusal where there is none or where it repeats a guideline. */
export function guidedReader({ refusal, watched, onEnd }: ReaderSettings): RouteReader {
  const response = new ResponseReader()
  const watch = new GuidelineWatch(watched)
  let shown = false
  const show = (text: string): string => {
    shown ||= text !== ''
    return text
  }
  return {
    push: (text) => show(watch.push(response.push(text))),
    end() {
      const rest = show(watch.end())
      const { reevaluation, whole } = response
      if (watch.found) {
        onEnd({ outcome: 'withheld', reevaluation })
        return `${rest}${shown ? '\n\n' : ''}${refusal}`
      }
      const outcome = whole ? 'answered' : response.shown ? 'cut' : 'unreadable'
      onEnd({ outcome, reevaluation })
      return outcome === 'unreadable' ? refusal : rest
    },
  }
}

/** The released way: nothing before the end, and the whole answer as it came where it has not both keys in their right spelling. */
export function releasedReader({ watched, refusal, onEnd }: ReaderSettings): RouteReader {
  let answer = ''
  return {
    push(text) {
      answer += text
      return ''
    },
    end() {
      const { reevaluation, final_response: response } = Object(releasedJson(answer)) as Record<string, unknown>
      const unwrapped = reevaluation !== undefined && response !== undefined
      const text = unwrapped ? String(response) : answer
      const withheld = repeats(text, watched)
      const outcome = withheld ? 'withheld' : unwrapped ? 'answered' : 'unreadable'
      onEnd({ outcome, reevaluation: unwrapped ? String(reevaluation) : null })
      return withheld ? refusal : text
    },
  }
}
