/** Finds hidden, reordering and look-alike characters and says what the text is without them. Streams exactly. */
import type { Recogniser } from '../../core/scan/index.ts'
import { createPatternScanner } from '../../core/scan/index.ts'
import type { Action, Guard, GuardStream, Stage, StreamBuffer, StreamStep } from '../../spec/index.ts'
import { ParapetError, STAGES } from '../../spec/index.ts'
import type { UnicodeKind } from './recognisers.ts'
import { UNICODE_RECOGNISERS } from './recognisers.ts'

export type { UnicodeKind }

export interface UnicodeGuardOptions {
  readonly id?: string
  /** Default: all. */
  readonly kinds?: readonly string[]
  /** Default `modify`: the characters are taken out, look-alike letters written plainly. */
  readonly action?: Action
  readonly stages?: readonly Stage[]
}

/**
 * Characters of which none of the recognisers is interested in any: ASCII, Latin letters, signs, punctuation, ideographs, kana,
 * Hangul syllables, emoji. A quick test for most texts; what is not listed here is looked at closer.
 */
const HARMLESS =
  /^[\x00-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u20a0-\u20cf\u2190-\u2bff\u3000-\u3163\u3165-\u9fff\uac00-\ud7a3\ud83c-\ud83e\udc00-\udfff]*$/

/** Creates the guard. */
export function createUnicodeGuard({
  id = 'unicode',
  kinds,
  action,
  stages = STAGES,
}: UnicodeGuardOptions = {}): Guard {
  const all: Readonly<Record<string, Recogniser>> = UNICODE_RECOGNISERS
  const names = kinds ?? Object.keys(all)
  const chosen = names.map((kind) => {
    const recogniser = all[kind]
    if (recogniser === undefined) {
      throw new ParapetError(
        'policy_invalid',
        `The guard ${id} knows no kind ${kind}. Use ${Object.keys(all).join(', ')}.`,
      )
    }
    return action === undefined ? recogniser : withAction(recogniser, action)
  })
  const scanner = createPatternScanner(chosen)
  return {
    specVersion: 'v1',
    id,
    version: `1:${names.join(',')}:${action ?? ''}`,
    stages,
    maxSpan: scanner.maxSpan,
    check: ({ text }) => ({ findings: HARMLESS.test(text.original) ? [] : scanner.scan(text) }),
    open: () => new UnicodeStream(scanner.open()),
  }
}

/** A text that is whole before it is looked at, as most short ones are, gets the quick test too. */
class UnicodeStream implements GuardStream {
  readonly #scan: GuardStream
  #begun = false

  constructor(scan: GuardStream) {
    this.#scan = scan
  }

  advance(buffer: StreamBuffer): StreamStep | Promise<StreamStep> {
    const { start, end, ended } = buffer
    const harmless = !this.#begun && ended && start === 0 && HARMLESS.test(buffer.slice(0, end))
    this.#begun = true
    return harmless ? { findings: [], settled: end, keep: end } : this.#scan.advance(buffer)
  }
}

function withAction(recogniser: Recogniser, action: Action): Recogniser {
  return {
    ...recogniser,
    accept: (match, text) => {
      const found = recogniser.accept(match, text)
      return found === null ? null : { ...found, action }
    },
  }
}
