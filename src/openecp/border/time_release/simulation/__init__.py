# SPDX-License-Identifier: Apache-2.0
"""Simulation: a year of realistic flows to try a study on, and what would happen if an office worked otherwise."""
