# SPDX-License-Identifier: Apache-2.0
"""Pages of release times: the live dashboard, the explorer, one consignment, studies."""
