"""What the recipient's program says of packs: as made, everything holds; changed anywhere, it names what was
changed (R33)."""

import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pyzipper
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from apps.audit import services as audit
from apps.audit.rules import HASH_BYTES, inclusion_paths, leaf, tree_head
from apps.calls.models import Call, Decision
from apps.contacts.models import Consent, Contact
from apps.core.calendar import clock as site_clock
from apps.core.crypto import blind_index, signatures
from apps.evidence import services, verify_pack
from apps.evidence.answers import answer
from apps.evidence.scopes import scope_of
from apps.optouts.models import Lift, OptOut
from apps.quality.models import Complaint, EvidencePack
from apps.quality.services import record_complaint
from apps.retention.deleting import delete_rows
from tests.proofs import sized
from tests.world import OTHER_PHONE, PHONE, World

HISTORIES = sized(6, 200)
MUTATIONS = sized(150, 1_000)
VERIFIER = Path(verify_pack.__file__)


def made(world: World, *, by: str = "compliance", **asked: Any) -> tuple[bytes, str]:
    """A pack as a file, with its passphrase."""
    given = {"recipient": "regulator", "reason": "工信投诉2026-17", **asked}
    pack, passphrase = services.ask_pack(actor=world.people[by], **given)
    if not passphrase:
        pack, passphrase = services.decide_pack(actor=world.people["compliance2"], pack=pack, approve=True)
    services.make_pack(pack.job_id)
    pack = EvidencePack.objects.get(pk=pack.pk)
    return b"".join(services.fetch_pack(actor=world.people[by], pack=pack)), passphrase


def unpacked(content: bytes, passphrase: str, folder: Path) -> Path:
    folder.mkdir()
    zipped = folder.with_suffix(".zip")
    zipped.write_bytes(content)
    with pyzipper.AESZipFile(zipped) as archive:
        archive.setpassword(passphrase.encode())
        archive.extractall(folder)
    return folder


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def live(world: World, chance: random.Random, clock: time_machine.Traveller) -> None:
    """Some days of calls, refusals, looks and words of refusal."""
    if not Contact.objects.filter(number_index=blind_index.number_index(f"+86{OTHER_PHONE}")).exists():
        world.add_contact(OTHER_PHONE)
    for _day in range(chance.randint(1, 4)):
        clock.shift(timedelta(days=1))
        for phone in (OTHER_PHONE, PHONE):
            if chance.random() < 0.7:
                world.authorize(phone=phone)  # at night, on a Sunday, once too often: also refused
        audit.record_access(
            kind="viewed",
            subject=world.contact.public_id,
            purpose="look up",
            actor=world.people["supervisor"],
            address="10.0.0.7",
        )
        if chance.random() < 0.3:
            world.opt_out(evidence=f"call:{chance.random()}")


