/**
 * English function words in other languages, for translation word by word. Dictionaries list rare senses of these words first ("a" is a
 * note of music), and they are half of any text. An empty word says that the language has none for it (articles, "be" as a link).
 *
 * One usual form each, without agreement. Languages that Apertium reaches are not here.
 */

const ENGLISH =
  'the a an and or but if not no yes i you he she it we they me him her us them my your his its our their this that these those ' +
  'is are am was were be been being do does did have has had will would can could should may might must ' +
  'to of in on at by for from with without about into over under after before between as than ' +
  'what who how why when where which there here all some any more most many much very only also so because then now'

const TABLES: Readonly<Record<string, string>> = {
  de:
    'die ein eine und oder aber wenn nicht kein ja ich du er sie es wir sie mich ihn ihr uns sie mein dein sein sein unser ihr dies das diese jene ' +
    'ist sind bin war waren sein gewesen - tun tut tat haben hat hatte werden würde kann könnte sollte darf könnte muss ' +
    'zu von in auf bei durch für aus mit ohne über in über unter nach vor zwischen als als ' +
    'was wer wie warum wann wo welche dort hier alle einige irgendein mehr meist viele viel sehr nur auch so weil dann jetzt',
  ru:
    '- - - и или но если не нет да я ты он она это мы они меня его её нас их мой твой его его наш их это то эти те ' +
    '- - - был были быть был - делать делает сделал иметь имеет имел будет бы может мог должен может мог должен ' +
    'к - в на у от для из с без о в над под после до между как чем ' +
    'что кто как почему когда где который там здесь все некоторые любой больше самый много много очень только также так потому_что тогда сейчас',
  ar:
    '- - - و أو لكن إذا لا لا نعم أنا أنت هو هي هو نحن هم لي له لها لنا لهم لي لك له له لنا لهم هذا ذلك هذه تلك ' +
    '- - - كان كانوا يكون كان - يفعل يفعل فعل لديه لديه كان سوف سوف يمكن يمكن يجب قد قد يجب ' +
    'إلى من في على في بواسطة ل من مع بدون عن إلى فوق تحت بعد قبل بين مثل من ' +
    'ما من كيف لماذا متى أين أي هناك هنا كل بعض أي أكثر أكثر كثير كثير جدا فقط أيضا لذلك لأن ثم الآن',
  hi:
    '- एक एक और या लेकिन अगर नहीं नहीं हाँ मैं आप वह वह यह हम वे मुझे उसे उसे हमें उन्हें मेरा आपका उसका इसका हमारा उनका यह वह ये वे ' +
    'है हैं हूँ था थे होना था - करना करता किया है है था होगा होगा सकता सकता चाहिए सकता सकता चाहिए ' +
    'को का में पर पर द्वारा के_लिए से के_साथ के_बिना के_बारे_में में के_ऊपर के_नीचे के_बाद से_पहले के_बीच जैसा से ' +
    'क्या कौन कैसे क्यों कब कहाँ कौनसा वहाँ यहाँ सभी कुछ कोई अधिक सबसे कई बहुत बहुत केवल भी इसलिए क्योंकि फिर अब',
  ja:
    '- - - と または しかし もし ない いいえ はい 私は あなたは 彼は 彼女は それは 私たちは 彼らは 私を 彼を 彼女を 私たちを 彼らを 私の あなたの 彼の その 私たちの 彼らの この その これらの それらの ' +
    'です です です でした でした である だった - する する した 持つ 持つ 持った でしょう でしょう できる できる べき かもしれない かもしれない なければならない ' +
    'に の で に で によって のために から と なしで について に の上に の下に の後 の前 の間 として より ' +
    '何 誰 どのように なぜ いつ どこ どの そこ ここ すべて いくつか 何か もっと 最も 多く 多く とても だけ も だから なぜなら それから 今',
  zh:
    '- 一个 一个 和 或 但是 如果 不 不 是 我 你 他 她 它 我们 他们 我 他 她 我们 他们 我的 你的 他的 它的 我们的 他们的 这 那 这些 那些 ' +
    '是 是 是 是 是 是 是 - 做 做 做了 有 有 有 会 会 能 能 应该 可能 可能 必须 ' +
    '到 的 在 在 在 被 为 从 用 没有 关于 到 超过 在下 之后 之前 之间 作为 比 ' +
    '什么 谁 如何 为什么 何时 哪里 哪个 那里 这里 所有 一些 任何 更多 最 许多 很多 非常 只 也 所以 因为 然后 现在',
}

/** By language: English function word to its translation (one entry, possibly an empty word). */
export const FUNCTION_WORDS: Readonly<Record<string, ReadonlyMap<string, readonly string[]>>> = Object.fromEntries(
  Object.entries(TABLES).map(([language, table]) => {
    const targets = table.split(' ')
    const pairs = ENGLISH.split(' ').map((word, place): [string, readonly string[]] => [
      word,
      [(targets[place] ?? '').replace(/^-$/, '').replaceAll('_', ' ')],
    ])
    return [language, new Map(pairs)]
  }),
)

/** Languages written without spaces between words. */
export const WRITTEN_WITHOUT_SPACES: ReadonlySet<string> = new Set(['ja', 'zh'])
