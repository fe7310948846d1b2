"""Marks for tests that need a program or a device that not every system has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
needs_jq = pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
needs_full_device = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs /dev/full, which macOS does not have"
)
