from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pet_stream.accounts.accounts import INVITATION_S, Accounts, Cookie, SignedIn
from pet_stream.accounts.book import MAX_DEVICES_OF_PERSON, MAX_INVITATIONS, MAX_PEOPLE
from pet_stream.accounts.book_file import BookFile
from pet_stream.accounts.cookies import RENEWAL_S, YEAR_S
from pet_stream.errors import (
    AccountsUnusable,
    BadRequest,
    LastOwner,
    NotFound,
    NotSignedIn,
    TooMany,
)
from pet_stream.rights import ROLES, Right

DAY_S = 86_400


class Clock:
    now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Accounts:
    return Accounts(tmp_path / "accounts.json", clock)


@pytest.fixture
def anna(accounts: Accounts) -> SignedIn:
    return sign_in(accounts, "owner", "Anna")


def sign_in(accounts: Accounts, role: str, name: str = "Somebody") -> SignedIn:
    secret = accounts.invite(role, name=name, by="test")
    return accounts.accept(secret, device="Phone")


def with_cookie(accounts: Accounts, cookie: Cookie) -> SignedIn | None:
    return accounts.by_cookies({cookie.name: cookie.value}.get)


def log(tmp_path: Path) -> str:
    return (tmp_path / "accounts.log").read_text()


@pytest.mark.parametrize("role", ROLES)
def test_who_was_invited_has_the_rights_of_the_role(accounts: Accounts, role: str) -> None:
    signed_in = sign_in(accounts, role, "Ben")
    again = with_cookie(accounts, signed_in.cookie)
    assert again == signed_in
    assert again.visitor.name == "Ben"
    assert again.visitor.rights == ROLES[role]


def test_an_invitation_is_good_once(accounts: Accounts) -> None:
    secret = accounts.invite("guest", by="test")
    accounts.accept(secret, device="Phone", name="Ben")
    with pytest.raises(NotSignedIn):
        accounts.accept(secret, device="Phone", name="Eve")
    assert [person.name for person in accounts.book().people] == ["Ben"]


def test_an_invitation_ends(accounts: Accounts, clock: Clock) -> None:
    secret = accounts.invite("guest", by="test")
    clock.now_s += INVITATION_S
    with pytest.raises(NotSignedIn):
        accounts.accept(secret, device="Phone")


@pytest.mark.parametrize("secret", ["", "x", "\x00", "ä" * 1000])
def test_a_guessed_secret_is_none(accounts: Accounts, secret: str) -> None:
    accounts.invite("guest", by="test")
    with pytest.raises(NotSignedIn):
        accounts.accept(secret, device="Phone")
    assert accounts.by_token(secret) is None


def test_one_more_device_is_the_same_persons(accounts: Accounts, anna: SignedIn) -> None:
    person_id = anna.visitor.person_id
    secret = accounts.invite("owner", person_id=person_id, by="Anna")
    laptop = accounts.accept(secret, device="Laptop")
    assert laptop.visitor.person_id == person_id
    assert len(accounts.book().people) == 1
    assert [device.name for device in accounts.book().devices] == ["Phone", "Laptop"]


def test_a_person_may_come_for_a_time_only(accounts: Accounts, clock: Clock) -> None:
    ends_at = int(clock.now_s) + DAY_S
    secret = accounts.invite("guest", name="Sitter", person_ends_at=ends_at, by="test")
    signed_in = accounts.accept(secret, device="Phone")
    assert accounts.is_still_in(signed_in.visitor, Right.VIEW)
    clock.now_s += DAY_S
    assert with_cookie(accounts, signed_in.cookie) is None
    assert not accounts.is_still_in(signed_in.visitor, Right.VIEW)
    assert not accounts.book().people


def test_what_is_revoked_ends(accounts: Accounts, anna: SignedIn) -> None:
    guest = sign_in(accounts, "guest", "Ben")
    token = accounts.add_token("Script", ["view"], by="Anna")
    program = accounts.by_token(token)
    assert program is not None
    for kind, entry_id, visitor in (
        ("devices", guest.visitor.device_id, guest.visitor),
        ("tokens", program.token_id, program),
        ("people", anna.visitor.person_id, anna.visitor),
    ):
        assert accounts.is_still_in(visitor, Right.VIEW)
        accounts.revoke(kind, str(entry_id), by="Anna")
        assert not accounts.is_still_in(visitor, Right.VIEW)
    assert accounts.by_token(token) is None
    assert with_cookie(accounts, guest.cookie) is None
    assert with_cookie(accounts, anna.cookie) is None
    assert [person.name for person in accounts.book().people] == ["Ben"]


