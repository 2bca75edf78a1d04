# SPDX-License-Identifier: Apache-2.0
"""Writes questionnaires: sheets to print, with a QR code for each consignment, and a page to fill in without a network.

The page saves CSV with the columns of a study's events (case_id, activity, ts, source and the fields), so that
`openecp trs run` reads it as it is.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape

import msgspec
import segno

from openecp.border.time_release.events import ACTIVITIES
from openecp.border.time_release.study_forms import Form, shipped_forms

CASES_MAX = 2_000
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)))
_NAMES = {activity.code: activity for activity in ACTIVITIES}
_WORDS = {
    "en": {
        "case": "Consignment",
        "what": "What happened",
        "when": "Date and time",
        "who": "Source",
        "add": "Add consignment",
        "csv": "Save CSV",
        "json": "Save JSON",
        "date": "Date",
        "time": "Time",
        "hint": "Write year, month, day and 24-hour time of the office. Leave out what did not happen.",
        "kept": "Kept on this device: {n} consignments",
        "remove": "Remove",
        "moments": "{n} moments",
        "again": "This consignment is kept already: remove it first to enter it anew.",
        "need": "Give the consignment's number and one moment or more.",
        "zone": "Times are those of the office, written with its offset from UTC:",
    },
    "fr": {
        "case": "Envoi",
        "what": "Ce qui s'est passé",
        "when": "Date et heure",
        "who": "Source",
        "add": "Ajouter l'envoi",
        "csv": "Enregistrer en CSV",
        "json": "Enregistrer en JSON",
        "date": "Date",
        "time": "Heure",
        "hint": "Année, mois, jour et heure du bureau, sur 24 heures. Laissez vide ce qui n'a pas eu lieu.",
        "kept": "Gardés sur cet appareil : {n} envois",
        "remove": "Retirer",
        "moments": "{n} moments",
        "again": "Cet envoi est déjà gardé : retirez-le d'abord pour le saisir à nouveau.",
        "need": "Indiquez le numéro de l'envoi et au moins un moment.",
        "zone": "Les heures sont celles du bureau, écrites avec leur décalage par rapport à UTC :",
    },
}
_STYLE = (
    "body{font:16px/1.4 Georgia,serif;color:#1b2733;max-width:50rem;margin:0 auto;padding:1rem}"
    "h1{font-size:1.3rem;color:#16324f;margin:0}table{border-collapse:collapse;width:100%;margin:.6rem 0}"
    "th,td{border:1px solid #9aa5b1;padding:.3rem .5rem;text-align:left}section{break-after:page}"
    "header{display:flex;justify-content:space-between;gap:1rem}header svg{width:28mm;height:28mm}"
    "label{display:block;margin:.5rem 0}input{font:inherit;padding:.3rem;width:100%;box-sizing:border-box}"
    "button{font:inherit;padding:.5rem 1rem;margin:.3rem .3rem .3rem 0}[role=alert]{color:#b3261e}"
)


def form_words(form: Form, language: str) -> tuple[str, list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the title of a questionnaire, its fields and its moments as (code, words)."""
    words = shipped_forms().fields
    fields = [(name, words[name].of(language)) for name in form.fields]
    moments = [(code, _NAMES[code].title_fr if language == "fr" else _NAMES[code].title_en) for code in form.moments]
    return (form.fr if language == "fr" else form.en), fields, moments


def printed_form(name: str, form: Form, cases: Sequence[str], language: str) -> bytes:
    """Return one sheet a consignment; its QR code holds the questionnaire's name and the consignment's number."""
    title, fields, moments = form_words(form, language)
    say = _WORDS[language]
    sheets = []
    for case in cases[:CASES_MAX]:
        code = _code_svg(name, case, scale=3)
        asked = "".join(f"<tr><th scope=row>{escape(words)}</th><td></td></tr>" for _, words in fields)
        rows = "".join(
            f"<tr><th scope=row>{escape(words)}</th><td>____-__-__ &nbsp; __:__</td><td></td></tr>"
            for _, words in moments
        )
        sheets.append(
            f"<section><header><div><h1>{escape(title)}</h1><p>{say['case']}: <b>{escape(case)}</b></p></div>"
            f"{code}</header><table>{asked}</table><table><thead><tr><th>{say['what']}</th><th>{say['when']}</th>"
            f"<th>{say['who']}</th></tr></thead><tbody>{rows}</tbody></table></section>"
        )
    return _page(language, title, "".join(sheets), "default-src 'none'; style-src 'unsafe-inline'")


def form_pdf(name: str, form: Form, cases: Sequence[str], language: str) -> bytes:
    """Return the sheets as a PDF document, one a page; the same bytes each time.

    Raises: StudyPdfFault.
    """
    from openecp.platform.documents.trs_pdf import compiled_form

    title, fields, moments = form_words(form, language)
    say = _WORDS[language]
    sheets = [
        {"case": case, "code": _code_of(name, case), "svg": _code_svg(name, case, scale=4)}
        for case in (text.translate(_CONTROLS) for text in cases[:CASES_MAX])
    ]
    told = {
        "title": title, "language": language, "case_word": say["case"], "what": say["what"], "date": say["date"],
        "time": say["time"], "who": say["who"], "hint": say["hint"], "sheets": sheets,
        "fields": [words for _, words in fields], "moments": [words for _, words in moments],
    }  # fmt: skip
    return compiled_form(told)


