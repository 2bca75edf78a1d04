# SPDX-License-Identifier: Apache-2.0
"""Risk features by event time, in batch and online; what the random sample says of compliance."""
