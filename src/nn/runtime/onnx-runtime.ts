/**
 * The door to onnxruntime, native (`onnxruntime-node`) or WebAssembly (`onnxruntime-web`). Both are optional peers, imported when
 * first asked for; the types here are the part of their common interface that is used, so nobody needs them installed to compile.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { DataType, TensorData } from '../onnx/graph.ts'

/** A value of onnxruntime. `bool` is carried by a Uint8Array. */
export interface OnnxTensor {
  readonly type: string
  readonly data: unknown
  readonly dims: readonly number[]
}

export interface OnnxSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** `fetches` names the wanted outputs; those given as tensors are filled in place. */
  run(
    feeds: Readonly<Record<string, OnnxTensor>>,
    fetches?: Readonly<Record<string, OnnxTensor | null>>,
  ): Promise<Readonly<Record<string, OnnxTensor>>>
  release(): Promise<void>
}

export interface SessionOptions {
  /** Threads inside one operation; 1 if absent. Only 1 gives bit-equal results from run to run. */
  readonly threads?: number
  /** More entries of onnxruntime's session configuration. */
  readonly configuration?: Readonly<Record<string, string>>
}

export interface OnnxRuntime {
  readonly kind: 'node' | 'web'
  tensor(dataType: DataType, data: TensorData, shape: readonly number[]): OnnxTensor
  session(model: Uint8Array, options?: SessionOptions): Promise<OnnxSession>
}

/** The part of `onnxruntime-common` that both packages export. */
interface OnnxModule {
  readonly Tensor: new (type: string, data: TensorData, dims: readonly number[]) => OnnxTensor
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>
  }
  readonly env: { readonly wasm: { numThreads?: number } }
}

const PACKAGE = { node: 'onnxruntime-node', web: 'onnxruntime-web' } as const

/**
 * Loads onnxruntime: the preferred kind, or the other when that is not installed.
 * Throws `engine_unavailable` when neither is.
 */
export async function loadOnnxRuntime(options: { prefer?: 'node' | 'web' } = {}): Promise<OnnxRuntime> {
  const { prefer = 'node' } = options
  const order = prefer === 'node' ? (['node', 'web'] as const) : (['web', 'node'] as const)
  const causes: unknown[] = []
  for (const kind of order) {
    try {
      return runtimeOf(kind, await importModule(kind))
    } catch (cause) {
      causes.push(cause)
    }
  }
  throw new ParapetError(
    'engine_unavailable',
    `This needs ${PACKAGE[prefer]}, which is not installed or does not load here. Run: npm install ${PACKAGE[prefer]}`,
    { cause: causes[0] },
  )
}

async function importModule(kind: 'node' | 'web'): Promise<OnnxModule> {
  const module: unknown = kind === 'node' ? await import('onnxruntime-node') : await import('onnxruntime-web')
  const named = module as Partial<OnnxModule> & { readonly default?: OnnxModule }
  // A CommonJS build may hide its names behind `default`.
  return named.InferenceSession === undefined && named.default !== undefined ? named.default : (named as OnnxModule)
}

function runtimeOf(kind: 'node' | 'web', module: OnnxModule): OnnxRuntime {
  return {
    kind,
    tensor: (dataType, data, shape) => new module.Tensor(dataType, data, shape),
    async session(model, { threads = 1, configuration = {} } = {}) {
      if (kind === 'web') module.env.wasm.numThreads = threads
      try {
        return await module.InferenceSession.create(model, sessionOptions(threads, configuration))
      } catch (cause) {
        throw new ParapetError('engine_unavailable', 'onnxruntime refused the model; the cause says why.', { cause })
      }
    },
  }
}

function sessionOptions(
  threads: number,
  configuration: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const entries = {
    // Without it, products of int8 matrices overflow on x86 processors without VNNI.
    'session.x64quantprecision': '1',
    // Threads that spin while they wait slow everything else down, themselves included, on a busy machine.
    ...(threads > 1 ? { 'session.intra_op.allow_spinning': '0' } : {}),
    ...configuration,
  }
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: nested(entries),
  }
}

/** `{ 'a.b': '1' }` as `{ a: { b: '1' } }`, the form in which both packages take configuration entries. */
function nested(entries: Readonly<Record<string, string>>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(entries)) {
    const path = key.split('.')
    let at = root
    for (const part of path.slice(0, -1)) at = (at[part] ??= {}) as Record<string, unknown>
    at[path.at(-1) ?? key] = value
  }
  return root
}
