/**
 * A manual page as plain text, roughly: macros give their arguments, escapes their characters. Enough for a harmless document in many
 * languages; it lays nothing out.
 */

const ESCAPES: readonly (readonly [RegExp, string])[] = [
  [/\\f(?:\[[^\]]*\]|\(..|.)/g, ''],
  [/\\s[-+]?\d/g, ''],
  [/\\\*(?:\[[^\]]*\]|\(..|.)/g, ''],
  [/\\\((?:aq|cq|oq)/g, "'"],
  [/\\\((?:lq|rq|dq)/g, '"'],
  [/\\\((?:em|en|hy)/g, '-'],
  [/\\(?:\(..|\[[^\]]*\])/g, ''],
  [/\\[&|^/,:%c]/g, ''],
  [/\\~/g, ' '],
  [/\\e/g, '\\'],
  [/\\(.)/g, '$1'],
]
/** Requests whose arguments are no text: definitions, registers, layout. */
const SILENT = new Set(
  'TH Dd Dt Os de ds nr if ie el so ad na hy nh ss mso ta ti in ne rs sp PD rm tr als fam'.split(' '),
)

/** Text of a page's source; empty for one that only points to another. */
export function plainManualPage(source: string): string {
  const lines: string[] = []
  for (const line of source.split('\n')) {
    if (/^['.]\s*\\["#]/.test(line)) continue
    const macro = /^['.]\s*(\S+)\s*(.*)$/.exec(line)
    if (macro === null) lines.push(line.startsWith('.') || line.startsWith("'") ? '' : line)
    else if (!SILENT.has(macro[1] ?? '')) lines.push((macro[2] ?? '').replaceAll('"', ''))
  }
  const text = ESCAPES.reduce((plain, [escape, character]) => plain.replace(escape, character), lines.join('\n'))
  return text.replace(/\n{3,}/g, '\n\n').trim()
}
