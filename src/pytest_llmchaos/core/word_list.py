"""The words of made-up answers: plain, short, and about nothing in particular."""

from __future__ import annotations

__all__ = ["WORDS"]

_TEXT = """
able about above across action active actually add address after afternoon again age ago agree ahead air all almost
alone along already also always among amount and animal annual another answer any appear apple area arm around
arrange arrive art as aside ask attend autumn away baby back bag bake balance ball band bank bar base basket be
beach bear beat because become bed before begin behind believe bell belong below bench beside best better between
beyond big bird bit black blue board boat body book border both bottle bottom bowl box branch bread breakfast
breath bridge bright bring broad brother brown brush build building bus business busy but butter buy by cabinet
cake call calm camp can capital car card care carry case catch center central chair chance change chapter chart
check cheese chief child choice choose church circle city class clean clear climb clock close cloth cloud coast
coat coffee cold collect college color column come common company compare complete contain control cook cool copy
corner cost cotton could count country couple course court cover cream create cross crowd culture cup current
curtain cycle daily dance dark data date daughter day deal dear decade decide deep degree deliver describe desert
design desk detail develop dictionary different dinner direct discover discuss dish distance do doctor door double
down dozen draw dream dress drink drive dry during each early earn earth east easy eat edge effect egg eight either
else employ empty end energy engine enjoy enough enter entire equal especially even evening event ever every
evidence exactly example exercise expect experience explain express extra eye face fact fair fall family famous far
farm fast father favorite feature feel few field figure fill film final find fine finger finish fire first fish fit
five floor flow flower fly focus follow food foot for forest form forward four frame free fresh friend from front
fruit full future game garden gate gather general gentle get gift girl give glad glass go goal gold good grand
grass gray great green ground group grow guess guest guide hair half hall hand happen happy harbor hat have he head
hear heart heavy height help her here high hill him his history hold holiday home honey hope horse hotel hour house
how however human hundred idea if imagine important in include indeed indoor industry inside instead interest into
island issue it item its job join journey judge juice jump just keep kettle key kind kitchen know lake lamp land
language large last late later laugh law lay lead leaf learn least leave left leg lemon less lesson let letter
level library lie life light like line list listen little live local long look lot love low lunch machine mail main
make man manage many map mark market match material matter may maybe meal mean measure meet member memory mention
message metal method middle might mile milk million mind minute mirror modern moment money month moon more morning
most mother mountain mouth move much museum music must name narrow nature near nearly neighbor never new news next
nice night nine no noon nor north note nothing notice now number object ocean of offer office often oil old on once
one onion only onto open opinion or orange order other our out outside over own page paint pair paper parent park
part partner party pass past path pattern pause peace pencil people pepper perhaps person phone photo piece place
plan plant plate play please plenty pocket poem point pond popular position possible post potato practice prepare
present press pretty price print private probably process produce program project proper protect provide public
pull purpose push put quality quarter question quick quiet quite radio rain raise rather reach read ready real
really reason receive recent record red region relate remain remember repeat reply report rest result return rich
ride right ring rise river road rock role roll roof room round row rule run sail salad salt same sand save say
scale scene school science score sea season seat second section see seed seem sell send sense sentence series serve
set seven several shade shall shape share she shelf shine ship shirt shoe shop shore short should show side sign
silver similar simple since sing sister sit site six size sky sleep slow small smile smooth snow so social soft
soil some son song soon sort sound soup south space speak special spend spoon spring square staff stage stairs
stand star start state station stay steady step still stone store storm story straight stream street strong student
study style subject such sugar suggest summer sun supper support sure surface sweet swim table take talk tall task
taste tea teach team tell ten term test than thank that the theater their them then there these they thing think
third this those though thousand three through ticket time tiny to today together tomorrow too top total touch
toward town track trade train travel tree trip true trust try tune turn twelve twice two type uncle under
understand until up upon use usual valley value various vegetable very view village visit voice wait walk wall want
warm wash watch water wave way we wear weather week weight welcome well west what wheel when where whether which
while white who whole why wide wife will wind window wine winter wish with within without woman wonder wood word
work world would write year yellow yes yet you young your
"""

WORDS: tuple[str, ...] = tuple(_TEXT.split())