def test_revoking_everything_keeps_the_people(accounts: Accounts, anna: SignedIn) -> None:
    token = accounts.add_token("Script", ["view"], by="Anna")
    invitation = accounts.invite("guest", by="Anna")
    accounts.revoke_all(by="Anna")
    assert with_cookie(accounts, anna.cookie) is None
    assert accounts.by_token(token) is None
    with pytest.raises(NotSignedIn):
        accounts.accept(invitation, device="Phone")
    assert [person.name for person in accounts.book().people] == ["Anna"]


@pytest.mark.parametrize(
    ("kind", "entry_id"), [("people", "x"), ("key", "x"), ("__class__", "x"), ("tokens", "")]
)
def test_what_is_unknown_can_not_be_revoked(accounts: Accounts, kind: str, entry_id: str) -> None:
    with pytest.raises(NotFound):
        accounts.revoke(kind, entry_id, by="test")


def test_a_cookie_is_renewed_daily_and_ends_after_a_year(
    accounts: Accounts, anna: SignedIn, clock: Clock
) -> None:
    clock.now_s += RENEWAL_S
    assert with_cookie(accounts, anna.cookie) == anna
    clock.now_s += 1
    renewed = with_cookie(accounts, anna.cookie)
    assert renewed is not None
    assert renewed.cookie.value != anna.cookie.value
    assert accounts.book().devices[0].seen_at == clock.now_s
    clock.now_s += YEAR_S - RENEWAL_S - 1
    assert with_cookie(accounts, anna.cookie) is None
    assert with_cookie(accounts, renewed.cookie) is not None


@pytest.mark.parametrize(
    "change", ["x{}", "{}x", "{}{}", "", ".", "W10.AAAA", "\x00", "{}" + "=" * 600]
)
def test_a_changed_cookie_counts_for_nothing(
    accounts: Accounts, anna: SignedIn, change: str
) -> None:
    value = change.replace("{}", anna.cookie.value)
    assert with_cookie(accounts, Cookie(anna.cookie.name, value)) is None


def test_a_cookie_of_another_camera_counts_for_nothing(
    accounts: Accounts, anna: SignedIn, tmp_path: Path, clock: Clock
) -> None:
    other = Accounts(tmp_path / "other.json", clock)
    stranger = sign_in(other, "owner")
    assert stranger.cookie.name != anna.cookie.name
    assert with_cookie(accounts, Cookie(anna.cookie.name, stranger.cookie.value)) is None


def test_a_password_signs_in(accounts: Accounts, anna: SignedIn) -> None:
    accounts.set_password(str(anna.visitor.person_id), "correct horse", by="Anna")
    signed_in = accounts.sign_in("Anna", "correct horse", device="Laptop")
    assert signed_in.visitor.rights == ROLES["owner"]
    for name, password in (("Anna", "wrong horse"), ("Eve", "correct horse"), ("Anna", "")):
        with pytest.raises(NotSignedIn, match="Name or password is wrong"):
            accounts.sign_in(name, password, device="Laptop")
    accounts.set_password(str(anna.visitor.person_id), None, by="Anna")
    with pytest.raises(NotSignedIn):
        accounts.sign_in("Anna", "correct horse", device="Laptop")


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_a_password_has_a_length(accounts: Accounts, anna: SignedIn, password: str) -> None:
    with pytest.raises(BadRequest, match="8 to 200"):
        accounts.set_password(str(anna.visitor.person_id), password, by="Anna")


def test_a_token_has_its_own_rights_and_its_end(accounts: Accounts, clock: Clock) -> None:
    secret = accounts.add_token("Prometheus", ["metrics"], ends_at=int(clock.now_s) + 10, by="test")
    assert secret.startswith("pst_")
    program = accounts.by_token(secret)
    assert program is not None
    assert program.rights == {Right.METRICS}
    clock.now_s += 10
    assert accounts.by_token(secret) is None


@pytest.mark.parametrize("rights", [[], ["root"], "view", None, [None], {"view": 1}])
def test_rights_of_a_token_are_checked(accounts: Accounts, rights: object) -> None:
    with pytest.raises(BadRequest):
        accounts.add_token("Script", rights, by="test")


