# SPDX-License-Identifier: Apache-2.0
"""Reads a plan document that has been taken apart into text or tables: one rule a file, `read.py` is the order."""
