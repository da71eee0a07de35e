"""Signing in and being recognised: people by password, programs by token, phones by their table.

`Authentication` is what handlers and the socket plane use. It keeps no session in memory: a
sign-in is a row, a cookie holds an opaque secret whose hash finds it, a token is verified by its
signature, and every recognition re-reads the rights from the database (spec D1, H5). Passwords
are hashed in services/passwords.py, rows are in services/accounts.py.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from config.namespaces import NAMESPACES, Namespace
from config.secrets import Secrets
from config.settings import Settings
from domain.commands import Command, Id
from domain.devices import describe_browser
from domain.errors import (
    AuthenticationFailed,
    AuthorizationDenied,
    Overloaded,
    TableTapError,
    UnprocessableInput,
)
from domain.identifiers import NewId
from domain.roles import PERSON_ROLES, Identity, IdentityKind, Role
from services.access import recheck_identity
from services.accounts import (
    Account,
    CafeChoice,
    EndedToken,
    NewSignIn,
    end_sign_in,
    find_account,
    list_cafes,
    prolong_sign_in,
    read_person_name,
    recognise_cookie,
    revoke_token,
    start_sign_in,
    use_ticket,
)
from services.devices import make_device_identity, read_device
from services.opaque_secrets import hash_secret, make_secret
from services.passwords import LONGEST_PASSWORD, Passwords
from services.refresh_tokens import (
    RotateToken,
    Rotation,
    check_refresh_token,
    derive_successor,
    hash_client,
    rotate_token,
)
from services.runner import Runner
from services.sign_in_limits import SignInLimits
from services.tokens import Claims, TokenKind, TokenSigner

# A sign-in in use is prolonged this often, so that most requests write nothing.
_PROLONG_EVERY = timedelta(hours=1)
_BEARER_KINDS = (TokenKind.ACCESS, TokenKind.GUEST, TokenKind.DEVICE)


class SignIn(Command, frozen=True):
    """Sign in by password. cafe_id: needed where a person has a role in several cafes."""

    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_PASSWORD)]
    cafe_id: Id | None = None


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request comes from, and what it says it is."""

    address: str
    user_agent: str = ""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh sign-in, and when it ends unless it is used. cafes: all of the person's.

    secret: for a cookie. refresh_token: for a program, None for a browser. Neither is stored.
    """

    identity: Identity
    secret: str
    refresh_token: str | None
    expires_at: datetime
    cafes: list[CafeChoice]


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that goes on. refresh_token: the one that holds from now on."""

    identity: Identity
    refresh_token: str
    expires_at: datetime


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A token and when it ends."""

    token: str
    expires_at: datetime


class Recognition(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a socket's token speaks for. expires_at: by then it must have been renewed."""

    identity: Identity
    expires_at: datetime


