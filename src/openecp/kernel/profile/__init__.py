# SPDX-License-Identifier: Apache-2.0
"""Profiles: an administration's law and offices as dated data."""

from openecp.kernel.profile.profile import Profile, ProfileError, load_profile, profile_names

__all__ = ["Profile", "ProfileError", "load_profile", "profile_names"]
