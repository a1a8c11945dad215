"""The main path on a site that is no demo, over HTTP as a browser and a dialler speak it: from the
administrator's link to the refusal."""

import base64
import hmac
import re
import struct
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

PASSWORD = "tulip-Winter-31-{}"
PHONE, LINE = "13800001234", "01085550101"
COMPANY = "明澜家居"
SCRIPT = {
    "company": COMPANY, "opening": f"您好，我是{COMPANY}的客服。", "purpose": "来电是向您介绍会员续费。",
    "body": "续费一年可以享受九折。",
    "objections": "", "way_out": "如不想再接到来电，请按9。", "forbidden": "不得承诺收益",
}  # fmt: skip
SAID = r"(?:alert|invalid-feedback|text-danger)[^>]*>([^<]+)<"  # where a page says what is wrong
SHANGHAI = ZoneInfo("Asia/Shanghai")


def code_of(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    word = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = word[-1] & 15
    return f"{(struct.unpack('>I', word[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Person:
    """Somebody with a browser of their own: fills in forms as they stand on the page."""

    def __init__(self, browser: httpx.Client, name: str) -> None:
        self.browser, self.name = browser, name

    def get(self, path: str) -> str:
        answer = self.browser.get(path)
        while answer.is_redirect:
            answer = self.browser.get(answer.headers["location"])
        if answer.url.path == "/accounts/reauthenticate/" and not path.startswith(
            "/accounts/reauthenticate/"
        ):
            self.send(
                f"/accounts/reauthenticate/?next={path}", password=PASSWORD.format(self.name), next=path
            )
            return self.get(path)
        assert answer.status_code == 200, f"{self.name} got {answer.status_code} for {path}"
        return answer.text

    def send(
        self,
        path: str,
        page: str = "",
        html: str = "",
        *,
        files: dict[str, Any] | None = None,
        ok: tuple[int, ...] = (302,),
        **fields: Any,
    ) -> httpx.Response:
        """Post a form to `path`, with the token of `page` (the same address by default)."""
        html = html or self.get(page or path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
        assert token is not None, f"{self.name}: no form at {page or path}"
        headers = {"Referer": f"https://{self.browser.headers['host']}/"}
        answer = self.browser.post(
            path, data={"csrfmiddlewaretoken": token[1], **fields}, files=files, headers=headers
        )
        said = (
            " ".join(
                re.findall(r"(?:alert[^>]*|invalid-feedback[^>]*|text-danger[^>]*)>([^<]+)<", answer.text)
            )
            if answer.status_code == 200
            else ""
        )
        assert answer.status_code in ok, (
            f"{self.name}: {path} answered {answer.status_code}: {said or answer.text[:400]}"
        )
        return answer

    def set_password(self, link: str) -> None:
        self.get(link)
        password = PASSWORD.format(self.name)
        self.send("/invitation/", new_password1=password, new_password2=password)

    def sign_in(self, *, second_factor: bool) -> None:
        self.send("/accounts/login/", login=self.name, password=PASSWORD.format(self.name))
        if not second_factor:
            return
        html = self.get("/accounts/2fa/totp/activate/")
        secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', html) or re.search(
            r"\b([A-Z2-7]{32})\b", html
        )
        assert secret is not None, html
        # Each time the page is opened it shows another secret.
        self.send("/accounts/2fa/totp/activate/", html=html, code=code_of(secret[1]))


def option(html: str, text: str) -> str:
    """The value of the option, box or button that shows `text`."""
    found = re.search(rf'<option value="([^"]+)"[^>]*>\s*[^<]*{re.escape(text)}', html) or re.search(
        rf'value="([^"]+)"[^>]*>\s*(?:<[^>]*>\s*)*[^<]*{re.escape(text)}', html
    )
    assert found is not None, f"nothing is called {text}"
    return found[1]


def number_in(location: str) -> str:
    found = re.search(r"/(\d+)/", location)
    assert found is not None, location
    return found[1]


class MainPath:
    def __init__(self, browser: Callable[[], httpx.Client], *, others: Sequence[str] = ()) -> None:
        """`others`: numbers that are imported besides the one of the path."""
        self._browser, self._others = browser, others
        self.key = ""

    def _person(self, name: str) -> Person:
        return Person(self._browser(), name)

    def play(self, link: str) -> dict[str, Any]:
        admin = self._person("wang")
        admin.set_password(link)
        admin.sign_in(second_factor=True)
        people = self._people(admin)
        supervisor, officer, agent = people["li"], people["zhou"], people["sun"]
        purpose_page = self._purpose(officer)
        source = self._source(supervisor, officer, purpose_page)
        line = self._line(supervisor, officer)
        script = self._script(supervisor, officer)
        campaign = self._campaign(supervisor, officer, line, script)
        self._import(supervisor, source)
        self._key(admin, officer)
        supervisor.send(
            f"/campaigns/{campaign}/agents/",
            f"/campaigns/{campaign}/",
            agent=option(supervisor.get(f"/campaigns/{campaign}/"), "sun"),
        )
        assert agent.get("/desk/")
        return self._call()

    def _people(self, admin: Person) -> dict[str, Person]:
        admin.send("/departments/", name="客户服务部")
        found = {}
        for name, role in (
            ("li", "supervisor"),
            ("zhou", "compliance"),
            ("wu", "compliance"),
            ("sun", "agent"),
        ):
            department = option(admin.get("/people/add/"), "客户服务部")
            made = admin.send(
                "/people/add/",
                ok=(200,),
                username=name,
                display_name=name,
                role=role,
                department=department,
                email=f"{name}@example.com",
            )
            link = re.search(r"https://[^/]+(/invitation/[\w-]+/)", made.text)
            assert link is not None, made.text
            person = self._person(name)
            person.set_password(link[1])
            person.sign_in(second_factor=role == "compliance")
            found[name] = person
        self._agree(found["zhou"], expected=1)
        return found

    def _agree(self, officer: Person, *, expected: int) -> None:
        """As the second person of what the administrator asked for."""
        waiting = re.findall(r'action="(/second-person/[^"]+)"', officer.get("/second-person/"))
        assert len(waiting) == expected, waiting
        for action in waiting:
            officer.send(action, "/second-person/", approve="1")
        assert 'action="/second-person/' not in officer.get("/second-person/")

    def _purpose(self, officer: Person) -> str:
        officer.send("/purposes/new/", code="membership", name="会员续费营销")
        officer.send("/brands/new/", name="明澜")
        return officer.get("/purposes/")

    def _source(self, supervisor: Person, officer: Person, _page: str) -> str:
        html = supervisor.get("/sources/new/")
        made = supervisor.send(
            "/sources/new/", code="members-web", name="会员网页登记", origin="own", lawful_basis="个人同意",
            consent_days="365",
            purposes=option(html, "会员续费营销"), consent_wording=f"我同意{COMPANY}就会员续费致电联系我。",
            wording_version="1",
            files={"agreement_file": ("", b"")},
        )  # fmt: skip
        source = number_in(made.headers["location"])
        officer.send(f"/sources/{source}/decide/approve/", f"/sources/{source}/")
        return source

    def _line(self, supervisor: Person, officer: Person) -> str:
        today = date.today()  # noqa: DTZ011
        officer.send(
            "/filings/new/", number="B2-20260001", authority="通信管理局",
            valid_from=str(today - timedelta(days=30)),
            valid_until=str(today + timedelta(days=300)),
        )  # fmt: skip
        filing = option(supervisor.get("/lines/new/"), "B2-20260001")
        supervisor.send("/lines/new/", number=LINE, carrier="运营商", ownership_proof="合同", filing=filing)
        line = re.search(r"/lines/(\d+)/change/", supervisor.get("/lines/"))
        assert line is not None
        supervisor.send(f"/lines/{line[1]}/change/", "/lines/", test="1", words="拨打公司手机，显示本号码")
        officer.send(f"/lines/{line[1]}/change/", "/lines/", verify="1", words="")
        return line[1]

    def _script(self, supervisor: Person, officer: Person) -> str:
        made = supervisor.send(
            "/scripts/new/", code="spring", name="会员续费", kind="marketing", trade="retail", voice="human"
        )
        written = supervisor.send(made.headers["location"], **SCRIPT)
        version = number_in(written.headers["location"])
        supervisor.send(f"/scripts/{version}/submit/", f"/scripts/{version}/")
        officer.send(
            f"/scripts/{version}/review/",
            f"/scripts/{version}/",
            verdict="approve",
            note="开场、目的与退订方式齐全。",
        )
        return version

    def _campaign(self, supervisor: Person, officer: Person, line: str, _script: str) -> str:
        html, today = supervisor.get("/campaigns/new/"), date.today()  # noqa: DTZ011
        made = supervisor.send(
            "/campaigns/new/", code="spring", name="春季续费", kind="marketing", trade="retail",
            voice="human",
            purpose=option(html, "会员续费营销"),
            brand="明澜", lawful_basis="个人同意", filing=option(html, "B2-20260001"), lines=line,
            script=option(html, "会员续费"),
            starts_on=str(today - timedelta(days=1)), ends_on=str(today + timedelta(days=60)), checklist="",
        )  # fmt: skip
        found = re.search(r"/campaigns/(cp_\w+)/", made.headers["location"])
        assert found is not None
        for who, step in ((supervisor, "submit"), (officer, "approve"), (supervisor, "run")):
            who.send(f"/campaigns/{found[1]}/step/{step}/", f"/campaigns/{found[1]}/")
        assert "running" in supervisor.get(f"/campaigns/{found[1]}/").lower()
        return found[1]

    def _import(self, supervisor: Person, source: str) -> None:
        rows = "手机号,姓名,同意渠道,同意时间\n"
        rows += "".join(f"{number},张三,网页勾选,2026-09-01 10:00\n" for number in (PHONE, *self._others))
        html = supervisor.get("/imports/new/")
        made = supervisor.send(
            "/imports/new/",
            source=source,
            campaign=option(html, "春季续费"),
            files={"file": ("members.csv", rows.encode(), "text/csv")},
        )
        preview = made.headers["location"]
        html = supervisor.get(preview)
        selects = re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', html, re.S)
        chosen = {
            name: found[1]
            for name, body in selects
            if (found := re.search(r'<option value="(\d+)"\s+selected', body))
        }
        assert chosen.get("phone") == "0", chosen
        supervisor.send(preview, **chosen)
        progress = preview.rstrip("/") + "/progress/"
        deadline = time.monotonic() + 60
        while 'data-job="done"' not in supervisor.get(progress):
            assert time.monotonic() < deadline, "the worker did not import the list"
            time.sleep(0.5)

    def _key(self, admin: Person, officer: Person) -> None:
        html = admin.get("/api-clients/new/")
        made = admin.send(
            "/api-clients/new/", ok=(200,), name="dialler", owner=option(html, "wang"),
            scopes=["authorize", "dial", "events", "optouts", "recordings"], addresses="",
            requests_per_second="200",
            ends_at=str(date.today() + timedelta(days=90)),  # noqa: DTZ011
            campaigns=option(html, "春季续费"),
        )  # fmt: skip
        key = re.search(r"hg_[\w-]+", made.text)
        assert key is not None, made.text
        self._agree(officer, expected=1)
        self.key = key[0]

    def _call(self) -> dict[str, Any]:
        """Within calling hours the call is allowed, made and ended by key 9; outside the gate names the hours
        and nothing else. Then no."""
        with self._browser() as dialler:
            dialler.headers["Authorization"] = f"Bearer {self.key}"

            def post(path: str, payload: dict[str, Any]) -> Any:
                answer = dialler.post(f"/api/v1/{path}", json=payload)
                assert answer.status_code in (200, 201), answer.text
                return answer.json()

            asked = {"campaign": "spring", "phone": PHONE, "line": LINE, "agent": "sun"}
            first = post("calls/authorize", asked)
            codes = {reason["code"] for reason in first["reasons"]}
            hour = datetime.now(SHANGHAI).hour
            if first["decision"] == "allow":
                assert first["number"].endswith(PHONE)
                now = datetime.now(SHANGHAI).isoformat()
                for event in (
                    {"event": "ringing"},
                    {"event": "answered"},
                    {"event": "key", "digit": "9"},
                    {"event": "ended"},
                ):
                    post(f"calls/{first['call']}/events", {**event, "at": now})
            else:
                assert codes <= {"outside_window", "statutory_holiday"}, codes
                assert not 8 <= hour < 21 or "statutory_holiday" in codes, codes
                post("opt-outs", {"phone": PHONE, "evidence": "main-path"})
            second = post("calls/authorize", asked)
            after = {reason["code"] for reason in second["reasons"]}
            assert second["decision"] == "refuse", second
            assert "opted_out" in after, after
        return {"first": first["decision"], "why": sorted(codes), "second": sorted(after)}
