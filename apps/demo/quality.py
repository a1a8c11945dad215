"""What the demo's quality people have done: cards, plans, verdicts, violations in every state, complaints, a
base period."""

import io
import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

from apps.accounts.models import User
from apps.calls.models import Call
from apps.core.calendar import clock
from apps.quality import queries as quality_queries
from apps.quality import services as quality
from apps.quality.models import Recording, Review, ScoreCardVersion, Transcript

from . import voices
from .campaigns import Plan
from .conversations import Conversation

At = Callable[[datetime], AbstractContextManager[None]]
ITEMS = (
    (
        "privacy_kept",
        "privacy",
        15,
        True,
        False,
        "No ID, card, code or password was asked for",
        "未索要身份证、银行卡、验证码或密码",
    ),
    (
        "privacy_others",
        "privacy",
        10,
        False,
        False,
        "Nothing about the client was told to others",
        "未向他人透露客户信息",
    ),
    ("identity", "script", 15, False, False, "Company and purpose were said first", "先说明公司与来电目的"),
    ("no_promise", "script", 15, True, False, "No forbidden promise, nothing untrue", "无违规承诺，内容真实"),
    (
        "way_out",
        "script",
        15,
        False,
        True,
        "The way out was offered and respected",
        "告知退订方式并尊重客户意愿",
    ),
    ("approved_words", "script", 10, False, False, "The approved script was kept to", "按审核通过的话术沟通"),
    ("manner", "manner", 10, False, False, "Polite, did not interrupt", "礼貌，不打断客户"),
    ("result", "result", 10, False, True, "The result was noted as it was", "小结记录与通话一致"),
)


def hand_in(call: Call, plan: Plan, said: Conversation, chance: random.Random, at: At) -> None:
    """The recording and the transcript of a call come a minute after its end."""
    sound = voices.spoken(said.segments, seconds=said.seconds)
    kind = chance.random()
    if kind < 0.03:
        content = voices.as_coded(sound, "ogg", "libopus", 48_000)
    elif kind < 0.05:
        content = voices.as_coded(sound, "mp3", "libmp3lame", 16_000)
    else:
        content = voices.as_wav(sound)
    ended = call.ended_at or call.reserved_at
    with at(ended + timedelta(minutes=1)):
        kept, _is_new = quality.receive_recording(
            client=None, call_id=call.pk, read=io.BytesIO(content).read, length=len(content)
        )
        quality.measure_recording(kept.pk)
        raw = [
            {"start": each.start / 1000, "end": each.end / 1000, "speaker": each.speaker, "text": each.text}
            for each in said.segments
        ]
        quality.take_transcript(client=None, call_id=call.pk, raw=raw, source="demo")


