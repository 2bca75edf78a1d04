# SPDX-License-Identifier: Apache-2.0
"""Steps, reasons and assessments, whatever is assessed."""
