# SPDX-License-Identifier: Apache-2.0
"""Statistics of a time release study: functions over plain numbers, without files, clocks or chance of their own."""
