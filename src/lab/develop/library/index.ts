/**
 * The invented library: scopes with their topics and requests, requests that belong nowhere, and courtesies. Made by hand for this package;
 * English only. It avoids the domains of the public sets it is measured on (banks, flights, hotels, restaurants, music, films, weather).
 */
import { LEISURE } from './leisure.ts'
import { LIFE } from './life.ts'
import { ANYWHERE, ELSEWHERE } from './other.ts'
import { PUBLIC } from './public.ts'
import { WORK } from './work.ts'

export interface LibraryTopic {
  readonly name: string
  readonly requests: readonly string[]
}

export interface LibraryScope {
  /** Whose assistant it is: "a bookshop". */
  readonly name: string
  readonly topics: readonly LibraryTopic[]
}

function topicsOf(lines: readonly string[]): readonly LibraryTopic[] {
  return lines.map((line) => {
    const at = line.indexOf(': ')
    return { name: line.slice(0, at), requests: line.slice(at + 2).split(' | ') }
  })
}

function scopesOf(text: string): readonly LibraryScope[] {
  return text
    .trim()
    .split(/^# /m)
    .filter((block) => block !== '')
    .map((block) => {
      const [name = '', ...lines] = block.trim().split('\n')
      return { name, topics: topicsOf(lines) }
    })
}

export const LIBRARY: readonly LibraryScope[] = [LIFE, WORK, LEISURE, PUBLIC].flatMap(scopesOf)
/** Off topic nearly everywhere. */
export const BELONGS_NOWHERE: readonly string[] = topicsOf(ELSEWHERE.trim().split('\n')).flatMap(
  ({ requests }) => requests,
)
/** On topic everywhere. */
export const COURTESIES: readonly string[] = topicsOf(ANYWHERE.trim().split('\n')).flatMap(({ requests }) => requests)
