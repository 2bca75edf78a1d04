# SPDX-License-Identifier: Apache-2.0
"""Tariff: measures by goods code, origin and date, and the documents that they ask for."""