class Authentication:
    """Everything about who is asking."""

    def __init__(
        self,
        *,
        runner: Runner,
        signer: TokenSigner,
        secrets: Secrets,
        settings: Settings,
        passwords: Passwords,
        now: Callable[[], datetime],
        new_id: NewId,
        on_access_changed: Callable[[str], None] = lambda _: None,
        on_token_revoked: Callable[[str, datetime], None] = lambda *_: None,
    ) -> None:
        """on_access_changed: told of the cafe whenever access was taken back, after the commit.

        on_token_revoked: told of a token's id and when it would have ended by itself.
        """
        self._runner = runner
        self._signer = signer
        self._secrets = secrets
        self._settings = settings
        self._passwords = passwords
        self._now = now
        self._new_id = new_id
        self._on_access_changed = on_access_changed
        self._on_token_revoked = on_token_revoked
        self._limits = SignInLimits()

    # --- people -------------------------------------------------------------------------------

    async def sign_in(
        self,
        command: SignIn,
        *,
        client: Client,
        may_choose_later: bool = False,
        is_program: bool = False,
    ) -> SignedIn:
        """Begin a sign-in. client: its address is what guessers are slowed down by.

        is_program: it goes on with a refresh token instead of a cookie.
        may_choose_later: begin in the first of a person's cafes where the command names none; the
        caller then offers `change_cafe`.

        Raises:
            AuthenticationFailed: unknown person, wrong password or no role anywhere, in one form.
            UnprocessableInput: `cafe_required`, with the person's cafes in the details.
            TooManyAttempts: after the fourth failure.
        """
        account = await self._verify_password(command, client.address)
        if command.cafe_id is None and may_choose_later:
            cafe_id = account.cafes[0].cafe_id
        else:
            cafe_id = _choose_cafe(account, command.cafe_id)
        password_hash = await self._passwords.rehash_if_weak(
            command.password, account.password_hash
        )
        return await self._start(
            account.person_id,
            cafe_id,
            account.cafes,
            client=client,
            password_hash=password_hash,
            is_program=is_program,
        )

    async def check_password(self, command: SignIn, *, client: Client) -> None:
        """Let pass whose password this is, whether or not they have a role anywhere.

        Raises: AuthenticationFailed, TooManyAttempts.
        """
        await self._verify_password(command, client.address, needs_role=False)

    async def refresh(self, token: str, *, client: Client) -> Refreshed:
        """Go on with a sign-in: its refresh token hands over to the next one.

        A repeat from the same client within ten seconds gets the same one; any other use of a token
        that was handed over ends the sign-in.
        Raises: AuthenticationFailed.
        """
        successor = derive_successor(self._secrets, token)
        command = RotateToken(
            token_hash=hash_secret(token),
            successor_hash=hash_secret(successor),
            client_hash=hash_client(
                self._secrets, address=client.address, user_agent=client.user_agent
            ),
            signed_in_until=self._end_of_sign_in(),
        )
        await self._runner.read(check_refresh_token, command.token_hash)
        outcome = await self._runner.write(rotate_token, command, command_type="refresh")
        rotation = msgspec.json.decode(outcome.body, type=Rotation)
        if rotation.identity is None:
            self._on_access_changed(rotation.cafe_id)
            raise AuthenticationFailed(
                "This sign-in has ended. Sign in again.", code="refresh_token_reused"
            )
        return Refreshed(
            identity=rotation.identity,
            refresh_token=successor,
            expires_at=command.signed_in_until,
        )

    async def change_cafe(self, identity: Identity, cafe_id: str, *, client: Client) -> SignedIn:
        """Go on in another cafe of the same person: a new sign-in, and the old one ends.

        Raises: AuthorizationDenied where the person has no role there.
        """
        person_id = identity.person_id
        assert person_id is not None, "guests have one seating and no choice"
        cafes = await self._runner.read(list_cafes, person_id)
        if cafe_id not in {cafe.cafe_id for cafe in cafes}:
            raise AuthorizationDenied("You do not work in this cafe.", code="no_role")
        signed_in = await self._start(person_id, cafe_id, cafes, client=client)
        await self.sign_out(identity)
        return signed_in

    async def list_cafes(self, identity: Identity) -> list[CafeChoice]:
        """List the cafes that a person may choose from."""
        person_id = identity.person_id
        return [] if person_id is None else await self._runner.read(list_cafes, person_id)

    async def read_person_name(self, identity: Identity) -> str:
        """Return what to call a person, or a screen without one, on their own screen."""
        if identity.device_id is not None:
            device = await self._runner.read(read_device, identity.cafe_id, identity.device_id)
            return device.name
        person_id = identity.person_id
        if person_id is None:
            return ""
        return await self._runner.read(read_person_name, person_id)

    async def sign_out(self, identity: Identity) -> None:
        """End a person's sign-in: its cookie and all its tokens stop at once."""
        if identity.sign_in_id is not None:
            await self._runner.write(
                end_sign_in, identity.sign_in_id, identity=identity, command_type="sign_out"
            )
            self._on_access_changed(identity.cafe_id)

    async def revoke(self, token: str) -> None:
        """Take a single token back before its time.

        Raises: AuthenticationFailed for what is no live token of ours.
        """
        claims = self._signer.verify(token, kinds=_BEARER_KINDS, now=self._now())
        identity = await self._recognise(claims)
        ended = EndedToken(
            token_id=claims.jti, cafe_id=claims.cafe, expires_at=_end_of(claims, self._now())
        )
        await self._runner.write(
            revoke_token, ended, identity=identity, command_type="revoke_token"
        )
        self._on_token_revoked(ended.token_id, ended.expires_at)
        self._on_access_changed(identity.cafe_id)

    # --- recognition --------------------------------------------------------------------------

    async def identify_sign_in(
        self, secret: str, *, on_prolonged: Callable[[], None] = lambda: None
    ) -> Identity:
        """Recognise a person by their cookie. Raises: AuthenticationFailed.

        on_prolonged: told when the sign-in ends later than the cookie's holder was told.
        """
        now = self._now()
        state = await self._runner.read(recognise_cookie, hash_secret(secret), now=now)
        if now - state.last_seen_at > _PROLONG_EVERY and not state.is_by_pin:
            await self._prolong(state.identity)
            on_prolonged()
        return state.identity

    async def identify_token(self, token: str) -> Identity:
        """Recognise somebody by an access or guest token. Raises: AuthenticationFailed."""
        return await self._recognise(
            self._signer.verify(token, kinds=_BEARER_KINDS, now=self._now())
        )

    def read_token(self, token: str) -> Identity:
        """Return whom a token of ours speaks for, without asking whether that still holds.

        For `runner.write` and `runner.ask`, which ask that inside their transaction: whoever only
        sends a command need not wait for two. Raises: AuthenticationFailed.
        """
        return _read_claims(self._signer.verify(token, kinds=_BEARER_KINDS, now=self._now()))

    async def authenticate_socket(
        self, token: str, *, namespace: Namespace, is_query: bool = False
    ) -> Recognition:
        """Recognise who opens a socket; a connect ticket is used up by it.

        is_query: the token stood in the address, where only a ticket may stand (spec D2).
        Raises: AuthenticationFailed.
        """
        kinds = (TokenKind.CONNECT,) if is_query else tuple(TokenKind)
        claims = self._signer.verify(token, kinds=kinds, now=self._now())
        if claims.kind is not TokenKind.CONNECT:
            return Recognition(
                identity=await self._recognise(claims), expires_at=_end_of(claims, self._now())
            )
        if claims.namespace is not namespace:
            raise AuthenticationFailed("This ticket opens another namespace. Get one for this.")
        identity = await self._recognise(claims)
        await self._runner.write(
            use_ticket,
            EndedToken(
                token_id=claims.jti, cafe_id=claims.cafe, expires_at=_end_of(claims, self._now())
            ),
            identity=identity,
            command_type="use_ticket",
        )
        # As long as an access token: the page renews it in band with its cookie, so that a sign-in
        # that is in use lives on, and one that has run out ends its sockets too.
        ends_at = self._now() + timedelta(seconds=self._settings.access_token_ttl_s)
        return Recognition(identity=identity, expires_at=ends_at)

    async def recheck(self, identity: Identity) -> Identity:
        """Re-read the rights of somebody who was recognised before (an open socket).

        Raises: AuthenticationFailed when they have none left.
        """
        return await self._runner.read(recheck_identity, identity, now=self._now())

    # --- tokens -------------------------------------------------------------------------------

    def issue_access_token(self, identity: Identity) -> Grant:
        """Make a person's token for programs: 15 minutes at most."""
        return self._issue(TokenKind.ACCESS, identity, self._settings.access_token_ttl_s)

    def issue_device_token(self, identity: Identity) -> Grant:
        """Make a paired screen's token for programs: as short as a person's."""
        return self._issue(TokenKind.DEVICE, identity, self._settings.access_token_ttl_s)

    def issue_guest_token(self, *, cafe_id: str, lane_id: str, table_session_id: str) -> Grant:
        """Make the token of a phone at a table; it dies when the table is closed."""
        identity = _build_guest(lane_id, table_session_id, cafe_id)
        return self._issue(TokenKind.GUEST, identity, self._settings.guest_token_ttl_s)

    def issue_connect_ticket(
        self, identity: Identity, namespace: Namespace, roles: Collection[Role] = ()
    ) -> Grant:
        """Make a ticket that opens one socket of a namespace, once, within a minute.

        roles: narrows the rights; empty takes all that the namespace admits. Whoever works here
        and is not admitted as such may open a board, which shows public facts alone.
        Raises: AuthorizationDenied where nothing is left.
        """
        admitted = NAMESPACES[namespace].roles
        wanted = frozenset(roles) or (identity.roles & admitted) or frozenset({Role.BOARD})
        left = wanted & admitted & _held_roles(identity)
        if not left:
            raise AuthorizationDenied("Your role does not open this. Ask somebody who may.")
        narrowed = msgspec.structs.replace(identity, roles=left)
        return self._issue(
            TokenKind.CONNECT, narrowed, self._settings.connect_ticket_ttl_s, namespace=namespace
        )

    # --- within -------------------------------------------------------------------------------

    async def _verify_password(
        self, command: SignIn, address: str, *, needs_role: bool = True
    ) -> Account:
        email, now = command.email.strip(), self._now()
        self._limits.check(email, address, now=now)
        # Counted before it is looked at, or many guesses at once would all pass the check.
        self._limits.count_failure(email, address, now=now)
        try:
            account = await self._runner.read(find_account, email)
            known_hash = account.password_hash if account is not None else None
            fits = await self._passwords.verify(command.password, known_hash)
        except TableTapError:
            # Nobody has looked at the password: the database is away, or too many are waiting.
            self._limits.take_back(email, address)
            raise
        if not fits or account is None or (needs_role and not account.cafes):
            raise AuthenticationFailed(
                "This e-mail address and password do not belong together. Try again.",
                code="wrong_credentials",
            )
        self._limits.forget(email, address)
        return account

    async def begin_on_screen(
        self, person_id: str, screen: Identity, *, client: Client, stay: timedelta
    ) -> SignedIn:
        """Begin a sign-in of somebody who is known already, on a paired screen.

        stay: how long at most, however much it is used.
        """
        return await self._start(
            person_id,
            screen.cafe_id,
            [],
            client=client,
            device_id=screen.device_id,
            expires_at=self._now() + stay,
        )

    async def _start(
        self,
        person_id: str,
        cafe_id: str,
        cafes: list[CafeChoice],
        *,
        client: Client,
        password_hash: str | None = None,
        is_program: bool = False,
        device_id: str | None = None,
        expires_at: datetime | None = None,
    ) -> SignedIn:
        secret = make_secret()
        refresh_token = make_secret() if is_program else None
        new = NewSignIn(
            sign_in_id=self._new_id(),
            person_id=person_id,
            cafe_id=cafe_id,
            token_hash=hash_secret(secret),
            refresh_hash=None if refresh_token is None else hash_secret(refresh_token),
            expires_at=expires_at or self._end_of_sign_in(),
            device_id=device_id,
            client=describe_browser(client.user_agent),
            password_hash=password_hash,
        )
        await self._runner.write(start_sign_in, new, identity=None, command_type="sign_in")
        identity = await self.identify_sign_in(secret)
        return SignedIn(
            identity=identity,
            secret=secret,
            refresh_token=refresh_token,
            expires_at=new.expires_at,
            cafes=cafes,
        )

    async def _prolong(self, identity: Identity) -> None:
        """Let a sign-in live on. A busy server skips it: the next request will do."""
        try:
            await self._runner.write(
                prolong_sign_in,
                self._end_of_sign_in(),
                identity=identity,
                command_type="prolong_sign_in",
            )
        except Overloaded:
            return

    def _end_of_sign_in(self) -> datetime:
        return self._now() + timedelta(seconds=self._settings.sign_in_ttl_s)

    async def _recognise(self, claims: Claims) -> Identity:
        return await self._runner.read(recheck_identity, _read_claims(claims), now=self._now())

    def _issue(
        self, kind: TokenKind, identity: Identity, ttl_s: int, namespace: Namespace | None = None
    ) -> Grant:
        now = self._now()
        token = self._signer.sign(
            kind=kind,
            subject=identity.principal,
            cafe_id=identity.cafe_id,
            roles=identity.roles,
            token_id=self._new_id(),
            now=now,
            ttl_s=ttl_s,
            sign_in_id=identity.sign_in_id,
            table_session_id=identity.table_session_id,
            namespace=namespace,
            parent_id=identity.token_id if kind is TokenKind.CONNECT else None,
        )
        return Grant(token=token, expires_at=now + timedelta(seconds=ttl_s))


