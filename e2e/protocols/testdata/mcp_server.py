"""An MCP server whose tools report the tickets that they act on, with the SDK that others wrote."""

import socket

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import JSONResponse

seen: list[str] = []
server = MCPServer("tickets")


def act(ticket: str) -> str:
    seen.append(ticket)
    return f"ticket {ticket}"


@server.tool()
def get_ticket(ticket_id: str) -> str:
    """Reads a ticket."""
    return act(ticket_id)


@server.resource("ticket://{ticket}")
def ticket_resource(ticket: str) -> str:
    """A ticket as a resource."""
    return act(ticket)


@server.prompt()
def summary(ticket: str) -> str:
    """Asks for a summary of a ticket."""
    return act(ticket)


@server.custom_route("/seen", methods=["GET"])
async def report(_request):
    return JSONResponse(seen)


app = server.streamable_http_app(transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False))
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
