# SPDX-License-Identifier: Apache-2.0
"""Engines that run composed statements over rows."""
