# SPDX-License-Identifier: Apache-2.0
"""Administrations as folders of dated tables."""
