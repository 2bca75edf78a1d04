# SPDX-License-Identifier: Apache-2.0
"""Risk: criteria with dates, random selection, and the channel that follows."""
