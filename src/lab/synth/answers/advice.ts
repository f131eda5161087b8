/**
 * Advice, as assistants give it in numbered lists: invented tips by subject, each `heading: what to do`. The same few words end other
 * kinds of answers too (dialogues, jokes, code, what a model cannot do). English only.
 */

export interface Subject {
  /** As a user names it. */
  readonly topic: string
  /** Templates of `../template.ts`. */
  readonly tips: readonly string[]
}

export const SUBJECTS: readonly Subject[] = [
  {
    topic: '{public speaking|giving a presentation|speaking in meetings}',
    tips: [
      'Know your material: the {better|more deeply} you understand the subject, the calmer you will be when you {stand up|begin|present it}.',
      'Practise aloud: {rehearse|go through it} in front of {a mirror|a friend|your family} and {time yourself|ask for feedback}.',
      'Know your audience: {find out|think about} what they already know, what they need and what will keep them engaged.',
      'Use simple slides: one idea a slide, large letters, {few|hardly any} bullet points.',
      'Make eye contact: look at {different people|one person after the other} and speak to them, not to the wall.',
      'Breathe slowly: a short pause before an important sentence {gives it weight|helps you and your listeners}.',
      'Start strong: open with {a story|a question|a surprising number} that leads to your point.',
    ],
  },
  {
    topic: '{making friends|meeting new people|being a good friend}',
    tips: [
      'Be yourself: lasting friendships grow when people {see|get to know} your real interests, opinions and sense of humour.',
      'Take the initiative: {invite someone for coffee|suggest a walk|send a short message} instead of waiting.',
      'Join a club: {sports|choirs|book groups|volunteering} bring together people who care about the same things.',
      'Listen well: ask open questions and remember the answers; {everybody|most people} enjoy being heard.',
      'Be patient: trust takes time, and not every acquaintance has to become a close friend.',
      'Stay in touch: a call {once a month|now and then} keeps a friendship alive over long distances.',
    ],
  },
  {
    topic: '{computer security|keeping data safe|protecting your accounts|staying safe online}',
    tips: [
      'Update your software: install new versions of your {operating system|browser|antivirus program} as soon as they come out, because they close known holes.',
      'Use strong passwords: choose {a long phrase|at least fourteen characters}, never the same one twice, and keep them in a password manager.',
      'Turn on two-factor authentication: even if somebody learns your password, they cannot sign in without the second code.',
      'Beware of phishing: do not open attachments or links in messages you did not expect, and check the address of the sender.',
      'Encrypt sensitive files: encryption turns data into a form that only people with the key can read.',
      'Back up regularly: keep one copy {on an external disk|in the cloud|away from home} so that a broken or stolen device is no disaster.',
      'Use a firewall and secure your Wi-Fi: change the default password of the router and allow only devices you know.',
      'Limit access: give each person only the rights they need, and remove accounts of those who have left.',
      'Pay with care: buy from sites with a secure connection, and read your bank statements for payments you do not recognise.',
    ],
  },
  {
    topic: '{a healthy life|sleeping better|feeling less stressed|eating well}',
    tips: [
      'Keep a routine: go to bed and get up at the same time, even at weekends.',
      'Eat a balanced diet: plenty of {vegetables, fruit and whole grains|fibre and protein}, less sugar and salt.',
      'Drink enough water: thirst is easily mistaken for {hunger|tiredness}.',
      'Move every day: half an hour of {walking|swimming|cycling} is good for heart, muscles and mood.',
      'Take breaks: a short rest every hour {reduces stress|keeps your back and eyes healthy}.',
      'Talk about it: friends, family or a doctor can help when worries do not go away.',
      'Limit alcohol and caffeine: both disturb sleep, especially in the evening.',
    ],
  },
  {
    topic: '{writing a good story|writing an essay|writing clearly}',
    tips: [
      'Plot: a clear sequence of events with a beginning, a conflict and an end keeps readers turning the page.',
      'Characters: give them wishes, weaknesses and a voice of their own, so that readers care what happens to them.',
      'Setting: describe the place with a few precise details rather than many general ones.',
      'Conflict: something must stand in the way of what the hero wants, be it another person, nature or fear.',
      'Outline first: note the main points of each paragraph before you write whole sentences.',
      'Read it aloud: sentences that are hard to say are hard to read.',
      'Cut what is not needed: shorter texts are read to the end.',
    ],
  },
  {
    topic: '{a good home page|running a small business|building an online presence|marketing a product}',
    tips: [
      'Keep it simple: visitors should see within seconds what you offer and where to click.',
      'Tell your story: people buy from {people|brands} they trust and understand.',
      'Use good pictures: clear, honest photographs say more than long descriptions.',
      'Be consistent: the same colours, fonts and tone on the {site|shop|newsletter} make you easy to recognise.',
      'Listen to customers: answer reviews politely and use criticism to improve.',
      'Measure results: look at which pages are read and which offers are ignored, then adjust your strategy.',
      'Load quickly: compress images and test the page on a phone.',
    ],
  },
  {
    topic: '{saving money|choosing a credit card|planning a budget|buying a house}',
    tips: [
      'Make a budget: write down what comes in and what goes out each month, and set limits for {food|clothes|going out}.',
      'Compare interest rates: a lower annual rate matters more than a welcome gift.',
      'Check the fees: annual, late-payment and foreign-transaction fees add up.',
      'Build an emergency fund: three months of expenses let you sleep better.',
      'Pay debts early: the most expensive first.',
      'Read the contract: ask about everything you do not understand before you sign.',
    ],
  },
  {
    topic: '{gardening|keeping house plants|growing tomatoes|caring for a dog}',
    tips: [
      'Choose the right place: most {vegetables|herbs} need six hours of sun.',
      'Water in the morning: less evaporates and leaves dry before night.',
      'Feed the soil: compost gives plants what they need and keeps the ground moist.',
      'Prune carefully: cut {dead|weak} branches above a bud with clean scissors.',
      'Look for pests: remove snails by hand and invite birds and ladybirds.',
      'Be consistent: animals and plants both like regular hours.',
    ],
  },
  {
    topic: '{learning a language|preparing for an exam|studying|managing time}',
    tips: [
      'Set small goals: ten new words a day are better than a hundred on Sunday.',
      'Plan your week: put the hardest task where you are most awake.',
      'Test yourself: recalling something teaches more than reading it again.',
      'Avoid distractions: put the phone in another room while you work.',
      'Explain it to others: what you can explain simply, you have understood.',
      'Reward yourself: a walk or a piece of cake after an hour of work keeps you going.',
    ],
  },
  {
    topic: '{travelling to Japan|packing for a trip|planning a holiday|visiting a big city}',
    tips: [
      'Book early: flights and rooms are cheapest two or three months ahead.',
      'Pack light: choose clothes that go together and leave room for souvenirs.',
      'Learn a few words: hello, please and thank you open doors everywhere.',
      'Use public transport: day tickets are cheap, and you see how people live.',
      'Try local food: markets and small restaurants are often better than places beside the sights.',
      'Keep copies of documents: one on paper, one in your e-mail.',
    ],
  },
  {
    topic: '{the human body|mitochondria|photosynthesis|the water cycle|monkeys|the solar system}',
    tips: [
      'Energy: cells break down sugar and store what they gain in small molecules that power nearly everything they do.',
      'Plants: leaves take in light and carbon dioxide and give off oxygen.',
      'Water: it rises as vapour, forms clouds and falls as rain or snow.',
      'Primates: apes, monkeys and lemurs have nimble hands, large brains and live in groups.',
      'Planets: eight of them circle the sun; the inner four are made of rock, the outer four mostly of gas or ice.',
      'Blood: it carries oxygen and nutrients to the organs and takes waste away.',
      'History: scientists have {argued about|studied} this for centuries, and new instruments keep changing the picture.',
    ],
  },
]

