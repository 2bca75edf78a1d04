# SPDX-License-Identifier: Apache-2.0
"""WCO Data Model 3.6: the classes of a declaration and of the replies to it, their elements, paths and pointers."""
