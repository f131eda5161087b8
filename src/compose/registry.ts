/**
 * Which guard families exist, what options each takes, and how each is made. The only place that names concrete guards.
 *
 * Options are validated here by schema, so that a mistake in a policy is found before anything is built; the guards check what
 * only they can know (patterns, schemas, keys).
 */
import { z } from 'zod'
import { nearest } from '../core/taxonomy/index.ts'
import type { ClassifierEngine, Guard, GuardDefinition, PseudonymVault } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import { createEgressGuard } from '../guards/egress/index.ts'
import { createLimitsGuard } from '../guards/limits/index.ts'
import { PII_COUNTRIES, PII_KINDS, createPiiGuard } from '../guards/pii/index.ts'
import { createPromptLeakGuard } from '../guards/prompt-leak/index.ts'
import { createRulesGuard } from '../guards/rules/index.ts'
import { createSecretsGuard } from '../guards/secrets/index.ts'
import type { SecretLinter } from '../guards/secrets/index.ts'
import { createStructuredGuard } from '../guards/structured/index.ts'
import { createUnicodeGuard } from '../guards/unicode/index.ts'
import { classifierOptions, createPolicyClassifier } from './classifier-family.ts'
import { conversationOptions, createPolicyConversation } from './conversation-family.ts'
import { chunkOptions, createPolicyChunks, createPolicyGrounding, groundingOptions } from './grounding-family.ts'
import type { CascadeParts } from './cascade.ts'
import type { OpenVersion } from './guard-versions.ts'
import type { JudgeEngines } from './judge-engine.ts'
import { createPolicyJudge, judgeOptions } from './judge-family.ts'
import { createPolicyTextClassifier, textClassifierOptions } from './text-classifier-family.ts'
import type { TextModels } from './text-models.ts'
import { createPolicyTopic, topicOptions } from './topic-family.ts'

/** Whether the classifier's deep tier is used: where it can be, never, or else there is an error. */
export type DeepSetting = 'auto' | 'off' | 'required'

/** What guards are handed: engines and stores, each made on first use. */
export interface GuardParts {
  /** The shipped model. */
  readonly classifier: (deep: DeepSetting) => Promise<ClassifierEngine>
  /** What guards of other families ask: the version that the policy's `classifier` judges with, or else the shipped model. */
  readonly judging: (deep: DeepSetting) => Promise<ClassifierEngine>
  /** The current version of a folder of `parapet improve`. */
  readonly version: OpenVersion
  /** The same engine for the same settings. */
  readonly completion: JudgeEngines['completion']
  /** Models from local folders. The same one for the same folder and settings. */
  readonly textModels: TextModels
  /** Told where a classifier and the judge behind it disagree. */
  readonly disagreed: CascadeParts['disagreed']
  readonly linter: SecretLinter
  readonly vault: () => PseudonymVault
  readonly hash: () => (kind: string, value: string) => string
}

/** Those of them that no policy has a part in. */
export type SharedParts = Omit<GuardParts, 'judging'>

/** One family: its options, and how a guard is made from them. */
interface Family<Options> {
  readonly options: z.ZodType<Options>
  /** `base`: where a path in the options begins. */
  create(id: string, options: Options, parts: GuardParts, base: string): Guard | Promise<Guard>
}

function family<Options>(options: z.ZodType<Options>, create: Family<Options>['create']): Family<Options> {
  return { options, create }
}

const stages = z
  .array(z.enum(['input', 'retrieval', 'tool_call', 'tool_result', 'output']))
  .nonempty()
  .exactOptional()
const action = z.enum(['pass', 'flag', 'modify', 'retry', 'refuse', 'hold', 'block']).exactOptional()
const positive = z.int().positive().exactOptional()
const strings = z.array(z.string().min(1)).nonempty().exactOptional()
const flag = z.boolean().exactOptional()

