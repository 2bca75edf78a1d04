# SPDX-License-Identifier: Apache-2.0
"""Pages of the risk desk, for officers and auditors alone: hits of watchlists, models, why a declaration was chosen."""
