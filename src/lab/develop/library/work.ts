/** Invented scopes of trades, offices, learning and technical services. The form is that of `life.ts`. */
export const WORK = `
# an internet provider
slow or broken internet: My internet has been down since this morning | the wifi is very slow upstairs | The router blinks red, what does that mean? | Is there an outage in my street?
contracts for internet: When does my contract end? | i want to switch to the faster tariff | How do I cancel my line? | does the price go up after a year
router set-up: How do I change the wifi password? | where do i plug in the fibre box | Which port do I open for my camera? | My laptop does not find the network
technician visits: When does the technician arrive? | nobody came to connect my line | Can the engineer come in the evening? | do i have to be at home for the installation
# a mobile phone repair shop
broken screens: How much is a new screen for my phone? | the display is cracked but still works | Can you repair curved glass? | how long does it take to swap a screen
batteries of phones: My phone dies at thirty per cent | do you replace tablet batteries | Is a swollen battery dangerous? | how much is a new battery fitted
water damage: I dropped my phone in the sink | is it worth saving a phone that fell in the sea | Does rice help a wet phone? | the speaker crackles since it got wet
saving data from phones: Can you rescue photos from a dead phone? | move my contacts to the new one | Do I lose my messages when you repair it? | i forgot the pattern lock of my old tablet
# an electricity supplier
meter readings: Where do I send my meter reading? | i typed the wrong number for the meter | When is the next reading due? | Why is my consumption twice that of last year?
power tariffs: Do you have a green tariff? | is electricity cheaper at night | What does a kilowatt hour cost now? | i want to change to the heat pump tariff
power cuts: The lights went out in the whole house | is there planned work on the grid tomorrow | Who do I call about a power cut? | how long will the outage last
solar panels: What do you pay for solar power I feed in? | how many panels fit on my roof | Do I need a new meter for a balcony panel? | my inverter shows an error
# a tenants' advice service
rent increases: May my landlord raise the rent by a fifth? | how long before a rise do they have to tell me | Is a graduated rent allowed? | my rent went up twice in one year
repairs in a flat: The heating has not worked for a week | who pays for mould in the bathroom | My landlord ignores the leaking roof | can i lower the rent because of noise
deposits of tenants: How long can they keep my deposit? | the landlord takes money off for old scratches | Is a deposit of four rents legal? | when does the deposit have to be on an account
ending a lease: What notice do I have to give? | can i find a new tenant to get out earlier | My landlord says he needs the flat himself | do i have to paint when i move out
# a language school
course levels: Which level do I need for Italian B1? | how do i know whether i am a beginner | Can I skip a level after a test? | is A2 enough for the intensive course
timetable of language courses: Are there evening classes for Spanish? | when does the next japanese course start | How many lessons a week is the intensive? | can i change from monday to wednesday
grammar and vocabulary: When do I use the subjunctive in French? | what is the difference between por and para | How do I say I am hungry in Polish? | plural of das Kind please
language certificates: Where can I sit the exam? | how long is the certificate valid | What is asked in the oral part? | My certificate has my name spelt wrong
# a mathematics tutor
algebra: How do I solve x squared minus five x plus six? | what is a logarithm for | Can you explain how to factor a polynomial? | i don't get systems of two equations
geometry: How do I find the area of a trapezium? | why do the angles of a triangle add up to 180 | What is the volume of a cone? | explain pythagoras with a drawing
calculus: What is the derivative of sine of two x? | when do i use the chain rule | How do I find the maximum of a curve? | integral of one over x please
statistics: What does a standard deviation tell me? | how likely are two sixes in a row | Is the median better than the mean here? | explain the binomial distribution
# a museum
opening hours of the museum: Are you open on Monday? | until when can i get in on sundays | Is the museum closed at Easter? | how long does a visit take
exhibitions: Which exhibition is on in March? | is the egyptian room open again | Do you show any paintings by women from that time? | until when does the photo show run
museum tickets: Do students pay less? | can i buy tickets at the door | Is there a family ticket? | i lost my annual pass
guided tours: When is the next tour in English? | can a school class get a guide | Is there an audio guide for children? | do you do tours for blind visitors
# a public library
borrowing books: How many books may I take home? | can i renew the novel i borrowed | Is the new atlas on loan? | where do i bring back books when you are closed
library card: How do I get a library card? | my card does not work at the gate | What does the card cost for students? | i moved, do you need my new address
reading rooms: Can I book a study desk? | is there somewhere quiet to read | Are laptops allowed in the reading room? | how late is the reading room open
e-books: How do I load an e-book on my reader? | the audiobook stops after one chapter | Why do I have to wait for a digital copy? | do you have comics to read online
# a recruitment agency
job search: Are there any jobs for electricians near me? | i look for part time work in a warehouse | Do you have offers for beginners? | Which of your jobs can be done from home?
applications and curricula vitae: How long should my CV be? | do i need a photo in my application | Can you look over my cover letter? | what do i write about a gap of two years
job interviews: What should I wear for an interview? | they asked about my weaknesses, what do i say | How do I prepare for a video interview? | may they ask me whether i have children
salary talks: How much can I ask for as a junior welder? | when do i bring up money | Is a bonus usual in sales? | they offered less than the advert said
# a web hosting company
domains: How do I move my domain to you? | my domain expires next week | Is that name still free? | Can I use one domain for two sites?
mail boxes: I can't send mail from my phone | how big is the mailbox | Mails to my shop end up in spam | set up a catch all address
website errors: My site shows error 500 | why is my page so slow since yesterday | I get a certificate warning | the contact form stopped sending
backups: Can you restore my site from Sunday? | how often do you back up databases | Where do I download a backup? | i deleted the uploads folder by mistake
# a software help desk
accounts and passwords: I forgot my password | my account is locked after three tries | How do I turn on two factor sign in? | change the mail address of my login
printing: The printer on the second floor is offline | why does it print blank pages | How do I scan to mail? | add the new printer to my laptop
video meetings: Nobody hears me in the call | how do i share one window only | My camera is black in meetings | record the session and send me the file
software licences: I need a licence for the drawing program | my trial ran out today | How many devices can I install it on? | is the office suite included for contractors
# an accountant for small firms
invoices: What must be on an invoice? | a client has not paid for sixty days | Can I send invoices as PDF? | how do i number my invoices
bookkeeping: How do I book a coffee machine? | where do i enter a refund | Do I keep receipts for ten years? | my cash book does not balance
value added tax: When is my VAT return due? | which rate applies to books | Do I charge VAT to a customer abroad? | am i a small business for vat
year end accounts: What do you need for the annual accounts? | can i write off the van this year | When do we file the balance sheet? | our profit is lower than expected, why
# a print shop
business cards: How thick is the paper of your cards? | i want 500 cards with rounded corners | Can you print in gold? | what size is a standard card
posters and banners: Do you print banners for outdoors? | how large can a poster be | My poster came out too dark | Do banners come with eyelets?
print files: Which resolution do you need? | my pdf has no bleed | Do I send the file in RGB or CMYK? | the fonts are missing in your proof
delivery of prints: When will my flyers arrive? | can i collect them on saturday | The parcel with the brochures is damaged | send half of the folders to our other office
`
