# SPDX-License-Identifier: Apache-2.0
"""Holds this software against the published answers of another administration's computer, case by case."""
