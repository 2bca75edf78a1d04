# SPDX-License-Identifier: Apache-2.0
"""Lets tests import what they share: `from tests.corpus import corpus_path`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
