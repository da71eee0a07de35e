"""A till in a test cafe, and the provider behind its guests' phones.

`Till` says in short what people do about money (tests/support/cafes.py has the cafe). Its provider
is the sandbox with books in a folder of the test and the cafe's clock; `settle` lets the clock's
job run once.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from domain.commands import (
    CancelPayment,
    ConfirmTerminalPayment,
    DeclineTerminalPayment,
    InitiatePayment,
    PlaceOrder,
    RefundPayment,
)
from domain.payment_providers import PaymentProvider
from domain.payments import PaymentMethod, SandboxCard
from domain.roles import Identity, Role
from domain.views.money import PaymentView, RefundView
from domain.views.orders import OrderView
from gateways.sandbox import FILE_NAME, Sandbox
from jobs.payments import settle_payments
from models.audit import AuditEntry
from models.base import database_proxy
from services.boards import read_order
from tests.support.cafes import TestCafe

Who = Identity | Role


class Till:
    """What is done about money in a cafe. provider: what answers; tests may put another there."""

    def __init__(self, cafe: TestCafe, folder: Path) -> None:
        self.cafe = cafe
        self.books = folder / FILE_NAME
        self.provider: PaymentProvider = Sandbox(folder, clock=lambda: cafe.now.timestamp())

    async def place(self, *names: str, who: Who = Role.COUNTER, **options: Any) -> OrderView:
        """Order lines by name."""
        lines = [
            self.cafe.line(name, "Rye") if name == "Toastie" else self.cafe.line(name)
            for name in names
        ]
        return await self.cafe.order(who, "place_order", PlaceOrder(lines=lines, **options))

    async def pay(
        self,
        order: OrderView,
        amount_minor: int | None = None,
        *,
        method: PaymentMethod = PaymentMethod.CASH,
        who: Who = Role.COUNTER,
        command_id: str | None = None,
        **options: Any,
    ) -> PaymentView:
        """Begin a payment. amount_minor: None is the whole order."""
        command = InitiatePayment(
            order_id=order.order_id,
            method=method,
            amount_minor=order.totals.total_minor if amount_minor is None else amount_minor,
            **options,
        )
        outcome = await self.cafe.do(who, "initiate_payment", command, command_id=command_id)
        return msgspec.json.decode(outcome.body, type=PaymentView)

    async def charge(
        self,
        order: OrderView,
        guest: Identity,
        card: SandboxCard = SandboxCard.APPROVE,
        amount_minor: int | None = None,
    ) -> PaymentView:
        """Begin a payment on a guest's phone."""
        return await self.pay(
            order, amount_minor, method=PaymentMethod.SANDBOX, who=guest, sandbox_card=card
        )

    async def confirm(self, payment: PaymentView, who: Who = Role.COUNTER) -> PaymentView:
        """Say that the terminal took it."""
        command = ConfirmTerminalPayment(payment_id=payment.payment_id)
        return await self._end(who, "confirm_terminal_payment", command)

    async def decline(
        self, payment: PaymentView, reason: str = "", who: Who = Role.COUNTER
    ) -> PaymentView:
        """Say that the terminal refused it."""
        command = DeclineTerminalPayment(payment_id=payment.payment_id, reason=reason)
        return await self._end(who, "decline_terminal_payment", command)

    async def cancel(self, payment: PaymentView, who: Who = Role.COUNTER) -> PaymentView:
        """Give a payment up."""
        command = CancelPayment(payment_id=payment.payment_id)
        return await self._end(who, "cancel_payment", command)

    async def refund(
        self,
        payment: PaymentView,
        amount_minor: int,
        *,
        with_credit: bool = False,
        who: Who = Role.MANAGER,
        command_id: str | None = None,
    ) -> RefundView:
        """Give a part of a payment back."""
        command = RefundPayment(
            payment_id=payment.payment_id,
            amount_minor=amount_minor,
            reason="Cold coffee",
            with_credit=with_credit,
        )
        outcome = await self.cafe.do(who, "refund_payment", command, command_id=command_id)
        return msgspec.json.decode(outcome.body, type=RefundView)

    async def settle(self, *, after_s: float = 0) -> int:
        """Let time pass and the clock's job ask once; return about how many things it asked."""
        self.cafe.pass_time(seconds=after_s)
        providers: Mapping[PaymentMethod, PaymentProvider] = {PaymentMethod.SANDBOX: self.provider}
        return await settle_payments(self.cafe.runner, providers, now=self.cafe.now)

    async def read(self, order: OrderView) -> OrderView:
        """Read an order as it is now."""
        identity = self.cafe.staff(Role.MANAGER)
        return await self.cafe.runner.read(read_order, identity, order.order_id)

    async def read_leg(self, payment: PaymentView) -> PaymentView:
        """Read a payment as it is now."""
        identity = self.cafe.staff(Role.MANAGER)
        order = await self.cafe.runner.read(read_order, identity, payment.order_id)
        return next(leg for leg in order.payment.legs if leg.payment_id == payment.payment_id)

    def read_books(self) -> dict[str, int]:
        """Read what the provider took: key -> how often, over all time."""
        with closing(sqlite3.connect(self.books)) as books:
            rows = books.execute("SELECT key, COUNT(*) FROM capture GROUP BY key")
            return dict(rows.fetchall())

    def list_audit(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        """List the audited facts of some kinds, in order, with their details."""
        with database_proxy.connection_context():
            rows = AuditEntry.select().where(
                AuditEntry.cafe_id == self.cafe.cafe_id, AuditEntry.kind.in_(kinds)
            )
            return [(row.kind, row.details) for row in rows.order_by(AuditEntry.id)]

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Change or read the database behind everybody's back."""
        with database_proxy.connection_context():
            cursor = database_proxy.execute_sql(statement)
            return cursor.fetchall() if cursor.description else []

    async def _end(self, who: Who, name: str, command: Any) -> PaymentView:
        outcome = await self.cafe.do(who, name, command)
        return msgspec.json.decode(outcome.body, type=PaymentView)
