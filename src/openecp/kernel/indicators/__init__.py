# SPDX-License-Identifier: Apache-2.0
"""Figures of the running system, each declared once by the capability that knows what it means."""
