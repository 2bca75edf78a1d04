# SPDX-License-Identifier: Apache-2.0
"""Documents of offices: reads .docx, .pdf, .xlsx, .csv and .txt, and writes what is printed or sent."""
