# SPDX-License-Identifier: Apache-2.0
"""What a Customs administration does with goods and declarations, one room a capability."""
