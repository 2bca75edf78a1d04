# SPDX-License-Identifier: Apache-2.0
"""Revenue: duties, excise, VAT and other charges, their reliefs, and how they are paid."""
