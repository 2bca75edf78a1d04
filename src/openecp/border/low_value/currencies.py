# SPDX-License-Identifier: Apache-2.0
"""Decimals of currencies, as the kernel has them."""

from __future__ import annotations

from openecp.kernel.datamodel.currencies import amount_text, exponent, micro_text, rate_text

__all__ = ["amount_text", "exponent", "micro_text", "rate_text"]
