# SPDX-License-Identifier: Apache-2.0
"""The console's pages of action plans: one file for each page, over the questions and commands of the register."""
