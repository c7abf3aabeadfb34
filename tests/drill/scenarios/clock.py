"""A wall clock that is set forth and back."""

from __future__ import annotations

from tests.drill.scenario import drill
from tests.drill.stage import Stage
from tests.support.waiting import eventually

_DAY = 86_400.0


@drill(
    fault=(
        "The clock is set two days forth, four days back, and right again",
        "时钟拨快两天、拨慢四天，再拨回正确时间",
    ),
    seen=("health names the clock", "健康状态指出时钟"),
    done=(
        "an hourly job is caught up once for each jump, not for every hour; nothing is locked out",
        "每小时的任务每次跳变只补一次，而非每小时各补一次；没有功能被锁死",
    ),
    allowed=45,
)
def clock_jumps(stage: Stage) -> None:
    job = stage.witness.new_job(every_ms=3_600_000)
    first = stage.application
    stage.strike()
    stage.clock.jump(2 * _DAY)
    try:
        stage.until_unwell("clock")
        eventually(lambda: stage.witness.runs_of(job), "the job to be caught up")
        assert stage.turn().status_code == 200
        stage.clock.jump(-4 * _DAY)
        stage.clock.advance(120)
        assert stage.turn().status_code == 200
        stage.witness.exchange()
    finally:
        stage.clock.jump(2 * _DAY)
    stage.until_healthy(20)
    assert 1 <= len(stage.witness.runs_of(job)) <= 3
    stage.client.delete(f"/api/v1/cron/jobs/{job}")
    assert stage.application == first
