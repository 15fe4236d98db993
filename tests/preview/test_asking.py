"""How applications are asked in tests."""

from __future__ import annotations

from tests.preview.asking import ask, run_apart


def test_an_application_can_be_asked_where_a_loop_runs_already():
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def main():
        return ask(application, "/").status

    assert run_apart(main()) == 204
