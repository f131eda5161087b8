/** A decoder in plain float64 loops, written from the papers and not from the graph: what the forward pass must agree with. */
import { type DecoderConfig, hasBias, linearName, type BlockLinear } from '../../../src/nn/decoder/config.ts'

export type Parameters64 = Readonly<Record<string, readonly number[] | Float64Array>>
type Row = readonly number[]

/** Logits of each position. `tokens` are ids, or rows that weigh every token. */
export function decoderReference(
  config: DecoderConfig,
  parameters: Parameters64,
  tokens: readonly (number | Row)[],
): Row[] {
  const get = (name: string): ArrayLike<number> => {
    const value = parameters[name]
    if (value === undefined) throw new Error(`no ${name}`)
    return value
  }
  const product = (weight: string, x: Row, to: number): number[] =>
    Array.from({ length: to }, (_, row) =>
      x.reduce((sum, value, at) => sum + value * (get(weight)[row * x.length + at] ?? 0), 0),
    )
  const { width, heads, keyValueHeads, headWidth, feedForward, vocabularySize } = config
  const embedding = get('model.embed_tokens.weight')
  const word = (id: number): Row => Array.from({ length: width }, (_, at) => embedding[id * width + at] ?? 0)
  const embed = (token: number | Row): Row =>
    typeof token === 'number'
      ? word(token)
      : token.reduce<Row>(
          (sum, share, id) => sum.map((value, at) => value + share * (word(id)[at] ?? 0)),
          Array.from({ length: width }, () => 0),
        )
  const norm = (x: Row, name: string): Row => {
    const root = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + config.epsilon)
    return x.map((value, at) => (value / root) * (get(name)[at] ?? 0))
  }
  const turned = (x: Row, position: number): Row =>
    x.map((value, at) => {
      const [place, half] = [at % headWidth, headWidth / 2]
      const angle = position * config.ropeTheta ** ((-2 * (place % half)) / headWidth)
      const partner = place < half ? -(x[at + half] ?? 0) : (x[at - half] ?? 0)
      return value * Math.cos(angle) + partner * Math.sin(angle)
    })
  let stream = tokens.map(embed)
  for (let layer = 0; layer < config.layers; layer += 1) {
    const linear = (name: BlockLinear, x: Row, to: number): Row => {
      const full = linearName(layer, name)
      const bias = hasBias(config, name) ? get(`${full}.bias`) : undefined
      return product(`${full}.weight`, x, to).map((value, at) => value + (bias?.[at] ?? 0))
    }
    const inner = stream.map((x) => norm(x, `model.layers.${layer}.input_layernorm.weight`))
    const queries = inner.map((x, at) => turned(linear('self_attn.q_proj', x, heads * headWidth), at))
    const keys = inner.map((x, at) => turned(linear('self_attn.k_proj', x, keyValueHeads * headWidth), at))
    const values = inner.map((x) => linear('self_attn.v_proj', x, keyValueHeads * headWidth))
    stream = stream.map((x, at) => {
      const mixed: number[] = []
      for (let head = 0; head < heads; head += 1) {
        const shared = Math.floor(head / (heads / keyValueHeads)) * headWidth
        const part = (row: Row | undefined, from: number): Row => (row ?? []).slice(from, from + headWidth)
        const query = part(queries[at], head * headWidth)
        const scores = keys.slice(0, at + 1).map((key) => dot(query, part(key, shared)) / Math.sqrt(headWidth))
        const top = Math.max(...scores)
        const shares = scores.map((score) => Math.exp(score - top))
        const total = shares.reduce((sum, share) => sum + share, 0)
        for (let place = 0; place < headWidth; place += 1)
          mixed.push(
            shares.reduce((sum, share, from) => sum + (share / total) * (values[from]?.[shared + place] ?? 0), 0),
          )
      }
      return plus(x, linear('self_attn.o_proj', mixed, width))
    })
    stream = stream.map((x) => {
      const y = norm(x, `model.layers.${layer}.post_attention_layernorm.weight`)
      const gate = linear('mlp.gate_proj', y, feedForward)
      const up = linear('mlp.up_proj', y, feedForward)
      return plus(
        x,
        linear(
          'mlp.down_proj',
          gate.map((value, at) => (value / (1 + Math.exp(-value))) * (up[at] ?? 0)),
          width,
        ),
      )
    })
  }
  const output = config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight'
  return stream.map((x) => product(output, norm(x, 'model.norm.weight'), vocabularySize))
}

function dot(one: Row, other: Row): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0)
}

function plus(one: Row, other: Row): Row {
  return one.map((value, at) => value + (other[at] ?? 0))
}
