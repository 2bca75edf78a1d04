# SPDX-License-Identifier: Apache-2.0
"""Risk models: what they learn from, how they are judged, kept and shown, and the planted world that tests them."""
