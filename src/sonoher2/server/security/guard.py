"""The gate before all routes: which requests are answered at all, and what every answer says to the browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, quote, urlencode

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonoher2.server.base.errors import ErrorDetail, answer, fault
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.security.sessions import Sessions
from sonoher2.server.security.users import LOCAL

COOKIE = "sonoher2"
SAFE = ("GET", "HEAD", "OPTIONS")
OPEN = ("/login", "/static/", "/language/")
"""What is answered without a session: it shows nothing of anybody."""
CSP = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none';"
    " form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}
"""Of every answer that does not say otherwise itself."""
HSTS = "max-age=31536000"
NO_SESSION = "open the address that the server showed when it was started: it holds a token"


class TooLarge(HTTPException):
    """A body that is longer than it may be."""

    def __init__(self) -> None:
        super().__init__(413, "the request is larger than the server takes")


class Guard:
    """ASGI middleware that refuses what does not come from a page or a script of this server's users.

    Parameters
    ----------
    app
        What it guards.
    settings
        Names, limits, and whether TLS is on.
    sessions
        Who has come in.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, sessions: Sessions) -> None:
        self.app, self.settings, self.sessions = app, settings, sessions
        self._hosts = settings.hosts
        scheme = "https" if settings.certificate else "http"
        self._origins = frozenset(f"{scheme}://{host}" for host in self._hosts)
        self.cookie = cookie_name(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            # there is no websocket
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = self._with_headers(send)
        limit = self._limit(headers)
        refusal = self._refusal(headers, limit)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._answered(scope, headers, _limited(receive, limit), send)

    async def _answered(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Have a request answered; an unforeseen error goes no further, as others would log its message."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            refusal = await self._entrance(scope, headers)
            await (refusal or self.app)(scope, receive, sending)
        except Exception as error:
            answered = fault(error)
            if not started:
                await answered(scope, receive, send)

    def _refusal(self, headers: Headers, limit: int) -> Response | None:
        if len(headers.getlist("host")) != 1 or headers["host"].lower() not in self._hosts:
            return _refused(403, "host", "the request is addressed to another server")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            return _refused(413, "too_large", str(TooLarge().detail))
        return None

    def _limit(self, headers: Headers) -> int:
        limits = self.settings.limits
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        return limits.upload_bytes if form else limits.body_bytes

    async def _entrance(self, scope: Scope, headers: Headers) -> Response | None:
        """Find out who asks; an answer where the request goes no further."""
        path, method = str(scope["path"]), str(scope["method"])
        bearer = _bearer(headers)
        if bearer is not None:
            user = await anyio.to_thread.run_sync(self.sessions.user, bearer, "script")
        else:
            if method not in SAFE and not self._same_origin(headers):
                return _refused(403, "cross_site", "the request comes from another page than one of this server's")
            if method == "GET" and (token := _start_token(scope)) is not None:
                return await self._exchanged(scope, token)
            secret = cookie_of(headers, self.cookie)
            user = await anyio.to_thread.run_sync(self.sessions.user, secret, "cookie") if secret else None
        if user is None and not path.startswith(OPEN):
            return self._unknown(scope, path)
        scope.setdefault("state", {})["user"] = user or ""
        return None

    def _same_origin(self, headers: Headers) -> bool:
        """Whether a browser says that a page of this server made the request; one that says nothing is refused."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is None and origin is None:
            return False
        return site in (None, "same-origin") and (origin is None or origin.lower() in self._origins)

    async def _exchanged(self, scope: Scope, token: str) -> Response:
        """Exchange the token of the start address for a cookie."""
        if not self.sessions.is_start_token(token):
            return self._unknown(scope, str(scope["path"]))
        secret = await anyio.to_thread.run_sync(self.sessions.open, LOCAL)
        rest = [pair for pair in parse_qsl(scope["query_string"].decode("latin-1")) if pair[0] != "token"]
        # a path that begins with two slashes would name another server
        path = "/" + quote(str(scope["path"])).lstrip("/")
        response = RedirectResponse(f"{path}?{urlencode(rest)}" if rest else path, 303)
        set_cookie(response, self.settings, secret)
        return response

    def _unknown(self, scope: Scope, path: str) -> Response:
        if path.startswith("/api/") or scope["method"] not in SAFE:
            fix = NO_SESSION if self.settings.loopback else "Sign in"
            return answer(401, ErrorDetail(code="no_session", message="the request has no session", fix=fix))
        if self.settings.loopback:
            return PlainTextResponse(f"{NO_SESSION[0].upper()}{NO_SESSION[1:]}.\n", 401)
        return RedirectResponse(f"/login?{urlencode({'next': '/' + path.lstrip('/')})}", 303)

    def _with_headers(self, send: Send) -> Send:
        fixed = HEADERS | ({"Strict-Transport-Security": HSTS} if self.settings.certificate else {})

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in fixed.items():
                    headers.setdefault(name, value)
            await send(message)

        return sending


def cookie_name(settings: ServerSettings) -> str:
    """Name of the cookie; servers on several ports of a machine share its cookies, and must not mix them up."""
    return f"__Host-{COOKIE}" if settings.certificate else f"{COOKIE}-{settings.port}"


def set_cookie(response: Response, settings: ServerSettings, secret: str) -> None:
    """Hand a session to the browser."""
    response.set_cookie(
        cookie_name(settings),
        secret,
        path="/",
        secure=settings.certificate is not None,
        httponly=True,
        samesite="strict",
    )


def cookie_of(headers: Headers, name: str) -> str:
    """Secret of the session's cookie; empty without one."""
    for line in headers.getlist("cookie"):
        for part in line.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
    return ""


def _bearer(headers: Headers) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _start_token(scope: Scope) -> str | None:
    query = parse_qsl(scope["query_string"].decode("latin-1"))
    return next((value for name, value in query if name == "token"), None)


def _refused(status: int, code: str, message: str) -> Response:
    return answer(status, ErrorDetail(code=code, message=message, fix="Use the address that the server showed"))


def _limited(receive: Receive, limit: int) -> Callable[[], Awaitable[Message]]:
    """Count a body while it comes: its length need not be announced, nor true."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise TooLarge
        return message

    return receiving
