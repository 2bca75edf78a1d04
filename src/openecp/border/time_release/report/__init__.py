# SPDX-License-Identifier: Apache-2.0
"""The report of a time release study: figures first, then blocks of finished text, tables and charts."""
