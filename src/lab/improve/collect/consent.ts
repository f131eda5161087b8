/**
 * Whose traffic may be learnt from. The decision record holds no consent, so a rule names it: applications, keys, users, and sources of
 * files without callers. What no rule names is refused, and a refusal stands above every permission.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { ParapetError } from '../../../spec/index.ts'

const KINDS = ['application', 'key', 'user', 'source'] as const
type Kind = (typeof KINDS)[number]

/** Who made a request, as far as its record says. */
export interface Origin {
  readonly application?: string | null | undefined
  readonly key?: string | null | undefined
  readonly user?: string | null | undefined
  /** Of a row in a file of records. */
  readonly source?: string
}

type Names = Readonly<Partial<Record<Kind, readonly string[]>>>

export interface Consent {
  readonly allowed: Names
  readonly refused: Names
  /** On what the consent rests, in the owner's words; stands in the data set. */
  readonly basis: string | null
  /** Licence of the rows. */
  readonly licence: string
}

const names = z.array(z.string().min(1)).optional()
const fileSchema = z.strictObject({
  ...{ applications: names, keys: names, users: names, sources: names },
  refused: z.strictObject({ applications: names, keys: names, users: names }).optional(),
  basis: z.string().optional(),
  licence: z.string().min(1).optional(),
})

/**
 * Reads rules: `application=NAME`, `key=NAME`, `user=ID`, `source=NAME`, the same with `no-` before it, or the path of a JSON file.
 *
 * @throws ParapetError `configuration` for a rule that is none, for none at all, and for rules that permit nothing
 */
export function readConsent(rules: readonly string[]): Consent {
  const allowed: Partial<Record<Kind, string[]>> = {}
  const refused: Partial<Record<Kind, string[]>> = {}
  let basis: string | null = null
  let licence = 'internal'
  for (const rule of rules) {
    const [, no = '', kind, name] = /^(no-)?(application|key|user|source)=(.+)$/s.exec(rule) ?? []
    if (kind !== undefined && name !== undefined) {
      const into = no === '' ? allowed : refused
      into[kind as Kind] = [...(into[kind as Kind] ?? []), name]
      continue
    }
    const file = readFile(rule)
    for (const one of KINDS) {
      allowed[one] = [...(allowed[one] ?? []), ...(file[`${one}s`] ?? [])]
      if (one !== 'source') refused[one] = [...(refused[one] ?? []), ...(file.refused?.[`${one}s`] ?? [])]
    }
    basis = file.basis ?? basis
    licence = file.licence ?? licence
  }
  if (KINDS.every((kind) => (allowed[kind] ?? []).length === 0))
    throw new ParapetError(
      'configuration',
      'Nobody has consented, so nothing is collected. Name whose traffic may be learnt from, such as --consent application=support.',
    )
  return { allowed, refused, basis, licence }
}

function readFile(path: string): z.infer<typeof fileSchema> {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new ParapetError(
      'configuration',
      `--consent ${path} is neither a rule such as application=support nor a JSON file that can be read.`,
      { cause },
    )
  }
  const checked = fileSchema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  throw new ParapetError(
    'configuration',
    `${path} is no consent file at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}. It may have applications, keys, users, sources, refused, basis and licence.`,
  )
}

/** Whether the rule lets a request be learnt from. */
export function hasConsent({ allowed, refused }: Consent, origin: Origin): boolean {
  const named = (rule: Names): boolean =>
    KINDS.some((kind) => {
      const name = origin[kind]
      return typeof name === 'string' && (rule[kind] ?? []).includes(name)
    })
  return named(allowed) && !named(refused)
}

/** What a data set says of the rule it was made under: no user's name, and a hash of the whole. */
export function consentFacts({ allowed, refused, basis, licence }: Consent): ConsentFacts {
  const whole = JSON.stringify([allowed, refused, basis, licence])
  return {
    applications: [...(allowed.application ?? [])],
    keys: [...(allowed.key ?? [])],
    sources: [...(allowed.source ?? [])],
    users: allowed.user?.length ?? 0,
    refused: KINDS.reduce((sum, kind) => sum + (refused[kind]?.length ?? 0), 0),
    ...{ basis, licence, sha256: createHash('sha256').update(whole).digest('hex') },
  }
}

export interface ConsentFacts {
  readonly applications: readonly string[]
  readonly keys: readonly string[]
  readonly sources: readonly string[]
  /** How many users are named. */
  readonly users: number
  readonly refused: number
  readonly basis: string | null
  readonly licence: string
  readonly sha256: string
}
