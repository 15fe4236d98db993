"""How applications are asked in tests."""

from __future__ import annotations

import asyncio

from tests.preview.asking import ask


def test_an_application_can_be_asked_where_a_loop_runs_already():
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def main():
        return ask(application, "/").status

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(main()) == 204
    finally:
        loop.close()
