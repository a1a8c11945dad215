"""Every caller of `clear_for_machine`, and why it may. A new one fails here until it is argued for."""

import ast
from pathlib import Path

APPS = Path(__file__).resolve().parent.parent.parent / "apps"

# file → function: what needs the clear text
CALLERS = {
    ("core/crypto/blind_index.py", "_bytes"): "keyed hashes of the number",
    ("core/crypto/blind_index.py", "tag"): "a keyed hash over all of a contact",
    ("core/privacy/dialling.py", "number_to_dial"): "the hand-over to a dialler, in the trail before",
    (
        "notifications/gateway.py",
        "send",
    ): "the hand-over to the gateway of short messages: a code that the holder asked for",
    ("notifications/services/outbox.py", "_send"): "the text of a short message on its way, to the gateway",
    ("notifications/services/outbox.py", "_mail"): "the text of a mail on its way, to the mail server",
    ("core/privacy/fields.py", "encrypt"): "encryption on the way into the table",
    ("core/privacy/phones.py", "zones_of"): "the time zone of the number",
    (
        "optouts/services/feeding.py",
        "_numbers",
    ): "the hand-over to a client with the scope for it, in the trail before",
    (
        "quality/services/transcribing.py",
        "examine_again",
    ): "the script check on what was said; findings come out, no words",
    (
        "evidence/services/making.py",
        "make_pack",
    ): "passphrase of an evidence pack, from who approves it to the worker that makes it",
    (
        "rights/services/copying.py",
        "make_copy",
    ): "passphrase and link of a copy, from who asked to the worker that makes it",
    (
        "retention/services/leaks.py",
        "__init__",
    ): "names to be searched for where none may stand; reported is where, never what",
    (
        "telephony/services/configuring.py",
        "_digest",
    ): "what a dialler signs in with at the gateway, no personal data",
    ("webhooks/services.py", "_signed"): "a secret that signs messages, no personal data",
    ("access/services/disclosing.py", "disclose"): "the one way for people: right, purpose, record",
    (
        "access/services/disclosing.py",
        "disclose_to_person",
    ): "the copy that a person asked for: right for each field, record",
    ("ui/services.py", "draft_of"): "what somebody typed into a form, back to the same person and form",
    ("demo/world.py", "describe"): "a demo database only: invented people",
}


def _callers() -> set[tuple[str, str]]:
    found = set()
    for path in APPS.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Name)
                    and node.id in {"clear_for_machine", "_clear"}
                    and path.name != "protected.py"
                ):
                    found.add((str(path.relative_to(APPS)), function.name))
    return found


def test_every_caller_is_listed() -> None:
    assert _callers() == set(CALLERS)


def test_nobody_reaches_around_it() -> None:
    for path in APPS.rglob("*.py"):
        if path.name != "protected.py":
            assert "_Protected__clear" not in path.read_text(), path
            assert "import _clear" not in path.read_text(), path