def _code_of(name: str, case: str) -> str:
    return f"openecp:trs:{name}:{case}"


def _code_svg(name: str, case: str, *, scale: int) -> str:
    out = io.BytesIO()
    segno.make(_code_of(name, case), error="m").save(out, kind="svg", xmldecl=False, nl=False, scale=scale, border=2)
    return out.getvalue().decode()


def offline_form(name: str, form: Form, language: str) -> bytes:
    """Return a page that is filled in without a network and saves files that a study reads."""
    title, fields, moments = form_words(form, language)
    say = _WORDS[language]
    asked = "".join(f"<label>{escape(words)}<input data-field={key} maxlength=200></label>" for key, words in fields)
    times = "".join(
        f"<label>{escape(words)}<input type=datetime-local step=60 data-moment={code}></label>"
        for code, words in moments
    )
    data = msgspec.json.encode({"form": name, "fields": [key for key, _ in fields], "say": say}).decode()
    body = (
        f"<h1>{escape(title)}</h1><form><label>{say['case']}<input id=case maxlength=100></label>{asked}"
        f"<p>{escape(say['zone'])} <input id=zone value='+00:00' pattern='[+\\-][0-9]{{2}}:[0-9]{{2}}' "
        f"aria-label='UTC' style='width:6rem'></p>{times}<p role=alert id=fault></p>"
        f"<button>{say['add']}</button><button type=button id=csv>{say['csv']}</button>"
        f"<button type=button id=json>{say['json']}</button><p aria-live=polite id=kept></p></form><ul id=list></ul>"
        f"<script type=application/json id=data>{data.replace('<', chr(92) + 'u003c')}</script>"
        f"<script>{_SCRIPT}</script>"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'none'"
    return _page(language, title, body, policy)


_SCRIPT = r"""
'use strict';const D=JSON.parse(document.getElementById('data').textContent),K='openecp-trs-'+D.form;
const $=i=>document.getElementById(i);let rows=[];try{rows=JSON.parse(localStorage.getItem(K)||'[]')}catch(e){rows=[]}
function keep(){try{localStorage.setItem(K,JSON.stringify(rows))}catch(x){}}
function told(){const by=new Map();rows.forEach(r=>by.set(r.case_id,(by.get(r.case_id)||0)+1));
$('kept').textContent=D.say.kept.replace('{n}',by.size);$('list').replaceChildren(...[...by].map(([id,n])=>{
const li=document.createElement('li'),b=document.createElement('button');b.type='button';b.textContent=D.say.remove;
b.setAttribute('aria-label',D.say.remove+' '+id);
b.onclick=()=>{rows=rows.filter(r=>r.case_id!==id);keep();told()};
li.append(id+' – '+D.say.moments.replace('{n}',n)+' ',b);return li}))}
document.forms[0].addEventListener('submit',e=>{e.preventDefault();const id=$('case').value.trim(),z=$('zone');
const at=[...document.querySelectorAll('[data-moment]')].filter(i=>i.value);
if(!id||!at.length||!/^[+-]\d\d:\d\d$/.test(z.value)){$('fault').textContent=D.say.need;return}
if(rows.some(r=>r.case_id===id)){$('fault').textContent=D.say.again;return}$('fault').textContent='';
const f={};document.querySelectorAll('[data-field]').forEach(i=>f[i.dataset.field]=i.value.trim());
at.forEach(i=>rows.push({case_id:id,activity:i.dataset.moment,
ts:(i.value.length===16?i.value+':00':i.value)+z.value,precision:'minute',source:'form:'+D.form,...f}));
keep();
document.querySelectorAll('[data-moment],[data-field],#case').forEach(i=>{i.value=''});told();$('case').focus()});
function save(name,text,kind){const a=document.createElement('a');
a.href=URL.createObjectURL(new Blob([text],{type:kind}));
a.download=name;a.click()}
$('json').onclick=()=>save(D.form+'.json',JSON.stringify(rows,null,1),'application/json');
$('csv').onclick=()=>{const c=['case_id','activity','ts','precision','source',...D.fields];
const q=v=>{v=String(v??'');if(/^[=+\-@\t]/.test(v))v="'"+v;return /[",\r\n]/.test(v)?'"'+v.replace(/"/g,'""')+'"':v};
save(D.form+'.csv',[c,...rows.map(r=>c.map(k=>r[k]))].map(l=>l.map(q).join(',')).join('\r\n')+'\r\n','text/csv')};
const off=-new Date().getTimezoneOffset(),two=n=>String(Math.trunc(n)).padStart(2,'0');
$('zone').value=(off<0?'-':'+')+two(Math.abs(off)/60)+':'+two(Math.abs(off)%60);told();
"""


def _page(language: str, title: str, body: str, policy: str) -> bytes:
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>\n"
    ).encode()
