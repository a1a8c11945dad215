"""Kamailio as the connector sees it: JSON-RPC over its datagram socket, and the file of addresses."""

import contextlib
import json
import secrets
import socket
import sqlite3
from pathlib import Path
from typing import Any

SECONDS = 2.0
MOST_BYTES = 65_536


class SipServerAway(Exception):
    """It does not answer, or says that the request failed."""


class NoSuchCall(Exception):
    """It leads no such call, or does not any more."""


class SipServer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._socket = folder / "rpc.sock"
        self._users: set[str] | None = None  # not known after a start: what is there goes first
        self._loaded: str | None = None

    def ask(self, method: str, *params: Any) -> Any:
        """The result of a request. Raises `SipServerAway`, `NoSuchCall`."""
        request = json.dumps({"jsonrpc": "2.0", "method": method, "params": list(params), "id": 1})
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(SECONDS)
            try:
                # an abstract name: nothing is left of it, and no path is too long
                channel.bind("\0hegui-" + secrets.token_hex(8))
                channel.sendto(request.encode(), str(self._socket))
                answer = json.loads(channel.recv(MOST_BYTES))
            except (OSError, ValueError) as error:
                raise SipServerAway(type(error).__name__) from None
        if "error" in answer:
            why = str(answer["error"].get("message", ""))
            raise NoSuchCall(why) if "not found" in why.lower() else SipServerAway(why)
        return answer.get("result")

    def open_calls(self) -> int:
        return int(self.ask("dlg.stats_active")["all"])

    def end(self, sip: dict[str, str]) -> None:
        """Hang up both ends of a call; one that rings is cancelled. Raises `SipServerAway`, `NoSuchCall`."""
        if "answered" not in sip:
            try:
                self.ask("tm.cancel", sip["call_id"], sip["cseq"])
            except (SipServerAway, NoSuchCall):  # it was answered just now
                self.ask("dlg.end_dlg", int(sip["entry"]), int(sip["id"]))
        else:
            self.ask("dlg.end_dlg", int(sip["entry"]), int(sip["id"]))

    def knows(self, sip: dict[str, str]) -> bool:
        """Whether the call is still under way."""
        try:
            self.ask("dlg.dlg_list", sip["call_id"], sip["agent_tag"])
        except (SipServerAway, NoSuchCall):
            return False
        return True

    def forget(self, sip: dict[str, str]) -> None:
        """See that an ended call is gone from the file of dialogs: Kamailio gives up deleting while another
        of its processes writes."""
        path = self.folder / "dialogs.sqlite"
        if not path.exists() or "entry" not in sip:
            return
        which = (int(sip["entry"]), int(sip["id"]))
        with contextlib.closing(sqlite3.connect(path, timeout=SECONDS)) as database, database:
            database.execute("delete from dialog where hash_entry = ? and hash_id = ?", which)
            database.execute("delete from dialog_vars where hash_entry = ? and hash_id = ?", which)

    def close(self) -> None:
        """Lead no call for the next seconds. Raises `SipServerAway`."""
        self.ask("htable.seti", "gate", "closed", 1)

    def configure(self, diallers: list[dict[str, Any]]) -> None:
        """Who may send: addresses (group 1, with digest group 2), and what the digests are. Raises
        `SipServerAway`."""
        lines = []
        for dialler in diallers:
            group = 2 if dialler["user"] else 1
            for address in dialler["addresses"]:
                host, _slash, bits = address.partition("/")
                lines.append(f"{group} {host} {bits or 32} 0 {dialler['id']}\n")
        path = self.folder / "addresses.list"
        content = "".join(lines)
        # of what the SIP server has, not of what the file holds: the reload itself may have failed
        if content != self._loaded:
            draft = path.with_suffix(".new")
            draft.write_text(content)
            draft.rename(path)
            self.ask("permissions.addressReload")
            self._loaded = content
        users = {dialler["user"]: dialler for dialler in diallers if dialler["user"]}
        if self._users is None:
            self.ask("htable.flush", "digest")
            self.ask("htable.flush", "person")
        for user, dialler in users.items():
            self.ask("htable.sets", "digest", user, dialler["ha1"])
            self.ask("htable.sets", "person", user, dialler["id"])
        for user in (self._users or set()) - users.keys():
            self.ask("htable.delete", "digest", user)
            self.ask("htable.delete", "person", user)
        self._users = set(users)
