# SPDX-License-Identifier: Apache-2.0
"""Charts drawn by the server as SVG: pure functions from records to markup, each beside the table of its data."""
