# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: the settings of whoever runs them do not reach it, and time decides nothing.

Tests import what they share from `tests.…`; pyproject.toml puts the root of the project on the path.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FOR_TESTS = ("OPENECP_CRASH_", "OPENECP_MUTATION_")  # settings that are meant for tests

for name in list(os.environ):
    if name.startswith("OPENECP_") and not name.startswith(FOR_TESTS):
        del os.environ[name]

settings.register_profile(
    "openecp",
    deadline=None,  # a busy machine is not a fault
    max_examples=60,  # where a test says no other number
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,  # a failure can be repeated from what is printed
    derandomize="CI" in os.environ,  # a change is judged by the same examples each time; new ones are tried by people
)
settings.load_profile("openecp")