def test_no_secret_stands_in_the_file_or_the_log(
    accounts: Accounts, anna: SignedIn, tmp_path: Path
) -> None:
    secrets = [accounts.invite("guest", by="Anna"), accounts.add_token("S", ["view"], by="Anna")]
    accounts.set_password(str(anna.visitor.person_id), "correct horse", by="Anna")
    text = (tmp_path / "accounts.json").read_text() + log(tmp_path)
    for secret in (*secrets, "correct horse", anna.cookie.value):
        assert secret not in text


def test_everything_is_in_the_audit_log_one_line_each(accounts: Accounts, tmp_path: Path) -> None:
    anna = sign_in(accounts, "owner", "Anna")
    accounts.add_token("Script", ["view"], by="Anna\nEve: signs in")
    accounts.revoke("devices", str(anna.visitor.device_id), by="Anna")
    lines = [line.partition(" ")[2] for line in log(tmp_path).splitlines()]
    assert lines == [
        "test: invites a owner Anna",
        "Anna: signs in by a link Phone",
        "Anna?Eve: signs in: makes a token Script",
        "Anna: revokes one of the devices: Phone",
    ]


def test_what_is_stored_has_bounds(accounts: Accounts, anna: SignedIn) -> None:
    for _ in range(MAX_INVITATIONS):
        accounts.invite("guest", by="test")
    with pytest.raises(TooMany):
        accounts.invite("guest", by="test")


def test_beyond_the_limit_a_persons_own_device_goes(
    accounts: Accounts, anna: SignedIn, clock: Clock
) -> None:
    """The one that was not seen for longest; nobody can push out somebody else's."""
    ben = sign_in(accounts, "guest", "Ben")
    for _ in range(2 * MAX_DEVICES_OF_PERSON):
        clock.now_s += 1
        secret = accounts.invite("guest", person_id=ben.visitor.person_id, by="Ben")
        newest = accounts.accept(secret, device="Phone")
    assert len(accounts.book().devices) == 1 + MAX_DEVICES_OF_PERSON
    assert with_cookie(accounts, anna.cookie) is not None
    assert with_cookie(accounts, newest.cookie) is not None
    assert with_cookie(accounts, ben.cookie) is None


def test_a_person_has_one_link_for_a_device_at_a_time(accounts: Accounts, anna: SignedIn) -> None:
    first, second = (
        accounts.invite("owner", person_id=anna.visitor.person_id, by="Anna") for _ in range(2)
    )
    assert len(accounts.book().invitations) == 1
    with pytest.raises(NotSignedIn):
        accounts.accept(first, device="Laptop")
    accounts.accept(second, device="Laptop")


@pytest.mark.parametrize("kind", ["people", "devices"])
@pytest.mark.parametrize("is_own", [True, False])
def test_a_link_ends_with_the_device_that_it_was_made_on(
    accounts: Accounts, anna: SignedIn, kind: str, is_own: bool
) -> None:
    """Otherwise a stolen phone would be back as soon as it is revoked."""
    visitor = anna.visitor
    person_id = visitor.person_id if is_own else None
    secret = accounts.invite("owner", person_id=person_id, made_by=visitor.device_id, by="Anna")
    entry_id = visitor.person_id if kind == "people" else visitor.device_id
    accounts.revoke(kind, str(entry_id), by="test")
    assert not accounts.book().invitations
    with pytest.raises(NotSignedIn):
        accounts.accept(secret, device="Phone")


def test_what_was_used_meanwhile_can_not_be_revoked(accounts: Accounts, tmp_path: Path) -> None:
    secret = accounts.invite("guest", by="test")
    invitation = accounts.book().invitations[0]
    racing = Accounts(tmp_path / "accounts.json", lambda: accounts._now_s())
    seen_before = racing.book()
    accounts.accept(secret, device="Phone")
    racing.book = lambda: seen_before  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        racing.revoke("invitations", invitation.id, by="Anna")


def test_the_only_owner_stays(accounts: Accounts, anna: SignedIn, clock: Clock) -> None:
    ends_at = int(clock.now_s) + 10
    secret = accounts.invite("owner", name="Eve", person_ends_at=ends_at, by="test")
    accounts.accept(secret, device="Phone")
    sign_in(accounts, "family", "Ben")
    clock.now_s += 10
    anna_id = str(anna.visitor.person_id)
    with pytest.raises(LastOwner):
        accounts.revoke("people", anna_id, by="Anna", keeps_an_owner=True)
    assert with_cookie(accounts, anna.cookie) is not None
    sign_in(accounts, "owner", "Cleo")
    accounts.revoke("people", anna_id, by="Anna", keeps_an_owner=True)
    assert [person.name for person in accounts.book().people] == ["Ben", "Cleo"]
    assert accounts.has_owner
    accounts.revoke("people", accounts.book().people[1].id, by="the command line")
    assert (accounts.has_people, accounts.has_owner) == (True, False)