/** Every family a policy can `use`, by name. */
const FAMILIES = {
  unicode: family(z.strictObject({ stages, kinds: strings, action }), (id, options) =>
    createUnicodeGuard({ id, ...options }),
  ),
  limits: family(
    z.strictObject({
      stages,
      characters: positive,
      bytes: positive,
      tokens: positive,
      encoding: z.string().exactOptional(),
      messages: positive,
      languages: z
        .union([z.strictObject({ allow: z.array(z.string()) }), z.strictObject({ deny: z.array(z.string()) })])
        .exactOptional(),
      action,
    }),
    (id, options) => createLimitsGuard({ id, ...options }),
  ),
  rules: family(
    z.strictObject({
      stages,
      phrases: strings,
      patterns: z
        .array(
          z.union([
            z.string().min(1),
            z.strictObject({
              pattern: z.string().min(1),
              label: z.string().min(1).exactOptional(),
              action,
              replacement: z.string().exactOptional(),
              reason: z.string().exactOptional(),
            }),
          ]),
        )
        .nonempty()
        .exactOptional(),
      label: z.string().min(1).exactOptional(),
      action,
      replacement: z.string().exactOptional(),
      reason: z.string().exactOptional(),
      caseSensitive: flag,
      wholeWords: flag,
      hard: flag,
      maxLength: positive,
      engine: z.enum(['re2js', 're2']).exactOptional(),
    }),
    (id, options) => createRulesGuard({ id, ...options }),
  ),
  structured: family(
    z.strictObject({
      stages,
      schema: z.record(z.string(), z.unknown()),
      allowFences: flag,
      repair: z.literal('fences').exactOptional(),
      action,
    }),
    (id, options) => createStructuredGuard({ id, ...options }),
  ),
  pii: family(
    z.strictObject({
      stages,
      kinds: z.array(z.enum(PII_KINDS)).nonempty().exactOptional(),
      countries: z.array(z.enum(PII_COUNTRIES)).nonempty().exactOptional(),
      mode: z.enum(['mask', 'hash', 'pseudonym', 'detect']).exactOptional(),
      names: flag,
      minScore: z.number().min(0).max(1).exactOptional(),
    }),
    (id, { mode = 'mask', ...options }, parts) =>
      createPiiGuard({
        id,
        mode,
        ...options,
        ...(mode === 'pseudonym' ? { vault: parts.vault() } : {}),
        ...(mode === 'hash' ? { hash: parts.hash() } : {}),
      }),
  ),
  secrets: family(
    z.strictObject({
      stages,
      rules: z.enum(['recommended', 'own']).exactOptional(),
      entropy: z
        .union([
          z.boolean(),
          z.strictObject({
            threshold: z.number().positive().exactOptional(),
            minLength: z.int().positive().exactOptional(),
          }),
        ])
        .exactOptional(),
      allow: strings,
    }),
    (id, { rules, ...options }, parts) =>
      createSecretsGuard({ id, ...options, ...(rules === 'own' ? {} : { linter: parts.linter }) }),
  ),
  egress: family(
    z.strictObject({
      stages,
      allow: strings,
      deny: strings,
      schemes: strings,
      dataInUrl: flag,
      images: z.enum(['block', 'allow']).exactOptional(),
    }),
    (id, options) => createEgressGuard({ id, ...options }),
  ),
  'prompt-leak': family(
    z.strictObject({
      stages,
      canaries: strings,
      overlap: z.union([z.literal(false), z.strictObject({ words: z.int().min(8) })]).exactOptional(),
    }),
    (id, options) => createPromptLeakGuard({ id, ...options }),
  ),
  classifier: family(classifierOptions, createPolicyClassifier),
  judge: family(judgeOptions, createPolicyJudge),
  'text-classifier': family(textClassifierOptions, (id, options, { textModels }, base) =>
    createPolicyTextClassifier(id, options, textModels, base),
  ),
  topic: family(topicOptions, (id, options, { textModels }, base) => createPolicyTopic(id, options, textModels, base)),
  conversation: family(conversationOptions, async (id, options, parts) =>
    createPolicyConversation(id, options, await parts.judging('auto')),
  ),
  grounding: family(groundingOptions, (id, options, { completion }, base) =>
    createPolicyGrounding(id, options, (settings) => completion(settings, base)),
  ),
  chunks: family(chunkOptions, async (id, options, parts) =>
    createPolicyChunks(id, options, await parts.judging('auto')),
  ),
}

type FamilyName = keyof typeof FAMILIES

/** Names a policy can list without defining them. */
export const BUILTIN_GUARDS: readonly string[] = Object.keys(FAMILIES)

function isFamily(name: string): name is FamilyName {
  return Object.hasOwn(FAMILIES, name)
}

/** What is wrong with a guard's definition. `key` is relative to the definition. */
export interface DefinitionProblem {
  readonly key: string
  readonly message: string
  readonly remedy: string
}

/** Checks a definition without building anything. */
export function guardProblems(definition: GuardDefinition): readonly DefinitionProblem[] {
  const { use, hard: _hard, ...options } = definition
  if (!isFamily(use)) {
    const meant = nearest(use, BUILTIN_GUARDS)
    const remedy = meant === undefined ? `Use one of ${BUILTIN_GUARDS.join(', ')}.` : `Did you mean ${meant}?`
    return [{ key: '.use', message: `there is no guard family ${use}`, remedy }]
  }
  const parsed = FAMILIES[use].options.safeParse(options)
  if (parsed.success) return []
  return parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return {
        key: `.${issue.keys[0] ?? ''}`,
        message: `${use} has no option ${issue.keys.join(', ')}`,
        remedy: 'Remove it, or see the policy guide for its options.',
      }
    }
    return {
      key: issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join(''),
      message: 'the value is not valid',
      remedy: issue.message,
    }
  })
}

/**
 * Builds a guard from a definition that has no problems.
 * @param base where a path in it begins
 */
export async function buildGuard(
  id: string,
  definition: GuardDefinition,
  parts: GuardParts,
  base: string = '.',
): Promise<Guard> {
  const { use, hard: _hard, ...options } = definition
  if (!isFamily(use))
    throw new ParapetError('guard_unknown', `There is no guard family ${use}. Use one of ${BUILTIN_GUARDS.join(', ')}.`)
  const { options: schema, create } = FAMILIES[use] as Family<unknown>
  return create(id, schema.parse(options), parts, base)
}
