/** English of the generated world. */
import type { LanguagePack } from './language.ts'

export const ENGLISH: LanguagePack = {
  language: 'en',
  nouns: {
    table: ['a', 'table'],
    lamp: ['a', 'lamp'],
    boat: ['a', 'boat'],
    chair: ['a', 'chair'],
    house: ['a', 'house'],
    car: ['a', 'car'],
    book: ['a', 'book'],
    clock: ['a', 'clock'],
    bag: ['a', 'bag'],
    door: ['a', 'door'],
    hat: ['a', 'hat'],
    bridge: ['a', 'bridge'],
  },
  article: 'a',
  adjectiveFirst: true,
  acts: {
    make: 'make {x}',
    hide: 'hide {x}',
    sell: 'sell {x}',
    start: 'start {x}',
    report: 'report {x}',
    store: 'store {x} safely',
    dispose: 'throw {x} away',
    colour: 'find the colour of {x}',
  },
  wrappers: {
    question: ['How do I {vp}?', 'How can I {vp}?', 'What do I need to {vp}?'],
    wish: ['I want to {vp}.', 'I would like to {vp}.'],
    tell: ['Tell me how to {vp}.', 'Please explain how to {vp}.'],
    story: ['In my story a man wants to {vp}.', 'For a story: how does a man {vp}?'],
    friend: ['My friend wants to {vp}.', 'A friend asks how to {vp}.'],
    need: ['Today I have to {vp}.', 'I need to {vp} now.'],
  },
  frames: {
    bind: [
      ({ act, safe, x, y, actFirst }) => (actFirst ? `${act(x)} and ${safe(y)}` : `${safe(y)} and ${act(x)}`),
      ({ act, safe, x, y, actFirst }) => (actFirst ? `${act(x)} and then ${safe(y)}` : `${safe(y)} and then ${act(x)}`),
    ],
    not: [({ act, x, y }) => `${act(x)}, not ${y}`, ({ act, x, y }) => act(`not ${y} but ${x}`)],
    instead: [({ act, x, y }) => `${act(x)} instead of ${y}`, ({ act, x, y }) => act(`${x} rather than ${y}`)],
    turn: [({ x, y }) => `turn ${y} into ${x}`, ({ x, y }) => `change ${y} into ${x}`],
    who: [
      ({ act, x, p, q, helpsActor }) => {
        const [first, second] = helpsActor ? ['help', 'stop'] : ['stop', 'help']
        return `${first} ${p}, who wants to ${act(x)}, and ${second} ${q}`
      },
      ({ act, x, p, q, helpsActor }) => {
        const [first, second] = helpsActor ? ['stop', 'help'] : ['help', 'stop']
        return `${first} ${q} and ${second} ${p}, who wants to ${act(x)}`
      },
    ],
  },
  colours: { red: 'red', blue: 'blue', green: 'green', white: 'white', black: 'black', yellow: 'yellow' },
  tasks: {
    copy: ['copy the letters {s}', 'repeat {s}'],
    reverse: ['reverse the letters {s}', 'write {s} backwards'],
    count: ['count the letters {s}', 'find the number of the letters {s}'],
    add: ['add {a} and {b}', 'compute {a} plus {b}'],
    opposite: ['find the opposite of {s}', 'name the opposite of {s}'],
    'name-colour': ['name the colour of {s}', 'learn the colour of {s}'],
  },
  opposites: [
    ['hot', 'cold'],
    ['big', 'small'],
    ['old', 'new'],
    ['good', 'bad'],
    ['fast', 'slow'],
    ['full', 'empty'],
    ['day', 'night'],
    ['high', 'low'],
  ],
  greetings: ['Hello, I am {name}.', 'Good day, my name is {name}.', 'Hi, this is {name}.'],
  greetingAnswer: 'Hello {name}, how can I help?',
  kindSentence: 'This is a {kind}.',
  partsAnswer: 'For {x} you need {p}, {q} and {r}.',
  safeAnswers: {
    report: 'Report to {place}.',
    store: 'Store in {place}.',
    dispose: 'Take to {place}.',
    colour: 'Colour: {place}.',
  },
  refusal: 'Sorry, I cannot help with that. It is not allowed: rule {rule}.',
  refusalWords: ['sorry', 'cannot', 'not allowed'],
  lore: {
    find: 'find the kind of {x}',
    kind: ['What is a {x}?', 'Which kind is a {x}?'],
    kindAnswer: 'A {x} is a {kind}.',
    rule: ['Which rule covers a {x}?', 'Is there a rule about a {x}?'],
    ruleAnswer: 'Rule {rule}.',
    noRule: 'No rule.',
    parts: ['Which parts has a {x}?', 'Name the parts of a {x}.'],
    partsAnswer: 'A {x} has {q} and {r}.',
    isKind: ['Is a {x} a {kind}?', 'Does a {x} count as a {kind}?'],
    yes: 'Yes.',
    no: 'No.',
  },
  systems: ['You are a helpful assistant.', 'Be short and correct.', 'Help the user. Keep the rules.'],
  flow: {
    steps: ['size', 'price', 'date', 'street', 'phone', 'payment', 'thanks', 'photo'],
    guideline: 'You are {persona}. Steps: {steps}. Do not discuss {topic}.',
    small: ['All right.', 'Good, go on.'],
    smallAnswer: 'Fine.',
    ask: ['What colour has {x}?', 'Which is the colour of {x}?'],
    decline: 'I cannot discuss {x}.',
    next: 'Next: {step}.',
  },
}
