# SPDX-License-Identifier: Apache-2.0
"""The journal: events in one order, the tree over them, checkpoints and receipts."""
