# SPDX-License-Identifier: Apache-2.0
"""Postal items: identifier, CN22 and CN23, what a destination asks, dispatches, decisions and answers to the post."""
