# SPDX-License-Identifier: Apache-2.0
"""The action plan as a living register: what was agreed, who answers for it, where it stands, and what shows it."""
