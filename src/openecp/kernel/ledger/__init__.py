# SPDX-License-Identifier: Apache-2.0
"""Double entry: what is due, paid, secured and given back."""
