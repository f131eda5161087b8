/**
 * The library of secret rules as the guard sees it. The real one needs Node and is in `engines/secretlint`.
 */

/** What a library found. */
export interface LintedSecret {
  /** Label without the `secret.` prefix. */
  readonly kind: string
  readonly start: number
  readonly end: number
}

/** A library of secret rules. */
export interface SecretLinter {
  readonly id: string
  /** Version of its rules; part of the guard's version. */
  readonly version: string
  lint(text: string): Promise<readonly LintedSecret[]>
}

/**
 * Prefixes the library knows, with enough of a body behind them to be worth its time (a call costs as much as everything else
 * together). What the guard's own patterns have explained is not handed over.
 */
const CANDIDATE = new RegExp(
  String.raw`(?<![A-Za-z])(?:sk-|gh[pousr]_|github_pat_|glpat-|npm_|hf_|gsk_|lin_api_|ntn_|SG\.|shp(?:pa|ca|at|ss)_|glc_|glsa_|ops_ey|` +
    String.raw`hv[sbr]\.|vc[piark]_|dapi|dckr_pat_|figd_|xox[bpaor]-|xapp-)[A-Za-z0-9_.+/=-]{20,1300}`,
  'g',
)
const PREFIXES =
  'sk- ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- npm_ hf_ gsk_ lin_api_ ntn_ SG. shppa_ shpca_ shpat_ shpss_ glc_ glsa_ ops_ey hvs. hvb. hvr. vcp_ vci_ vca_ vcr_ vck_ dapi dckr_pat_ figd_ xox xapp-'.split(
    ' ',
  )

const SEPARATOR = '\n\u0000\n'

/**
 * Stretches of a text that the library should see.
 *
 * @param runs the text's runs of token characters (see `runs.ts`); every stretch lies in one
 */
export function lintCandidates(
  text: string,
  runs: string,
): readonly { readonly start: number; readonly end: number }[] {
  if (runs === '' || !PREFIXES.some((prefix) => runs.includes(prefix))) return []
  const found: { start: number; end: number }[] = []
  for (const match of text.matchAll(CANDIDATE)) found.push({ start: match.index, end: match.index + match[0].length })
  return found
}

/** Shows several stretches to the library at once, each sealed off from the others. Answers per stretch, offsets within it. */
export async function lintStretches(
  linter: SecretLinter,
  stretches: readonly string[],
): Promise<readonly (readonly LintedSecret[])[]> {
  const starts: number[] = []
  let length = 0
  for (const stretch of stretches) {
    starts.push(length)
    length += stretch.length + SEPARATOR.length
  }
  const answers: LintedSecret[][] = stretches.map(() => [])
  const found = await linter.lint(stretches.join(SEPARATOR))
  for (const { kind, start, end } of found) {
    const index = starts.findLastIndex((offset) => offset <= start)
    const offset = starts[index]
    const stretch = stretches[index]
    if (offset === undefined || stretch === undefined || end > offset + stretch.length || end <= start) continue
    answers[index]?.push({ kind, start: start - offset, end: end - offset })
  }
  return answers
}
