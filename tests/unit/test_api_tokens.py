# SPDX-License-Identifier: Apache-2.0
"""Looking up tokens: one question for all who ask at once, each answer remembered for its time."""

from __future__ import annotations

import asyncio

import pytest

from openecp.kernel.parties.model import Principal
from openecp.platform.api.access import Tokens

OFFICER = Principal(principal_id="p", organisation="customs", kind="person", roles=("officer",), name="An officer")


def test_requests_at_once_share_one_question_and_one_that_goes_away_ends_it_for_nobody() -> None:
    tokens, asked = Tokens(remember_s=15), list[str]()

    async def ask() -> Principal | None:
        asked.append("asked")
        await asyncio.sleep(0.01)
        return OFFICER

    async def all_at_once() -> list[Principal | None]:
        first = asyncio.create_task(tokens.looked_up("t", ask))
        others = [asyncio.create_task(tokens.looked_up("t", ask)) for _ in range(20)]
        await asyncio.sleep(0)
        first.cancel()
        return await asyncio.gather(*others)

    assert asyncio.run(all_at_once()) == [OFFICER] * 20
    assert asked == ["asked"]
    assert tokens.remembered("t") == (True, OFFICER)


def test_a_fault_reaches_all_who_asked_and_is_not_remembered() -> None:
    tokens, asked = Tokens(remember_s=15), list[str]()

    async def ask() -> Principal | None:
        asked.append("asked")
        await asyncio.sleep(0)
        raise ConnectionError("away")

    async def both() -> list[Principal | BaseException | None]:
        return await asyncio.gather(*(tokens.looked_up("t", ask) for _ in range(2)), return_exceptions=True)

    assert [type(one) for one in asyncio.run(both())] == [ConnectionError, ConnectionError]
    assert asked == ["asked"]
    assert tokens.remembered("t") == (False, None)
    with pytest.raises(ConnectionError):
        asyncio.run(tokens.looked_up("t", ask))
    assert len(asked) == 2
