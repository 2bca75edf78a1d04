# SPDX-License-Identifier: Apache-2.0
"""What the words of an order tell: a likely HS subheading with the words that spoke for it, and words of risk.

The table is small and ours, made for consumer goods; `GoodsClassifier` is where a trained model is plugged in.
A risk word is a ground to look, for officers; what only sounds like one (glue gun, bullet journal) is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple, Protocol


class GoodsGuess(NamedTuple):
    """A likely HS subheading: `confidence` from 0 to 1, the words that spoke for it; empty where none did."""

    hs6: str
    confidence: float
    words: tuple[str, ...]
    by: str = "table"  # or the name of a model


class GoodsClassifier(Protocol):
    """Says which HS subheading goods are likely to have, from what a platform knows of them."""

    def guess(self, title: str, description: str, category: str) -> GoodsGuess:
        """Return the best guess; an empty code where nothing speaks for one."""


class RiskWord(NamedTuple):
    """A word of risk in an order: which kind, the words as found, where, and why that matters."""

    kind: str
    words: str
    where: str
    why: str


# subheading: words of titles; a word of several parts counts more than one alone
_GOODS = """
610910 cotton t-shirt|t-shirt|tshirt|tee
610990 polyester t-shirt|jersey t-shirt|sports t-shirt
620520 cotton shirt|formal shirt|shirt
620442 cotton dress|summer dress|kurta|kurti|dress
540710 saree|sari|silk saree
621410 silk scarf|dupatta
621430 scarf|shawl|stole
620342 cotton trousers|jeans|denim|chinos
611020 sweater|hoodie|sweatshirt|pullover
620193 jacket|windcheater|raincoat
610462 leggings|tights
640319 running shoes leather|leather shoes|formal shoes
640411 running shoes|sneakers|sports shoes|trainers
640299 sandals|slippers|flip flops|flip-flops
420221 leather handbag|handbag leather
420222 handbag|tote bag|sling bag
420292 backpack|rucksack|laptop bag|travel bag
420231 leather wallet|wallet
711719 imitation jewellery|necklace|bracelet|bangle|bangles|earrings
711319 gold ring|gold chain|gold necklace
711311 silver ring|silver chain|silver anklet
910211 wrist watch|wristwatch|analog watch
851762 smart watch|smartwatch|fitness band|router|wi-fi router|bluetooth tracker
851713 smartphone|mobile phone|phone 5g
851830 earphones|headphones|earbuds|headset
851822 bluetooth speaker|soundbar|speaker
850440 charger|power adapter|usb charger|fast charger
850760 power bank|powerbank|lithium battery|lithium-ion battery|li-ion battery|battery pack
850650 lithium cell|coin cell
850610 alkaline battery|aa batteries
847130 laptop|notebook computer|tablet computer|tablet
847160 keyboard|mouse|wireless mouse
852351 usb drive|memory card|pen drive|ssd
852589 action camera|web camera|webcam|cctv camera|spy camera|camera
880621 drone|quadcopter|camera drone
392690 phone case|phone cover|plastic organiser|plastic organizer
732393 steel bottle|steel lunch box|pressure cooker|steel tumbler|steel cookware
761510 aluminium cookware|non-stick pan|frying pan|tawa
691110 porcelain|ceramic mug|dinner set|coffee mug
701337 drinking glass|glass tumbler
821192 kitchen knife|chef knife|hunting knife|folding knife|knife
821410 paper cutter|pencil sharpener
940540 led lamp|table lamp|string lights
630260 bath towel|towel
630231 bed sheet|bedsheet|pillow cover
570242 carpet|rug
940490 pillow|cushion|mattress
950300 toy car|doll|toy|building blocks|puzzle|soft toy|toy drone
950450 game console|video game
950691 dumbbell|yoga mat|gym equipment|resistance band
950662 football|cricket ball|basketball
950699 cricket bat|badminton racket|tennis racket
490199 book|novel|textbook
482010 diary|notebook|bullet journal|planner
960810 ball pen|ballpoint pen|gel pen
330300 perfume|eau de parfum|attar
330499 face cream|moisturiser|moisturizer|sunscreen|face serum|lipstick
330510 shampoo
330749 incense|incense sticks|agarbatti
340130 face wash|body wash
300490 tablets strip|ayurvedic medicine|pain relief|medicine|capsules
210690 protein powder|whey protein|dietary supplement|vitamin gummies
090240 black tea|assam tea|tea leaves
090121 coffee beans|filter coffee|coffee powder
090411 black pepper|pepper corns
091030 turmeric|turmeric powder
091099 masala|spice mix|garam masala
100630 basmati rice|rice
190590 biscuits|cookies|namkeen|rusk
170490 sweets|candy|halwa
080132 cashew|cashew nuts|cashews
080410 dates|ajwa dates
120991 vegetable seeds|seeds pack
240220 cigarettes
240412 vape|e-liquid|e-cigarette|nicotine
930400 air gun|air rifle|air pistol|pellet gun
930700 sword|dagger|katana|bayonet
930690 ammunition|cartridge case|pellets
360410 fireworks|firecracker|firecrackers|sparkler
901380 laser pointer|laser module|rifle scope
852692 radio transmitter|remote controller
852560 walkie talkie|walkie-talkie|two-way radio
851631 hair dryer
851632 hair straightener|curling iron
850980 mixer grinder|blender|juicer
851660 induction cooktop|electric kettle|air fryer
841451 ceiling fan|table fan
820559 hand tool|screwdriver set|tool kit|wrench
846721 cordless drill|power drill|drill machine
870899 car accessory|car part|brake pad
871499 bicycle part|bicycle light
830630 photo frame
970110 painting|canvas painting
920290 guitar|ukulele|sitar
"""
_CATEGORIES = {
    "clothing": ("61", "62"), "apparel": ("61", "62"), "fashion": ("61", "62", "64", "71"), "footwear": ("64",),
    "jewellery": ("71",), "bags": ("42",), "electronics": ("84", "85", "90"), "mobiles": ("85",), "toys": ("95",),
    "sports": ("95",), "home": ("94", "63", "73", "69", "70"), "kitchen": ("73", "76", "82", "85"), "beauty": ("33",),
    "books": ("49",), "stationery": ("48", "96"), "grocery": ("09", "10", "19", "17", "08", "21"),
    "health": ("30", "21"),
    "watches": ("91",), "tools": ("82", "84"), "hobby": ("88", "93", "95", "90"), "automotive": ("87",),
}  # fmt: skip
_RISKS: tuple[tuple[str, str, str], ...] = (
    ("drone", "drones? quadcopters? quad-copters? fpv uav unmanned",
     "Drones need a permit of the aviation authority."),
    (
        "weapon",
        "guns? rifles? pistols? revolvers? ammunition ammo bullets? pellets? tasers? stun daggers? swords? katanas? "
        "crossbows? nunchucks? knuckle bayonets? silencers? holsters? firearms? weapons? grenades?",
        "Arms, their parts and what looks like them are restricted or prohibited.",
    ),
    ("blade", "hunting_kni(?:fe|ves) folding_kni(?:fe|ves) switchblades? machetes? tactical_kni(?:fe|ves)",
     "Blades that are carried as weapons are restricted."),
    (
        "lithium battery",
        "lithium li-ion li_ion lipo li-po power_?banks? battery_packs?",
        "Lithium batteries are dangerous goods in the mail and in the air (UN 3480, 3481).",
    ),
    ("explosive", "fireworks? firecrackers? sparklers? gunpowder explosives? detonators? flares?",
     "Explosives and pyrotechnics are prohibited in the mail."),
    ("medicine",
     "tramadol codeine alprazolam diazepam steroids? testosterone opium cannabis cbd hemp morphine ketamine",
     "Controlled medicines and drugs need a permit of the health authority."),
    ("tobacco", "vapes? vaping e-cigarettes? e-liquids? nicotine cigarettes? cigars? hookah shisha tobacco gutkha",
     "Tobacco and vaping goods bear excise and are restricted."),
    ("alcohol", "whisk(?:y|ey) vodka rum gin wine beer liquor", "Alcohol needs a licence and bears excise."),
    ("surveillance", "spy hidden_cameras? gps_trackers? jammers? listening_device wiretap",
     "Devices for secret surveillance need a permit of the telecommunications authority."),
    ("radio", "walkie-talkies? walkie_talkies? radio_transmitters? signal_boosters?",
     "Radio equipment needs an approval of its type."),
    ("laser", "laser_pointers?", "Strong lasers endanger aircraft and are restricted."),
    ("wildlife", "ivory tortoiseshell coral_jewellery snakeskin fur_coat agarwood sandalwood_log shahtoosh",
     "Protected species need a CITES permit."),
    ("counterfeit", "replicas? first_copy 1:1_copy master_copy mirror_quality",
     "Words by which copies of brands are sold: rights holders may act."),
    ("plants and seeds", "seeds? saplings? soil live_plants?", "Plants and seeds need a phytosanitary certificate."),
)  # fmt: skip
_HARMLESS = re.compile(
    r"\b(?:glue|massage|heat|nail|spray|caulking|price|label|water|bubble|toy|staple) guns?\b|\bgun ?metal\b"
    r"|\bbullet (?:journals?|points?)\b|\bfoam bullets?\b|\bwater pistols?\b|\bsword ?fish\b|\bdrone bees?\b"
    r"|\b(?:sesame|chia|flax|sunflower|poppy|mustard|fennel|cumin|pumpkin) seeds?\b|\bseed beads?\b|\bpellet stove\b"
    r"|\bwine (?:red|rack|glass(?:es)?|colou?r)\b|\b(?:root|ginger) beer\b|\brum (?:balls?|cake)\b|\bflared\b"
    r"|\b(?:no|without|excluding) (?:a |any )?(?:lithium |li-ion )?(?:battery|batteries|lithium)\b"
)
_ACCESSORY = re.compile(r"\b(?:with|for|incl|including|compatible)\b")
_PATTERNS = tuple(
    (kind, re.compile(rf"(?<![\w-])(?:{'|'.join(word.replace('_', '[ -]') for word in words.split())})(?![\w-])"), why)
    for kind, words, why in _RISKS
)


class GoodsTable:
    """The table of goods as a classifier: what the title says first counts most, the description least."""

    def __init__(self) -> None:
        self._by_word: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for line in _GOODS.strip().splitlines():
            code, _, words = line.partition(" ")
            for term in words.split("|"):
                self._by_word[term].append((code, 1.0 + term.count(" ") * 1.2))
        terms = sorted(self._by_word, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, terms))})(?:e?s)?(?![\w-])")

    def guess(self, title: str, description: str, category: str) -> GoodsGuess:
        """Return the subheading with most words for it; the category breaks ties and adds to the confidence."""
        scores: dict[str, float] = defaultdict(float)
        spoke: dict[str, list[str]] = defaultdict(list)
        head, tail = [*_ACCESSORY.split(title.lower(), maxsplit=1), ""][:2]  # a drone with a battery is a drone
        for text, weight in ((head, 3.0), (tail, 0.5), (description.lower(), 0.7)):
            for match in self._pattern.finditer(text):
                for code, score in self._of(match[0]):
                    scores[code] += weight * score
                    spoke[code].append(match[0])
        chapters = {chapter for word in re.findall(r"\w+", category.lower()) for chapter in _CATEGORIES.get(word, ())}
        if chapters:
            scores = defaultdict(float, {code: s * (1.4 if code[:2] in chapters else 1) for code, s in scores.items()})
        if not scores:
            return GoodsGuess("", 0.0, ())
        code = min(scores, key=lambda one: (-scores[one], one))
        share = scores[code] / sum(scores.values())
        enough = scores[code] / (scores[code] + 1.0)  # one word in a description alone says little
        return GoodsGuess(code, round(share * enough, 2), tuple(dict.fromkeys(spoke[code])))

    def _of(self, word: str) -> list[tuple[str, float]]:
        for form in (word, word.removesuffix("s"), word.removesuffix("es")):
            if form in self._by_word:
                return self._by_word[form]
        return []


def risk_words(title: str, description: str, category: str = "") -> list[RiskWord]:
    """Return the words of risk of an order, each kind once; what only sounds like one is left out."""
    found: dict[str, RiskWord] = {}
    for where, text in (("title", title), ("description", description), ("category", category)):
        plain = _HARMLESS.sub(lambda match: " " * len(match[0]), text.lower())
        for kind, pattern, why in _PATTERNS:
            if kind not in found and (match := pattern.search(plain)):
                found[kind] = RiskWord(kind, match[0], where, why)
    return list(found.values())
