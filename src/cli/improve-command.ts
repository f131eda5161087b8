/** `parapet improve`: one round of improvement a step at a time; each step says in words what it made and what it left out. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  collectData,
  conclusionOf,
  countsInWords,
  type DataSetFacts,
  forgetUsers,
  GATE_DEFAULTS,
  type GateOptions,
  ImprovementFolder,
  listVersions,
  pinFiles,
  type PinRole,
  promoteVersion,
  type Promotion,
  readConsent,
  readPins,
  readPointer,
  rollBack,
  scrubDataSets,
  startImproving,
  trainVersion,
  triesInWords,
} from '../lab/improve/index.ts'
import { ParapetError } from '../spec/errors.ts'
import { EXIT_NEGATIVE, EXIT_OK, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob, type LabContext } from './lab-run.ts'
import { printable } from './terminal.ts'

/** Where pins lie unless another file is named. */
const PINS = 'pins.json'

type Options = Readonly<Record<string, unknown>>

/** Runs a step: progress aside, Ctrl-C, and mistakes as words. */
function step(io: CliIo, options: Options, job: (context: LabContext) => Promise<readonly string[]>): Promise<number> {
  return runLabJob(io, { quiet: options['quiet'] === true, whenStopped: 'stopped. Nothing has become current.' }, job)
}

export function runImproveStart(io: CliIo, options: Options): Promise<number> {
  const { guard } = options
  return step(io, options, async () => {
    const { id } = await startImproving({
      ...{ folder: path(io, options, 'folder'), holdOut: Number(options['holdOut']), at: now() },
      ...(typeof guard === 'string' ? { guard: resolve(io.cwd, guard) } : {}),
    })
    return [`${id} is current: ${guard === undefined ? 'the shipped guard' : String(guard)}`]
  })
}

export function runImproveCollect(io: CliIo, files: readonly string[], options: Options): Promise<number> {
  return step(io, options, async (context) => {
    const folder = ImprovementFolder.open(path(io, options, 'folder'))
    const rules = list(options, 'consent').map((rule) => (rule.includes('=') ? rule : resolve(io.cwd, rule)))
    const pinsFile = resolve(io.cwd, options['pins'] === undefined ? PINS : String(options['pins']))
    // Named, it must be there; the usual one may not be there yet.
    const isPinned = options['pins'] !== undefined || existsSync(pinsFile)
    const pins = isPinned ? readPins(pinsFile).sets : []
    const facts = await collectData(folder, {
      files: files.map((file) => resolve(io.cwd, file)),
      consent: readConsent(rules),
      reviewers: options['reviewer'] === undefined ? null : list(options, 'reviewer'),
      anonymous: options['anonymous'] === true,
      pinned: pins.flatMap(({ set }) => set.samples),
      at: now(),
      ...context,
    })
    const without = `Nothing was left out for pinned sets: there is no ${PINS} here. If it lies elsewhere, collect again with --pins.`
    return [...collected(facts, folder.data(facts.id)), ...(isPinned ? [] : [without])]
  })
}

function collected(facts: DataSetFacts, place: string): readonly string[] {
  const { id, rows, counts, masked, agreement } = facts
  const values = Object.values(masked).reduce((sum, count) => sum + count, 0)
  const people =
    agreement.texts === 0
      ? 'No text was judged by two people.'
      : `Two people or more spoke on ${agreement.texts} text(s) and agreed on ${agreement.agreed}.`
  return [
    `${id}: ${rows.rows} row(s) to learn from, ${rows['held-out']} held out, in ${place}`,
    countsInWords(counts),
    `${values} value(s) masked. ${people}`,
    ...(facts.names === true
      ? []
      : ['Names within sentences were not looked for: npm install compromise, and collect again, for English ones.']),
  ]
}

export function runImproveForget(io: CliIo, users: readonly string[], options: Options): Promise<number> {
  return step(io, options, async () => {
    const folder = ImprovementFolder.open(path(io, options, 'folder'))
    const release = folder.hold()
    try {
      const added = forgetUsers(folder, users)
      const { rows, dataSets } = scrubDataSets(folder, now())
      const learnt = listVersions(folder).flatMap(({ id, manifest }) =>
        manifest?.origin.kind === 'trained' && dataSets.includes(manifest.origin.data.id) ? [id] : [],
      )
      return [
        `${added} user(s) noted; no later collection takes their rows. ${rows} row(s) taken out of ${dataSets.length === 0 ? 'no data set' : dataSets.join(', ')}.`,
        ...(learnt.length === 0
          ? []
          : [
              `${learnt.join(', ')} learnt from them and keep what they learnt: train again, and delete them in the end.`,
            ]),
        ...(dataSets.length === 0 ? [] : ['Sets pinned from these data sets have changed: pin them again.']),
        'Not reached: exports and copies made before, backups, and the gateway, where parapet forget USER --yes deletes.',
      ]
    } finally {
      release()
    }
  })
}

