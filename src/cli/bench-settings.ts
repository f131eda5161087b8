/**
 * What the options of `parapet bench` mean: subjects, thresholds, keys and data paths. It opens no connection and loads no model.
 */
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EVALUATION_TASKS } from '../lab/eval/sample.ts'
import type { EvaluationSet, EvaluationTask, ThresholdPolicy } from '../lab/eval/index.ts'
import { readSets } from '../lab/eval/readers/registry.ts'
import { fileProblem, fileUsageError, usageError } from './exit.ts'
import type { CliIo } from './io.ts'

/** A subject as named by `--subject`. */
export type SubjectSpec =
  | { readonly kind: 'embedded' | 'policy' | 'rules' | 'rival'; readonly value: string }
  | { readonly kind: 'remote' | 'moderation'; readonly url: string; readonly model: string | undefined }
  | { readonly kind: 'judge'; readonly url: string; readonly model: string; readonly format: string }
  | { readonly kind: 'policy-judge'; readonly value: string; readonly guard: string }

export const SUBJECT_FORMS =
  'embedded, embedded:fast, embedded:deep, embedded:FOLDER (what parapet lab train wrote), policy, policy:FILE, rules, remote:URL, moderation:URL[#MODEL], judge:[FORMAT@]URL#MODEL, judge:FILE#GUARD (a judge of a policy), vard, llm_guardrail, hai-guardrails'

/** Reads one `--subject`. */
export function parseSubject(text: string, rivals: readonly string[]): SubjectSpec {
  if (text === 'embedded' || text === 'policy' || text === 'rules') return { kind: text, value: '' }
  if (rivals.includes(text)) return { kind: 'rival', value: text }
  const [, kind = '', rest = ''] = /^(embedded|policy|remote|moderation|judge):(.+)$/s.exec(text) ?? []
  if (kind === 'embedded' || kind === 'policy') return { kind, value: rest }
  if (kind === 'judge') return parseJudge(text, rest)
  if (kind === 'remote' || kind === 'moderation') {
    const [url = '', model] = rest.split('#', 2)
    return { kind, url, model: model === '' ? undefined : model }
  }
  throw usageError(`there is no subject "${text}". Use one of ${SUBJECT_FORMS}.`)
}

/** A model at a URL in a format, `policy` unless named, or a guard of a policy file. */
function parseJudge(text: string, rest: string): SubjectSpec {
  const [, format = 'policy', url = '', model = ''] = /^(?:([a-z][\w.-]*)@)?(https?:[^#]*)(?:#(.*))?$/s.exec(rest) ?? []
  if (url !== '') {
    if (model === '') throw usageError(`--subject ${text} names no model. Write judge:URL#MODEL.`)
    return { kind: 'judge', url, model, format }
  }
  const [value = '', guard = ''] = rest.split('#', 2)
  if (guard === '')
    throw usageError(
      `--subject ${text} names no guard. Write judge:FILE#GUARD, judge:URL#MODEL or judge:FORMAT@URL#MODEL.`,
    )
  return { kind: 'policy-judge', value, guard }
}

/** Reads `--judge-harm`; undefined where it is not given. */
export function parseHarm(given: readonly string[] | undefined): readonly EvaluationTask[] | undefined {
  return given?.map((name) => {
    const task = EVALUATION_TASKS.find((known) => known === name)
    if (task === undefined)
      throw usageError(`--judge-harm ${name} is no task. Use some of ${EVALUATION_TASKS.join(', ')}.`)
    return task
  })
}

/** Reads `--threshold`. */
export function parseThreshold(text: string): ThresholdPolicy {
  if (text === 'own') return { kind: 'own', otherwise: 0.5 }
  const [, kind = '', first = '', second, names = ''] =
    /^(fixed|fpr|conformal|miss):([\d.]+)(?:\/([\d.]+))?(?:@(.+))?$/.exec(text) ?? []
  const value = Number(first)
  const fittedOn = names.split(',').filter((name) => name !== '')
  const fitted = fittedOn.length > 0
  if (kind === 'fixed' && !fitted && second === undefined) return { kind, value }
  if (kind === 'fpr' && fitted && second === undefined) return { kind: 'at_fpr', target: value, fittedOn }
  if ((kind === 'conformal' || kind === 'miss') && fitted) {
    const control = kind === 'miss' ? 'miss_rate' : 'false_positive_rate'
    return { kind: 'conformal', control, alpha: value, delta: second === undefined ? null : Number(second), fittedOn }
  }
  throw usageError(
    `--threshold ${text} is none. Use own, fixed:0.5, fpr:0.05@SET, conformal:0.05@SET or miss:0.1@SET (conformal:0.05/0.1@SET: with probability 0.9); several sets with commas.`,
  )
}

/**
 * Keys by host from `--api-key-env NAME` or `--api-key-env HOST=NAME`. A name alone is for the only host; with several it is refused,
 * because a key must not reach a server it is not for.
 */
export function parseKeys(io: CliIo, given: readonly string[], hosts: readonly string[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>()
  for (const one of given) {
    const cut = one.lastIndexOf('=')
    const name = one.slice(cut + 1)
    const host = cut < 0 ? hosts[0] : one.slice(0, cut)
    if (cut < 0 && hosts.length > 1)
      throw usageError(`--api-key-env ${one}: there are several servers (${hosts.join(', ')}). Write HOST=${one}.`)
    if (host === undefined || !hosts.includes(host))
      throw usageError(`--api-key-env ${one}: no --subject is on that server. Name one with --subject.`)
    const key = io.env[name] ?? ''
    if (key === '') throw usageError(`--api-key-env ${one}: the variable ${name} is not set. Set it to the key.`)
    keys.set(host, key)
  }
  return keys
}

/** Sets of the paths: each by itself, those joined with commas together, and every data file of a folder. */
export function readPaths(io: CliIo, paths: readonly string[], format: string | undefined): readonly EvaluationSet[] {
  return paths
    .flatMap((path) => (path.includes(',') ? [path.split(',')] : filesAt(resolve(io.cwd, path)).map((file) => [file])))
    .flatMap((files) => {
      try {
        return readSets(
          format,
          files.map((file) => resolve(io.cwd, file)),
        )
      } catch (error) {
        throw fileUsageError(error)
      }
    })
}

function filesAt(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
  } catch (error) {
    throw usageError(`cannot read ${path}: ${fileProblem(error)}. Give --data the path of a file or folder.`, error)
  }
  const files = readdirSync(path).filter((name) => /\.(?:jsonl?|csv|tsv)(?:\.gz)?$/.test(name))
  if (files.length === 0) throw usageError(`${path} holds no JSON, JSON Lines, CSV or TSV file. Name the files.`)
  return files.toSorted().map((name) => join(path, name))
}