def _choose_cafe(account: Account, wanted: str | None) -> str:
    """Return the cafe to sign in to. Another cafe's id looks like a wrong password's account."""
    ids = [cafe.cafe_id for cafe in account.cafes]
    if wanted is None and len(ids) == 1:
        return ids[0]
    if wanted is None:
        raise UnprocessableInput(
            "You work in several cafes. Say which one with cafeId.",
            code="cafe_required",
            details={"cafes": msgspec.to_builtins(account.cafes)},
        )
    if wanted not in ids:
        raise AuthenticationFailed("You do not work in this cafe.", code="wrong_credentials")
    return wanted


def _read_claims(claims: Claims) -> Identity:
    """Make the identity that a token claims; whether it still holds is checked by the rows."""
    kind, _, key = claims.sub.partition(":")
    token_id = claims.parent if claims.kind is TokenKind.CONNECT else claims.jti
    if kind == "lane" and claims.seating is not None:
        guest = _build_guest(key, claims.seating, claims.cafe)
        return msgspec.structs.replace(
            guest, roles=guest.roles & frozenset(claims.roles), token_id=token_id
        )
    if kind == "device":
        screen = make_device_identity(key, claims.cafe, token_id=token_id)
        return msgspec.structs.replace(screen, roles=screen.roles & frozenset(claims.roles))
    if kind != "person" or claims.sign_in is None:
        raise AuthenticationFailed("This token is not valid here. Sign in again.")
    return Identity(
        kind=IdentityKind.PERSON,
        principal=claims.sub,
        cafe_id=claims.cafe,
        roles=frozenset(claims.roles) & (PERSON_ROLES | {Role.BOARD}),
        person_id=key,
        sign_in_id=claims.sign_in,
        token_id=token_id,
    )


def _build_guest(lane_id: str, table_session_id: str, cafe_id: str) -> Identity:
    return Identity(
        kind=IdentityKind.GUEST,
        principal=f"lane:{lane_id}",
        cafe_id=cafe_id,
        roles=frozenset({Role.CUSTOMER}),
        lane_id=lane_id,
        table_session_id=table_session_id,
    )


def _held_roles(identity: Identity) -> frozenset[Role]:
    return identity.roles if identity.is_guest else identity.roles | {Role.BOARD}


def _end_of(claims: Claims, now: datetime) -> datetime:
    """When a token ends, with the clock's own zone."""
    return datetime.fromtimestamp(claims.exp, now.tzinfo)
