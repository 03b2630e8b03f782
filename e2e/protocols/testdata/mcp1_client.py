"""The MCP client of the SDK before version 2: asks for a foreign ticket, then for an own one.

mcp1_client.py GATEWAY HOST TOKEN FOREIGN OWN
"""

import asyncio
import json
import sys
from datetime import timedelta

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import McpError


async def main() -> None:
    gateway, host, token, foreign, own = sys.argv[1:]
    headers = {"authorization": f"Bearer {token}", "host": host}
    async with httpx.AsyncClient(headers=headers) as http:
        async with streamable_http_client(f"http://{gateway}/mcp", http_client=http) as (read, write, _):
            async with ClientSession(read, write, read_timeout_seconds=timedelta(seconds=20)) as session:
                await session.initialize()
                code = 0
                try:
                    await session.call_tool("get_ticket", {"ticket_id": foreign})
                except McpError as e:
                    code = e.error.code
                text = (await session.call_tool("get_ticket", {"ticket_id": own})).model_dump_json()
    print(json.dumps({"code": code, "text": text}))


asyncio.run(main())
