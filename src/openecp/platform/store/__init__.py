# SPDX-License-Identifier: Apache-2.0
"""The store on PostgreSQL: embedded by default, one's own server by OPENECP_DATABASE_URL."""

from openecp.kernel.journal.admission import StoreSettings
from openecp.platform.store.embedded import default_data_folder, temporary_data_folder
from openecp.platform.store.errors import JournalTampered, StoreError, StoreTooNew, StoreUnavailable
from openecp.platform.store.store import PostgresStore, open_store, restore_store

__all__ = [
    "JournalTampered",
    "PostgresStore",
    "StoreError",
    "StoreSettings",
    "StoreTooNew",
    "StoreUnavailable",
    "default_data_folder",
    "open_store",
    "restore_store",
    "temporary_data_folder",
]
