# SPDX-License-Identifier: Apache-2.0
"""Invented orders of an online shop that sends from India to the Gulf and within India, with the truth behind them.

Everything follows from the seed. Importers order several times a day now and then, write themselves in many ways, and
some orders hold words of risk, some only words that sound like them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from openecp.platform.cli.ecommerce_people import Person, people, plain_form, written

ORDERS_MAX = 1_000_000
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 14


class Article(NamedTuple):
    """One article of the shop: title, description, category, lowest and highest price in INR, its HS subheading."""

    title: str
    description: str
    category: str
    low: int
    high: int
    hs6: str


# title | description | category | lowest | highest price in INR | HS subheading
_ARTICLES_TEXT = """
Cotton T-Shirt, round neck|Soft combed cotton, regular fit, machine wash|Clothing|249|1299|610910
Men's Formal Shirt|Slim fit cotton shirt with full sleeves|Clothing|599|2499|620520
Women's Printed Kurta|Straight cut kurta in printed cotton|Clothing|449|2999|620442
Silk Saree with Zari Border|Woven by hand, comes with an unstitched piece for the blouse|Clothing|1999|24999|540710
Wool Blend Shawl|Warm stole for winter evenings|Clothing|699|5999|621430
Stretch Jeans|Denim, mid rise, five pockets|Clothing|799|3499|620342
Fleece Hoodie|Pullover with kangaroo pocket|Clothing|699|2799|611020
Running Shoes|Light sneakers with mesh upper and foam sole|Footwear|999|8999|640411
Leather Shoes, lace-up|Formal shoes with leather upper|Footwear|1499|9999|640319
Rubber Sandals|Slippers for home and beach|Footwear|199|899|640299
Canvas Tote Bag|Roomy handbag with zip|Bags|349|1999|420222
Laptop Bag, 15 inch|Padded backpack with rain cover|Bags|799|4999|420292
Leather Wallet|Six card slots, gift box|Bags|399|2999|420231
Imitation Jewellery Set|Necklace and earrings with stones of glass|Jewellery|299|3999|711719
Silver Anklet, pair|Sterling silver anklet with bells|Jewellery|1499|9999|711311
Gold Chain 22 karat|Hallmarked gold chain, 8 grams|Jewellery|39999|89999|711319
Analog Wrist Watch|Steel strap, water resistant|Watches|1299|19999|910211
Smart Watch with heart rate|Fitness band functions, seven days of battery|Electronics|1499|14999|851762
Smartphone 5G 128 GB|Mobile phone, dual SIM|Mobiles|9999|64999|851713
Wireless Earbuds|Bluetooth earphones with charging case|Electronics|799|9999|851830
Bluetooth Speaker|Splash proof, twelve hours of play|Electronics|999|7999|851822
USB Charger 65 W|Power adapter with two ports|Electronics|499|2999|850440
Power Bank 20000 mAh|Lithium-ion cells, fast charge|Electronics|999|3999|850760
Laptop 14 inch|Notebook computer, 16 GB memory|Electronics|32999|89999|847130
Wireless Mouse|Silent keys, one receiver|Electronics|299|1999|847160
Memory Card 256 GB|For phones and cameras|Electronics|699|2999|852351
CCTV Camera|Indoor camera with night view|Electronics|1299|5999|852589
Camera Drone 4K|Quadcopter with two lithium batteries and a remote controller|Hobby|14999|74999|880621
Toy Drone for Children|Small quadcopter for indoor play|Toys|999|2999|950300
Phone Case|Plastic cover, clear|Mobiles|149|799|392690
Steel Lunch Box|Three tiers, keeps warm|Kitchen|399|1999|732393
Non-stick Pan 28 cm|Aluminium cookware with lid|Kitchen|599|2499|761510
Ceramic Mug, set of four|Coffee mug of stoneware|Kitchen|349|1499|691110
Kitchen Knife Set|Chef knife and paring knife|Kitchen|499|3999|821192
Hunting Knife with sheath|Folding knife, carbon steel blade|Hobby|899|4999|821192
LED Lamp for the desk|Table lamp, dimmable|Home|499|2499|940540
Cotton Bath Towel|Absorbent towel, 450 gsm|Home|249|1299|630260
Double Bed Sheet|Bedsheet with two pillow covers|Home|499|2999|630231
Handmade Carpet 4 x 6|Rug of wool with a floral border|Home|2999|34999|570242
Memory Foam Pillow|Cushion for the neck|Home|499|1999|940490
Building Blocks, 500 pieces|Toy bricks, age 6 and over|Toys|699|3999|950300
Soft Toy Elephant|Doll of plush, 40 cm|Toys|299|1499|950300
Water Gun for Children|Toy for the garden|Toys|199|799|950300
Yoga Mat 6 mm|Gym equipment for home|Sports|399|1999|950691
Cricket Bat, English willow|Full size, knocked in|Sports|1999|19999|950699
Football size 5|Hand stitched|Sports|499|1999|950662
Novel, paperback|A story of three cities|Books|199|799|490199
Bullet Journal|Notebook with dotted pages|Stationery|249|999|482010
Gel Pen, pack of ten|Blue ink|Stationery|99|399|960810
Attar Perfume 12 ml|Fragrance oil without alcohol|Beauty|299|4999|330300
Sunscreen SPF 50|Face cream, 50 g|Beauty|299|1299|330499
Herbal Shampoo|With amla and shikakai|Beauty|199|799|330510
Incense Sticks|Agarbatti, 120 pieces|Home|99|499|330749
Ayurvedic Medicine for joints|Capsules, 60 pieces|Health|299|1499|300490
Whey Protein 2 kg|Protein powder, chocolate|Health|1999|6999|210690
Assam Tea 1 kg|Black tea, strong|Grocery|349|1499|090240
Filter Coffee Powder|Ground coffee with chicory|Grocery|199|899|090121
Garam Masala 200 g|Spice mix|Grocery|99|399|091099
Basmati Rice 5 kg|Aged rice, long grain|Grocery|599|1499|100630
Cashew Nuts 1 kg|Whole cashews, W320|Grocery|799|1999|080132
Chia Seeds 500 g|For breakfast|Grocery|199|699|
Vegetable Seeds, 20 kinds|Seeds pack for the kitchen garden|Home|199|799|120991
E-Cigarette Starter Kit|Vape with nicotine e-liquid|Health|1499|4999|240412
Air Pistol .177|Pellet gun for target practice, with 200 pellets|Sports|2499|9999|930400
Katana Sword for display|Decorative sword, blunt|Hobby|2999|12999|930700
Firecrackers gift box|Sparklers and fountains|Home|499|2999|360410
Laser Pointer, green|For presentations, range 2 km|Electronics|299|1999|901380
Walkie Talkie, pair|Two-way radio, range 5 km|Electronics|1499|6999|852560
Spy Camera Pen|Hidden camera with memory|Electronics|799|2999|852589
Glue Gun Kit|With 20 sticks|Tools|299|999|
Cordless Drill 12 V|Drill machine with lithium battery pack|Tools|1999|6999|846721
Screwdriver Set|Hand tool, 32 bits|Tools|299|1499|820559
Brake Pad for motorcycle|Car part, front|Automotive|299|1999|870899
Handbag, first copy|Mirror quality replica of a known brand|Fashion|1999|9999|420222
Air Fryer 4 L|Less oil, 1400 W|Kitchen|3499|11999|851660
Mixer Grinder 750 W|Three jars|Kitchen|2499|6999|850980
Acoustic Guitar|With bag and strings|Hobby|2999|14999|920290
"""
_COLOURS = ("black", "blue", "red", "green", "white", "grey", "", "", "", "")
_RARE = {"930400", "930700", "360410", "240412", "901380", "880621", "852560"}


class MadeOrders(NamedTuple):
    """Rows of orders, and for each the true importer and subheading."""

    rows: list[dict[str, str]]
    importers: list[int]
    hs6: list[str]


def articles() -> list[Article]:
    """Return the articles of the shop."""
    found = []
    for line in _ARTICLES_TEXT.strip().splitlines():
        title, description, category, low, high, hs6 = line.split("|")
        found.append(Article(title, description, category, int(low), int(high), hs6))
    return found


def made_orders(count: int, seed: int) -> MadeOrders:
    """Return so many orders in the order of their time."""
    chance = Random(seed)  # noqa: S311  # a generator of examples
    crowd = people(max(2, count // 4), seed)
    shop = articles()
    weights = [1 if one.hs6 in _RARE or "first copy" in one.title else 6 for one in shop]
    made: list[tuple[datetime, Person, Article]] = []
    while len(made) < count:
        person = chance.choice(crowd)
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        several = 1 if chance.random() < 0.55 else chance.randrange(2, 6)
        for article in chance.choices(shop, weights, k=min(several, count - len(made))):
            made.append((day + timedelta(seconds=chance.randrange(86_400)), person, article))
    made.sort(key=lambda one: (one[0], one[1].person_id))
    rows = [
        _row(number, moment, person, article, chance) for number, (moment, person, article) in enumerate(made, start=1)
    ]
    return MadeOrders(rows, [person.person_id for _, person, _ in made], [article.hs6 for *_, article in made])


def _row(number: int, moment: datetime, person: Person, article: Article, chance: Random) -> dict[str, str]:
    name, address = plain_form(person) if chance.random() < 0.5 else written(person, chance)
    colour = chance.choice(_COLOURS)
    whole = chance.randrange(article.low, article.high + 1)
    cents = chance.choice(("", ".00", ".50", ".99", ".95", f".{chance.randrange(100):02d}"))
    return {
        "order_id": f"ORD-{number:06d}",
        "timestamp": moment.isoformat(),
        "importer_name": name,
        "delivery_address": address,
        "product_title": f"{article.title}, {colour}" if colour else article.title,
        "description": article.description,
        "product_category": article.category,
        "item_price_inr": f"{whole}{cents}",
        "image_url": f"https://shop.example/images/{number % 997:03d}.jpg",
    }
