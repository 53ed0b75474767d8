import pytest

from pet_stream.ingest.slots import SizeForecast, is_replaced

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
        (NEW[:40] + OLD[40:48] + NEW[48:9000], False),
        (NEW[:40] + OLD[40:9000], False),
    ],
)
def test_a_slot_is_proven_complete_by_what_stood_there_before(after: bytes, expected: bool) -> None:
    assert is_replaced(OLD, after, 48, len(after)) is expected


def test_what_stands_between_header_and_data_proves_nothing() -> None:
    after = NEW[:60] + OLD[60:64]
    assert is_replaced(OLD, after, 48, len(after))
    assert not is_replaced(OLD, after, 60, len(after))


def test_an_idr_is_expected_when_the_gop_is_over() -> None:
    forecast = SizeForecast()
    expected = []
    for number in range(30):
        expected.append(forecast.likely_bytes)
        is_idr = number % 10 == 0
        forecast.add(100_000 if is_idr else 20_000, is_idr=is_idr)
    assert [n for n in range(11, 30) if expected[n] >= 100_000] == [20]
    assert min(expected[11:]) >= 20_000


def test_a_gop_that_goes_on_may_end_at_any_moment() -> None:
    forecast = SizeForecast()
    for number in range(30):
        forecast.add(100_000 if number in (0, 10) else 20_000, is_idr=number in (0, 10))
    assert forecast.likely_bytes >= 100_000
