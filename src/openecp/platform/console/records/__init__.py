# SPDX-License-Identifier: Apache-2.0
"""Pages of records: lists, one record, its form, moderation, editions, surveys, the standards register."""
