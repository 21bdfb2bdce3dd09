"""Takes secrets and personal data out of texts that people and logs will see."""

import re

_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_TOKEN = re.compile(r"\b(?:ck|cs|shpat|shpss|shpca|Bearer|Basic)[_ ][A-Za-z0-9+/=._-]{6,}")
_QUERY_SECRET = re.compile(
    r"(?i)((?:consumer_key|consumer_secret|access_token|api_key|secret|token|signature)=)[^&\s]+"
)
_PHONE = re.compile(r"(?<![\w.-])\+?\d[\d /()-]{7,}\d(?![\w.-])")


def mask(text: str) -> str:
    """The text with mail addresses, keys, tokens and phone-like numbers replaced by ***."""
    text = _QUERY_SECRET.sub(r"\1***", text)
    text = _TOKEN.sub("***", text)
    text = _MAIL.sub("***", text)
    return _PHONE.sub("***", text)
