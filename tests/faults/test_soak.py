"""A short soak; ``tests/benchmarks/soak.py`` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.soak import Sample, poll_on_fake_clock, watch_in_real_time

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc"),
]


def assert_flat(samples: list[Sample]) -> None:
    early, late = samples[len(samples) // 3], samples[-1]
    assert late.files <= early.files + 3
    assert late.threads <= early.threads + 3
    assert late.memory <= early.memory + 20_000


def test_hundreds_of_polls_do_not_leak_files_threads_or_memory() -> None:
    code, samples = poll_on_fake_clock(600)
    assert code == 6
    assert_flat(samples)


def test_watch_under_random_faults_exits_6_without_leaks() -> None:
    code, requests, samples = watch_in_real_time(8, min_requests=8)
    assert code == 6
    assert requests > 8, "the answer at the end is one more"
    assert_flat(samples)
