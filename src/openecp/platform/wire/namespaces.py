# SPDX-License-Identifier: Apache-2.0
"""Namespaces of the WCO Data Model 3.6 messages that are written; any are read.

Source: WCO Data Model 3.6, DEC-DMS:2, RES-DMS:2 and DocumentMetaData-DMS:2 customisation.
"""

from __future__ import annotations

META_DATA = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
DEC = "urn:wco:datamodel:WCO:DEC-DMS:2"
RES = "urn:wco:datamodel:WCO:RES-DMS:2"
DEC_DS = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"
RES_DS = "urn:wco:datamodel:WCO:Response_DS:DMS:2"
XSI_TAG = "{http://www.w3.org/2001/XMLSchema-instance}"
