# SPDX-License-Identifier: Apache-2.0
"""Charts of action plans: what is drawn is what is so; nothing has an end that nobody planned.

Method: the drawing functions alone, their SVG read as XML.
"""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from openecp.platform.console.charts.lineage import HEAD, ROW, Node, Tie, draw_lineage, placed
from openecp.platform.console.charts.stack import WIDTH, draw_stack
from openecp.platform.console.charts.svg import Day, shortened, tag
from openecp.platform.console.charts.timeline import CAPTIONS, LABELS, Axis, Bar, Mark, draw_timeline
from openecp.platform.console.charts.timeline import WIDTH as CHART

AXIS = Axis(first="2019-01-01", last="2021-01-01", ticks=(Day("2019-01-01", "2019"), Day("2020-01-01", "2020")))
PLOT = CHART - LABELS - CAPTIONS


def read(svg: str) -> ElementTree.Element:
    """The picture as XML, names without their namespace."""
    found = ElementTree.fromstring(svg)
    for element in found.iter():
        element.tag = element.tag.rpartition("}")[2]
    return found


def bar(name: str, start: str, end: str | None, **more: object) -> Bar:
    """A bar."""
    given = {"label": f"{name}. Something", "tone": "red", "caption": "late", **more}
    return Bar(id=name, start=start, end=end, **given)  # type: ignore[arg-type]


def of_class(picture: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Elements of a class."""
    return [each for each in picture.iter() if name in (each.get("class") or "").split()]


def test_dated_bars_end_on_their_day() -> None:
    """A bar covers its share of the axis, to the day."""
    picture = read(draw_timeline("t", [bar("a", "2019-01-01", "2020-01-01")], AXIS, [], title="T", description="D"))
    (drawn,) = of_class(picture, "ch-bar")
    assert float(drawn.get("x", "0")) == LABELS
    assert abs(float(drawn.get("width", "0")) - PLOT * 365 / 731) < 0.1


def test_lasting_work_has_no_end() -> None:
    """A band runs to the edge and fades into nothing: no bar, no day, the fill ends transparent."""
    picture = read(draw_timeline("t", [bar("a", "2019-06-01", None)], AXIS, [], title="T", description="D"))
    assert of_class(picture, "ch-bar") == []
    (band,) = of_class(picture, "ch-band")
    right = float(band.get("x", "0")) + float(band.get("width", "0"))
    assert abs(right - (CHART - CAPTIONS)) < 0.1
    assert band.get("fill") == "url(#t-fade-red)"
    fade = next(each for each in picture.iter("linearGradient") if each.get("id") == "t-fade-red")
    assert [stop.get("stop-opacity") for stop in fade] == ["1", "0"]


def test_marks_outside_the_axis_are_left_out() -> None:
    """The day asked for is drawn where it lies, and nowhere else."""
    inside, outside = Mark(day="2020-02-01", label="now", kind="today"), Mark(day="2026-02-01", label="x", kind="today")
    rows = [bar("a", "2019-01-01", "2020-01-01")]
    assert len(of_class(read(draw_timeline("t", rows, AXIS, [inside], title="T", description="D")), "ch-today")) == 1
    assert of_class(read(draw_timeline("t", rows, AXIS, [outside], title="T", description="D")), "ch-today") == []


def test_pictures_say_what_they_are() -> None:
    """Title and description are tied to the picture; text is escaped; no style that the page's policy would refuse."""
    rows = [bar("a", "2019-01-01", None, label="<b>&\"'", href="/console/actions/a?x=1&y=2")]
    svg = draw_timeline("t", rows, AXIS, [], title="Plan <IV>", description="One & all")
    picture = read(svg)
    assert picture.get("role") == "group"
    told = {each.get("id"): each.text for each in picture}
    assert told[picture.get("aria-labelledby")] == "Plan <IV>"
    assert told[picture.get("aria-describedby")] == "One & all"
    assert picture.find(".//a").get("href") == "/console/actions/a?x=1&y=2"  # type: ignore[union-attr]
    assert 'style="' not in svg
    assert "<script" not in svg


def test_long_charts_stay_bounded() -> None:
    """Ten thousand rows do not make a page of ten thousand rows."""
    svg = draw_timeline("t", [bar("a", "2019-01-01", None)] * 10_000, AXIS, [], title="T", description="D")
    assert svg.count("ch-band") == 500


def lineage(ties: list[Tie]) -> ElementTree.Element:
    """Two actions on each side."""
    left = [Node(id="A-1", number="1", label="One"), Node(id="A-2", number="2", label="Two")]
    right = [Node(id="B-1", number="1", label="One"), Node(id="B-2", number="2", label="Two")]
    return read(draw_lineage("l", left, right, ties, heads=("A", "B"), title="T", description="D"))


def test_weak_links_are_dashed() -> None:
    """A weak link looks otherwise than a sure one, and both otherwise than none."""
    sure = Tie(start="A-1", end="B-1", relation="continues", weak=False, sure=True, label="")
    weak = Tie(start="A-2", end="B-1", relation="related", weak=True, sure=False, label="")
    drawn = of_class(lineage([sure, weak]), "ch-tie")
    assert [("ch-tie--weak" in each.get("class", ""), "ch-tie--sure" in each.get("class", "")) for each in drawn] == [
        (False, True),
        (True, False),
    ]
    lone = of_class(lineage([sure]), "ch-dot--lone")
    assert len(lone) == 2  # A-2 and B-2


def test_links_to_nobody_are_left_out() -> None:
    """A link to an action that is not in the picture is not drawn into the air."""
    tie = Tie(start="A-1", end="C-9", relation="continues", weak=False, sure=False, label="")
    assert of_class(lineage([tie]), "ch-tie") == []


def test_left_column_keeps_its_order_and_room() -> None:
    """However the links lie, actions stand in their order, a row apart, and inside the picture."""
    nodes = [Node(id=f"A-{n}", number=str(n), label="") for n in range(12)]
    targets = {f"B-{n}": HEAD + n * ROW for n in range(40)}
    ties = [
        Tie(start=f"A-{n}", end=f"B-{(n * 29) % 40}", relation="continues", weak=False, sure=False, label="")
        for n in range(12)
    ]
    height = HEAD + 40 * ROW + 10
    at = list(placed(nodes, ties, targets, height).values())
    assert all(second - first >= ROW - 1e-6 for first, second in pairwise(at))
    assert at[0] > HEAD
    assert at[-1] < height


def test_stack_adds_up() -> None:
    """The parts of a bar add up to its share of the longest; those who hear the numbers do not hear the bar."""
    picture = read(draw_stack({"red": 3, "grey": 1}, ("red", "amber", "grey"), 8))
    parts = of_class(picture, "ch-bar")
    assert picture.get("aria-hidden") == "true"
    assert abs(sum(float(each.get("width", "0")) + 1 for each in parts) - WIDTH / 2) < 0.2


def test_text() -> None:
    """Long labels are cut at a word; attributes are written for SVG."""
    assert shortened("a short one", 20) == "a short one"
    assert shortened("Interconnectivity of systems and windows", 24) == "Interconnectivity of…"
    drawn = tag("text", text="<", class_="x", text_anchor="end", y=1.24, id=None)
    assert drawn == '<text class="x" text-anchor="end" y="1.2">&lt;</text>'
