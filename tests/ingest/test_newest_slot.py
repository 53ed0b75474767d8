import pytest

from pet_stream.ingest.newest_slot import is_replaced

OLD, NEW = bytes(range(1, 201)) * 60, bytes(range(201, 0, -1)) * 60


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (NEW[:9000], True),
        (OLD[:9000], False),
        (NEW[:5000] + OLD[5000:9000], False),
        (NEW[:8990] + OLD[8990:9000], True),  # within the last probe: the second read has it
        (OLD[:4000] + NEW[4000:9000], False),
        (OLD[:8] + NEW[8:9000], False),
        (OLD[:4080] + NEW[4080:9000], False),
        (NEW[:60], True),
        (NEW[:50] + OLD[50:66], False),
    ],
)
def test_a_slot_is_proven_complete_by_what_stood_there_before(after: bytes, expected: bool) -> None:
    assert is_replaced(OLD, after) is expected
