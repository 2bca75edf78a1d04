# SPDX-License-Identifier: Apache-2.0
"""Lodgement: what a declaration must hold, and its life from submission to clearance."""
