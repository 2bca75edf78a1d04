# SPDX-License-Identifier: Apache-2.0
"""Data quality: what a description, a party, a value lacks, told to the sender at entry with what to write instead."""
