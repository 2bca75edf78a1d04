# SPDX-License-Identifier: Apache-2.0
"""Records of what people do for a plan: practice, events, surveys, partners, publications, compendia, standards."""