@pytest.mark.parametrize("name", ["Anna", "anna", " ANNA "])
def test_two_people_have_two_names(accounts: Accounts, anna: SignedIn, name: str) -> None:
    secret = accounts.invite("guest", by="test")
    guest = accounts.accept(secret, device="Phone", name=name)
    assert guest.visitor.name == f"{' '.join(name.split())} 2"


def test_a_long_name_has_room_for_its_number(accounts: Accounts) -> None:
    names = [sign_in(accounts, "guest", "x" * 50).visitor.name for _ in range(12)]
    assert len({*names}) == 12
    assert max(map(len, names)) <= 50


@pytest.mark.parametrize("typed", ["José", "Jose\u0301", "josé", " JOSÉ"])
def test_a_name_is_typed_as_the_keyboard_likes(accounts: Accounts, typed: str) -> None:
    jose = sign_in(accounts, "guest", "Jose\u0301")
    accounts.set_password(str(jose.visitor.person_id), "correct horse", by="José")
    again = accounts.sign_in(typed, "correct horse", device="Laptop")
    assert again.visitor.person_id == jose.visitor.person_id


def test_a_disk_that_is_full_signs_nobody_out(
    accounts: Accounts, anna: SignedIn, clock: Clock, tmp_path: Path
) -> None:
    clock.now_s += RENEWAL_S + 1
    lock = tmp_path / ".accounts.json.lock"
    lock.unlink()
    lock.mkdir()  # so that nothing can be written
    with pytest.raises(AccountsUnusable):
        accounts.invite("guest", by="Anna")
    renewed = with_cookie(accounts, anna.cookie)
    assert renewed is not None
    assert renewed.cookie.value != anna.cookie.value
    lock.rmdir()
    assert accounts.book().devices[0].seen_at == clock.now_s - RENEWAL_S - 1
    clock.now_s += RENEWAL_S
    assert with_cookie(accounts, renewed.cookie) == renewed


def test_a_page_that_comes_back_writes_the_file_once(
    accounts: Accounts, anna: SignedIn, clock: Clock, tmp_path: Path
) -> None:
    clock.now_s += RENEWAL_S + 1
    with_cookie(accounts, anna.cookie)
    inode = (tmp_path / "accounts.json").stat().st_ino
    for _ in range(5):
        assert with_cookie(accounts, anna.cookie) is not None
    assert (tmp_path / "accounts.json").stat().st_ino == inode


@pytest.mark.parametrize("step_s", [-1_000_000, -DAY_S * 3, 40 * YEAR_S])
def test_a_clock_that_is_set_wrong_for_a_time_loses_nothing(
    accounts: Accounts, anna: SignedIn, clock: Clock, step_s: int
) -> None:
    ends_at = int(clock.now_s) + DAY_S
    secret = accounts.invite("guest", name="Ben", person_ends_at=ends_at, by="test")
    ben = accounts.accept(secret, device="Phone")
    token = accounts.add_token("Script", ["view"], ends_at=ends_at, by="test")
    right_s, clock.now_s = clock.now_s, clock.now_s + step_s
    is_back = step_s < 0
    assert (with_cookie(accounts, anna.cookie) is not None) == is_back
    accounts.invite("guest", by="the command line")  # writes the file
    clock.now_s = right_s
    for cookie in (anna.cookie, ben.cookie):
        assert with_cookie(accounts, cookie) is not None
    assert accounts.by_token(token) is not None


def test_who_has_ended_makes_room(accounts: Accounts, clock: Clock, tmp_path: Path) -> None:
    first = sign_in(accounts, "guest", "Ben").visitor.person_id
    ended = replace(accounts.book().people[0], ends_at=int(clock.now_s))
    many = tuple(replace(ended, id=f"person-{n}") for n in range(MAX_PEOPLE - 1))
    BookFile(tmp_path / "accounts.json").change(lambda b: replace(b, people=(*b.people, *many)))
    sign_in(accounts, "guest", "Eve")
    people = BookFile(tmp_path / "accounts.json").read().people
    assert [person.name for person in people] == ["Ben", "Eve"]
    assert people[0].id == first


def test_the_log_is_never_the_account_file(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.log")
    sign_in(accounts, "owner")
    assert accounts.has_people
    assert "signs in" in (tmp_path / "accounts.log.log").read_text()
