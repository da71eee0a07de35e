"""/join/{code}: taking up an invitation, by the link that management handed over."""

from domain.errors import ErrorType, TableTapError
from handlers.pages.sign_in import HOME, SignInForm
from services.invitations import OpenedInvitation


class JoinPage(SignInForm):
    """The form, and what it sends. Whoever has used it is signed in."""

    is_public = True
    home = "/sign-in"

    async def get(self, code: str) -> None:
        self._show(code, await self.context.joining.read(code), fault="")

    async def post(self, code: str) -> None:
        invitation = await self.context.joining.read(code)
        try:
            signed_in = await self.context.joining.accept(
                code, password=self.read_password(), client=self.client
            )
        except TableTapError as error:
            if error.type not in _FAULTS_OF_THE_FORM:
                raise
            self.set_status(error.status)
            self._show(code, invitation, fault=error.message)
            return
        self.begin(signed_in)
        self.see_other(HOME)

    def _show(self, code: str, invitation: OpenedInvitation, *, fault: str) -> None:
        self.render_page(
            "join",
            code=code,
            invitation=invitation,
            has_account=invitation.password_hash is not None,
            fault=fault,
        )


_FAULTS_OF_THE_FORM = frozenset(
    {
        ErrorType.AUTHENTICATION_FAILED,
        ErrorType.RATE_LIMIT_EXCEEDED,
        ErrorType.INVALID_MESSAGE_FORMAT,
    }
)
