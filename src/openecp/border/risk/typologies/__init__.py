# SPDX-License-Identifier: Apache-2.0
"""Typologies of low-value trade: parcels as history, and the profiles that look for each."""
