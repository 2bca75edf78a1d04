# SPDX-License-Identifier: Apache-2.0
"""Time release studies: clocks over events, who held the goods up and for how long, and how sure the figures are."""
