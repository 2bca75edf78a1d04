# SPDX-License-Identifier: Apache-2.0
"""What every instrument shares; it knows no customs rule."""
