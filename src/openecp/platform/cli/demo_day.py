# SPDX-License-Identifier: Apache-2.0
"""Plays the day of the demonstration over HTTP, as traders' systems and an officer would, and compares."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

_MRN = re.compile(rb"\$\{MRN:([^}]+)\}")
_RELEASED = ("released", "cleared", "exit_awaited", "exited")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A row of expected.csv."""

    step: str
    file: str
    case: str
    party: str
    user: str
    action: str
    media: str
    key: str
    expected_outcome: str
    expected_codes: str
    expected_channel: str
    expected_status: str
    expected_total_minor: str
    note: str


class Played(msgspec.Struct, kw_only=True):
    """What came of a step; `differences` from what was expected, empty where there are none."""

    step: Step
    outcome: str
    codes: list[str]
    lrn: str = ""
    channel: str = ""
    status: str = ""
    total: int | None = None
    release_s: float | None = None
    differences: list[str] = []

    @property
    def what(self) -> str:
        """What was done, in few words."""
        name = Path(self.step.file).stem.partition("-")[2].replace("-", " ") if self.step.file else self.step.case
        return name if self.step.action == "lodge" else f"{self.step.action.replace('_', ' ')}: {name}"


class Day:
    """The day over one connection."""

    def __init__(self, folder: Path, address: str, tokens: dict[str, str]) -> None:
        self._folder = folder
        self._tokens = tokens
        self._client = httpx.Client(base_url=address, timeout=30.0)
        self._mrns: dict[str, str] = {}
        self._began: dict[str, float] = {}
        self._released: set[str] = set()

    @property
    def mrns(self) -> dict[str, str]:
        """The MRNs of the day by case."""
        return dict(self._mrns)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def play(self, step: Step) -> Played:
        """Play one step and compare."""
        began = time.perf_counter()
        self._began.setdefault(step.case, began)
        played = self._lodge(step) if step.file else self._act(step)
        if step.case in self._mrns and played.outcome not in ("unreadable", "refused"):
            self._look(played)
        if played.status in _RELEASED and step.case not in self._released:
            self._released.add(step.case)
            played.release_s = time.perf_counter() - self._began[step.case]
        played.differences = differences(played)
        return played

    def _lodge(self, step: Step) -> Played:
        content = _MRN.sub(lambda found: self._mrn(found[1].decode()).encode(), (self._folder / step.file).read_bytes())
        headers = {"authorization": f"Bearer {self._tokens[step.party]}", "content-type": f"application/{step.media}"}
        if step.key:
            headers["idempotency-key"] = step.key
        path = "/declarations" if step.action == "lodge" else "/requests"
        reply = self._client.post(path, content=content, headers=headers)
        told = reply.json()
        if reply.status_code in (200, 201) or "outcome" in told:
            if told.get("mrn") and step.action == "lodge" and step.case not in self._mrns:
                self._mrns[step.case] = told["mrn"]
            repeated = reply.status_code == 200 and step.action == "lodge"
            codes = [error["code"] for error in told["errors"]]
            return Played(
                step=step,
                outcome="repeated" if repeated else told["outcome"],
                codes=codes,
                lrn=told["lrn"] or step.case,
                status=told["status"] or "",
            )
        outcome = "unreadable" if reply.status_code in (400, 413, 415) else "refused"
        if reply.status_code >= 500:
            outcome = f"fault {reply.status_code}"
        return Played(step=step, outcome=outcome, codes=[told["code"]], lrn=step.case)

    def _act(self, step: Step) -> Played:
        act, _, result = step.action.partition("=")
        body: dict[str, Any] = {"act": act, "reason": step.note or "demonstration"}
        if result:
            body["result"] = result
        path = f"/declarations/{self._mrn(step.case)}/acts"
        reply = self._client.post(path, json=body, headers=self._officer())
        told = reply.json()
        if reply.status_code == 200:
            return Played(step=step, outcome=told["outcome"], codes=[], lrn=step.case, status=told["status"] or "")
        return Played(step=step, outcome="refused", codes=[told.get("code", "")], lrn=step.case)

    def _look(self, played: Played) -> None:
        """See the case as an officer sees it: channel, status, what is due."""
        mrn = self._mrns[played.step.case]
        case = self._client.get(f"/declarations/{mrn}", headers=self._officer())
        if case.status_code == 200:
            played.channel = case.json()["channel"] or ""
            played.status = case.json()["status"]
        assessment = self._client.get(f"/declarations/{mrn}/assessment", headers=self._officer())
        if assessment.status_code == 200 and assessment.json()["outcome"] == "accepted":
            taxes = assessment.json()["taxes"]
            played.total = sum(tax["payable_minor"] or 0 for tax in taxes if tax.get("charge", True))

    def _mrn(self, case: str) -> str:
        return self._mrns.get(case, "NOT-LODGED")

    def _officer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._tokens['officer']}"}


def differences(played: Played) -> list[str]:
    """Return where a step did not end as expected."""
    step = played.step
    found = []
    outcomes = {step.expected_outcome}
    if step.action != "lodge" and step.expected_outcome == "accepted":
        outcomes |= {"done", "registered"}
    if played.outcome not in outcomes:
        found.append(f"outcome {played.outcome}, expected {step.expected_outcome}")
    for code in filter(None, step.expected_codes.split("|")):
        if not any(got == code or (code.endswith("-") and got.startswith(code)) for got in played.codes):
            found.append(f"code {code} is missing (got {' '.join(played.codes) or 'none'})")
    for name, wanted, got in (
        ("channel", step.expected_channel, played.channel),
        ("status", step.expected_status, played.status),
    ):
        if wanted and got not in wanted.split("|"):
            found.append(f"{name} {got or 'none'}, expected {wanted}")
    if step.expected_total_minor and played.total != int(step.expected_total_minor):
        found.append(f"due {played.total}, expected {step.expected_total_minor}")
    return found
