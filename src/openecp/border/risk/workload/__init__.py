# SPDX-License-Identifier: Apache-2.0
"""Workload: how many declarations come, what the lanes make of them, how many officers that needs."""
