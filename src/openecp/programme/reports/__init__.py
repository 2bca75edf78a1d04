# SPDX-License-Identifier: Apache-2.0
"""The session paper: what a plan's register says on a day, as a paper that a committee reads, in one language."""
