# SPDX-License-Identifier: Apache-2.0
"""Words of names that tell little or are written in several ways: particles, honorifics, legal forms, short names.

Limits: short tables of what is common everywhere; a list's own aliases do the rest.
"""

from __future__ import annotations

_PARTICLES = (
    "al el ul ud ad ur as ar es il le la los las les de del della di da do dos das du den der ten ter van von zu zur "
    "bin ibn ben bint bte binti abu abou abi umm abd abdul abdel abdal ould wa y e i a o of the for and und et mac mc "
    "san st saint dit bar ap op"
)
PARTICLES = frozenset(_PARTICLES.split())
_HONORIFICS = (
    "mr mrs ms miss mister madam mme mlle monsieur madame herr frau sra srta senor senora dr doctor prof professor "
    "engr capt captain shri shree smt haji hajji hajj alhaj mawlana maulana mawlawi maulavi mawlavi mullah mulla molla "
    "qari hafiz ustad sheikh shaikh shaykh sheik rev reverend hon honourable honorable sir dame general colonel major "
    "president minister his her excellency"
)
HONORIFICS = frozenset(_HONORIFICS.split())
# each line: what it becomes, then how it is written
_LEGAL_PHRASES = """
jsc|public joint stock company
jsc|open joint stock company
jsc|closed joint stock company
jsc|joint stock company
jsc|otkrytoe aktsionernoe obshchestvo
jsc|publichnoe aktsionernoe obshchestvo
jsc|zakrytoe aktsionernoe obshchestvo
jsc|aktsionernoe obshchestvo
llc|obshchestvo s ogranichennoi otvetstvennostiu
llc|obshchestvo s ogranichennoy otvetstvennostyu
llc|limited liability company
llc|societatea cu raspundere limitata
llc|societate cu raspundere limitata
llc|sociedad de responsabilidad limitada
llc|societe a responsabilite limitee
llc|gesellschaft mit beschrankter haftung
llc|spolka z ograniczona odpowiedzialnoscia
llc|naamloze vennootschap
plc|public limited company
lp|limited partnership
llp|limited liability partnership
plc|sociedad anonima
plc|societe anonyme
plc|societa per azioni
plc|spolka akcyjna
ltd|private limited
ltd|pvt ltd
ltd|pty ltd
ltd|pte ltd
ltd|proprietary limited
llc|sdn bhd
llc|s r l
llc|sp z oo
"""
LEGAL_PHRASES: tuple[tuple[str, str], ...] = tuple(  # longest first, with blanks around
    sorted(
        ((f" {line.partition('|')[2]} ", line.partition("|")[0]) for line in _LEGAL_PHRASES.strip().split("\n")),
        key=lambda row: -len(row[0]),
    )
)
_LEGAL_FORMS = """
ltd limited ltda limitada limitee
llc ooo srl sarl gmbh mbh eurl sasu doo sro kft wll fze fzco fzc fzllc bv bvba zrt sprl spzoo ehf
plc ag sa spa nv ab asa as aps oy oyj aktiengesellschaft aktiebolag
jsc ojsc cjsc pjsc oao zao pao ao pjs kaisha kk kabushiki
corp corporation
inc incorporated
llp lp lllp kg kgaa ohg gbr
pte pty pvt private proprietary
sas saas
est establishment
se
""".strip()
LEGAL_FORMS: dict[str, str] = {word: line.split()[0] for line in _LEGAL_FORMS.split("\n") for word in line.split()}
_SAME = """
company co cie compagnie compania
international intl internationale internacional
trading trdg trade
manufacturing mfg mnfg
brothers bros
organisation organization
centre center ctr
general gen
group grp gruppe groupe
association assoc assn
development dev
department dept
university univ
industries industry ind
technology technologies tech
import imports
export exports
services service svcs
systems system
enterprise enterprises
holding holdings
shipping ship
1 one first 1st
2 two second 2nd ii
3 three third 3rd iii
4 four fourth 4th iv
5 five fifth 5th
6 six sixth 6th vi
7 seven seventh 7th vii
8 eight eighth 8th viii
9 nine ninth 9th ix
10 ten tenth 10th
"""
SAME_WORDS: dict[str, str] = {word: line.split()[0] for line in _SAME.strip().split("\n") for word in line.split()[1:]}
_SHORT_NAMES = """
william bill will willy liam
robert bob rob bobby
richard dick rick
edward ed eddie ted teddy
theodore ted theo teddy
james jim jimmy jamie
john jack johnny jon
joseph joe joey
michael mike mick micky misha
mikhail misha
charles charlie chuck
thomas tom tommy
benjamin ben benny
samuel sam sammy
daniel dan danny
david dave davy
matthew matt
anthony tony
antonio tony
nicholas nick nicky
christopher chris
alexander alex sasha alec aleksandr aleksander alexandr
alexandra sasha alex
vladimir vova volodya
dmitry dima dmitri dmitriy
sergey serge seryozha sergei
yevgeny evgeny zhenya yevgeniy evgeniy
elizabeth liz beth lizzie betty eliza
margaret maggie peggy meg
katherine kate kathy katie catherine
susan sue
patricia pat patty trish
deborah debbie deb
jennifer jen jenny
stephen steve steven
andrew andy drew
gregory greg
kenneth ken kenny
ronald ron ronnie
donald don donny
gerald gerry jerry
lawrence larry laurence
frederick fred freddy
francisco paco pancho
jose pepe
ignacio nacho
guillermo memo
muhammad mohammed mohamed mohammad mohamad muhammed mohd md muhd mehmet mohamet
ahmad ahmed ahmet
usama osama
husayn hussein hussain husain hossein
yusuf youssef yousef yousuf joseph
ibrahim abraham brahim
umar omar omer
"""
SHORT_NAMES: dict[str, frozenset[int]] = {}
for _number, _line in enumerate(_SHORT_NAMES.strip().split("\n")):
    for _word in _line.split():
        SHORT_NAMES[_word] = SHORT_NAMES.get(_word, frozenset()) | {_number}
