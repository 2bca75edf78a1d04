# SPDX-License-Identifier: Apache-2.0
"""Selectivity: by which rule a declaration comes into which lane, and the draw that nobody can buy anew.

Read `plan` (what an office is to reach), `select` (the rule, one declaration at a time), `vector` (the same rule for
batches), `counters` (what the top-up hangs on), `draw` (the numbers that are drawn).
"""
