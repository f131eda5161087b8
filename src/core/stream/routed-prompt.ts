/**
 * A routed conversation in a vendor's form. On the plain route every message but the last goes on as the very value that came in; on
 * the others only system messages do, and none to a refusal.
 */
import type { Message, RoutePlan } from '../../spec/index.ts'

/** What is to be known of a vendor's messages. */
export interface WireMessages<Wire> {
  readonly messages: readonly Wire[]
  isSystem(message: Wire): boolean
  /** A message with this text; beside it stands what `like` holds beside text. */
  write(role: 'system' | 'user' | 'assistant', text: string, like?: Wire): Wire
}

/** @param given the conversation that was routed: the same messages as objects, since what the plan left alone is found by identity */
export function routedPrompt<Wire>(
  plan: Pick<RoutePlan, 'messages' | 'path'>,
  given: readonly Message[],
  wire: WireMessages<Wire>,
): readonly Wire[] {
  const added = plan.messages.filter((message) => !given.includes(message))
  const directives = added
    .filter(({ role }) => role === 'system')
    .map((message) => wire.write('system', textOf(message)))
  const spoken = added.filter(({ role }) => role !== 'system')
  const at = wire.messages.findLastIndex((message) => !wire.isSystem(message))
  if (plan.path === 'plain') {
    const [request] = spoken
    const written = (message: Wire): Wire =>
      request === undefined ? message : wire.write('user', textOf(request), message)
    return [...directives, ...wire.messages.map((message, index) => (index === at ? written(message) : message))]
  }
  const kept = plan.path === 'guided' ? wire.messages.filter((message) => wire.isSystem(message)) : []
  const turns = spoken.map((message) => {
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const media = typeof message.content !== 'string' && message.content.some(({ type }) => type === 'media')
    return wire.write(role, textOf(message), media ? wire.messages[at] : undefined)
  })
  return [...directives, ...kept, ...turns]
}

function textOf({ content }: Message): string {
  if (typeof content === 'string') return content
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
