"""Paired screens: a screen that waits and fetches its secret, and what management does with it."""

from datetime import datetime
from typing import Annotated

import msgspec

from config.namespaces import Caller, Namespace
from domain.commands import (
    Command,
    PairDevice,
    RevokeDevice,
    SetPin,
    SignInByPin,
    UpdateDevice,
)
from domain.devices import POLL_INTERVAL, show_user_code
from domain.errors import Conflict
from domain.roles import Role
from domain.views.base import View
from domain.views.screens import DevicesView, DeviceView
from handlers.api.route import PUBLIC, Answer, ApiRequest, Route, encode_answer
from handlers.base import SIGNED_IN
from services.devices import list_devices, revoke_device, update_device
from services.pairing import pair_device

_TAG = "Screens"
_INTERVAL_S = int(POLL_INTERVAL.total_seconds())
_Secret = Annotated[str, msgspec.Meta(min_length=20, max_length=100)]


class ClaimDevice(Command, frozen=True):
    """device_code: what beginning to wait was answered with."""

    device_code: _Secret


class DeviceTokenRequest(Command, frozen=True):
    """credential: what the screen is recognised by."""

    credential: _Secret


class PairingStartedView(View, frozen=True):
    """device_code: ask with it every `interval_s`. user_code: show it, with where it is typed."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_at: datetime
    interval_s: int


class PairedView(View, frozen=True):
    """credential: kept by the screen, and by nobody else; it has no end of its own."""

    credential: str
    device_id: str
    cafe_id: str


class DeviceTokenView(View, frozen=True):
    """token: for the Authorization header. credential: the one to keep from now on."""

    token: str
    expires_at: datetime
    credential: str


class PinSignInView(View, frozen=True):
    """A token of who works at a screen now."""

    token: str
    expires_at: datetime
    person_id: str
    roles: list[Role]


async def _begin(request: ApiRequest) -> Answer:
    begun = await request.context.screen_access.begin_pairing(
        address=request.client_address, user_agent=""
    )
    code = show_user_code(begun.pairing.user_code)
    address = f"{request.context.settings.public_url}/admin/screens/pair"
    return encode_answer(
        PairingStartedView(
            device_code=begun.secret,
            user_code=code,
            verification_uri=address,
            verification_uri_complete=f"{address}?code={code}",
            expires_at=begun.pairing.expires_at,
            interval_s=_INTERVAL_S,
        )
    )


async def _claim(request: ApiRequest) -> Answer:
    wanted: ClaimDevice = request.body
    paired = await request.context.screen_access.claim_pairing(wanted.device_code)
    if paired is None:
        raise Conflict(
            "Nobody has confirmed the code yet. Ask again in some seconds.",
            code="authorization_pending",
            retry_after_s=_INTERVAL_S,
        )
    return encode_answer(
        PairedView(credential=paired.secret, device_id=paired.device_id, cafe_id=paired.cafe_id)
    )


async def _issue_token(request: ApiRequest) -> Answer:
    wanted: DeviceTokenRequest = request.body
    kept = [wanted.credential]
    identity = await request.context.screen_access.identify(
        wanted.credential, on_renewed=kept.append
    )
    grant = request.context.authentication.issue_device_token(identity)
    return encode_answer(
        DeviceTokenView(token=grant.token, expires_at=grant.expires_at, credential=kept[-1])
    )


async def _sign_in_by_pin(request: ApiRequest) -> Answer:
    signed_in = await request.context.pins.sign_in(
        request.identity, request.body, client=request.client
    )
    grant = request.context.authentication.issue_access_token(signed_in.identity)
    return encode_answer(
        PinSignInView(
            token=grant.token,
            expires_at=grant.expires_at,
            person_id=request.body.person_id,
            roles=sorted(signed_in.identity.roles),
        )
    )


async def _set_pin(request: ApiRequest) -> Answer:
    await request.context.pins.set_pin(request.identity, request.body)
    return Answer(body=b"")


async def _list(request: ApiRequest) -> Answer:
    return encode_answer(await request.context.runner.read(list_devices, request.identity.cafe_id))


async def _pair(request: ApiRequest) -> Answer:
    identity = request.identity
    caller = Caller(
        namespace=Namespace.ADMIN, principal=identity.principal, address=request.client_address
    )
    async with request.context.limits.counted(identity, "pair_device", caller):
        outcome = await request.context.runner.write(
            pair_device, request.body, identity=identity, command_type="pair_device"
        )
    return Answer(body=outcome.body)


async def _update(request: ApiRequest) -> Answer:
    outcome = await request.context.runner.write(
        update_device, request.body, identity=request.identity, command_type="update_device"
    )
    request.context.on_access_changed(request.identity.cafe_id)
    return Answer(body=outcome.body)


async def _revoke(request: ApiRequest) -> Answer:
    outcome = await request.context.runner.write(
        revoke_device, request.body, identity=request.identity, command_type="revoke_device"
    )
    request.context.on_access_changed(request.identity.cafe_id)
    return Answer(body=outcome.body)


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/device-pairings",
        operation="beginPairing",
        summary="Let a screen wait, with a code that somebody types elsewhere.",
        tag=_TAG,
        permission=PUBLIC,
        response=PairingStartedView,
        status=201,
        call=_begin,
    ),
    Route(
        method="POST",
        path="/device-pairings/claim",
        operation="claimPairing",
        summary="Ask whether the code was confirmed; then the answer holds the screen's secret.",
        tag=_TAG,
        permission=PUBLIC,
        body=ClaimDevice,
        response=PairedView,
        errors=(404, 409),
        call=_claim,
    ),
    Route(
        method="POST",
        path="/device-tokens",
        operation="issueDeviceToken",
        summary="Get a token for a paired screen's secret.",
        tag=_TAG,
        permission=PUBLIC,
        body=DeviceTokenRequest,
        response=DeviceTokenView,
        status=201,
        errors=(401,),
        call=_issue_token,
    ),
    Route(
        method="POST",
        path="/pin-sign-ins",
        operation="signInByPin",
        summary="Say by PIN who works at a paired screen now. Only a screen may ask.",
        tag=_TAG,
        permission=SIGNED_IN,
        body=SignInByPin,
        response=PinSignInView,
        status=201,
        errors=(401,),
        call=_sign_in_by_pin,
    ),
    Route(
        method="POST",
        path="/own-pin",
        operation="setPin",
        summary="Choose one's own PIN for the screens that people share.",
        tag=_TAG,
        permission=SIGNED_IN,
        body=SetPin,
        status=204,
        errors=(401, 422),
        call=_set_pin,
    ),
    Route(
        method="GET",
        path="/devices",
        operation="listDevices",
        summary="List the cafe's paired screens.",
        tag=_TAG,
        permission="list_devices",
        response=DevicesView,
        call=_list,
    ),
    Route(
        method="POST",
        path="/devices",
        operation="pairDevice",
        summary="Let a screen in that shows a code.",
        tag=_TAG,
        permission="pair_device",
        body=PairDevice,
        response=DeviceView,
        status=201,
        errors=(404, 422),
        call=_pair,
    ),
    Route(
        method="POST",
        path="/devices/{device_id}",
        operation="updateDevice",
        summary="Give a screen another name, role or station; it follows by itself.",
        tag=_TAG,
        permission="update_device",
        body=UpdateDevice,
        response=DeviceView,
        errors=(404, 422),
        call=_update,
    ),
    Route(
        method="POST",
        path="/devices/{device_id}/revoke",
        operation="revokeDevice",
        summary="Unpair a screen: its secret, tokens and sockets stop.",
        tag=_TAG,
        permission="revoke_device",
        body=RevokeDevice,
        response=DeviceView,
        errors=(404,),
        call=_revoke,
    ),
)
