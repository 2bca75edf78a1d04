# SPDX-License-Identifier: Apache-2.0
"""Watchlists: names of parties against lists that the administration loads; what is found is for officers alone."""
