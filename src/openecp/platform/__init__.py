# SPDX-License-Identifier: Apache-2.0
"""The outside world: messages, database, engine, network, screens."""
