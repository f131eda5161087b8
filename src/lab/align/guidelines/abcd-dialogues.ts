/**
 * Reads dialogues of ABCD (Chen et al. 2021) as published, and labels their actions by the flow of their guideline.
 *
 * Only actions can be checked without a judge, so only they become labelled turns; what agents said stays in the history. The agents
 * of the data do leave their flows, and such actions are bad turns here too.
 */
import { ParapetError } from '../../../spec/errors.ts'
import type { Message } from '../../../spec/index.ts'
import type { LabelledTurn } from '../pairs.ts'
import { type Guideline, systemMessage } from './guideline.ts'
import { listOf, objectOf, textOf } from './json-fields.ts'
import { type ActionVerdict, actionResponse, checkAction, nextActions } from './next-action.ts'

export interface AbcdTurn {
  readonly speaker: 'agent' | 'customer' | 'action'
  /** As written, names and numbers included. */
  readonly text: string
  /** Only of the speaker `action`. */
  readonly action?: string
}

export interface AbcdDialogue {
  readonly id: string
  /** Name in the ontology, such as `return_size`: the id of a guideline. */
  readonly subflow: string
  readonly turns: readonly AbcdTurn[]
}

/** An action of a dialogue, with all that came before. */
export interface LabelledAction extends LabelledTurn {
  readonly action: string
  readonly verdict: ActionVerdict
  /** What the flow allows here; empty when it is finished. */
  readonly expected: readonly string[]
  /** The dialogue took this action, or it was made from one that did. */
  readonly origin: 'dialogue' | 'skipped' | 'repeated'
}

/** Throws `input_invalid` with the dialogue and turn that are not of the published form. */
export function readAbcdDialogues(file: unknown): readonly AbcdDialogue[] {
  return listOf(file, 'dialogues').map((value, index) => {
    const place = `dialogues[${index}]`
    const dialogue = objectOf(value, place)
    const original = listOf(dialogue['original'], `${place}.original`)
    const annotated = listOf(dialogue['delexed'], `${place}.delexed`)
    if (original.length !== annotated.length || original.length === 0)
      throw new ParapetError(
        'input_invalid',
        `${place} has ${original.length} turns in original and ${annotated.length} in delexed; both need the same, at least one.`,
      )
    const turns = original.map((turn, at) =>
      turnOf(turn, annotated[at], `${place}.original[${at}]`, `${place}.delexed[${at}]`),
    )
    return { id: String(dialogue['convo_id']), subflow: targetsOf(annotated[0], `${place}.delexed[0]`).subflow, turns }
  })
}

/**
 * The actions of a dialogue: `desirable` is whether the action is the next unfinished one. With `perturbed` each right action is
 * followed by bad ones at the same place: the step after it (`skipped`) and the one before it (`repeated`), where they exist and
 * the flow forbids them.
 */
export function labelActions(
  dialogue: AbcdDialogue,
  guideline: Guideline,
  { perturbed = false }: { readonly perturbed?: boolean } = {},
): readonly LabelledAction[] {
  const { flow } = guideline
  if (flow === undefined || guideline.id !== dialogue.subflow)
    throw new ParapetError(
      'input_invalid',
      `Dialogue ${dialogue.id} follows ${dialogue.subflow}, but the guideline is ${guideline.id}${flow === undefined ? ' without a flow' : ''}.`,
    )
  const history: Message[] = [systemMessage(guideline)]
  const done: string[] = []
  const labelled: LabelledAction[] = []
  for (const { speaker, text, action } of dialogue.turns) {
    if (action !== undefined) {
      const label = (taken: string, origin: LabelledAction['origin']): LabelledAction => {
        const verdict = checkAction(flow, done, taken)
        const expected = nextActions(flow, done)
        const response = actionResponse(taken)
        return {
          prompt: [...history],
          response,
          desirable: verdict === 'next',
          action: taken,
          verdict,
          expected,
          origin,
        }
      }
      const real = label(action, 'dialogue')
      labelled.push(real)
      if (perturbed && real.desirable) {
        const after = nextActions({ ...flow, ordered: true }, [...done, action])[0]
        const before = done.findLast((name) => flow.actions.includes(name))
        if (after !== undefined && flow.ordered) labelled.push(label(after, 'skipped'))
        if (before !== undefined) labelled.push(label(before, 'repeated'))
      }
      done.push(action)
    }
    history.push(messageOf(speaker, text, action))
  }
  return labelled
}

function turnOf(original: unknown, annotated: unknown, place: string, annotation: string): AbcdTurn {
  const [speaker, text] = listOf(original, place)
  if (speaker !== 'agent' && speaker !== 'customer' && speaker !== 'action')
    throw new ParapetError('input_invalid', `${place} must begin with agent, customer or action.`)
  const turn: AbcdTurn = { speaker, text: textOf(text, `${place}[1]`) }
  if (speaker !== 'action') return turn
  const { action } = targetsOf(annotated, annotation)
  if (action === undefined)
    throw new ParapetError('input_invalid', `${annotation}.targets must name the action taken in ${place}.`)
  return { ...turn, action }
}

/** `targets` is [subflow, next step, action, values, rank of the utterance]. */
function targetsOf(
  annotated: unknown,
  place: string,
): { readonly subflow: string; readonly action: string | undefined } {
  const [subflow, step, action] = listOf(objectOf(annotated, place)['targets'], `${place}.targets`)
  return {
    subflow: textOf(subflow, `${place}.targets[0]`),
    action: step === 'take_action' && typeof action === 'string' ? action : undefined,
  }
}

function messageOf(speaker: AbcdTurn['speaker'], text: string, action: string | undefined): Message {
  if (speaker === 'customer') return { role: 'user', content: text }
  return { role: 'assistant', content: action === undefined ? text : actionResponse(action) }
}
