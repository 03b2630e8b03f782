"""The curl of `tiergate-lab try`'s lines, for machines without curl:
curl -i --path-as-is -X METHOD URL --resolve HOST:PORT:ADDRESS -H @FILE"""
import socket
import sys
from urllib.parse import urlsplit

words = iter(sys.argv[1:])
method, url, address, fields = "GET", None, None, ""
for word in words:
    if word == "-X":
        method = next(words)
    elif word == "--resolve":
        address = next(words).split(":")[2]
    elif word == "-H":
        with open(next(words).removeprefix("@")) as file:
            fields = "".join(line.strip() + "\r\n" for line in file if line.strip())
    elif word not in ("-i", "--path-as-is"):
        if word.startswith("-") or url:
            sys.exit(f"curl.py does not know {word}")
        url = urlsplit(word)

target = url.path + ("?" + url.query if url.query else "")
with socket.create_connection((address, url.port), timeout=30) as connection:
    connection.sendall(f"{method} {target} HTTP/1.1\r\nhost: {url.netloc}\r\n{fields}\r\n".encode())
    answer = connection.makefile("rb")
    head, length = b"", 0
    for line in answer:
        head += line
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if line == b"\r\n":
            break
    sys.stdout.buffer.write(head + answer.read(length))
