#!/usr/bin/env python3
"""Says whether an evidence pack is as it was made. Needs Python 3.9 or newer and the package `cryptography`;
nothing of Hegui.

    python verify_pack.py FOLDER_OR_ZIP [--key FINGERPRINT] [--lang zh|en] [--passphrase-file FILE]

Checked are: the signature over manifest.json; that each file is there with the size and hash that the
manifest says, and no other; the signature of each tree head of the access log; for each row of the log, that
it stands under its tree head (RFC 6962); that each decision says what its row in the log says. An encrypted
archive (WinZip AES) is opened with its passphrase.

Ends with 0 when everything holds, with 1 when something does not, with 2 when the pack cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import hmac
import json
import lzma
import os
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

# what a desktop leaves in a folder that somebody opened
SYSTEM_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}
SIGNATURE = {"key", "public_key", "signature"}
SYSTEM_FOLDER = "__MACOSX/"
OWN = ("manifest.json", "signature.json")
WORDS = {
    "en": {
        "signature": "manifest.json is not what was signed: it was changed, or signature.json was.",
        "unreadable": "{name} cannot be read: it is no JSON as a pack has it.",
        "missing": "{name} is missing.",
        "extra": "{name} does not belong to the pack: the manifest does not name it.",
        "changed": "{name} was changed: its content is not the one that was signed.",
        "twice": "{name} is named twice.",
        "key": "The pack was signed by another key than the one you named: {found}.",
        "head": "heads.jsonl: tree head {number} of {stream} has no valid signature.",
        "no_head": "trail.jsonl: row {id} of {stream} names a tree head that is not in heads.jsonl.",
        "proof": "trail.jsonl: row {id} of {stream} does not stand under its tree head.",
        "decision": "decisions.jsonl: decision {id} says something else than the access log.",
        "no_row": "decisions.jsonl: decision {id} has no row in trail.jsonl.",
        "unsigned": "{count} rows of the log were not under a tree head yet when the pack was made; its own "
        "signature alone covers them.",
        "holds": "Everything holds: {files} files, {rows} rows of the access log under {heads} tree heads, "
        "{decisions} decisions.",
        "not": "{count} things do not hold.",
        "signed_by": "Signed by key {key}, fingerprint {found}. Compare it with the one that the "
        "organisation gave you by another way.",
        "passphrase": "Passphrase: ",
        "cannot": "The pack cannot be read: {why}",
    },
    "zh": {
        "signature": "manifest.json 与签名不符：它或 signature.json 被改动过。",
        "unreadable": "{name} 无法读取：不是证据包应有的 JSON。",
        "missing": "缺少 {name}。",
        "extra": "{name} 不属于证据包：清单中没有它。",
        "changed": "{name} 被改动过：内容与签名时不同。",
        "twice": "{name} 在清单中出现两次。",
        "key": "签名所用的密钥不是您指定的密钥：{found}。",
        "head": "heads.jsonl：{stream} 的第 {number} 个封存记录签名无效。",
        "no_head": "trail.jsonl：{stream} 的第 {id} 行所指的封存记录不在 heads.jsonl 中。",
        "proof": "trail.jsonl：{stream} 的第 {id} 行不在其封存记录之下。",
        "decision": "decisions.jsonl：决定 {id} 与访问日志不一致。",
        "no_row": "decisions.jsonl：决定 {id} 在 trail.jsonl 中没有对应的行。",
        "unsigned": "有 {count} 行日志在制作证据包时尚未封存，仅由证据包自身的签名覆盖。",
        "holds": "全部相符：{files} 个文件，{heads} 个封存记录之下的 {rows} 行访问日志，{decisions} 项决定。",
        "not": "有 {count} 处不相符。",
        "signed_by": "签名密钥 {key}，指纹 {found}。请与该机构以其他方式告知您的指纹核对。",
        "passphrase": "口令：",
        "cannot": "无法读取证据包：{why}",
    },
}


class PackUnreadable(Exception):
    """The pack cannot be opened."""


# -- where the files are


class Folder:
    """The files of an archive that was unpacked."""

    def __init__(self, path: str) -> None:
        self.path = path

    def names(self) -> list[str]:
        found = []
        for folder, _inner, files in os.walk(self.path):
            for name in sorted(set(files) - SYSTEM_FILES):
                found.append(os.path.relpath(os.path.join(folder, name), self.path).replace(os.sep, "/"))
        return found

    def pieces(self, name: str) -> Iterator[bytes]:
        with open(os.path.join(self.path, *name.split("/")), "rb") as file:
            while piece := file.read(1 << 20):
                yield piece


class PackArchive:
    """A ZIP, also one under WinZip's AES-256 (method 99), which the standard library does not open by
    itself."""

    def __init__(self, path: str, passphrase: Callable[[], str]) -> None:
        self.file = zipfile.ZipFile(path)
        self.path, self.passphrase = path, passphrase

    def names(self) -> list[str]:
        names = [info.filename for info in self.file.infolist() if not info.is_dir()]
        return [name for name in names if not is_of_a_desktop(name)]

    def pieces(self, name: str) -> Iterator[bytes]:
        info = self.file.getinfo(name)
        if info.compress_type != 99:
            with self.file.open(info) as member:
                while piece := member.read(1 << 20):
                    yield piece
            return
        yield self._decrypted(info)

    def _decrypted(self, info: zipfile.ZipInfo) -> bytes:
        extra, method = info.extra, None
        while len(extra) >= 4:
            kind, size = struct.unpack("<HH", extra[:4])
            if kind == 0x9901:
                method = struct.unpack("<H", extra[9:11])[0]
            extra = extra[4 + size :]
        with open(self.path, "rb") as file:
            file.seek(info.header_offset)
            head = file.read(30)
            name_size, extra_size = struct.unpack("<HH", head[26:30])
            file.seek(name_size + extra_size, os.SEEK_CUR)
            data = file.read(info.compress_size)
        salt, verifier, secret, mac = data[:16], data[16:18], data[18:-10], data[-10:]
        derived = hashlib.pbkdf2_hmac("sha1", self.passphrase().encode(), salt, 1000, 66)
        if derived[64:] != verifier:
            raise PackUnreadable("passphrase")
        if not hmac.compare_digest(hmac.new(derived[32:64], secret, hashlib.sha1).digest()[:10], mac):
            raise PackUnreadable(info.filename)
        # WinZip counts from 1 with the lowest byte first; the library counts the other way, so each block's
        # key is made here.
        blocks = b"".join(number.to_bytes(16, "little") for number in range(1, len(secret) // 16 + 2))
        key = Cipher(algorithms.AES(derived[:32]), modes.ECB()).encryptor().update(blocks)[: len(secret)]  # noqa: S305
        clear = (
            (int.from_bytes(secret, "big") ^ int.from_bytes(key, "big")).to_bytes(len(secret), "big")
            if secret
            else b""
        )
        return zlib.decompress(clear, -15) if method == 8 else clear


# -- what is checked


def canonical(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of which no name stands twice: readers differ in which of two counts. Raises ValueError."""
    if len({name for name, _value in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def is_of_a_desktop(name: str) -> bool:
    """What a desktop adds when somebody packs a folder again."""
    return name.startswith(SYSTEM_FOLDER) or name.rpartition("/")[2] in SYSTEM_FILES


def is_signed(payload: dict[str, Any], public_key: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, canonical(payload))
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public_key: bytes) -> str:
    return hashlib.sha256(public_key).hexdigest()


def root_of(leaf: bytes, path: list[list[str]]) -> bytes:
    for side, sibling in path:
        pair = bytes.fromhex(sibling) + leaf if side == "left" else leaf + bytes.fromhex(sibling)
        leaf = hashlib.sha256(b"\x01" + pair).digest()
    return leaf


class Check:
    """Everything that was found; `found` are (code, facts), in the order in which it was looked at."""

    def __init__(self, source: Folder | PackArchive, key: str = "") -> None:
        self.source, self.wanted_key = source, key.lower().replace(":", "")
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.files = self.rows = self.heads = self.decisions = self.unsigned = 0
        self.manifest: dict[str, Any] = {}
        self.key_id, self.public_key = "", b""

    def add(self, code: str, **facts: Any) -> None:
        self.found.append((code, facts))

    def whole(self, name: str) -> bytes:
        return b"".join(self.source.pieces(name))

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        for line in self.whole(name).splitlines():
            yield json.loads(line)

    def run(self) -> Check:
        names = self.source.names()
        for name in OWN:
            if name not in names:
                self.add("missing", name=name)
        if self.found or not self.signature():
            return self
        self.content(names)
        if not self.found:
            self.trail()
        return self

    def signature(self) -> bool:
        for name in OWN:
            try:
                read = json.loads(self.whole(name), object_pairs_hook=once)
                if not isinstance(read, dict) or (name != "manifest.json" and set(read) != SIGNATURE):
                    raise ValueError
            except ValueError:
                self.add("unreadable", name=name)
                return False
            if name == "manifest.json":
                self.manifest = read
        try:
            self.key_id, self.public_key = read["key"], base64.b64decode(read["public_key"], validate=True)
            holds = is_signed(
                self.manifest, self.public_key, base64.b64decode(read["signature"], validate=True)
            )
        except (KeyError, ValueError, TypeError):
            holds = False
        if not holds or base64.b64encode(self.public_key).decode() != self.manifest.get("keys", {}).get(
            self.key_id
        ):
            self.add("signature")
            return False
        if self.wanted_key and self.wanted_key != fingerprint(self.public_key):
            self.add("key", found=fingerprint(self.public_key))
        return True

    def content(self, names: list[str]) -> None:
        named = [each["name"] for each in self.manifest["files"]]
        for name in sorted(
            {name for name in [*named, *names] if named.count(name) > 1 or names.count(name) > 1}
        ):
            self.add("twice", name=name)
        for name in sorted(set(names) - set(named) - set(OWN)):
            self.add("extra", name=name)
        for each in self.manifest["files"]:
            if each["name"] not in names:
                self.add("missing", name=each["name"])
                continue
            size, digest = 0, hashlib.sha256()
            for piece in self.source.pieces(each["name"]):
                size += len(piece)
                digest.update(piece)
            if (size, digest.hexdigest()) != (each["bytes"], each["sha256"]):
                self.add("changed", name=each["name"])
            self.files += 1

    def trail(self) -> None:
        keys = {name: base64.b64decode(key) for name, key in self.manifest["keys"].items()}
        roots: dict[tuple[str, int], bytes] = {}
        ends: dict[str, int] = {}
        for each in self.lines("heads.jsonl"):
            head = each["head"]
            if not is_signed(head, keys.get(each["key"], b""), bytes.fromhex(each["signature"])):
                self.add("head", number=head["number"], stream=head["stream"])
            roots[head["stream"], head["number"]] = bytes.fromhex(head["root"])
            ends[head["stream"]] = max(head["upto"], ends.get(head["stream"], 0))
            self.heads += 1
        decisions: dict[int, dict[str, Any] | None] = {}
        for row in self.lines("trail.jsonl"):
            self.rows += 1
            stream, key, logged = row["stream"], row["id"], None
            if "row" in row:
                logged = dict(zip(self.manifest["columns"][stream], json.loads(row["row"])))  # noqa: B905  (Python 3.9 has no `strict`)
            if stream == "decisions":
                decisions[key] = logged
            self.row(row, stream, key, logged, roots, ends)
        for said in self.lines("decisions.jsonl"):
            self.decisions += 1
            if said["number"] not in decisions:
                self.add("no_row", id=said["id"])
            elif (in_log := decisions[said["number"]]) is not None and not agrees(said, in_log):
                self.add("decision", id=said["id"])

    def row(
        self,
        row: dict[str, Any],
        stream: str,
        key: int,
        logged: dict[str, Any] | None,
        roots: dict[tuple[str, int], bytes],
        ends: dict[str, int],
    ) -> None:
        """One row of the log: it is the one that it says it is, and stands under its tree head."""
        if logged is not None and ("leaf" in row or logged["id"] != key):
            self.add("proof", id=key, stream=stream)
        elif "tree_head" not in row:
            self.unsigned += 1
            # older than what was signed: it would be under a head
            if logged is None or key <= ends.get(stream, 0):
                self.add("proof", id=key, stream=stream)
        elif (stream, row["tree_head"]) not in roots:
            self.add("no_head", id=key, stream=stream)
        else:
            leaf = (
                hashlib.sha256(b"\x00" + row["row"].encode()).digest()
                if "row" in row
                else bytes.fromhex(row["leaf"])
            )
            if root_of(leaf, row["path"]) != roots[stream, row["tree_head"]]:
                self.add("proof", id=key, stream=stream)


def agrees(said: dict[str, Any], logged: dict[str, Any]) -> bool:
    """Whether a decision says what its row in the log says."""
    same = all(
        logged[name] == said[name] for name in ("allowed", "codes", "not_applicable", "policy", "facts")
    )
    same = same and ("*" in said["line_asked"] or logged["line_asked"] == said["line_asked"])
    return same and said["id"] == public_id("dc", said["number"]) and utc(logged["at"]) == utc(said["at"])


def public_id(prefix: str, number: int) -> str:
    """As pages show it: Crockford's base 32."""
    digits = ""
    while number:
        number, place = divmod(number, 32)
        digits = "0123456789abcdefghjkmnpqrstvwxyz"[place] + digits
    return f"{prefix}_{digits or '0'}"


def utc(text: str) -> datetime:
    """A time as PostgreSQL or Python writes it; before 3.11 Python reads a fraction of three or six digits
    only."""
    text = re.sub(r"\.([0-9]+)", lambda found: "." + found[1].ljust(6, "0")[:6], text.replace("Z", "+00:00"))
    return datetime.fromisoformat(text).astimezone(timezone.utc)  # noqa: UP017  (Python 3.9)


def verify(path: str, key: str = "", passphrase: Callable[[], str] | None = None) -> Check:
    """The `Check` of a pack: nothing was found when its `found` is empty. Raises `PackUnreadable`."""
    try:
        source: Folder | PackArchive = (
            Folder(path) if os.path.isdir(path) else PackArchive(path, passphrase or (lambda: ""))
        )
        return Check(source, key).run()
    except PackUnreadable:
        raise
    except (OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError,
            ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error) as error:  # fmt: skip
        raise PackUnreadable(f"{type(error).__name__}: {error}") from error


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pack")
    parser.add_argument(
        "--key", default="", help="SHA-256 of the public key, in hex, as the organisation gave it"
    )
    parser.add_argument("--lang", choices=sorted(WORDS), default="")
    parser.add_argument("--passphrase-file", default="")
    chosen = parser.parse_args(arguments)
    words = WORDS[chosen.lang or ("zh" if os.environ.get("LANG", "").startswith("zh") else "en")]
    known: list[str] = []

    def passphrase() -> str:
        if not known:
            if chosen.passphrase_file:
                with open(chosen.passphrase_file, encoding="utf-8") as file:
                    known.append(file.read().strip())
            else:
                known.append(getpass.getpass(words["passphrase"]))
        return known[0]

    try:
        check = verify(chosen.pack, chosen.key, passphrase)
    except PackUnreadable as error:
        say(words["cannot"].format(why=error))
        return 2
    if not chosen.lang:
        words = WORDS["zh" if str(check.manifest.get("language", "")).startswith("zh") else "en"]
    for code, facts in check.found:
        say(f"- {words[code].format(**facts)}")
    if check.unsigned:
        say(words["unsigned"].format(count=check.unsigned))
    if check.public_key:
        say(words["signed_by"].format(key=check.key_id, found=fingerprint(check.public_key)))
    if check.found:
        say(words["not"].format(count=len(check.found)))
        return 1
    say(
        words["holds"].format(
            files=check.files, rows=check.rows, heads=check.heads, decisions=check.decisions
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
