# SPDX-License-Identifier: Apache-2.0
"""Risk profiles that officers own: a predicate, checked, compiled to criteria, and put to use by a second person."""
