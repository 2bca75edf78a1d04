# SPDX-License-Identifier: Apache-2.0
"""Valuation: the customs value of each item, from price, charges, terms and currency."""