/** Other things that assistants write. */
export const PIECES: readonly string[] = [
  'Friend 1: {Hey, how are you?|Long time no see!|Oh my god, is that you?}\n\nFriend 2: {I am doing well, thanks. And you?|It has been years! You look amazing.|A bit tired, but happy.}\n\nFriend 1: {Same here, busy with work.|We should have dinner one of these days.|I have moved to {place}.}\n\nFriend 2: {That sounds great!|Let us meet on {day}.|Tell me everything!}',
  '{Sure thing! Here is a joke for you:|Here is one:}\n\nWhy {did the bicycle fall over? Because it was two-tired.|do bees have sticky hair? Because they use honeycombs.|was the maths book sad? It had too many problems.|can you never trust stairs? They are always up to something.}',
  'Unfortunately, as an AI language model I {cannot see or edit images|have no access to current prices|cannot browse the internet|do not know the weather right now}. {However, there are many tools that can help you with this.|I recommend that you check {the official website|a weather service|an online editor}.}',
  'Title: {The Lost Key|A Day at the Lake|The Talking Toaster|Midnight Bakery}\n\nINT. {LIVING ROOM|KITCHEN|TRAIN} - {DAY|NIGHT}\n\nJENNY (20s) {sits on the couch with her phone|stirs a pot and hums|looks out of the window}. TOM {enters|drops a plate|laughs}.\n\nTOM\n{Have you seen my keys?|Something smells wonderful.|We are going to miss it!}',
  'SELECT {name, price|title|*} FROM {products|books|orders} WHERE {price > {number}|year = 2020|city = "{place}"} ORDER BY {price|name};\n\nNote: replace {the column names|the table} with your own.',
  '```python\ndef {average|count_words|is_even|greet}({values|text|number|name}):\n    """{Return the result|Explain what it does}."""\n    return {sum(values) / len(values)|len(text.split())|number % 2 == 0|"Hello, " + name}\n```\nThis function {returns the mean|counts the words|tells whether a number is even|greets somebody}.',
  'The {largest|oldest|most popular|smallest|longest} {city|river|museum|sport|lake} in {France|Canada|Brazil|India|Norway} is {Paris|the Amazon|the Louvre|ice hockey|Vanern}{.|, with {number} million visitors a year.|, which was founded long ago.}',
  '{Roses are red|The autumn wind|A quiet street|Snow on the hill},\n{violets are blue|whispers through the trees|lamps in the rain|footprints of a hare},\n{sugar is sweet|leaves dance on the lake|somebody is singing|morning has come},\n{and so are you|and winter draws near|far away a train|nobody hurries}.',
  'She was too {stubborn|proud|tired|polite} to {admit her mistake|ask for help|say no|complain}.',
  'Dear {Hiring Manager|Ms Lind|Professor}, I am writing to {apply for the position of {accountant|nurse|teacher|gardener}|thank you for your time|ask about the course}. I have {number} years of experience and {enjoy working in teams|am used to tight deadlines|speak three languages}. I look forward to hearing from you. Sincerely, {Anna Berg|Tom Reed|Mei Tan}',
  '{Advantages|Pros}: {it is cheap|it saves time|it is good for the environment|it is easy to learn}. {Disadvantages|Cons}: {it takes up space|it needs care|it is not for everyone|it can be slow}.',
  'In this {article|text|passage}, the author {describes|argues|explains} how {cities|schools|farmers|companies} {have changed|deal with change|use new technology}, and {ends with|gives} {a hopeful example|three suggestions|a question}.',
  'Revenue rose by {number} per cent {this quarter|last year}, mainly because of {new customers|higher prices|exports}, while costs stayed {flat|the same}.',
]
