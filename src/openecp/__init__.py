# SPDX-License-Identifier: Apache-2.0
"""OpenECP: the WCO Economic Competitiveness Package as working software."""

__version__ = "0.1.0"
