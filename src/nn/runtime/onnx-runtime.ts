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

/** An input as the file declares it; type and shape are those of tensors, a free size is a name. */
export interface OnnxInput {
  readonly name: string
  readonly type?: string
  readonly shape?: readonly (number | string)[]
}

export interface OnnxSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** What the file declares of its inputs; absent in older versions of the packages. */
  readonly inputMetadata?: readonly OnnxInput[]
  /** `fetches` names the wanted outputs, all if absent; those given as tensors are filled in place, and returned as copies as well. */
  run(
    feeds: Readonly<Record<string, OnnxTensor>>,
    fetches?: Readonly<Record<string, OnnxTensor | null>>,
  ): Promise<Readonly<Record<string, OnnxTensor>>>
  release(): Promise<void>
}

/** Name of an execution provider of onnxruntime. */
export type ExecutionProvider = 'cpu' | 'cuda' | (string & {})

export interface SessionOptions {
  /** Threads inside one operation; 1 if absent. Only 1 gives bit-equal results from run to run. */
  readonly threads?: number
  /**
   * Where the model runs, or a list in order of preference; `cpu` if absent. Providers that are not there are an error, never passed
   * over. Single operations that a provider has no kernel for do run on the processor.
   */
  readonly provider?: ExecutionProvider | readonly ExecutionProvider[]
  /**
   * Whether onnxruntime keeps the memory of one run for the next; true if absent. False gives memory back after each run: slower,
   * for many large sessions that rarely run.
   */
  readonly memoryArena?: boolean
  /** More entries of onnxruntime's session configuration. */
  readonly configuration?: Readonly<Record<string, string>>
}

export interface OnnxRuntime {
  readonly kind: 'node' | 'web'
  tensor(dataType: DataType, data: TensorData, shape: readonly number[]): OnnxTensor
  /** From the bytes of a file, or its path, which files whose weights lie beside them need; only the native kind takes paths. */
  session(model: Uint8Array | string, options?: SessionOptions): Promise<OnnxSession>
}

/** The part of `onnxruntime-common` that both packages export. */
interface OnnxModule {
  readonly Tensor: new (type: string, data: TensorData, dims: readonly number[]) => OnnxTensor
  readonly InferenceSession: {
    create(model: Uint8Array | string, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>
  }
  readonly env: { readonly wasm: { numThreads?: number } }
  /** Only onnxruntime-node has it. `bundled` is false for those installed apart. */
  readonly listSupportedBackends?: () => readonly { readonly name: string; readonly bundled: boolean }[]
}

/** Those of onnxruntime-web besides `cpu`, which is its `wasm`. */
const WEB_PROVIDERS: readonly string[] = ['wasm', 'webgpu', 'webnn', 'webgl']

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
    async session(model, options = {}) {
      const { threads = 1 } = options
      const providers = executionProviders(kind, module, options.provider)
      if (kind === 'web') module.env.wasm.numThreads = threads
      try {
        return await module.InferenceSession.create(model, sessionOptions(options, providers))
      } catch (cause) {
        if (providers.length > 0 && /ExecutionProvider_\w+: |no available backend/.test(messageOf(cause)))
          throw notThere(kind, providers, cause)
        const where = providers.length === 0 ? '' : ` on ${providers.join(', ')}`
        throw new ParapetError('engine_unavailable', `onnxruntime refused the model${where}; the cause says why.`, {
          cause,
        })
      }
    },
  }
}

/** The wanted providers other than the default. Throws when this onnxruntime does not know one: it would pass over it in silence. */
function executionProviders(
  kind: 'node' | 'web',
  module: OnnxModule,
  wanted: SessionOptions['provider'] = 'cpu',
): readonly string[] {
  const providers = typeof wanted === 'string' ? [wanted] : wanted
  if (providers.length === 0)
    throw new ParapetError('configuration', 'The list of execution providers is empty: leave it out, or name cpu.')
  const known = kind === 'node' ? module.listSupportedBackends?.().map(({ name }) => name) : WEB_PROVIDERS
  const missing = providers.find((name) => name !== 'cpu' && known?.includes(name) === false)
  if (missing !== undefined) throw notThere(kind, [missing])
  return providers.every((name) => name === 'cpu') ? [] : providers
}

function notThere(kind: 'node' | 'web', providers: readonly string[], cause?: unknown): ParapetError {
  const what = providers.filter((name) => name !== 'cpu').join(', ')
  const remedy =
    !providers.includes('cuda') || kind === 'web'
      ? `Use cpu, or an onnxruntime built for ${what}.`
      : 'CUDA needs an NVIDIA GPU, Linux on x64, CUDA 12 with cuDNN 9, and the CUDA libraries of onnxruntime-node. ' +
        'Run: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node'
  return new ParapetError(
    'engine_unavailable',
    `${PACKAGE[kind]} cannot run on ${what} here. ${remedy}`,
    cause === undefined ? {} : { cause },
  )
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function sessionOptions(
  { threads = 1, configuration = {}, memoryArena = true }: SessionOptions,
  providers: readonly string[],
): Readonly<Record<string, unknown>> {
  const entries = {
    // Without it, products of int8 matrices overflow on x86 processors without VNNI.
    'session.x64quantprecision': '1',
    // Threads that spin while they wait slow everything else down, themselves included, on a busy machine.
    ...(threads > 1 ? { 'session.intra_op.allow_spinning': '0' } : {}),
    ...configuration,
  }
  return {
    ...(providers.length === 0 ? {} : { executionProviders: providers }),
    ...(memoryArena ? {} : { enableCpuMemArena: false, enableMemPattern: false }),
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
