/** Invented scopes of public services, farming, science and industry, and what belongs to no scope. The form is that of `life.ts`. */
export const PUBLIC = `
# a city office
identity papers: How do I renew my identity card? | my passport was stolen | What photo do I need for a passport? | how long does a new id take
registering an address: I moved last week, where do I register? | can my wife register both of us | Do you need the landlord's form? | how late may i register
waste collection: When is the paper bin emptied? | where do i bring an old fridge | My brown bin was not collected | what goes in the yellow sack
parking permits: How do I get a resident parking permit? | what does a permit for visitors cost | Can I park a trailer on the street? | my permit has the old plate on it
# a fire safety adviser
smoke alarms: Where should smoke alarms hang? | the alarm beeps once a minute | Do I need one in the kitchen? | how long does a smoke detector last
fire extinguishers: Which extinguisher for a workshop? | how often is an extinguisher inspected | Can I use water on burning fat? | do we need a fire blanket
escape routes: May we put a shelf in the stairwell? | how wide must an emergency exit be | Where do I hang the escape plan? | who leads people out in a drill
fire regulations for events: How many people may be in our hall? | are candles allowed at a concert | Do we need a fire watch at the fair? | is a tent of this size subject to approval
# a farm advisory service
crops: When do I drill winter wheat? | which rotation follows potatoes | Is my maize short of nitrogen? | how deep should beans be sown
livestock: My heifer is off her feed | how much hay does a sheep need in winter | When are lambs weaned? | do you know why hens stop laying
farm machinery: The baler leaves loose ends | what tyre pressure for the tractor in wet fields | How do I set the seed drill? | the sprayer nozzles are clogged
farm subsidies: Which forms are due for the area payment? | is there money for flower strips | How do I prove my organic status? | can i still correct my parcel map
# an astronomy club
planets: When is Saturn visible this month? | why is mars red | How long is a day on Venus? | can i see jupiter's moons with binoculars
telescopes: Which telescope for a beginner? | how do i align my mount | Is a bigger mirror always better? | my eyepiece shows only grey
night sky events: When is the next meteor shower? | will the eclipse be total here | What was the bright object near the moon? | how often does that comet come back
star lore: Why do stars twinkle? | how far is the nearest star | What is a white dwarf? | what constellation looks like a swan
# a chemistry laboratory
solutions and dilution: How do I make one litre of 0.1 molar salt solution? | what is the ph of vinegar | How do I dilute a stock ten times? | my buffer went cloudy
laboratory equipment: How do I calibrate the balance? | the centrifuge vibrates at high speed | Which pipette for fifty microlitres? | when was the fume hood last checked
laboratory safety: Where do I dispose of solvents? | do i need gloves for ethanol | What do I do after a splash in the eye? | can acids and bases share a cabinet
protocols of experiments: How long do I stir after adding the catalyst? | which control did we run in march | What yield is normal for this step? | write down that sample three failed
# a factory maintenance team
machine faults: Press four stopped with error E21 | the conveyor makes a grinding noise | Why does the robot arm miss its position? | the pump loses pressure every hour
spare parts: Do we have a bearing for the mixer? | order two drive belts for line three | Where is the fuse for the oven stored? | which seal fits the old valve
maintenance plans: When is the compressor due for service? | what do i grease each week | Move the inspection of line two to Sunday | who checked the crane last
work safety: Do I need a permit to weld here? | the guard on the saw is loose | Where is the nearest eye wash? | how do i lock out the machine before cleaning
# a parcel service
tracking parcels: Where is my parcel? | tracking has said in transit for five days | Which depot is my packet in? | the tracking number is not known
sending parcels: How heavy may a parcel be? | what does it cost to send two kilos abroad | Can you collect a parcel at my office? | may i send a bottle of oil
missed deliveries: You left a card but I was in | can you deliver to my neighbour | Send my parcel to a pick-up point | when do you try again
damaged parcels: The box arrived crushed | how do i claim for a broken vase | Do I keep the packaging as proof? | the parcel was opened before it got here
# an insurance for bicycles and homes
claims: My cellar flooded, how do I report it? | what photos do you need for a claim | When is my claim paid? | burglars broke the patio door
what is covered: Is my bike covered away from home? | does the policy pay for storm damage | Are tenants' things in the garage insured? | who pays when my child breaks a window
insurance premiums: Why did my premium go up? | can i pay once a year | Is there a discount without claims? | lower my excess please
changing a policy: Add my new e-bike to the policy | i moved to a bigger flat | End my home policy in May | put my partner on the contract
# a translation bureau
translation quotes: What does a translation of ten pages cost? | do you charge by word or line | How fast can you translate a contract? | is a rush job more expensive
certified translations: Do you certify birth certificates? | does the court accept your stamp | Can I get a sworn translation by post? | my diploma needs a certified copy in spanish
interpreters: I need an interpreter for a meeting in Lyon | do you have sign language interpreters | How many interpreters for a whole day? | can someone interpret by phone tonight
terminology: Please always use our word for customer | where is our glossary | The term in line four is wrong | keep product names untranslated
# a driving school
driving lessons: How many lessons until I am ready? | can i change my lesson on tuesday | Do you teach on an automatic? | my instructor did not show up
theory test: How many mistakes are allowed in theory? | where do i practise questions | When can I take the test again? | who has the right of way at a roundabout
driving test: What happens in the driving test? | how long do i wait for a test date | Can I use my own car in the test? | i failed parking, how do i learn it
licence classes: Which licence for a light motorbike? | may i tow a caravan | How old must I be for a lorry? | does my foreign licence count
# a church parish
services in church: At what time is mass on Sunday? | is there a service on christmas eve | Which readings are next week? | do you stream the service
baptism and weddings in church: How do we register a baptism? | can we marry here if one of us is not a member | Who may be a godparent? | what does the organist cost
choir: When does the choir rehearse? | i sing alto, can i join | Do I have to read music? | which piece do we sing at easter
help in the parish: Is there a group for people who grieve? | who visits the sick | Can I bring clothes for the needy? | when is the soup kitchen open
# an election office
voter registration: Am I on the electoral roll? | i turn eighteen on election day, may i vote | Where do I change my constituency? | can citizens of other countries vote here
postal votes: How do I ask for a postal ballot? | my ballot has not arrived | Until when must the letter be with you? | may my son hand in my envelope
polling stations: Where do I vote? | is my polling station free of steps | What do I bring to vote? | until when are stations open
poll workers: How do I become a poll worker? | what does a helper get paid | When is the training for counters? | who counts the votes at night
`
