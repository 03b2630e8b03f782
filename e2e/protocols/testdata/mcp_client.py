"""An MCP client: asks for an own and a foreign ticket and prints what its application would see.

mcp_client.py GATEWAY HOST TOKEN MODE, with the tickets {"tool": [own, foreign], ...} as the standard input
"""

import asyncio
import json
import sys

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError


async def attempt(call) -> dict:
    try:
        return {"text": (await call()).model_dump_json()}
    except MCPError as e:
        return {"code": e.code, "message": e.message, "data": e.data}


async def main() -> None:
    gateway, host, token, mode = sys.argv[1:]
    tickets = json.load(sys.stdin)
    headers = {"authorization": f"Bearer {token}", "host": host}
    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(f"http://{gateway}/mcp", http_client=http)
        async with Client(transport, mode=mode, read_timeout_seconds=20) as client:
            tools = [t.name for t in (await client.list_tools()).tools]
            ways = {
                "tool": lambda t: client.call_tool("get_ticket", {"ticket_id": t}),
                "resource": lambda t: client.read_resource(f"ticket://{t}"),
                "prompt": lambda t: client.get_prompt("summary", {"ticket": t}),
            }
            answers = {t: await attempt(lambda: ways[way](t)) for way in ways for t in tickets[way]}
            # A denial ends no session: the own ticket can be had after it.
            again = await attempt(lambda: ways["tool"](tickets["tool"][0]))
    print(json.dumps({"tools": tools, "answers": answers, "again": again}))


asyncio.run(main())
