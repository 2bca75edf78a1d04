# SPDX-License-Identifier: Apache-2.0
"""The pictures of a model's card; the same figures stand in a table beside each of them."""

from __future__ import annotations

from markupsafe import Markup

from openecp.border.risk.models.card import ModelCard
from openecp.platform.console.charts.calibration import Tenth, draw_calibration
from openecp.platform.console.charts.limits import LimitBar, draw_limits
from openecp.platform.console.charts.owners import Mark
from openecp.platform.console.charts.trend import Curve, CurvePoint, draw_curves
from openecp.platform.console.language import N_
from openecp.platform.console.risk import words
from openecp.platform.console.risk.frame import RiskFrame

FEATURES_SHOWN = 20
DRIFT_SHOWN = 20
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10)


def calibration(kf: RiskFrame, card: ModelCard) -> Markup:
    """Return the picture of what was foreseen and what happened."""
    text = kf.language.text
    tenths = [
        Tenth(a, b, n, text(N_("foreseen %(a)s, happened %(b)s, %(n)s rows"), a=kf.percent(a), b=kf.percent(b),
                            n=kf.language.number(n)))
        for a, b, n in card.reliability
    ]  # fmt: skip
    drawn = draw_calibration(
        "calibration", tenths, lambda share: kf.percent(share, 0), axes=(text(N_("foreseen")), text(N_("happened"))),
        title=text(N_("Calibration on the test")),
        description=text(N_("A dot for each tenth of the rows; on the dashed line what was foreseen came true.")),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped


def precision(kf: RiskFrame, card: ModelCard) -> Markup:
    """Return the picture of the precision by the share inspected: a curve for each way of ranking, with intervals."""
    text = kf.language.text
    shares = sorted({at.share for line in card.knobs for at in line.shares})
    most = max([*shares, 0.01])
    curves = []
    for line in card.knobs:
        label = kf.word(words.KNOBS, line.knob)
        points = [
            CurvePoint(
                at.share / most, at.precision.value, (at.precision.low, at.precision.high),
                f"{label}, {kf.percent(at.share, 0)}{kf.language.colon} {kf.percent(at.precision.value)}",
            )
            for at in sorted(line.shares, key=lambda at: at.share)
        ]  # fmt: skip
        curves.append(Curve(label=label, points=points))
    ticks = [(share / most, kf.percent(share, 0)) for share in shares]
    drawn = draw_curves(
        "precision", curves, ticks, lambda share: kf.percent(share, 0),
        title=text(N_("Irregular among those inspected")),
        description=text(N_("A curve for each way of ranking over the share inspected, with intervals as strokes.")),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped


def drift(kf: RiskFrame, card: ModelCard) -> Markup:
    """Return the picture of drift against the thresholds, alarms and the largest first."""
    text = kf.language.text
    ranked = sorted(card.drift, key=lambda one: (not one.alarm, -one.value / (one.threshold or 1e-9)))[:DRIFT_SHOWN]
    bars = [
        LimitBar(one.column, one.value, one.threshold, one.alarm,
                 kf.decimal(one.value) + (f" {text(N_('alarm'))}" if one.alarm else ""))
        for one in ranked
    ]  # fmt: skip
    most = max([max(bar.value, bar.limit or 0.0) for bar in bars] + [0.01])
    drawn = draw_limits(
        "drift", bars, marks_to(kf, most), title=text(N_("Drift from training to test")),
        description=text(N_("A bar for each column; the upright stroke is its threshold.")),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped


def features(kf: RiskFrame, card: ModelCard) -> Markup:
    """Return the picture of what the model goes by."""
    text = kf.language.text
    bars = [
        LimitBar(name, share, None, False, kf.percent(share)) for name, share in list(card.features.items())
    ][:FEATURES_SHOWN]  # fmt: skip
    most = max([bar.value for bar in bars] + [0.01])
    drawn = draw_limits(
        "features", bars, marks_to(kf, most, share=True), title=text(N_("What it goes by")),
        description=text(N_("A bar for each column, by its share of the gain.")),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - escaped


def marks_to(kf: RiskFrame, most: float, *, share: bool = False) -> list[Mark]:
    """Return what is written along an axis from 0 to a greatest figure."""
    step = next((step for step in _STEPS if most / step <= 6), most / 6 or 1.0)
    return [
        Mark(n * step, kf.percent(n * step, 0) if share else kf.decimal(n * step, 2))
        for n in range(int(most / step + 1e-9) + 1)
    ]
