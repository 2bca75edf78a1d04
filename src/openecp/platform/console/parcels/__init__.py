# SPDX-License-Identifier: Apache-2.0
"""Pages of parcels: regimes, calculator, files and their progress, one parcel, scorecards of posts, collectors."""
