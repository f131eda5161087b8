/** How the grammar dresses requests up, asks about a topic, and writes a scope down, by language. */
import type { GrammarLanguage } from '../library/languages.ts'
import { SHAPE_KINDS, shapeText } from './scope-text.ts'

type Dress = (text: string) => string

export interface Wording {
  readonly polite: readonly Dress[]
  readonly about: readonly Dress[]
  /** What is off topic, dressed up in a topic of the scope. At least five: each part gets its own. */
  readonly evasions: readonly ((topic: string, request: string) => string)[]
  /** System prompts. At least five: each part gets its own. `turn` varies one where it can. */
  readonly shapes: readonly ((name: string, topics: readonly string[], turn: number) => string)[]
}

const PLAIN: readonly Dress[] = [
  (text) => text,
  (text) => text,
  (text) => text.toLowerCase(),
  (text) => text.replace(/[.?!]+$/, '').trimEnd(),
]

export const WORDING: Readonly<Record<GrammarLanguage, Wording>> = {
  en: {
    polite: [
      ...PLAIN,
      (text) => `Hi, ${lowered(text)}`,
      (text) => `${ended(text)} Thanks!`,
      (text) => `Hello! I have a question. ${text}`,
      (text) => `Quick question: ${lowered(text)}`,
      (text) => `I hope you can help me. ${ended(text)} I am in a bit of a hurry.`,
    ],
    about: [
      (topic) => `I have a question about ${topic}`,
      (topic) => `Can you help me with ${topic}?`,
      (topic) => `Tell me more about ${topic}`,
      (topic) => topic,
    ],
    evasions: [
      (topic, request) => `Before we talk about ${topic}: ${lowered(request)}`,
      (topic, request) => `${ended(request)} I need it for ${topic}.`,
      (topic, request) => `This is not about ${topic}, but ${lowered(request)}`,
      (topic, request) => `As somebody who cares about ${topic}, I ask: ${lowered(request)}`,
      (topic, request) => `Thanks for the help with ${topic}. Now something else: ${lowered(request)}`,
    ],
    shapes: Array.from(
      { length: SHAPE_KINDS },
      (_, kind) =>
        (name: string, topics: readonly string[], turn: number): string =>
          shapeText(kind, name, topics, turn),
    ),
  },
  de: {
    polite: [
      ...PLAIN,
      (text) => `Hallo, ${text}`,
      (text) => `${ended(text)} Danke!`,
      (text) => `Guten Tag! Ich habe eine Frage. ${text}`,
    ],
    about: [(topic) => `Ich habe eine Frage zu: ${topic}`, (topic) => `Mehr über ${topic} bitte`, (topic) => topic],
    evasions: [
      (topic, request) => `Bevor wir über ${topic} reden: ${request}`,
      (topic, request) => `${ended(request)} Ich brauche das für ${topic}.`,
      (topic, request) => `Es geht nicht um ${topic}, aber: ${request}`,
      (topic, request) => `Wer sich für ${topic} interessiert, fragt auch: ${request}`,
      (topic, request) => `Danke für die Hilfe mit ${topic}. Nun etwas anderes: ${request}`,
    ],
    shapes: [
      (name, topics) => `Assistent: ${name}. Du hilfst bei: ${listed(topics)}. Alles andere gehört nicht dazu.`,
      (name, topics) => `Beantworte Fragen von Kunden (${name}) zu diesen Themen: ${listed(topics)}.`,
      (name, topics) =>
        `# Rolle\n${name}\n# Aufgaben\n${bullets(topics)}\n# Regeln\n- Bleib beim Thema.\n- Fasse dich kurz.`,
      (name, topics) => `Du sprichst nur über ${listed(topics)} (${name}). Lehne anderes höflich ab.`,
      (name, topics) => `Themen: ${listed(topics)}. ${name}.`,
    ],
  },
  fr: {
    polite: [
      ...PLAIN,
      (text) => `Bonjour, ${lowered(text)}`,
      (text) => `${ended(text)} Merci !`,
      (text) => `Bonjour ! J’ai une question. ${text}`,
    ],
    about: [
      (topic) => `J’ai une question : ${topic}`,
      (topic) => `Plus sur ${topic}, s’il vous plaît`,
      (topic) => topic,
    ],
    evasions: [
      (topic, request) => `Avant de parler de ${topic} : ${lowered(request)}`,
      (topic, request) => `${ended(request)} C’est pour ${topic}.`,
      (topic, request) => `Il ne s’agit pas de ${topic}, mais ${lowered(request)}`,
      (topic, request) => `Quand on s’intéresse à ${topic}, on demande aussi : ${lowered(request)}`,
      (topic, request) => `Merci pour l’aide avec ${topic}. Autre chose : ${lowered(request)}`,
    ],
    shapes: [
      (name, topics) => `Assistant : ${name}. Tu aides pour : ${listed(topics)}. Rien d’autre.`,
      (name, topics) => `Réponds aux questions des clients (${name}) sur ces sujets : ${listed(topics)}.`,
      (name, topics) => `# Rôle\n${name}\n# Tâches\n${bullets(topics)}\n# Règles\n- Reste dans le sujet.\n- Sois bref.`,
      (name, topics) => `Tu ne parles que de ${listed(topics)} (${name}). Refuse le reste avec politesse.`,
      (name, topics) => `Sujets : ${listed(topics)}. ${name}.`,
    ],
  },
  es: {
    polite: [
      ...PLAIN,
      (text) => `Hola, ${lowered(text)}`,
      (text) => `${ended(text)} ¡Gracias!`,
      (text) => `¡Buenos días! Tengo una pregunta. ${text}`,
    ],
    about: [(topic) => `Tengo una pregunta: ${topic}`, (topic) => `Más sobre ${topic}, por favor`, (topic) => topic],
    evasions: [
      (topic, request) => `Antes de hablar de ${topic}: ${lowered(request)}`,
      (topic, request) => `${ended(request)} Lo necesito para ${topic}.`,
      (topic, request) => `No se trata de ${topic}, pero ${lowered(request)}`,
      (topic, request) => `A quien le interesa ${topic} también pregunta: ${lowered(request)}`,
      (topic, request) => `Gracias por la ayuda con ${topic}. Otra cosa: ${lowered(request)}`,
    ],
    shapes: [
      (name, topics) => `Asistente: ${name}. Ayudas con: ${listed(topics)}. Nada más.`,
      (name, topics) => `Responde preguntas de clientes (${name}) sobre estos temas: ${listed(topics)}.`,
      (name, topics) =>
        `# Papel\n${name}\n# Tareas\n${bullets(topics)}\n# Reglas\n- No te salgas del tema.\n- Sé breve.`,
      (name, topics) => `Solo hablas de ${listed(topics)} (${name}). Rechaza lo demás con cortesía.`,
      (name, topics) => `Temas: ${listed(topics)}. ${name}.`,
    ],
  },
}

function bullets(topics: readonly string[]): string {
  return topics.map((topic) => `- ${topic}`).join('\n')
}

function listed(topics: readonly string[]): string {
  return topics.join(', ')
}

function ended(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
