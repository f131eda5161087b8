/** Guidelines from YAML: every mistake at once, with file, line and column. It opens no file; the text is handed in. */
import { LineCounter, isNode, parseDocument } from 'yaml'
import type { PolicyIssue } from '../../spec/index.ts'
import { PolicyError } from '../../spec/index.ts'
import type { Guidelines } from './guidelines.ts'
import { checkGuidelines } from './guidelines.ts'

/** In UTF-16 units. Every routing call holds the restricted part, so longer ones would cost more than they bring. */
const LONGEST_FILE = 64 * 1024
const MOST_ISSUES = 20

/**
 * Reads guidelines: a list of restricted ones, or an object.
 * @param file name for messages
 * @throws PolicyError with every mistake
 */
export function parseGuidelines(text: string, file = 'guidelines.yaml'): Guidelines {
  const stop = (message: string, remedy: string): PolicyError =>
    new PolicyError([{ file, key: '(file)', message, remedy }])
  if (text.length > LONGEST_FILE)
    throw stop(`it is longer than ${LONGEST_FILE} characters`, 'Write shorter guidelines.')
  const lines = new LineCounter()
  const at = (offset: number): Pick<PolicyIssue, 'line' | 'column'> => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  // No aliases: a few lines of them can stand for more text than there is memory.
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: false, merge: false })
  const broken = [...document.errors, ...document.warnings].slice(0, MOST_ISSUES)
  if (broken.length > 0)
    throw new PolicyError(
      broken.map(({ message, pos }) => ({
        ...{ file, ...at(pos[0]), key: '(yaml)' },
        ...{ message: message.split('\n')[0] ?? message, remedy: 'Correct the YAML at this place.' },
      })),
    )
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 })
  } catch {
    throw stop('it uses aliases', 'Write each entry out.')
  }
  if (value === null || value === undefined) throw stop('it is empty', 'Write at least one line under restricted.')
  const list = Array.isArray(value)
  const { guidelines, issues } = checkGuidelines(list ? { restricted: value } : value)
  if (guidelines !== null) return guidelines
  throw new PolicyError(
    issues.map(({ path, ...issue }) => {
      // A key that is missing has no place of its own: its parent's is the nearest.
      const inFile = list ? path.slice(1) : path
      const offset = [inFile, inFile.slice(0, -1), []].flatMap((part) => {
        const node: unknown = part.length === 0 ? document.contents : document.getIn(part, true)
        return isNode(node) ? [node.range?.[0] ?? 0] : []
      })[0]
      return { file, ...at(offset ?? 0), ...issue }
    }),
  )
}
