/**
 * What assistants say all day: that something is done, where an order is, when a shop opens, what to try next. Templates of
 * `../template.ts`, invented here, with nothing in them that could harm.
 */

/** By language. English has most, because most answers are seen there. */
export const EVERYDAY_ANSWERS: Readonly<Record<string, readonly string[]>> = {
  en: [
    '{Done|All done|Done!|Finished|OK, done|It is done}{.|. Anything else?|. Is there anything else I can do?}',
    'I have {deleted|saved|moved|renamed|archived|closed|sent|updated|copied|uploaded|restored|removed} the {file|folder|note|message|draft|record|photo|ticket|row|branch}{.| for you.| as you asked.}',
    'Your {order|parcel|refund|ticket|payment|invoice|booking|delivery|package} {has shipped|is on its way|was cancelled|is confirmed|has arrived|will arrive on {day}|could not be found|was approved}{.| today.}',
    'The {meeting|call|appointment|lesson|train|flight|concert} is {at {time}|on {day}|on {day} at {time}|delayed by {number} minutes|cancelled}.',
    'I {booked|reserved|moved|cancelled} {a table for {number}|your room|the seat by the window|your appointment} {for {day}|at {time}|on {day} at {time}}.',
    '{Yes|No|Not yet|Maybe|Of course|Certainly|Sure|I think so}{.|, that is right.|, it is.|, you can.|, it does not.|, that works.}',
    'You can {change|find|reset|see|turn off} {it|your password|the address|the language|notifications|your plan} {in the settings|under {thing}|on the account page|by pressing the button at the top}.',
    'The {function|query|script|test|loop|class} {returns|prints|counts|sorts|reads|checks} {the sum of both numbers|the names|every line|an empty list|the first match|whether the user is signed in}.',
    'We are open from {time} to {time}, {day} to {day}.',
    'The total is {number} {euros|dollars|pounds}, including {tax|delivery|the discount}.',
    '{Here is|Here you go:|This is} {the summary you asked for|a shorter version|your draft|the corrected text|the table|a list of three ideas}{.|:}',
    'I {do not know|am not sure|could not find that|need a little more information}{.|. Could you tell me {the order number|which version you use|the date|your city}?}',
    'Try {restarting|updating|closing and opening|reinstalling} the {app|browser|printer|router|program}, then {sign in again|press save|check whether it works|wait a minute}.',
    '{Please|You only need to} {wait a moment|check your inbox|enter the code we sent|confirm your address|choose a size}.',
    'Add the {flour|rice|onions|eggs|butter|tomatoes} and {stir|cook|bake|simmer|rest} for {number} minutes{.|, then serve.|, until golden.}',
    'It is {number} degrees and {sunny|cloudy|raining|windy} in {place}{.| today.| this morning.}',
    'From {place} to {place} it takes about {number} {minutes|hours} by {train|bus|bicycle|car}.',
    'Dear {Ms Lind|Mr Okafor|team|neighbours}, thank you for {your letter|the invitation|your help|meeting us on {day}}. {We look forward to seeing you.|Please let us know by {day}.|Best regards}',
    '{Great|Good|Nice|Interesting} {question|choice|idea|plan}! {Let us start with {thing}.|Which {thing} do you prefer?|It depends on {thing}.}',
    '`{git pull|npm test|ls -la|make build|docker ps|pip install requests|SELECT name FROM users|console.log(total)}` {does that|shows it|is what you need|runs the tests}.',
    'In {number} {minutes|days|weeks} you will {get an e-mail|hear from us|receive a letter|see the change}.',
    '{Congratulations|Well done|Welcome back|Good morning|Hello|You are welcome|Thank you|Sorry about that}{!|! How can I help you today?|, {Anna|Tom|Mei|Omar}!}',
    'A {cat|pine|bridge|violin|comet|glacier|market|lake} is {larger|older|older and quieter|more common} than a {dog|rose|tunnel|flute|moon|hill|shop|pond}{.| in most countries.}',
    '{number} plus {number} is {number}.',
  ],
  de: [
    '{Erledigt|Fertig|Alles klar, erledigt}{.|. Kann ich sonst noch helfen?}',
    'Ich habe {die Datei|den Ordner|die Nachricht|den Entwurf|die Notiz} {gelöscht|gespeichert|verschoben|umbenannt|gesendet}.',
    'Ihre {Bestellung|Zahlung|Buchung|Lieferung} {wurde versandt|ist unterwegs|ist bestätigt|kommt am {day} an|wurde storniert}.',
    '{Der Termin|Das Treffen|Der Zug} ist {am {day}|um {time}|um {number} Minuten verspätet}.',
    'Sie können {es|Ihr Passwort|die Adresse|die Sprache} in den Einstellungen {ändern|finden|zurücksetzen}.',
    '{Ja|Nein|Noch nicht|Natürlich|Gern}{.|, das stimmt.|, das geht.}',
    'Bitte {warten Sie einen Moment|prüfen Sie Ihren Posteingang|starten Sie die App neu|geben Sie den Code ein}.',
    'Geben Sie {das Mehl|die Zwiebeln|den Reis} dazu und {rühren|kochen|backen} Sie es {number} Minuten.',
    'Es sind {number} Grad und {sonnig|bewölkt|windig} in {place}.',
  ],
  fr: [
    "{C'est fait|Terminé|Voilà}{.|. Puis-je vous aider pour autre chose ?}",
    "J'ai {supprimé|enregistré|déplacé|renommé|envoyé} {le fichier|le dossier|le message|le brouillon|la note}.",
    'Votre {commande|paiement|réservation|colis} {a été expédié|est en route|est confirmé|arrivera {day}|a été annulé}.',
    'Le {rendez-vous|train|concert} est {à {time}|{day}|retardé de {number} minutes}.',
    'Vous pouvez {changer|trouver|réinitialiser} {cela|votre mot de passe|votre adresse|la langue} dans les paramètres.',
    '{Oui|Non|Pas encore|Bien sûr|Avec plaisir}{.|, tout à fait.|, cela fonctionne.}',
    "Veuillez {patienter un instant|vérifier votre messagerie|redémarrer l'application|saisir le code}.",
    'Ajoutez {la farine|les oignons|le riz} et {mélangez|laissez cuire|laissez reposer} {number} minutes.',
    'Il fait {number} degrés à {place}{.|, avec du soleil.|, avec du vent.}',
  ],
  es: [
    '{Hecho|Listo|Ya está}{.|. ¿Necesita algo más?}',
    'He {borrado|guardado|movido|renombrado|enviado} {el archivo|la carpeta|el mensaje|el borrador|la nota}.',
    'Su {pedido|pago|reserva|paquete} {ha sido enviado|está en camino|está confirmado|llegará el {day}|fue cancelado}.',
    '{La reunión|El tren|La cita} es {a las {time}|el {day}}.',
    'Puede {cambiar|encontrar|restablecer} {eso|su contraseña|la dirección|el idioma} en la configuración.',
    '{Sí|No|Todavía no|Claro|Por supuesto}{.|, así es.|, funciona.}',
    'Por favor, {espere un momento|revise su correo|reinicie la aplicación|introduzca el código}.',
    'Añada {la harina|las cebollas|el arroz} y {remueva|cocine|deje reposar} {number} minutos.',
    'Hace {number} grados en {place}{.|, con sol.|, con viento.}',
  ],
  it: [
    '{Fatto|Ecco fatto|Finito}{.|. Posso aiutarla in altro?}',
    'Ho {eliminato|salvato|spostato|inviato} {il file|la cartella|il messaggio|la nota}.',
    'Il suo {ordine|pagamento|pacco} {è stato spedito|è in arrivo|è confermato|è stato annullato}.',
    'Può {cambiare|trovare} {la password|la lingua} nelle impostazioni.',
    'Aggiunga {la farina|il riso} e {mescoli|cuocia} per {number} minuti.',
  ],
  pt: [
    '{Feito|Pronto|Concluído}{.|. Posso ajudar em mais alguma coisa?}',
    'Eu {apaguei|salvei|movi|enviei} {o arquivo|a pasta|a mensagem|a nota}.',
    'O seu {pedido|pagamento|pacote} {foi enviado|está a caminho|foi confirmado|foi cancelado}.',
    'Pode {mudar|encontrar} {a senha|o idioma} nas configurações.',
    'Adicione {a farinha|o arroz} e {mexa|cozinhe} por {number} minutos.',
  ],
  zh: [
    '{好的|已完成|完成了}{。|，还有什么可以帮您？}',
    '我已经{删除|保存|移动|发送}了{文件|文件夹|消息|笔记}。',
    '您的{订单|付款|预订|包裹}{已发货|正在路上|已确认|已取消}。',
    '您可以在设置中{更改|找到}{密码|地址|语言}。',
    '加入{面粉|洋葱|米饭}，{搅拌|煮}{number}分钟。',
  ],
  ja: [
    '{完了しました|できました|はい、終わりました}。',
    '{ファイル|フォルダ|メッセージ|メモ}を{削除|保存|移動|送信}しました。',
    'ご{注文|予約}は{発送されました|確認されました|取り消されました}。',
    '設定で{パスワード|住所|言語}を変更できます。',
  ],
  ko: [
    '{완료했습니다|다 됐습니다|네, 끝났습니다}.',
    '{파일|폴더|메시지|메모}을 {삭제|저장|이동|전송}했습니다.',
    '{주문|예약}이 {발송되었습니다|확인되었습니다|취소되었습니다}.',
    '설정에서 {비밀번호|주소|언어}를 바꿀 수 있습니다.',
  ],
  ru: [
    '{Готово|Сделано|Всё готово}{.|. Могу ли я ещё чем-то помочь?}',
    'Я {удалил|сохранил|переместил|отправил} {файл|документ|черновик}.',
    'Ваш {заказ|платёж} {отправлен|в пути|подтверждён|отменён}.',
    'Вы можете изменить {пароль|адрес|язык} в настройках.',
  ],
  ar: [
    '{تم|تم الأمر|انتهيت}{.|. هل تحتاج إلى شيء آخر؟}',
    'لقد {حذفت|حفظت|نقلت|أرسلت} {الملف|المجلد|الرسالة}.',
    'تم {شحن|تأكيد|إلغاء} {طلبك|حجزك}.',
    'يمكنك تغيير {كلمة المرور|العنوان|اللغة} في الإعدادات.',
  ],
  hi: [
    '{हो गया|काम पूरा हुआ|ठीक है, हो गया}।',
    'मैंने {फ़ाइल|फ़ोल्डर|संदेश} {हटा दिया|सहेज लिया|भेज दिया} है।',
    'आपका {ऑर्डर|भुगतान} {भेज दिया गया है|पुष्टि हो गया है|रद्द कर दिया गया है}।',
    'आप सेटिंग्स में {पासवर्ड|पता|भाषा} बदल सकते हैं।',
  ],
}

