/**
 * Marks of a speaker's turn inside one text: chat templates' control tokens, JSON roles, headings, and labels such as `User:` in the
 * languages of the embedded guard. Any other pair of labels counts where it alternates.
 *
 * It finds where turns begin; whether a dialogue is an attack is not its matter. Every pattern is linear: no part of it repeats over
 * what another part could take.
 */

/** `control`: tokens that only a chat template writes. */
export type Notation = 'control' | 'json' | 'heading' | 'label' | 'pair'

export interface DialogueMarker {
  /** Range of the mark itself; its turn begins at `end`. */
  readonly start: number
  readonly end: number
  readonly speaker: 'asks' | 'answers'
  readonly notation: Notation
}

const ASKS = [
  'user|human|question|prompt|customer|q',
  'benutzer|nutzer|frage|mensch|utilisateur|utilisatrice|usuario|usuaria|pregunta|utente|domanda|usuário|pergunta',
  'пользователь|вопрос|человек|用户|用戶|人类|提问|问题|问|ユーザー|質問|人間|사용자|질문|المستخدم|مستخدم|سؤال|उपयोगकर्ता|प्रश्न',
].join('|')
const ANSWERS = [
  'assistant|ai|bot|chatbot|chatgpt|gpt|model|answer|response|agent|a',
  'assistent|assistentin|antwort|ki|réponse|asistente|respuesta|assistente|risposta|resposta',
  'ассистент|помощник|ответ|助手|助理|回答|答案|答|アシスタント|答え|어시스턴트|답변|대답|المساعد|مساعد|جواب|सहायक|उत्तर',
].join('|')

/** A known label with its colon, at the start of a line or after white space or a mark of emphasis. */
const LABEL = new RegExp(
  String.raw`(?<=^|[\s*_>#"'(\[{|。．.!?！？])(?:(${ASKS})|(?:${ANSWERS}))[ ]?#?\d{0,4}[*_\])]{0,3}[ ]?[:：]`,
  'giu',
)
const CONTROL =
  /<\|(?:im_start|start_header_id|start)\|>\s?(user|human|assistant|model)\b|<\|(user|assistant)\|>|(\[INST\])|(\[\/INST\])|<(?:start_of_turn>)(user|model)\b/gi
const JSON_ROLE =
  /["'](?:role|from)["']\s{0,4}:\s{0,4}["'](user|human|assistant|model|gpt)["'](?:\s{0,4},\s{0,4}["'](?:content|value|text)["']\s{0,4}:\s{0,4})?/gi
const HEADING = /^#{1,6} ?(?:(instruction|input|user|human|question)|(response|output|assistant|answer))\b:?/gim
const TAG = /<(?:(user|human|question)|(assistant|ai|answer|response))>/gi
/** Any label at the start of a line. */
const ANY_LABEL =
  /^[ \t>*_#-]{0,8}(\p{L}[\p{L}\p{N}_-]{0,19}(?: [\p{L}\p{N}_-]{1,16})?)[ ]?#?\d{0,4}[*_]{0,3}[ ]?[:：]/gmu

/** The marks of a text in order, of the notation that has most of them; empty where there is no dialogue. */
export function dialogueMarkers(text: string): readonly DialogueMarker[] {
  const kinds = [
    found(text, CONTROL, 'control', ([, first, second, opened, closed, gemma]) =>
      opened !== undefined || (closed === undefined && asks(first ?? second ?? gemma)) ? 'asks' : 'answers',
    ),
    found(text, JSON_ROLE, 'json', ([, role]) => (asks(role) ? 'asks' : 'answers')),
    found(text, HEADING, 'heading', ([, question]) => (question === undefined ? 'answers' : 'asks')),
    found(text, TAG, 'heading', ([, question]) => (question === undefined ? 'answers' : 'asks')),
    found(text, LABEL, 'label', ([, question]) => (question === undefined ? 'answers' : 'asks')),
    alternatingLabels(text),
  ]
  return kinds.reduce((best, one) => (turnsOf(one) > turnsOf(best) ? one : best))
}

function asks(role: string | undefined): boolean {
  return /^(?:user|human)$/i.test(role ?? '')
}

function found(
  text: string,
  pattern: RegExp,
  notation: Notation,
  speaker: (match: RegExpExecArray) => DialogueMarker['speaker'],
): readonly DialogueMarker[] {
  return Array.from(text.matchAll(pattern), (match) => ({
    ...{ start: match.index, end: match.index + match[0].length },
    ...{ speaker: speaker(match), notation },
  }))
}

/** Changes of speaker. */
function turnsOf(markers: readonly DialogueMarker[]): number {
  return markers.filter(({ speaker }, index) => speaker !== markers[index - 1]?.speaker).length
}

/** The two commonest labels of a text, where they take turns: the first to speak asks. */
function alternatingLabels(text: string): readonly DialogueMarker[] {
  const labels = Array.from(text.matchAll(ANY_LABEL), (match) => ({
    ...{ name: (match[1] ?? '').toLowerCase().replace(/[\d_ -]+$/u, '') },
    ...{ start: match.index, end: match.index + match[0].length },
  }))
  if (labels.length < 4) return []
  const counts = new Map<string, number>()
  for (const { name } of labels) counts.set(name, (counts.get(name) ?? 0) + 1)
  const [first, second] = [...counts].toSorted((left, right) => right[1] - left[1])
  if (second === undefined || first === undefined || second[1] < 2) return []
  const pair = labels.filter(({ name }) => name === first[0] || name === second[0])
  const opener = pair[0]?.name
  return pair.map(({ name, start, end }) => ({
    ...{ start, end, notation: 'pair' as const },
    speaker: name === opener ? 'asks' : 'answers',
  }))
}