class QualityWork:
    """One after the other, each at its time."""

    def __init__(self, staff: Mapping[str, User], today: date, chance: random.Random, at: At) -> None:
        self.staff, self.today, self.chance, self.at = staff, today, chance, at

    def do(self) -> None:
        now = clock.now()
        with self.at(now - timedelta(days=20)):
            self.version = self._card()
        with self.at(now - timedelta(days=8)):
            plan = quality.write_plan(
                actor=self.staff["compliance"], name="全部任务", campaign=None, random_percent=10,
                agent_week=2, campaign_day=1,
                double_percent=10,
            )  # fmt: skip
        for days_ago in (7, 6, 5, 3, 2, 1):
            with self.at(now - timedelta(days=days_ago - 1, hours=3)):
                quality.sample_day(plan=plan, day=self.today - timedelta(days=days_ago), seed=days_ago)
        self._judge(now)
        self._violate(now)
        self._complain(now)

    def _card(self) -> ScoreCardVersion:
        items = [
            {
                "code": code,
                "section": section,
                "weight": weight,
                "is_fatal": fatal,
                "may_not_apply": na,
                "text": {"en": english, "zh": chinese},
            }
            for code, section, weight, fatal, na, english, chinese in ITEMS
        ]
        written = quality.write_card(
            actor=self.staff["compliance2"],
            code="standard",
            name="通用评分表",
            trade="",
            items=items,
            pass_mark=80,
        )
        return quality.approve_card(actor=self.staff["compliance"], version=written)

    def _judge(self, now: datetime) -> None:
        """The older half of what was chosen is judged; one agent appeals, another's appeal was decided."""
        waiting = list(
            Review.objects.filter(state=Review.State.WAITING)
            .select_related("agent")
            .order_by("called_at", "pk")
        )
        judged = [self._one(review, now) for review in waiting[: len(waiting) // 2]]
        mine = [
            review
            for review in judged
            if review and review.agent and review.twin_id is None and "no" in review.answers.values()
        ]
        for place, review in enumerate(mine[:2]):
            agent = review.agent
            if agent is None:
                continue
            appealed = quality.appeal(
                actor=agent, review=review, text="客户打断后我已补充说明退订方式，请复核。"
            )
            if place:
                other = next(
                    self.staff[name]
                    for name in ("compliance", "compliance2")
                    if self.staff[name].pk != review.reviewer_id
                )
                answers = {code: "yes" for code, answer in review.answers.items() if answer == "no"}
                quality.settle(
                    actor=other,
                    review=appealed,
                    is_upheld=False,
                    note="复听后确认已告知退订方式。",
                    answers=answers,
                )

    def _one(self, review: Review, now: datetime) -> Review | None:
        people = (
            self.staff[name]
            for name in ("supervisor", "supervisor2", "supervisor3", "compliance", "compliance2")
        )
        reviewer = next(
            (person for person in people if quality_queries.queue_of(person).filter(pk=review.pk).exists()),
            None,
        )
        recording = Recording.objects.filter(call=review.call_id).first()
        if reviewer is None or recording is None or recording.state != Recording.State.READY:
            return None
        with self.at(now - timedelta(hours=self.chance.randint(2, 60))):
            taken = quality.take(actor=reviewer, review=review)
            play = quality.begin_play(actor=reviewer, recording=recording, purpose="quality")
            quality.serve(actor=reviewer, play_id=play.pk, asked="bytes=0-65535").content.close()
            quality.note_heard(actor=reviewer, play_id=play.pk, heard=[(0, recording.duration_ms or 0)])
            quality.end_play(play.pk, reviewer)
            answers = self._answers(review)
            if "no" in answers.values():
                quality.remark(
                    actor=reviewer,
                    review=taken,
                    start_ms=1_000,
                    end_ms=6_000,
                    text="开场后节奏偏快，客户没有听清。",
                )
            return quality.give_verdict(
                actor=reviewer, review=taken, version=self.version, answers=answers, summary="总体规范。"
            )

    def _answers(self, review: Review) -> dict[str, str]:
        said = Transcript.objects.filter(call=review.call_id).first()
        answers = {item[0]: "no" if self.chance.random() < 0.05 else "yes" for item in ITEMS if not item[3]}
        codes = {finding["code"] for finding in said.findings} if said else set()
        answers |= {
            "privacy_kept": "no" if "asks_secret" in codes else "yes",
            "no_promise": "no" if codes - {"asks_secret"} else "yes",
        }
        if said and said.checks.get("way_out") is False:
            answers["way_out"] = "no"
        return answers

    def _violate(self, now: datetime) -> None:
        """One violation that was corrected, one to be checked, one overdue, and a grave one: its agent is off
        the telephone."""
        owner = self.staff["supervisor"]
        plans = (
            ("minor", "manner", "closed"),
            ("minor", "identity", "done"),
            ("serious", "way_out", "open"),
            ("grave", "secrets", "open"),
        )
        judged = Review.objects.filter(
            state__in=Review.JUDGED, agent__isnull=False, twin__isnull=True
        ).select_related("agent")
        spared = {self.staff["agent"].pk, self.staff["agent4"].pk}
        for place, (gravity, kind, state) in enumerate(plans):
            review = judged.exclude(agent__in=spared if gravity == "grave" else []).order_by(
                "called_at", "pk"
            )[place]
            found_at = (
                now - timedelta(hours=3) if gravity == "grave" else review.called_at + timedelta(days=1)
            )
            with self.at(found_at):
                found = quality.open_violation(
                    actor=self.staff["compliance"], kind=kind, gravity=gravity, note="复听确认，见录音片段。",
                    law="《在线外呼规范》",
                    owner=self._owner(review, owner), review=review, start_ms=1_000, end_ms=6_000,
                )  # fmt: skip
            if state != "open":
                with self.at(found_at + timedelta(days=1)):
                    done = quality.report_done(
                        actor=found.action.owner,
                        action=found.action,
                        measures="一对一复盘并重新学习话术。",
                        proof="培训记录 2026-11",
                    )
                if state == "closed":
                    with self.at(found_at + timedelta(days=2)):
                        quality.check_action(
                            actor=self.staff["compliance2"],
                            action=done,
                            is_corrected=True,
                            note="抽听三通，已改正。",
                        )
        quality.escalate_overdue()

    def _owner(self, review: Review, otherwise: User) -> User:
        owners = quality_queries.people_who_may_own(review.campaign_id).filter(role="supervisor")
        return owners.first() or otherwise

    def _complain(self, now: datetime) -> None:
        quality.record_base(
            actor=self.staff["compliance"], name="上线前（2026年上半年）", since=date(2026, 1, 1),
            until=date(2026, 6, 30), calls=4_200,
            complaints=189, handling_hours=71.5, origin="原工单台账统计",
        )  # fmt: skip
        calls = Call.objects.filter(answered_at__isnull=False, contact__isnull=False).order_by("-reserved_at")
        result: tuple[tuple[Any, ...], ...] = (
            ("telephone", "unwanted", "一周内接到两次同样的推销电话，要求不要再打。", 9, 3, "closed"),
            ("regulator", "after_no", "申诉人称已表示拒绝，仍接到来电。", 5, 9, "paused"),
            ("letter", "false", "来电说的优惠与页面不一致，要求按来电内容履行。", 3, 14, "open"),
            ("shop", "manner", "坐席语气不耐烦。", 1, 20, "open"),
        )
        for channel, kind, text, days_ago, place, state in result:
            received = now - timedelta(days=days_ago, hours=2)
            # of somebody who was not called afterwards: one of the complaints opts out
            later = Call.objects.filter(reserved_at__gt=received, contact__isnull=False).values("contact")
            call = calls.filter(reserved_at__lt=received).exclude(contact__in=later)[place]
            with self.at(received):
                made = quality.record_complaint(
                    actor=self.staff["compliance"], channel=channel, kind=kind, text=text, call=call,
                    is_dispute=kind == "false",
                    opts_out=kind == "after_no",
                    reference="12321-20261119-003" if channel == "regulator" else "",
                )  # fmt: skip
            if state == "open":
                continue
            with self.at(received + timedelta(hours=5)):
                quality.step(
                    actor=self.staff["compliance"], complaint=made, kind="answered", note="已致电说明并致歉。"
                )
                if state == "paused":
                    quality.step(
                        actor=self.staff["compliance"],
                        complaint=made,
                        kind="paused",
                        note="等待客户提供通话时间。",
                    )
            if state == "closed":
                with self.at(received + timedelta(hours=22)):
                    quality.close_complaint(
                        actor=self.staff["compliance"],
                        complaint=made,
                        outcome="justified",
                        remedy="已致歉，号码登记退订。",
                    )