/** Slots of the templates. */
export const SLOTS: Readonly<Record<string, readonly string[]>> = {
  number: ['two', 'three', '4', '5', '7', '10', '12', '15', '20', '24', '30', '45', '90'],
  time: ['9:00', '10:30', 'noon', '14:15', '18:00', '19:45', '7 pm', '8 am'],
  day: ['Monday', 'Tuesday', 'Thursday', 'Friday', 'Sunday', '3 May', '12 June', '24 October'],
  place: ['Oslo', 'Lima', 'Kyoto', 'Nairobi', 'Porto', 'Utrecht', 'Tartu', 'Quebec', 'Pune'],
  thing: ['the price', 'your profile', 'colour', 'the menu', 'privacy', 'your budget', 'the size', 'the season'],
}

/** How assistants begin and end long answers, by language; the empty one is the commonest. */
export const OPENINGS: Readonly<Record<string, readonly string[]>> = {
  en: [
    '',
    '',
    '',
    '{Sure|Certainly|Of course|Absolutely}{!|, here you go:|. Here is {an overview|what you need to know|a short explanation|some information}:}',
    '{Here are|These are} {a few|some|several|the main} {points|things|facts|steps|ideas|terms}{:| about {topic}:}',
    'As {a helpful assistant|an AI language model|requested}, {I can explain {topic}|here is what I know}.',
    '{Great question|Good question|I am glad you asked}! ',
    '**{topic}**',
    '# {topic}',
    'Let us {look at|talk about|go through} {topic} step by step.',
  ],
  de: ['', '', 'Gerne! Hier ist {ein Überblick|eine kurze Erklärung}:', 'Natürlich. {topic}:', '**{topic}**'],
  fr: ['', '', 'Bien sûr ! Voici {un aperçu|une courte explication} :', 'Certainement. {topic} :', '**{topic}**'],
  es: ['', '', '¡Claro! Aquí tiene {un resumen|una breve explicación}:', 'Por supuesto. {topic}:', '**{topic}**'],
  ja: ['', '', 'もちろんです。{topic}について説明します。'],
  ko: ['', '', '물론입니다. {topic}에 대해 설명드리겠습니다.'],
  pt: ['', '', 'Claro! Aqui está um resumo:'],
  tr: ['', '', 'Elbette! İşte kısa bir açıklama:'],
}

export const CLOSINGS: Readonly<Record<string, readonly string[]>> = {
  en: [
    '',
    '',
    '',
    'I hope this helps{!|. Let me know if you have any questions.}',
    '{Overall|In conclusion|In summary|Remember that}, {it depends on what you need|practice makes perfect|there is more to say about each of them}.',
    '{Would you like|Shall I give you} {more details|an example|another one}?',
  ],
  de: ['', '', 'Ich hoffe, das hilft!'],
  fr: ['', '', "J'espère que cela vous aide !"],
  es: ['', '', '¡Espero que le sirva!'],
}