def test_random_packs_hold_by_the_program_alone(
    world: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    chance = random.Random(7)
    for number in range(HISTORIES):
        live(world, chance, clock)
        about: list[dict[str, Any]] = [
            {"about": world.contact.public_id}, {"about": world.campaign.public_id},
            {"since": world.today - timedelta(days=20), "until": world.today},
            {"about": world.contact.public_id, "in_clear": True},
        ]  # fmt: skip
        content, passphrase = made(world, language=chance.choice(["en", "zh-hans"]), **chance.choice(about))
        folder = unpacked(content, passphrase, tmp_path / str(number))
        check = verify_pack.verify(str(folder))
        assert check.found == []
        assert (check.decisions > 0, check.heads > 0, check.unsigned) == (True, True, 0)
        zipped = verify_pack.verify(str(folder.with_suffix(".zip")), passphrase=lambda word=passphrase: word)  # type: ignore[misc]
        assert (zipped.found, zipped.rows) == ([], check.rows)


def test_it_runs_with_nothing_of_ours(world: World, tmp_path: Path) -> None:
    world.connected()
    content, passphrase = made(world, about=world.contact.public_id)
    folder = unpacked(content, passphrase, tmp_path / "pack")
    copy = tmp_path / "verify_pack.py"
    copy.write_bytes(VERIFIER.read_bytes())
    print_of_key = verify_pack.fingerprint(signatures.public_keys()[signatures.sign({})[0]])

    def run(*arguments: str) -> tuple[int, str]:
        ended = subprocess.run(
            [sys.executable, "-I", str(copy), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert ended.stderr == ""
        return ended.returncode, ended.stdout

    status, text = run(str(folder), "--lang", "en", "--key", print_of_key)
    assert status == 0
    assert "Everything holds" in text
    assert print_of_key in text
    assert run(str(folder), "--key", "00" * 32)[0] == 1
    assert "全部相符" in run(str(folder))[1]
    (folder / "answer.pdf").write_bytes(b"%PDF-1.4 other")
    status, text = run(str(folder), "--lang", "en")
    assert status == 1
    assert "answer.pdf was changed" in text
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-passphrase")
    assert run(str(folder.with_suffix(".zip")), "--passphrase-file", str(wrong))[0] == 2


def _flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _cut(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])


def _drop_line(path: Path, chance: random.Random) -> None:
    rows = path.read_bytes().splitlines(keepends=True)
    rows.pop(chance.randrange(len(rows)))
    path.write_bytes(b"".join(rows))


def _swap(path: Path, chance: random.Random) -> None:
    other = chance.choice(
        [each for each in path.parent.iterdir() if each.is_file() and each.read_bytes() != path.read_bytes()]
    )
    first, second = path.read_bytes(), other.read_bytes()
    path.write_bytes(second)
    other.write_bytes(first)


def _remove(path: Path, chance: random.Random) -> None:
    path.unlink()


MUTATE: tuple[Callable[[Path, random.Random], None], ...] = (_flip, _cut, _drop_line, _swap, _remove)


def test_whatever_is_changed_is_named(world: World, clock: time_machine.Traveller, tmp_path: Path) -> None:
    chance = random.Random(11)
    live(world, chance, clock)
    content, passphrase = made(world, about=world.contact.public_id)
    source = unpacked(content, passphrase, tmp_path / "source")
    kept = {path.name: path.read_bytes() for path in source.iterdir()}
    for number in range(MUTATIONS):
        folder = tmp_path / f"m{number}"
        folder.mkdir()
        for name, data in kept.items():
            (folder / name).write_bytes(data)
        path = folder / chance.choice([name for name, data in kept.items() if data])
        chance.choice(MUTATE)(path, chance)
        changed = {
            name
            for name in kept
            if not (folder / name).exists() or (folder / name).read_bytes() != kept[name]
        }
        check = verify_pack.verify(str(folder))
        said = " ".join(verify_pack.WORDS["en"][code].format(**facts) for code, facts in check.found)
        assert check.found, (number, path.name)
        if not changed & set(verify_pack.OWN):
            assert all(name in said for name in changed), (number, changed, said)
        else:  # what says which files there are cannot be trusted any more: that is what is said
            assert any(name in said for name in verify_pack.OWN), (number, changed, said)


Change = Callable[[list[dict[str, Any]]], object]


def resigned(folder: Path) -> None:
    """What somebody can do who has the pack and a key of their own, or even ours: everything fits together
    again."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for each in manifest["files"]:
        data = (folder / each["name"]).read_bytes()
        each["bytes"], each["sha256"] = len(data), verify_pack.fingerprint(data)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "signature.json").write_text(json.dumps(signatures.signature_of(manifest)))


def test_a_pack_that_was_signed_again_still_has_to_agree_with_the_trail(world: World, tmp_path: Path) -> None:
    world.connected()
    content, passphrase = made(world, about=world.contact.public_id)
    cases: tuple[tuple[str, Change, str], ...] = (
        ("decisions.jsonl", lambda rows: rows[0].update(allowed=not rows[0]["allowed"]), "decision"),
        ("decisions.jsonl", lambda rows: rows[0].update(number=99_999), "no_row"),
        ("trail.jsonl", lambda rows: rows[0].update(row=rows[0]["row"].replace("true", "false", 1)), "proof"),
        ("trail.jsonl", lambda rows: rows[0].update(tree_head=99), "no_head"),
        ("heads.jsonl", lambda rows: rows[0]["head"].update(root="00" * 32), "head"),
    )
    for name, change, code in cases:
        folder = unpacked(content, passphrase, tmp_path / f"{name}-{code}")
        rows = lines(folder, name)
        change(rows)
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        resigned(folder)
        assert code in {found for found, _facts in verify_pack.verify(str(folder)).found}, code


def test_what_a_forger_with_a_key_may_try(world: World, tmp_path: Path) -> None:
    """Everything fits together again but the log that was signed when it happened."""
    world.connected()
    world.authorize()  # refused: once a day
    content, passphrase = made(world, about=world.contact.public_id)

    def leaf_beside_row(rows: list[dict[str, Any]]) -> None:
        rows[0]["leaf"] = verify_pack.hashlib.sha256(b"\x00" + rows[0]["row"].encode()).hexdigest()
        rows[0]["row"] = rows[0]["row"].replace("true", "false", 1)

    def out_of_the_tree(rows: list[dict[str, Any]]) -> None:
        rows[0]["row"] = rows[0]["row"].replace("true", "false", 1)
        del rows[0]["tree_head"], rows[0]["path"]

    def another_row(rows: list[dict[str, Any]]) -> None:
        rows[0].update({name: rows[1][name] for name in ("row", "tree_head", "place", "path")})

    cases: tuple[tuple[str, Change, str], ...] = (
        ("trail.jsonl", leaf_beside_row, "proof"),
        ("trail.jsonl", out_of_the_tree, "proof"),
        ("trail.jsonl", another_row, "proof"),
        ("decisions.jsonl", lambda rows: rows[0].update(id="dc_zz"), "decision"),
        ("decisions.jsonl", lambda rows: rows[0].update(line_asked="+861085550199"), "decision"),
        ("decisions.jsonl", lambda rows: rows[0].update(at="2026-11-24T02:00:01+00:00"), "decision"),
    )
    for name, change, code in cases:
        folder = unpacked(
            content, passphrase, tmp_path / f"{name}-{code}-{change.__name__}-{len(list(tmp_path.iterdir()))}"
        )
        rows = lines(folder, name)
        change(rows)
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        resigned(folder)
        assert code in {found for found, _facts in verify_pack.verify(str(folder)).found}, change.__name__


def test_what_is_no_pack_is_said_to_be_none(world: World, tmp_path: Path) -> None:
    folder = unpacked(*made(world, about=world.contact.public_id), tmp_path / "pack")
    (folder / ".DS_Store").write_bytes(b"x")
    assert verify_pack.verify(str(folder)).found == [], "what a desktop leaves is not of the pack"
    for payload in ({"files": None}, {"form": 1}, {"keys": []}):
        (folder / "manifest.json").write_text(json.dumps(payload))
        (folder / "signature.json").write_text(json.dumps(signatures.signature_of(payload)))
        assert verify_pack.main([str(folder)]) in {1, 2}
    assert verify_pack.main([str(tmp_path / "none.zip")]) == 2


@pytest.mark.parametrize("fraction", ["", ".1", ".12345", ".123456", ".1234567"])
def test_times_are_read_as_python_3_9_can(fraction: str) -> None:
    assert verify_pack.utc(f"2026-11-24T10:00:00{fraction}+08:00").hour == 2


def test_a_caller_number_that_is_none_of_ours_is_hidden(world: World, tmp_path: Path) -> None:
    world.authorize(line="+8613700009999")
    folder = unpacked(*made(world, about=world.contact.public_id), tmp_path / "pack")
    assert verify_pack.verify(str(folder)).found == []
    assert "13700009999" not in "".join(
        (folder / name).read_text() for name in ("decisions.jsonl", "trail.jsonl")
    )


def said(world: World, about: str, kind: int) -> str:
    pack, _passphrase = services.ask_pack(
        actor=world.people["compliance"], about=about, recipient="client", reason="来信"
    )
    return answer(pack, scope_of(pack))[kind]


def test_calls_after_the_word_are_not_hidden_by_what_the_pack_is_about(
    world: World, clock: time_machine.Traveller
) -> None:
    """A pack about the first call counts the second one too, and one that was handed over."""
    first = world.connected()
    world.opt_out(evidence=f"call:{first.pk}")
    clock.shift(timedelta(days=1))
    entry = OptOut.objects.get()
    other = Call.objects.get(pk=first.pk)
    other.pk, other.decision_id = (
        None,
        Decision.objects.create(
            at=site_clock.now(), allowed=True, facts={}, campaign=world.campaign, policy=1
        ).pk,
    )
    other.slot_day, other.reserved_at, other.reserved_until = world.today, site_clock.now(), site_clock.now()
    other.state, other.made_at, other.handed_over_at = "withdrawn", None, site_clock.now()
    other.answered_at = other.ended_at = None
    other.save(force_insert=True)
    for about in (first.public_id, entry.public_id, world.contact.public_id):
        assert "此后相应拨打 1 次" in said(world, about, 0 if about == entry.public_id else 2), about


def test_lifted_partial_and_mistaken_words_are_told_as_they_are(
    world: World, clock: time_machine.Traveller
) -> None:
    world.opt_out(evidence="letter", scope="purpose", scope_value="membership")
    assert "membership" in said(world, world.contact.public_id, 2)


def test_what_came_while_a_masked_pack_was_made_does_not_spoil_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.evidence.services.making.sign_trail", lambda: 0)
    audit.sign_trail()
    world.connected()
    audit.record_access(
        kind="viewed", subject=world.contact.public_id, purpose="look up", actor=world.people["supervisor"]
    )
    folder = unpacked(*made(world, about=world.contact.public_id), tmp_path / "pack")
    assert verify_pack.verify(str(folder)).found == []


def test_every_word_counts_and_a_lift_ends_its_own(world: World, clock: time_machine.Traveller) -> None:
    first = world.opt_out(evidence="letter 1")
    clock.shift(timedelta(days=1))
    Lift.objects.create(
        number_hash=first.number_hash, key_id=first.key_id, consent_given_at=site_clock.now(), evidence="x",
        state="approved",
        asked_by=world.people["compliance"], decided_by=world.people["compliance2"],
        decided_at=site_clock.now(),
    )  # fmt: skip
    clock.shift(timedelta(days=1))
    call = world.connected()
    assert "解除" in said(world, world.contact.public_id, 2)
    assert "此后相应拨打 0 次" in said(world, world.contact.public_id, 2)
    again = world.opt_out(evidence="letter 2")
    Call.objects.filter(pk=call.pk).update(made_at=again.created_at + timedelta(minutes=1))
    assert "此后相应拨打 1 次" in said(world, world.contact.public_id, 2)


def test_a_consent_is_told_as_it_was_when_called(world: World, clock: time_machine.Traveller) -> None:
    world.connected()
    clock.shift(timedelta(days=3))
    world.consent(world.contact, recipient="合作方", given_at=site_clock.now())
    Consent.objects.filter(recipient="").update(withdrawn_at=site_clock.now(), withdrawal="来电")
    text = said(world, world.contact.public_id, 0)
    assert "2026-11-23" in text
    assert "已于 2026-11-27" in text


def test_what_was_deleted_is_not_told_as_never_there(world: World) -> None:
    call = world.connected()
    world.opt_out(evidence=f"call:{call.pk}")
    delete_rows(Contact, [world.contact.pk])
    assert "已没有联系人" in said(world, call.public_id, 1)
    assert "退订" in said(world, call.public_id, 2)


def test_a_complaint_without_a_call_tells_of_the_person(world: World) -> None:
    world.connected()
    complaint = record_complaint(
        actor=world.people["compliance"],
        channel="letter",
        kind="unwanted",
        text="不要再打",
        phone=f"+86{PHONE}",
    )
    Complaint.objects.update(call=None)
    assert "1 次" in said(world, complaint.public_id, 1)
    assert "同意" in said(world, complaint.public_id, 2)


def test_a_masked_pack_names_no_person_and_no_colleague(
    world: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    live(world, random.Random(3), clock)
    content, passphrase = made(world, about=world.contact.public_id)
    folder = unpacked(content, passphrase, tmp_path / "pack")
    whole = b"".join(path.read_bytes() for path in folder.iterdir() if path.suffix != ".pdf").decode()
    for text in (
        "13800001234",
        "王小明",
        "10.0.0.7",
        *(person.username + "@" for person in world.people.values()),
    ):
        assert text not in whole, text
    seen = lines(folder, "reads.jsonl")
    assert seen[0]["who"] == f"supervisor {world.people['supervisor'].pk}"
    assert all("row" not in row for row in lines(folder, "trail.jsonl") if row["stream"] != "decisions")


def test_the_answer_is_in_three_sentences_in_either_language(world: World) -> None:
    entry = world.opt_out(evidence=f"call:{world.connected().pk}")
    wanted = {
        world.contact.public_id: ("同意", "次", "退订"), entry.public_id: ("退订", "次", "允许"),
        world.campaign.public_id: ("同意", "允许", "没有"),
    }  # fmt: skip
    for about, words in wanted.items():
        pack, _passphrase = services.ask_pack(
            actor=world.people["compliance"], about=about, recipient="client", reason="来信"
        )
        said = answer(pack, scope_of(pack))
        assert len(said) == 3
        assert all(word in sentence for word, sentence in zip(words, said, strict=True)), said


def test_an_opt_out_of_nobody_known_claims_nothing_about_calls(world: World) -> None:
    about = world.opt_out(evidence="letter 17").public_id
    pack, _passphrase = services.ask_pack(
        actor=world.people["compliance"], about=about, recipient="client", reason="来信"
    )
    (said,) = answer(pack, scope_of(pack))
    assert "退订名单不保存号码" in said


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=40), st.data())
def test_every_leaf_leads_to_the_root(entries: list[bytes], data: Any) -> None:
    leaves = b"".join(map(leaf, entries))
    places = data.draw(st.lists(st.integers(0, len(entries) - 1), max_size=5))
    for place, path in inclusion_paths(leaves, places).items():
        steps = [["left" if is_left else "right", sibling.hex()] for is_left, sibling in path]
        assert verify_pack.root_of(leaves[place * HASH_BYTES : (place + 1) * HASH_BYTES], steps) == tree_head(
            leaves
        )


def test_a_name_that_stands_twice_is_no_manifest(world: World, tmp_path: Path) -> None:
    """Readers differ in which of two counts."""
    content, passphrase = made(world, about=world.contact.public_id)
    for name, more in (("manifest.json", '"reason": "another",'), ("signature.json", '"signed_by": "x",')):
        folder = unpacked(content, passphrase, tmp_path / name)
        (folder / name).write_text((folder / name).read_text().replace("{", "{" + more, 1))
        assert verify_pack.verify(str(folder)).found, name


def test_what_a_desktop_adds_to_an_archive_is_no_change(world: World, tmp_path: Path) -> None:
    content, passphrase = made(world, about=world.contact.public_id)
    folder = unpacked(content, passphrase, tmp_path / "pack")
    again = tmp_path / "again.zip"
    with zipfile.ZipFile(again, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
        archive.writestr("__MACOSX/._manifest.json", b"x")
        archive.writestr(".DS_Store", b"x")
    assert verify_pack.verify(str(again)).found == []
