/**
 * A model's folder in the layout that Hugging Face Optimum and transformers.js share: `config.json`, `tokenizer.json`,
 * `tokenizer_config.json`, and the graph as `model.onnx`, in the folder or in its `onnx`. Nothing is downloaded.
 *
 * It reads and hashes files. What stands in them is for `model-config.ts`, the tokenizer and onnxruntime.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { folderError, optionError } from './folder-error.ts'

/** How transformers.js (4.x, `dtype`) names the file of a precision: `model` and this, `.onnx`. */
const SUFFIXES = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
} as const

export type Precision = keyof typeof SUFFIXES

export interface GraphChoice {
  /** Path of the graph from the folder, where it has a name of its own. */
  readonly file?: string
  /** Which of the usual names to look for. Default `fp32`, which is `model.onnx`. */
  readonly precision?: Precision
}

export interface ModelFolder {
  /** As it was given, for messages. */
  readonly folder: string
  readonly config: Readonly<Record<string, unknown>>
  readonly tokenizer: { readonly json: unknown; readonly config: Readonly<Record<string, unknown>> }
  /** Path of the graph. */
  readonly graph: string
  /** Hash of the graph, its weights beside it, and the other files. */
  readonly hash: string
}

/** Rejects with `engine_unavailable` where a file is missing or is not what its name says. */
export async function readModelFolder(folder: string, choice: GraphChoice): Promise<ModelFolder> {
  const { precision = 'fp32' } = choice
  if (!Object.hasOwn(SUFFIXES, precision))
    throw optionError(`precision is one of ${Object.keys(SUFFIXES).join(', ')}, not ${String(precision)}`)
  const there = await stat(folder).catch(() => null)
  if (there?.isDirectory() !== true) throw folderError(folder, 'there is no such folder. Give the path of a local one.')
  const config = await readJson(folder, 'config.json')
  const json = await readJson(folder, 'tokenizer.json')
  const tokenizerConfig = await readJson(folder, 'tokenizer_config.json')
  const graph = await findGraph(folder, { ...choice, precision })
  await checkGraph(folder, graph)
  const hash = createHash('sha256')
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) await feed(hash, join(folder, name))
  await feed(hash, graph)
  for (const weights of await weightsBeside(graph)) await feed(hash, weights)
  return { folder, config, tokenizer: { json, config: tokenizerConfig }, graph, hash: hash.digest('hex').slice(0, 16) }
}

async function readJson(folder: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string
  try {
    text = await readFile(join(folder, name), 'utf8')
  } catch (cause) {
    throw folderError(folder, `${name} is missing or cannot be read. Copy it from the model.`, cause)
  }
  if (isPointer(text)) throw pointer(folder, name)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (cause) {
    throw folderError(folder, `${name} is not JSON. Copy it from the model again.`, cause)
  }
  throw folderError(folder, `${name} is not a JSON object. Copy it from the model again.`)
}

async function findGraph(folder: string, { file, precision }: GraphChoice & { precision: Precision }): Promise<string> {
  if (file !== undefined) {
    const path = resolve(folder, file)
    if (await isFile(path)) return path
    throw folderError(folder, `there is no file ${file}.${await listed(folder)}`)
  }
  const name = `model${SUFFIXES[precision]}.onnx`
  for (const path of [join(folder, name), join(folder, 'onnx', name)]) if (await isFile(path)) return path
  throw folderError(folder, `there is neither ${name} nor onnx/${name}.${await listed(folder)}`)
}

/** Files of weights that begin with the graph's name, as exporters call them: `model.onnx_data`, `model.onnx_data_1`, `model.onnx.data`. */
async function weightsBeside(graph: string): Promise<readonly string[]> {
  const [folder, name] = [dirname(graph), basename(graph)]
  const named = (await readdir(folder, { withFileTypes: true })).filter(
    (entry) => entry.name !== name && entry.name.startsWith(name) && !entry.isDirectory(),
  )
  return named.map((entry) => join(folder, entry.name)).toSorted()
}

/** The graphs that are there, as advice. */
async function listed(folder: string): Promise<string> {
  const names = async (inner: string): Promise<readonly string[]> =>
    (await readdir(join(folder, inner)).catch(() => []))
      .filter((name) => name.endsWith('.onnx'))
      .map((name) => `${inner}${name}`)
  const all = [...(await names('')), ...(await names('onnx/'))]
  return all.length === 0
    ? ' Export the model to ONNX first (optimum-cli export onnx --task text-classification).'
    : ` It has ${all.join(', ')}: choose with file or precision.`
}

/** Bytes enough to tell a pointer from a graph. */
const HEAD = 64

async function checkGraph(folder: string, path: string): Promise<void> {
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(HEAD), 0, HEAD, 0)
    if (bytesRead === 0) throw folderError(folder, `${path} is empty. Copy it from the model again.`)
    if (isPointer(Buffer.from(buffer).toString('latin1'))) throw pointer(folder, path)
  } finally {
    await handle.close()
  }
}

function isPointer(text: string): boolean {
  return text.startsWith('version https://git-lfs.github.com/spec/')
}

function pointer(folder: string, name: string): Error {
  return folderError(folder, `${name} is a pointer of Git LFS, not the file itself. Run: git lfs pull`)
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true
}

/** Name and length separate the files, so that nothing moves from one to the next unseen. */
async function feed(hash: ReturnType<typeof createHash>, path: string): Promise<void> {
  const { size } = await stat(path)
  hash.update(`${size}:`)
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
}
