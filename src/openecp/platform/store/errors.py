# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with the store as a whole; each text says where, what was expected, what was found, the fix."""

from __future__ import annotations


class StoreError(RuntimeError):
    """The store cannot be used as it stands."""


class StoreUnavailable(StoreError):  # noqa: N818
    """The database did not answer; whether a write was recorded is unknown: send it again with the same key."""


class StoreTooNew(StoreError):  # noqa: N818
    """The store was written by a later version of OpenECP."""


class JournalTampered(StoreError):  # noqa: N818
    """The log no longer continues what was signed before: nothing further is signed."""
