# SPDX-License-Identifier: Apache-2.0
"""Low-value goods: dated regimes as data, their charges as steps, and the quote before the sale."""
