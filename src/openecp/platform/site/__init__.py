# SPDX-License-Identifier: Apache-2.0
"""Static pages of frozen editions, in English and French."""
