# SPDX-License-Identifier: Apache-2.0
"""The words of published pages that are not those of a record: the same keys in English and in French."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "edition": ("Edition", "Édition"),
    "edition_of": ("Edition %s of %s", "Édition %s du %s"),
    "skip": ("Skip to content", "Aller au contenu"),
    "contents": ("Contents", "Sommaire"),
    "changes": ("What changed", "Ce qui a changé"),
    "changes_since": ("What changed since edition %s", "Ce qui a changé depuis l’édition %s"),
    "first_edition": ("This is the first edition.", "Ceci est la première édition."),
    "nothing_changed": (
        "Nothing changed since the edition before.",
        "Rien n’a changé depuis l’édition précédente.",
    ),
    "entries": ("Entries", "Fiches"),
    "figures": ("Figures", "Chiffres"),
    "figure": ("Figure", "Chiffre"),
    "before": ("Before", "Avant"),
    "after": ("After", "Après"),
    "now": ("This edition", "Cette édition"),
    "last": ("Edition before", "Édition précédente"),
    "difference": ("Difference", "Écart"),
    "added": ("Added", "Ajoutées"),
    "removed": ("Removed", "Retirées"),
    "changed": ("Changed", "Modifiées"),
    "field": ("Field", "Champ"),
    "title": ("Title", "Titre"),
    "member": ("Member", "Membre"),
    "topics": ("Topics", "Thèmes"),
    "owner": ("Published by", "Publié par"),
    "actions": ("Actions", "Actions"),
    "bodies": ("Bodies", "Organes"),
    "evidence": ("Evidence", "Éléments probants"),
    "version": ("Version", "Version"),
    "identifier": ("Identifier", "Identifiant"),
    "data": ("Data of this edition", "Données de cette édition"),
    "data_files": ("The whole edition as data", "L’édition entière sous forme de données"),
    "hash": ("SHA-256 of data.json", "SHA-256 de data.json"),
    "verify": (
        "Whose data.json has the SHA-256 below holds the edition as it was frozen.",
        "Un fichier data.json dont le SHA-256 est celui ci-dessous est l’édition telle qu’elle a été figée.",
    ),
    "not_translated": (
        "Not translated yet; shown in the language in which it was written.",
        "Pas encore traduit ; affiché dans la langue d’origine.",
    ),
    "outdated": (
        "The original was changed after this translation was written.",
        "L’original a été modifié depuis la rédaction de cette traduction.",
    ),
    "no_entries": ("This edition holds no entry.", "Cette édition ne contient aucune fiche."),
    "back": ("All entries", "Toutes les fiches"),
    "frozen": (
        "Frozen on %s. This page does not change; a later edition is published beside it.",
        "Figée le %s. Cette page ne change pas ; une édition ultérieure paraît à côté.",
    ),
    "count": ("Entries: %s", "Fiches : %s"),
    "languages": ("Languages", "Langues"),
}


def say(key: str, language: str, *values: str) -> str:
    """Return words in a language, `%s` filled in."""
    text = WORDS[key][1 if language == "fr" else 0]
    return text % values if values else text
