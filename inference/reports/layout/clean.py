"""Cleaning, step one: whatever came -> plain text of the same length.

Every replacement keeps its length, so that a span in the clean text is the
same span in the text as given. Markup becomes blanks.
"""

from __future__ import annotations

import re

#: One character for another: dashes, quotes, blanks and full-width digits of other encodings.
_CHARACTERS = str.maketrans(
    dict.fromkeys("‐‑‒–—−\xad", "-")
    | dict.fromkeys("‘’´`", "'")
    | dict.fromkeys("“”", '"')
    | dict.fromkeys("\xa0\u2007\u2009\u200b\u202f\ufeff\x0c\x0b\x00", " ")
    | {"\u2028": "\n", "\u2029": "\n", "\u2022": "-", "\u00b7": "-", "\u25cf": "-", "\u2215": "/", "\u2044": "/"}
    | {chr(0xFF10 + digit): str(digit) for digit in range(10)}
)
_TAG = re.compile(r"<(?:!--|/?[A-Za-z])[^<>]{0,2000}>")
_BREAKING = re.compile(r"<\s*/?\s*(?:br|p|div|tr|li|h\d|table|ul|ol|hr)\b", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-fA-F]{1,5}|[A-Za-z]{2,8});")
_ENTITIES = {"&amp;": "&", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&ndash;": "-", "&mdash;": "-"}
_SCRIPT = re.compile(r"<(script|style|head)\b[^<]{0,20000}</\1>", re.IGNORECASE)
_RTF_GROUP = re.compile(
    r"\{\\(?:\*\\|fonttbl|colortbl|stylesheet|info)[^{}]{0,5000}(?:\{[^{}]{0,500}\}[^{}]{0,500}){0,50}\}"
)
_RTF_BREAK = re.compile(r"\\(?:par|line|row|cell)\b ?")
_RTF_WORD = re.compile(r"\\(?:'[0-9a-fA-F]{2}|[a-zA-Z]{1,32}-?\d{0,10} ?|[^a-zA-Z])|[{}]")
#: A box that nobody ticked, with its words; and the mark of one that somebody did.
_EMPTY_BOX = re.compile(r"(?:\[[ _]{0,3}\]|\u2610)[^\[\n\u2610\u2611\u2612]*")
_TICKED_BOX = re.compile(r"\[[xX]\]|[\u2611\u2612]")
_ODD = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd]")
_CRLF = re.compile(r"\r\n?")


def clean(text: str) -> str:
    """Text without markup and odd characters, of the same length as ``text``."""
    if not text.isascii() or "\x00" in text:
        text = text.translate(_CHARACTERS)
    if "\r" in text:
        text = _CRLF.sub(lambda match: "\n".rjust(len(match[0])), text)
    if ("[" in text or "\u2610" in text) and _EMPTY_BOX.search(text):
        text = _TICKED_BOX.sub(_blank, _EMPTY_BOX.sub(_blank, text))
    if text.lstrip()[:5] == "{\\rtf":
        return _without_rtf(text)
    if "<" in text and ">" in text and _TAG.search(text):
        text = _without_html(text)
    elif "&" in text:
        text = _ENTITY.sub(_entity, text)
    return text


def looks_binary(text: str) -> bool:
    """Whether the text is not text: many control or replacement characters."""
    head = text[:4000]
    return len(_ODD.findall(head)) > max(2, len(head) // 20)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _entity(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0].lower(), " ").ljust(len(match[0]))


def _without_html(text: str) -> str:
    def tag(match: re.Match[str]) -> str:
        return ("\n" if _BREAKING.match(match[0]) else " ").ljust(len(match[0]))

    return _ENTITY.sub(_entity, _TAG.sub(tag, _SCRIPT.sub(_blank, text)))


def _without_rtf(text: str) -> str:
    text = _RTF_GROUP.sub(_blank, text)
    text = _RTF_BREAK.sub(lambda match: "\n".ljust(len(match[0])), text)
    return _RTF_WORD.sub(_blank, text)
