"""Read and decompress the body of a response, up to a maximum size."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from jobstat.errors import InvalidResponse

MAX_BODY = 64 * 2**20
"""Maximum bytes of a decompressed body."""

MAX_ERROR_BODY = 2**16
"""Bytes of an error response's body to read: its message is at the beginning."""


def read_body(
    chunks: Iterable[bytes], encoding: str, *, is_error: bool
) -> tuple[bytes, bool]:
    """Return a decompressed body, and whether its end is missing.

    The body of an error response may be cut off. Raise InvalidResponse for another body
    that is too large, zlib.error for one that is damaged. httpx would decompress a body
    of any size.
    """
    limit = MAX_ERROR_BODY if is_error else MAX_BODY
    decompressor = _new_decompressor(encoding.strip().lower())
    body = bytearray()
    for chunk in chunks:
        if decompressor is None:
            body += chunk
        else:
            decompressor = _decompress(chunk, decompressor, body, limit + 1)
        if len(body) > limit:
            if is_error:
                break
            raise InvalidResponse(f"the answer is larger than {limit // 2**20} MiB")
    ends_early = decompressor is not None and not decompressor.eof
    is_cut = len(body) > limit or bool(ends_early and body)
    if is_cut and not is_error:
        raise zlib.error("cut off")
    return bytes(body), is_cut


def _new_decompressor(encoding: str) -> Any:
    if encoding in {"", "identity"}:
        return None
    if encoding in {"gzip", "x-gzip"}:
        return zlib.decompressobj(wbits=31)
    raise zlib.error("unknown encoding")


def _decompress(chunk: bytes, decompressor: Any, body: bytearray, limit: int) -> Any:
    """Add a chunk to the body. Return the decompressor for the next chunk.

    A gzip body may have several members, one after the other (RFC 1952).
    """
    room = limit - len(body)
    body += decompressor.decompress(chunk, room)
    while decompressor.eof and (rest := decompressor.unused_data):
        decompressor = zlib.decompressobj(wbits=31)
        body += decompressor.decompress(rest, room)
    return decompressor
