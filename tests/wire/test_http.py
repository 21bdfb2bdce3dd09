"""The client that carries every outbound call."""

import ssl

import httpx

from app.wire.http import open_http


async def test_a_shops_session_is_not_sent_back() -> None:
    """PHP locks a session while it answers, so one cookie for all calls would make them wait for each other."""
    asked: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers)
        return httpx.Response(200, json={}, headers={"Set-Cookie": "PHPSESSID=abc123; path=/; HttpOnly"})

    http = open_http(
        "shop",
        lambda *_: None,
        allow_private=True,
        ssl_context=ssl.create_default_context(),
        transport=httpx.MockTransport(answer),
    )
    for _ in range(2):
        await http.send("GET", "https://shop.example/orders")
    await http.aclose()
    assert len(asked) == 2
    assert "cookie" not in asked[1]
