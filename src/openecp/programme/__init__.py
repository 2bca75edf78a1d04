# SPDX-License-Identifier: Apache-2.0
"""One folder per programme instrument; they read indicators and their own registers, and never write to a case."""
