"""Python values as TOML, the language of plans."""

from collections.abc import Mapping

import numpy as np


def value(item, name):
    if isinstance(item, (bool, np.bool_)):
        return "true" if item else "false"
    if isinstance(item, (int, np.integer)):
        return str(int(item))
    if isinstance(item, (float, np.floating)):
        return repr(float(item))
    if isinstance(item, str):
        return '"' + "".join(_ESCAPES.get(c, c if c >= " " else f"\\u{ord(c):04x}") for c in item) + '"'
    if isinstance(item, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {value(v, f'{name}.{k}')}" for k, v in item.items()) + "}"
    if isinstance(item, np.ndarray):
        return value(item.tolist(), name)
    if isinstance(item, (list, tuple, range)):
        return "[" + ", ".join(value(entry, name) for entry in item) + "]"
    raise ValueError(f"{name} is {item!r}, but must be a number, text, true or false, a list, an array or a dict")


def document(plan):
    """A nested dict as a TOML document; keys with dots are paths."""
    plain, tables = [], []
    for name, item in plan.items():
        if isinstance(item, Mapping):
            lines = [f"{_path(k)} = {value(v, f'{name}.{k}')}" for k, v in item.items()]
            tables.append("\n".join([f"[{_path(name)}]", *lines]))
        else:
            plain.append(f"{_path(name)} = {value(item, name)}")
    return "\n\n".join(["\n".join(plain), *tables]) + "\n"


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _path(name):
    return ".".join(_key(part) for part in str(name).split("."))


def _key(name):
    text = str(name)
    is_bare = text and all(c.isascii() and (c.isalnum() or c in "-_") for c in text)
    return text if is_bare else value(text, "key")
