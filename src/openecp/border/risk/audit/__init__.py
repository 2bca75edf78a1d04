# SPDX-License-Identifier: Apache-2.0
"""Audits after release: which declarations, what was found, what is recovered. For officers alone."""
