-- SPDX-License-Identifier: Apache-2.0
-- Accounts of those who collect for Customs are asked for by name: a statement reads their entries and no others.

CREATE INDEX ledger_collector_debit ON ledger (debit) WHERE debit >= 'collector:' AND debit < 'collector;';
CREATE INDEX ledger_collector_credit ON ledger (credit) WHERE credit >= 'collector:' AND credit < 'collector;';
