/**
 * The package as installed: its version, its model files against their hashes, and its optional peers.
 *
 * Source and build lie equally deep below the package's root.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileProblem } from './exit.ts'
import type { FileReport, PeerReport } from './runtime.ts'

const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))

/** What each optional package adds. */
const PEERS: Readonly<Record<string, string>> = {
  '@opentelemetry/api': 'traces: one span for each guard',
  '@opentelemetry/exporter-trace-otlp-http': 'sends traces of parapet serve to OTEL_EXPORTER_OTLP_ENDPOINT',
  '@opentelemetry/resources': 'names the service in those traces',
  '@opentelemetry/sdk-trace-node': 'makes the traces of parapet serve',
  compromise: 'finds names of persons in English text',
  'gpt-tokenizer': 'counts tokens exactly for token limits',
  'node-llama-cpp': 'runs models from GGUF files as judges',
  re2: 'matches patterns of the policy faster than the built-in linear-time engine',
}

/** Version of this package. */
export function packageVersion(): string {
  return String(property(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')), 'version'))
}

/** The model files that the manifest lists. */
export async function examineModelFiles(folder: string = join(ROOT, 'models')): Promise<readonly FileReport[]> {
  let files: readonly { readonly name: string; readonly sha256: string }[]
  try {
    files = listedFiles(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')))
  } catch (error) {
    return [{ name: 'models', detail: '', problem: `models/manifest.json: ${fileProblem(error)}` }]
  }
  if (files.length === 0) return [{ name: 'models', detail: '', problem: 'models/manifest.json lists no model' }]
  return Promise.all(files.map((file) => examineFile(folder, file)))
}

async function examineFile(
  folder: string,
  file: { readonly name: string; readonly sha256: string },
): Promise<FileReport> {
  const name = `models/${file.name}`
  try {
    const bytes = await readFile(join(folder, file.name))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const detail = `${(bytes.length / 1024 / 1024).toFixed(1)} MB, SHA-256 ${sha256.slice(0, 12)}…`
    return {
      name,
      detail,
      problem: sha256 === file.sha256 ? null : 'is damaged: it does not have the hash it was shipped with',
    }
  } catch (error) {
    return { name, detail: '', problem: fileProblem(error) }
  }
}

function listedFiles(manifest: unknown): readonly { readonly name: string; readonly sha256: string }[] {
  const models = property(manifest, 'models')
  if (typeof models !== 'object' || models === null) return []
  return Object.entries(models).map(([name, entry]) => ({ name, sha256: String(property(entry, 'sha256')) }))
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined
}

/** The optional packages, as the package itself would find them. */
export async function examinePeers(): Promise<readonly PeerReport[]> {
  return Promise.all(
    Object.entries(PEERS).map(async ([name, purpose]) => ({ name, purpose, version: await installedVersion(name) })),
  )
}

/** Looks for the folder instead of importing: a package may hide its package.json, and loading it could be slow. */
async function installedVersion(name: string): Promise<string | null> {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  for (const folder of folders) {
    const text = await readFile(join(folder, name, 'package.json'), 'utf8').catch(() => null)
    if (text !== null) return String(property(JSON.parse(text), 'version'))
  }
  return null
}