export function runImproveTrain(io: CliIo, options: Options): Promise<number> {
  const { data, encoder } = options
  if (encoder !== undefined && options['tier'] !== 'both') throw usageError('--encoder needs --tier both.')
  const number = (name: string): Readonly<Record<string, number>> =>
    typeof options[name] === 'number' ? { [name]: options[name] } : {}
  return step(io, options, async (context) => {
    const folder = ImprovementFolder.open(path(io, options, 'folder'))
    const { manifest, known } = await trainVersion(folder, {
      ...{ base: path(io, options, 'base'), tier: options['tier'] === 'both' ? 'both' : 'fast', at: now() },
      ...{ repeat: Number(options['repeat']), seed: Number(options['seed']), threads: Number(options['threads']) },
      ...(typeof data === 'string' ? { data } : {}),
      ...(typeof encoder === 'string' ? { encoder: resolve(io.cwd, encoder) } : {}),
      ...{ ...number('bits'), ...number('synthetic'), ...number('scale'), ...context },
    })
    return [
      `${manifest.id}: ${known ? 'trained before, on the same data' : 'a candidate'}, in ${folder.versions(manifest.id)}`,
      `parapet improve promote ${manifest.id} makes it current if the pinned sets say so`,
    ]
  })
}

export function runImprovePin(io: CliIo, files: readonly string[], options: Options): Promise<number> {
  const { format } = options
  return step(io, options, async () => {
    const paths = files.map((file) => resolve(io.cwd, file))
    const role = options['role'] as PinRole
    const pins = pinFiles(path(io, options, 'pins'), paths, role, typeof format === 'string' ? format : undefined)
    return pins.map((pin) => `${pin.role} ${pin.file}: ${pin.rows} text(s), ${pin.sha256.slice(0, 16)}`)
  })
}

/** Exit code 1 where a condition does not hold. */
export async function runImprovePromote(
  io: CliIo,
  version: string,
  options: Options,
  compareOnly: boolean,
): Promise<number> {
  let passed = false
  const code = await step(io, options, async (context) => {
    const folder = ImprovementFolder.open(path(io, options, 'folder'))
    const promotion = await promoteVersion(folder, {
      ...{ candidate: version, pins: path(io, options, 'pins'), gates: gatesOf(options), compareOnly, at: now() },
      ...context,
    })
    passed = promotion.passed
    return options['json'] === true
      ? [JSON.stringify(promotion)]
      : promotionLines(promotion, folder.promotions(promotion.id))
  })
  return code === EXIT_OK && !passed ? EXIT_NEGATIVE : code
}

function gatesOf(options: Options): GateOptions {
  const { measure } = options
  return {
    ...GATE_DEFAULTS,
    ...{ gainMargin: Number(options['gainMargin']), alarmMargin: Number(options['alarmMargin']) },
    ...{ lossMargin: Number(options['lossMargin']), leastRows: Number(options['leastRows']) },
    seed: Number(options['seed']),
    ...(measure === 'f1' || measure === 'accuracy' ? { measure } : {}),
  }
}

function promotionLines(promotion: Promotion, place: string): readonly string[] {
  const tries = triesInWords(promotion)
  return [
    conclusionOf(promotion),
    ...promotion.gates.map(({ id, about, passed, reason }) => `  ${passed ? 'yes' : 'NO '} ${id}, ${about}: ${reason}`),
    ...(tries === null ? [] : [tries]),
    `Report: ${join(place, 'report.html')}`,
  ]
}

export function runImproveRollback(io: CliIo, version: string, options: Options): Promise<number> {
  return step(io, options, async () => {
    const folder = ImprovementFolder.open(path(io, options, 'folder'))
    const before = readPointer(folder).version
    await rollBack(folder, version, { reason: String(options['reason']), at: now() })
    return [`${version} is current again, in place of ${before}`]
  })
}

export async function runImproveVersions(io: CliIo, options: Options): Promise<number> {
  try {
    const folder = ImprovementFolder.open(path(io, options, 'folder'))
    const { version, changes } = readPointer(folder)
    const versions = listVersions(folder)
    if (options['json'] === true) {
      await io.stdout.write(`${JSON.stringify({ current: version, versions, changes })}\n`)
      return EXIT_OK
    }
    for (const { id, manifest, problem } of versions) {
      const from =
        manifest === null
          ? (problem ?? '')
          : manifest.origin.kind === 'given'
            ? `${manifest.madeAt}  ${manifest.origin.name}`
            : `${manifest.madeAt}  ${manifest.origin.data.id} on ${manifest.parent ?? 'nothing'}, seed ${manifest.origin.seed}`
      await io.stdout.write(`${id === version ? '*' : ' '} ${id}  ${printable(from)}\n`)
    }
    for (const { at, kind, to, reason } of changes)
      await io.stdout.write(`  ${at}  ${to} ${kind}: ${printable(reason)}\n`)
    return EXIT_OK
  } catch (error) {
    throw ParapetError.isInstance(error) && error.code === 'input_invalid' ? usageError(error.message, error) : error
  }
}

function path(io: CliIo, options: Options, name: string): string {
  return resolve(io.cwd, String(options[name]))
}

function list(options: Options, name: string): readonly string[] {
  const value = options[name]
  return Array.isArray(value) ? value.map(String) : []
}

function now(): string {
  return new Date().toISOString()
}
