"""Links that open a file in the author's editor."""

from __future__ import annotations

import os
from urllib.parse import quote


def editor_link(template: str, path: str, line: int = 1) -> str:
    """Return the address that opens a file in an editor.

    Parameters
    ----------
    template
        The author's ``exptdir_editor_url``, with the fields ``{path}`` and ``{line}``.
    path
        The file, absolute. It is percent-encoded as in an address (RFC 3986), names that are no text byte by byte.
    line
        The line, from 1; where it is not known (0) the first one is meant.

    Returns
    -------
    str
        The address; empty where there is no template, no file, or a template with other fields.
    """
    if not (template and path):
        return ""
    # An address has slashes on every system.
    encoded = quote(os.fsencode(path.replace(os.sep, "/")), safe="/:")
    try:
        return template.format(path=encoded, line=max(1, line))
    except (KeyError, ValueError, IndexError, AttributeError):
        # A build has told the author so already.
        return ""
