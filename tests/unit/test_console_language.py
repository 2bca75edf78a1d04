# SPDX-License-Identifier: Apache-2.0
"""English and French are complete: no message lacks French, no text stands in a template outside a message.

Method: messages extracted as Babel does, templates read token by token, and French pages searched for English.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from console_world import Stage, busy_world
from jinja2 import Environment
from litestar.testing import TestClient
from test_console_pages import sign_in

from openecp.border.lodgement.lifecycle import EVENT_KINDS
from openecp.border.lodgement.notifications import NAMES
from openecp.platform.console import acts, language, words
from openecp.platform.console.language import CODES, load_languages, preferred, read_catalogue

ROOT = Path(language.__file__).parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SAID_AS_IS = {"OpenECP", "– OpenECP", "UTC", "SHA-256"}  # names, not words
SHOWN = ("alt", "aria-label", "placeholder", "title", "data-copied", "content")


def messages() -> dict[object, set[str]]:
    """Every message of the console's sources, with the files that use it."""
    found: dict[object, set[str]] = {}
    for name, _, message, _, _ in extract_from_dir(
        str(ROOT),
        method_map=[("templates/**.html", "jinja2"), ("**.py", "python")],
        options_map={"templates/**.html": {"trim_blocks": "true"}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2), "N_": None},
    ):
        found.setdefault(message if isinstance(message, str) else tuple(message), set()).add(name)
    return found


@pytest.mark.parametrize("code", [code for code in CODES if code != "en"])
def test_catalogue_is_complete(code: str) -> None:
    """Each message has a translation, none is fuzzy or left over, and the values in it are the same."""
    catalogue = {message.id: message for message in read_catalogue(code) if message.id}
    wanted = messages()
    ours = set(wanted)
    assert ours - set(catalogue) == set(), "messages without a translation: add them to a .po file"
    assert set(catalogue) - ours == set(), "translations of messages that are gone: remove them"
    for message in catalogue.values():
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        assert all(texts), message.id
        assert not message.fuzzy, message.id
        values = {frozenset(re.findall(r"%\((\w+)\)s", text)) for text in (*ids, *texts)}
        assert len(values) == 1, message.id
        assert all(text.endswith(".") == ids[0].endswith(".") for text in texts), message.id


def test_every_word_is_there() -> None:
    """Each event, notification, layer and act has its word; results of acts are those that the command knows."""
    assert set(words.EVENTS) == set(EVENT_KINDS)
    assert set(NAMES) <= set(words.NOTIFICATIONS)
    assert set(words.ACTS) == set(acts.KINDS) == set(acts.ORDER)
    french = load_languages()["fr"]
    for code in words.STATUS_ORDER:
        assert words.status_name(code, "fr") != ""
        assert words.STATUS_TONES.get(code, "open") in {"closed", "trader", "customs", "good", "bad", "open"}
    assert french.text(words.EVENTS["GoodsReleased"]) == "Mainlevée accordée"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_text_outside_messages(template: Path) -> None:
    """What a template says, in text or attributes, is a message."""
    source = template.read_text(encoding="utf-8")
    markup = ""
    for _, kind, value in Environment(extensions=["jinja2.ext.i18n"]).lex(source):
        if kind == "data":
            markup += value
        elif kind.endswith("_begin") and markup.rfind("<") <= markup.rfind(">"):
            markup += "\x00"  # not inside a tag
    said = _Said()
    said.feed(markup)
    texts = [text for text in said.texts if re.search(r"[A-Za-z]{2,}", text) and text not in SAID_AS_IS]
    assert texts == []


class _Said(HTMLParser):
    """Collects the texts that people see or hear."""

    def __init__(self, lang: str | None = None) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.lang = lang
        self._other = 0  # depth inside an element of another language
        self._depth: list[bool] = []
        self._mute = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in {"meta", "link", "input", "br"}:
            if tag == "input" and known.get("type") not in {"hidden", "checkbox", "radio"}:
                self._attributes(known)
            return
        foreign = self.lang is not None and known.get("lang") not in {None, self.lang} and tag != "html"
        self._depth.append(foreign or tag in {"code", "pre", "script"})
        self._mute += self._depth[-1]
        self._attributes(known)

    def _attributes(self, known: dict[str, str | None]) -> None:
        if not self._mute:
            self.texts += [value.replace("\x00", "").strip() for name in SHOWN if (value := known.get(name))]

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"meta", "link", "input", "br"} and self._depth:
            self._mute -= self._depth.pop()

    def handle_data(self, data: str) -> None:
        if not self._mute:
            self.texts += [part.strip() for part in re.split(r"[\x00\n]", data) if part.strip()]


def test_french_pages_hold_no_english() -> None:
    """On every page in French no text is one of our English messages, or made of one."""
    stage = Stage()
    world = stage.show(busy_world())
    french = load_languages()["fr"].text
    english = {m for m in messages() if isinstance(m, str) and french(m) != m and "%(" not in m and len(m) > 3}
    english -= {"conform"}  # a French word begins with it
    pattern = re.compile(r"(?<![\w’-])(?:" + "|".join(re.escape(m) for m in sorted(english, key=len)) + r")(?![\w’-])")
    with TestClient(stage.app, base_url="http://testserver.local") as client:
        faults = _english_in(client.get("/console/sign-in?lang=fr").text, pattern)
        faults += _english_in(client.post("/console/sign-in", data={}).text, pattern)
        sign_in(client, "anna")
        paths = ["/console?lang=fr", "/console?text=none", "/console/nothing"]
        for lrn in world.cases:
            case = f"/console/cases/{world.cases[lrn]}"
            paths += [case, f"{case}/declared", f"{case}/message", f"{case}/notifications", f"{case}/changes?after=1"]
        seq = world.store.events(case_id=world.cases["LRN-CONTROL-01"])[0].seq
        paths.append(f"/console/cases/{world.cases['LRN-CONTROL-01']}/receipts/{seq}")
        for path in paths:
            faults += [(path, fault) for fault in _english_in(client.get(path).text, pattern)]
    assert faults == []


def _english_in(html: str, pattern: re.Pattern[str]) -> list[str]:
    said = _Said("fr")
    said.feed(html)
    return [text for text in said.texts if pattern.search(text)]


def test_preferred_language() -> None:
    """The browser's first language that the console speaks."""
    known = load_languages()
    assert preferred("fr-CH, fr;q=0.9, en;q=0.8", known) == "fr"
    assert preferred("de, en;q=0.5, fr;q=0.4", known) == "en"
    assert preferred("fr;q=nan, *", known) in CODES


def test_amounts_are_exact() -> None:
    """Minor units are shown with their currency's decimals, however large, in both languages."""
    english, french = load_languages()["en"], load_languages()["fr"]
    assert english.amount(123456789012345678, "EUR") == "1,234,567,890,123,456.78"
    assert english.amount(1234, "JPY") == "1,234"
    assert english.amount(-5, "EUR") == "-0.05"
    assert english.amount(None, "EUR") == "–"
    assert french.amount(123456, "EUR").replace("\u202f", " ") == "1 234,56"
    assert english.amount(12345, "XBM") == "123.45"
