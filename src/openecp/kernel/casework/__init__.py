# SPDX-License-Identifier: Apache-2.0
"""Tables of states and transitions, whatever the case is about."""
