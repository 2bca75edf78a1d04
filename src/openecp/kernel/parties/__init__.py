# SPDX-License-Identifier: Apache-2.0
"""Organisations, people and systems, with their roles."""
