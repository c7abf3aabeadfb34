"""Run as a program of its own (`pdf.py` starts it): a PDF on standard input, its text as JSON on standard output.

Arguments: the most pages, the most characters, the most bytes of memory, the most seconds of work. The limits are set before
a byte of the file is read, so a hostile file takes this process down and nothing else.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress
from io import BytesIO


def main() -> None:
    """Write `{"text": ...}` or `{"problem": "locked" | "broken" | "large"}`."""
    pages, characters, memory, seconds = (int(argument) for argument in sys.argv[1:5])
    for limit, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(limit, (most, most))
    try:
        answer = {"text": text_of(sys.stdin.buffer.read(), pages, characters)}
    except PermissionError:
        answer = {"problem": "locked"}
    except (MemoryError, RecursionError):
        answer = {"problem": "large"}
    except Exception as error:
        # Whatever a reader of hostile files stumbles over. Its own limits are told apart from damage.
        answer = {"problem": "large" if "Limit" in type(error).__name__ else "broken"}
    json.dump(answer, sys.stdout)


def text_of(data: bytes, pages: int, characters: int) -> str:
    """The text on the first pages. Raises PermissionError where a password is asked for."""
    from pypdf import PasswordType, PdfReader  # after the limits are set

    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        raise PermissionError
    found: list[str] = []
    left = characters
    for number in range(min(pages, len(reader.pages))):
        if left <= 0:
            break
        words = reader.pages[number].extract_text().strip()[:left]
        left -= len(words)
        if words:
            found.append(words)
    return "\n\n".join(found)


if __name__ == "__main__":
    main()
