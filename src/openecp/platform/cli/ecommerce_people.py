# SPDX-License-Identifier: Apache-2.0
"""Invented people of India and the Gulf, and the many ways in which one person's name and address get written.

Everything follows from the seed. Families share an address, namesakes live elsewhere: both must stay apart when
`kernel.parties.similar` groups what is written differently.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple


class Person(NamedTuple):
    """One invented person at one invented address."""

    person_id: int
    given: str
    middle: str
    family: str
    unit: str  # 4B, 203
    building: str
    house: str
    street: str
    street_kind: str  # Road, Street, Marg, Avenue, Lane
    area: str
    city: str
    postcode: str
    country: str


_INDIAN_TEXT = (
    "Aarav Aditi Aditya Ajay Akash Alok Amit Ananya Anand Anil Anita Anjali Arjun Arun Asha Ashok Bhavna "
    "Chetan Deepa Deepak Devika Dinesh Farhan Gaurav Geeta Gopal Harish Hema Indira Ishaan Jayant Jyoti Kamala "
    "Karan Kavita Kiran Kishore Lakshmi Lalita Madhav Mahesh Manish Manoj Meena Meera Mohan Mukesh Nandini "
    "Naveen Neeraj Neha Nikhil Nisha Pankaj Parvati Pooja Pradeep Pranav Prakash Priya Rahul Rajesh Rakesh "
    "Ramesh Rekha Ritu Rohan Sachin Sandeep Sanjay Sarita Shalini Shankar Shreya Shweta Sneha Srinivas Subhash "
    "Sudha Sunil Sunita Suresh Tanvi Uday Usha Vandana Varun Vasant Vijay Vikram Vinod Vishal Yash"
)
_INDIAN = _INDIAN_TEXT.split()
_INDIAN_FAMILIES_TEXT = (
    "Agarwal Banerjee Bhat Bhattacharya Bose Chatterjee Chaudhary Chopra Choudhury Das Desai Deshmukh Dutta "
    "Fernandes Gandhi Ghosh Gokhale Gupta Hegde Iyengar Iyer Jadhav Jain Joshi Kapoor Kaur Khanna Krishnan "
    "Kulkarni Kumar Malhotra Mehta Menon Mishra Mukherjee Murthy Naidu Nair Pandey Patel Patil Pillai Prasad "
    "Rao Reddy Saxena Sen Shah Sharma Shetty Shinde Singh Sinha Srivastava Subramanian Thakur Tiwari Trivedi "
    "Varma Verma Yadav"
)
_INDIAN_FAMILIES = _INDIAN_FAMILIES_TEXT.split()
_GULF_TEXT = (
    "Ahmed Aisha Ali Amina Fahad Faisal Fatima Hamad Hamdan Hana Hassan Huda Hussain Ibrahim Jassim Jawaher "
    "Khalid Latifa Layla Mahmoud Mansour Mariam Mohammed Moza Nasser Noora Omar Osama Rashid Reem Saeed Salem "
    "Salma Sara Shamma Sultan Tariq Yousef Zainab Zayed"
)
_GULF = _GULF_TEXT.split()
_GULF_FAMILIES_TEXT = (
    "Al-Ansari|Al-Balushi|Al-Farsi|Al-Habsi|Al-Harthy|Al-Hashimi|Al-Kaabi|Al-Ketbi|Al-Khalifa|Al-Kindi|"
    "Al-Mansouri|Al-Marri|Al-Mazrouei|Al-Naimi|Al-Nuaimi|Al-Qasimi|Al-Rashidi|Al-Shamsi|Al-Suwaidi|Al-Tamimi|"
    "Al-Zaabi|Bin Hamdan|Bin Saeed|Haddad|Khoury|Mirza|Qureshi|Siddiqui|Khan|Rahman"
)
_GULF_FAMILIES = _GULF_FAMILIES_TEXT.split("|")
_STREETS_TEXT = (
    "Mahatma Gandhi|Nehru|Station|Temple|Hill|Lake View|Church|Residency|Brigade|Linking|Turner|Carter|Park|"
    "Ring|Old Mill|Rose|Canal|Palace|Market|Garden|College|Airport|Fort|River|Mango Grove|Lotus|Jasmine|"
    "Peacock|Neem Tree|Banyan"
)
_STREETS = _STREETS_TEXT.split("|")
_BUILDINGS_TEXT = (
    "Sunrise|Green Valley|Silver Oak|Lotus|Pearl|Orchid|Sapphire|Palm|Skyline|Coral|Emerald|Jasmine|Marigold|"
    "Cedar|Maple|Golden Sands|Blue Lagoon|Sea Breeze|Moonlight|Heritage"
)
_BUILDINGS = _BUILDINGS_TEXT.split("|")
_INDIAN_CITIES = (
    ("Mumbai", "400", "Andheri West|Bandra East|Borivali|Chembur|Dadar|Goregaon|Kurla|Malad|Powai|Vile Parle"),
    ("Bengaluru", "560", "Basavanagudi|Hebbal|Indiranagar|Jayanagar|Koramangala|Malleswaram|Whitefield|Yelahanka"),
    ("Chennai", "600", "Adyar|Anna Nagar|Guindy|Mylapore|Nungambakkam|Perambur|Tambaram|Velachery"),
    ("Kolkata", "700", "Alipore|Ballygunge|Behala|Dum Dum|Garia|Jadavpur|Salt Lake|Tollygunge"),
    ("Pune", "411", "Aundh|Baner|Hadapsar|Hinjewadi|Kothrud|Shivajinagar|Viman Nagar|Wakad"),
    ("Hyderabad", "500", "Ameerpet|Begumpet|Gachibowli|Kukatpally|Madhapur|Miyapur|Secunderabad|Uppal"),
    ("Delhi", "110", "Dwarka|Karol Bagh|Lajpat Nagar|Mayur Vihar|Pitampura|Rohini|Saket|Vasant Kunj"),
)
_GULF_CITIES = (
    ("Dubai", "Al Barsha|Al Karama|Al Quoz|Al Rigga|Deira|Jumeirah|Mirdif|Umm Suqeim", "United Arab Emirates"),
    ("Sharjah", "Al Khan|Al Majaz|Al Nahda|Al Qasimia|Muwaileh|Rolla", "United Arab Emirates"),
    ("Abu Dhabi", "Al Bateen|Al Reem|Khalidiya|Mussafah|Al Mushrif|Yas", "United Arab Emirates"),
    ("Muscat", "Al Khuwair|Ghubra|Mutrah|Qurum|Ruwi|Seeb", "Oman"),
    ("Doha", "Al Sadd|Bin Mahmoud|Lusail|Najma|Old Salata|Westbay", "Qatar"),
)


def people(count: int, seed: int) -> list[Person]:
    """Return so many people: one in four shares the address and family name of the one before."""
    chance = Random(seed)  # noqa: S311  # a generator of examples
    found: list[Person] = []
    while len(found) < count:
        first = _person(len(found), chance)
        found.append(first)
        names = {first.given}
        while len(found) < count and chance.random() < 0.2:
            given = chance.choice(_GULF if first.postcode == "" else _INDIAN)
            if given not in names:
                names.add(given)
                found.append(first._replace(person_id=len(found), given=given, middle=_middle(first, chance)))
    return found


def _middle(person: Person, chance: Random) -> str:
    if chance.random() < 0.7:
        return ""
    return chance.choice(_GULF if person.postcode == "" else _INDIAN)


def _person(number: int, chance: Random) -> Person:
    gulf = chance.random() < 0.4
    unit = f"{chance.randrange(1, 30)}{chance.choice('01234')}{chance.randrange(1, 9)}"
    if chance.random() < 0.3:
        unit = f"{chance.randrange(1, 40)}{chance.choice('ABCD')}"
    if gulf:
        city, areas, country = chance.choice(_GULF_CITIES)
        postcode, area = "", chance.choice(areas.split("|"))
    else:
        city, start, names = chance.choice(_INDIAN_CITIES)
        choices = names.split("|")
        country, place = "India", chance.randrange(len(choices))
        postcode, area = f"{start}{place * 7 + 1:03d}", choices[place]
    person = Person(
        number,
        chance.choice(_GULF if gulf else _INDIAN),
        "",
        chance.choice(_GULF_FAMILIES if gulf else _INDIAN_FAMILIES),
        unit,
        chance.choice(_BUILDINGS),
        str(chance.randrange(1, 400)),
        chance.choice(_STREETS),
        chance.choice(("Road", "Street", "Avenue", "Lane", "Marg" if not gulf else "Street")),
        area,
        city,
        postcode,
        country,
    )
    return person._replace(middle=_middle(person, chance))


_KEYS = "qwertyuiop", "asdfghjkl", "zxcvbnm"
_BESIDE = {
    key: (row[place - 1 : place] if place else "") + row[place + 1 : place + 2]
    for row in _KEYS
    for place, key in enumerate(row)
}
_SPELLINGS = {
    "mohammed": "Muhammad|Mohamed|Mohammad|Mohd", "aisha": "Ayesha|Aysha", "hussain": "Hussein|Husain",
    "yousef": "Yusuf|Youssef", "fatima": "Fatimah|Fatma", "khalid": "Khaled", "omar": "Umar", "ahmed": "Ahmad",
    "saeed": "Said|Sayeed", "noora": "Nura|Noura", "mariam": "Maryam|Meriam", "layla": "Leila|Laila",
    "lakshmi": "Laxmi", "deepak": "Dipak", "neeraj": "Niraj", "sandeep": "Sandip", "pooja": "Puja", "geeta": "Gita",
    "meena": "Mina", "chaudhary": "Chaudhari|Choudhary", "srinivas": "Shrinivas|Sreenivas", "verma": "Varma",
    "shweta": "Sweta", "naveen": "Navin", "kishore": "Kishor", "banerjee": "Banerji", "mukherjee": "Mukherji",
    "siddiqui": "Siddiqi|Siddique", "qureshi": "Quraishi", "subramanian": "Subramaniam", "jyoti": "Jyothi",
    "agarwal": "Aggarwal|Agrawal", "krishnan": "Krishnann", "rashid": "Rasheed", "prakash": "Parkash",
}  # fmt: skip
_OWN_SCRIPT = {
    "rahul": "राहुल", "kumar": "कुमार", "sharma": "शर्मा", "priya": "प्रिया", "gupta": "गुप्ता", "sunita": "सुनीता",
    "rao": "राव", "joshi": "जोशी", "patil": "पाटील", "mohammed": "محمد", "ahmed": "أحمد", "khalid": "خالد",
    "salem": "سالم", "al-mansouri": "المنصوري", "al-farsi": "الفارسي", "hamad": "حمد", "haddad": "حداد",
}  # fmt: skip
_SHORT = {"Road": ("Rd", "Rd.", "road"), "Street": ("St", "St.", "Str"), "Avenue": ("Ave", "Ave.", "Av"),
          "Lane": ("Ln", "lane"), "Marg": ("Marg", "Mg")}  # fmt: skip
_CITIES = {
    "Bengaluru": "Bangalore",
    "Mumbai": "Bombay",
    "Chennai": "Madras",
    "Kolkata": "Calcutta",
    "Delhi": "New Delhi",
}
_COUNTRIES = {"United Arab Emirates": ("UAE", "U.A.E.", ""), "India": ("INDIA", "IN", ""), "Oman": ("OM", ""),
              "Qatar": ("QA", "")}  # fmt: skip
_HONORIFICS = ("Mr ", "Mr. ", "Mrs. ", "Ms ", "Dr. ", "Shri ")


def mistyped(word: str, chance: Random) -> str:
    """Return a word with one typing error: a letter beside the right one, missing, doubled, or two in wrong order."""
    if len(word) < 3:
        return word
    place, kind = chance.randrange(len(word) - 1), chance.randrange(4)
    if kind == 0:
        beside = _BESIDE.get(word[place].lower(), "")
        return word[:place] + chance.choice(beside) + word[place + 1 :] if beside else word
    if kind == 1:
        return word[:place] + word[place + 1 :]
    if kind == 2:
        return word[:place] + word[place] + word[place:]
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _text_mistyped(text: str, chance: Random) -> str:
    words = text.split(" ")
    places = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not places:
        return text
    place = chance.choice(places)
    words[place] = mistyped(words[place], chance)
    return " ".join(words)


def plain_form(person: Person) -> tuple[str, str]:
    """Return name and address as the person writes them."""
    name = " ".join(part for part in (person.given, person.middle, person.family) if part)
    address = (
        f"Flat {person.unit}, {person.building} Apartments, {person.house} {person.street} {person.street_kind}, "
        f"{person.area}, {person.city}{' ' + person.postcode if person.postcode else ''}, {person.country}"
    )
    return name, address


def written(person: Person, chance: Random, *, errors: float = 0.1) -> tuple[str, str]:
    """Return name and address in one of the many ways in which they are written; `errors` is the share mistyped."""
    return _name_written(person, chance, errors), _address_written(person, chance, errors)


def _name_written(person: Person, chance: Random, errors: float) -> str:
    given, middle, family = person.given, person.middle, person.family
    if chance.random() < 0.12 and given.lower() in _SPELLINGS:
        given = chance.choice(_SPELLINGS[given.lower()].split("|"))
    if chance.random() < 0.06 and family.lower() in _SPELLINGS:
        family = chance.choice(_SPELLINGS[family.lower()].split("|"))
    if chance.random() < 0.02 and given.lower() in _OWN_SCRIPT and family.lower() in _OWN_SCRIPT:
        given, family, middle = _OWN_SCRIPT[given.lower()], _OWN_SCRIPT[family.lower()], ""
    if family.startswith("Al-") and chance.random() < 0.3:
        family = chance.choice((family.replace("-", " "), family.replace("Al-", "Al"), family.replace("Al-", "El ")))
    if middle:
        middle = chance.choice((middle, middle, "", f"{middle[0]}.", middle[0]))
    elif chance.random() < 0.03:
        middle = "ABKMRS"[person.person_id % 6] + "."
    if chance.random() < 0.03:
        given = f"{given[0]}."
    name = " ".join(part for part in (given, middle, family) if part)
    if chance.random() < 0.12:
        name = chance.choice((f"{family}, {given} {middle}", f"{family} {given} {middle}")).strip()
    if chance.random() < errors:
        name = _text_mistyped(name, chance)
    if chance.random() < 0.1:
        name = chance.choice(_HONORIFICS) + name
    form = chance.random()
    return name.upper() if form < 0.1 else name.lower() if form < 0.15 else name


def _address_written(person: Person, chance: Random, errors: float) -> str:
    unit = person.unit
    if not unit.isdigit() and chance.random() < 0.3:
        unit = chance.choice((f"{unit[:-1]}-{unit[-1]}", f"{unit[:-1]} {unit[-1]}"))
    label = chance.choice(("Flat ", "Flat ", "Flat No. ", "Apt ", "Apt. ", "#", "Apartment ", "Unit "))
    kind = chance.choice(_SHORT[person.street_kind]) if chance.random() < 0.4 else person.street_kind
    building = person.building + chance.choice((" Apartments", " Apartments", " Apts", " Apts.", ""))
    street = f"{person.house} {person.street} {kind}"
    if chance.random() < 0.1:
        street = f"No. {person.house}, {person.street} {kind}"
    if person.street.startswith("Mahatma") and chance.random() < 0.3:
        street = street.replace("Mahatma Gandhi", chance.choice(("M.G.", "MG", "M G")))
    city = _CITIES.get(person.city, person.city) if chance.random() < 0.06 else person.city
    postcode = person.postcode
    if chance.random() < 0.1:
        postcode = ""
    elif postcode and chance.random() < 0.15:
        postcode = f"{postcode[:3]} {postcode[3:]}"
    joint = chance.choice((" ", " ", "-", " - ")) if postcode else ""
    country = chance.choice(_COUNTRIES[person.country]) if chance.random() < 0.3 else person.country
    parts = [f"{label}{unit}", building, street, person.area, f"{city}{joint}{postcode}", country]
    if chance.random() < 0.06:
        parts = [building, parts[0], *parts[2:]]
    if chance.random() < 0.04:
        parts.insert(3, f"near {chance.choice(('Metro Station', 'City Hospital', 'Central Bank', 'Old Mosque'))}")
    address = chance.choice((", ", ", ", ", ", " ", ",")).join(part for part in parts if part)
    if chance.random() < errors:
        address = _text_mistyped(address, chance)
    form = chance.random()
    return address.upper() if form < 0.08 else address.lower() if form < 0.12 else address
