/**
 * Reads the agent policies of tau-bench (Yao et al. 2024) and tau2-bench (Barres et al. 2025): Markdown with a persona, general rules
 * and one section a task.
 *
 * Each section becomes a guideline of its own, the part before the first section one for the whole. Every line of the file but its
 * headings ends up in a persona, a step or a rule. Steps are headings that start with "Step", and the items of a list whose
 * introduction says that steps follow; everything else is a rule. The texts say too little for a flow to be checked.
 */
import { ParapetError } from '../../../spec/errors.ts'
import type { Guideline, GuidelineStep } from './guideline.ts'
import { type MarkdownBlock, markdownBlocks } from './markdown-blocks.ts'

/** Where the policy is from. */
export interface PolicySource {
  /** Start of the ids: `ID` for the general part, `ID#section-title` for a section. */
  readonly id: string
  /** Name of the data set or file. */
  readonly source: string
}

const PERSONA = /^(?:As an? .{0,40}agent\b|You are an? .{0,60}agent\b)/
const STEPS_FOLLOW = /\bfollow(?:ing)? (?:these |the )?(?:following )?steps\b|\byou should:$/i
const STEP_HEADING = /^Step ([\d.]*\d):? *(.*)$/

/** The general part first, then the sections in their order; parts that hold nothing but headings are left out. */
export function readPolicyMarkdown(text: string, { id, source }: PolicySource): readonly Guideline[] {
  const blocks = markdownBlocks(text)
  if (!blocks.some(({ kind }) => kind !== 'heading'))
    throw new ParapetError('input_invalid', `${source} holds no policy: there is no text in it.`)
  const title = blocks.find((block) => block.kind === 'heading')?.text ?? id
  const sections = sectionsOf(blocks)
  const general = sections.flatMap(({ title: own, body }) => (own === undefined ? body : []))
  const at = general.findIndex(
    ({ kind, ...block }) => kind === 'paragraph' && 'text' in block && PERSONA.test(block.text),
  )
  const persona = at < 0 ? [] : personaBlocks(general, at)
  const spoken = persona.length === 0 ? {} : { persona: persona.map(blockText).join('\n') }
  const used = new Map<string, number>()
  return sections.flatMap(({ title: own, body }): readonly Guideline[] => {
    const content = contentOf(body.filter((block) => !persona.includes(block)))
    const empty = content.steps.length + content.rules.length === 0
    if (own === undefined) return empty && persona.length === 0 ? [] : [{ id, title, ...spoken, ...content, source }]
    if (empty) return []
    const slug = slugOf(own)
    const times = (used.get(slug) ?? 0) + 1
    used.set(slug, times)
    return [
      {
        id: `${id}#${slug}${times === 1 ? '' : `-${times}`}`,
        title: `${title}: ${own}`,
        ...spoken,
        ...content,
        source,
      },
    ]
  })
}

/** The paragraph, with the list it announces. */
function personaBlocks(blocks: readonly MarkdownBlock[], at: number): readonly MarkdownBlock[] {
  const [first, second] = blocks.slice(at)
  const announced = first?.kind === 'paragraph' && first.text.endsWith(':') && second?.kind === 'list'
  return blocks.slice(at, at + (announced ? 2 : 1))
}

function blockText(block: MarkdownBlock): string {
  return block.kind === 'list' ? block.items.map((item) => `- ${item}`).join('\n') : block.text
}

interface Section {
  /** Undefined for the part before the first section. */
  readonly title: string | undefined
  readonly body: MarkdownBlock[]
}

/** Cuts at headings of level 1 and 2; the very first heading is the title of the document. */
function sectionsOf(blocks: readonly MarkdownBlock[]): readonly Section[] {
  const sections: Section[] = [{ title: undefined, body: [] }]
  blocks.forEach((block, index) => {
    const opens = block.kind === 'heading' && block.level <= 2
    if (opens && index > 0) sections.push({ title: block.text, body: [] })
    else if (!opens) sections.at(-1)?.body.push(block)
  })
  return sections
}

/** Steps and rules of one section. A lower heading goes before each rule under it, so that a rule can be read alone. */
function contentOf(blocks: readonly MarkdownBlock[]): Pick<Guideline, 'steps' | 'rules'> {
  const steps: GuidelineStep[] = []
  const rules: string[] = []
  let heading = ''
  let open: { readonly id: string; readonly lines: string[] } | undefined
  const close = (): void => {
    if (open !== undefined) steps.push({ id: open.id, text: open.lines.join('\n') })
    open = undefined
  }
  let introduction: string | undefined
  const flush = (): void => {
    if (introduction !== undefined) rules.push(`${heading}${introduction}`)
    introduction = undefined
  }
  for (const block of blocks) {
    if (block.kind === 'heading') {
      flush()
      close()
      const [, number, name] = STEP_HEADING.exec(block.text) ?? []
      heading = `${block.text}: `
      if (number !== undefined) open = { id: number, lines: [name ?? ''] }
    } else if (open !== undefined) {
      open.lines.push(blockText(block))
    } else if (block.kind === 'paragraph') {
      flush()
      introduction = block.text
    } else if (introduction !== undefined && STEPS_FOLLOW.test(introduction)) {
      const first = steps.length + 1
      steps.push(...block.items.map((item, index) => ({ id: String(first + index), text: item })))
      flush()
    } else if (introduction?.endsWith(':') === true) {
      introduction = [introduction, ...block.items.map((item) => `- ${item}`)].join('\n')
      flush()
    } else {
      flush()
      rules.push(...block.items.map((item) => `${heading}${item}`))
    }
  }
  flush()
  close()
  return { steps, rules }
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
